import { readFileSync, writeFileSync } from 'node:fs';
import { toReference } from './reference.js';
import { toSummaryPicture } from './summary-picture.js';

const read = (path: string): string => readFileSync(path, 'utf8');
const reference = 'docs/reference.md';
writeFileSync(reference, toReference(read(reference), read('action.yml'), read('cleanup/action.yml')));
writeFileSync('docs/summary.svg', toSummaryPicture(read('docs/runs/source-changed.md')));
