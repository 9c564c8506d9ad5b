import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { toBuildAction, toReusableWorkflow } from './reusable-workflow.js';

const action = readFileSync('action.yml', 'utf8');
writeFileSync('.github/workflows/build-image.yml', toReusableWorkflow(action, 'github.com'));
writeFileSync('.github/workflows/build-image-ghes.yml', toReusableWorkflow(action, 'ghes'));
mkdirSync('build', { recursive: true });
writeFileSync('build/action.yml', toBuildAction(action));
