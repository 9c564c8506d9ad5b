import { readFileSync, writeFileSync } from 'node:fs';
import { toReusableWorkflow } from './reusable-workflow.js';

writeFileSync('.github/workflows/build-image.yml', toReusableWorkflow(readFileSync('action.yml', 'utf8')));
