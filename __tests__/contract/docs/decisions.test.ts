// Records of decisions have one form, are short, and are found from where the question comes up.
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const listDocuments = (folder: string): string[] =>
  readdirSync(new URL(folder, root)).filter((file) => file.endsWith('.md'));

const records = listDocuments('docs/decisions/').filter((file) => file !== 'README.md');
const index = read('docs/decisions/README.md');
const pages = listDocuments('docs/').map((file) => read(`docs/${file}`));

test('CONTRIBUTING leads to the records', () =>
  expect(read('CONTRIBUTING.md')).toContain('](docs/decisions/README.md)'));

test('there are at least six', () => expect(records.length).toBeGreaterThanOrEqual(6));

describe.each(records)('%s', (file) => {
  const record = read(`docs/decisions/${file}`);

  test('says context, decision, consequences, and what would change it', () =>
    expect([...record.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual([
      'Context',
      'Decision',
      'Consequences',
      'What would change it',
    ]));

  test('is half a page', () => expect(record.split(/\s+/).length).toBeLessThanOrEqual(350));

  test('answers a question of the index, and a document leads to it', () => {
    expect(index).toContain(`](${file})`);
    expect(pages.filter((page) => page.includes(`](decisions/${file})`))).not.toEqual([]);
  });
});
