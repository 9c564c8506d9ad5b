// docs/security.md names tests that there are, every place that opens a connection, and every secret.
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const security = read('docs/security.md');

function readSection(heading: string): string {
  const [, section] = security.split(`\n## ${heading}\n`);
  if (section === undefined) throw new Error(`docs/security.md has no section "${heading}".`);
  return section.split('\n## ')[0]!;
}

const listRows = (section: string): (readonly string[])[] =>
  section
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .slice(1)
    .map((line) => line.split('|').map((cell) => cell.trim()));

interface NamedTest {
  readonly title: string;
  readonly file: string;
}

const listTests = (text: string): NamedTest[] =>
  [...text.matchAll(/\[([^\]]+)\]\(\.\.\/(__tests__\/[^)]+\.test\.ts)\)/g)].map(([, title = '', file = '']) => ({
    title,
    file,
  }));

/** Whether the file has a test, or a group of tests, of that title. */
function hasTest({ title, file }: NamedTest): boolean {
  const escaped = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(
    `(?:test|describe|testByNight|testOn\\(store\\))(?:\\.each)?(?:<.*>)?\\((?:.*\\)\\()?\\s*(['"\`])${escaped}\\1`,
  ).test(read(file));
}

describe('the threat model', () => {
  const rows = listRows(readSection('Threat model'));
  const tests = listTests(readSection('Threat model'));

  test.each(tests)('names a test that there is: $title', (one) => expect(hasTest(one)).toBe(true));

  test('names a test for all that is stopped here', () => {
    expect(rows.length).toBeGreaterThan(15);
    const untested = rows.filter(([, , , , shown = '']) => listTests(shown).length === 0);
    expect(untested.map(([, , , stops]) => stops)).toEqual([expect.stringMatching(/^nothing in this action/)]);
  });

  test('a test that was renamed is found out', () => {
    const [one] = tests;
    expect(hasTest({ ...one!, title: `${one!.title} no more` })).toBe(false);
  });
});

describe('the hosts', () => {
  const OPENS =
    /(?:from|import\()\s*['"](?:(?:node:)?(?:https?|http2|net|tls|dgram|dns)|undici|@actions\/(?:http-client|github|cache))['"]|\bfetch\(/;

  test('of every module that opens connections are told', () => {
    const files = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .filter((file) => OPENS.test(read(`src/${file}`).replace(/^import type .*$/gm, '')));
    expect(files.toSorted()).toEqual([
      'adapters/github/rate-limited-client.ts',
      'adapters/github/run-api.ts',
      'adapters/registry/blob-stream.ts',
      'adapters/registry/http.ts',
      'adapters/runner/actions-cache.ts',
    ]);
  });

  test('are told of each scanner', () => {
    const section = readSection('Hosts that a run contacts');
    for (const scanner of ['grype', 'trivy', 'snyk']) expect(section).toContain(`\`scan: ${scanner}\``);
  });
});

describe('the secrets', () => {
  const workflow = parse(read('.github/workflows/build-image.yml')) as {
    on: { workflow_call: { secrets: Record<string, unknown> } };
  };

  test('are all told of', () => {
    const section = readSection('What each secret can do');
    const names = Object.keys(workflow.on.workflow_call.secrets);
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
  });
});
