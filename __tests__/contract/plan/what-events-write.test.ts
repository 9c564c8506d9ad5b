// docs/security.md says of each event what the unit tests expect of it.
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { toEventTable } from '../../support/what-events-write.js';

test('docs/security.md has the table of what each event may write', () => {
  const text = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
  const [, section = ''] = text.split('\n## What is built decides\n');
  const rows = section
    .split('\n## ', 1)[0]!
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^[| -]+$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
  expect(rows).toEqual(toEventTable());
});
