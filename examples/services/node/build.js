// Stands for the compiler or bundler of a real service: src without its tests becomes dist.
import { cpSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
cpSync('src', 'dist', { recursive: true, filter: (path) => !path.endsWith('.test.js') });
