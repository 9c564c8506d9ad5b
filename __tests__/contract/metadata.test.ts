// action.yml, the code and the README say the same.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { INPUT_NAMES } from '../../src/plan/inputs.js';
import { OUTPUT_NAMES } from '../../src/runner/outputs.js';

interface ActionFile {
  readonly inputs: Readonly<Record<string, { description: string; default: string; required?: boolean }>>;
  readonly outputs: Readonly<Record<string, { description: string }>>;
  readonly runs: Readonly<Record<string, string>>;
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const action = parse(read('action.yml')) as ActionFile;
const readme = read('README.md');

/** Cells of the README's table below a heading, without its first two lines. */
function readTable(heading: string): string[][] {
  const [, section = ''] = readme.split(`\n## ${heading}\n`);
  const rows = section
    .split('\n## ')[0]!
    .split('\n')
    .filter((line) => line.startsWith('| '));
  return rows.slice(2).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );
}

describe('action.yml', () => {
  test('has exactly the inputs that the code reads', () => {
    expect(Object.keys(action.inputs).sort()).toEqual(INPUT_NAMES);
  });

  test('has exactly the outputs that the code sets', () => {
    expect(Object.keys(action.outputs)).toEqual([...OUTPUT_NAMES]);
  });

  test('requires nothing, and has a default and a description for every input', () => {
    for (const input of Object.values(action.inputs)) {
      expect(input).toMatchObject({ default: expect.any(String), description: expect.stringMatching(/.{10}/) });
      expect(input.required).toBeUndefined();
    }
  });

  test('runs the committed bundle on Node 24, and cleans up always', () => {
    expect(action.runs).toEqual({
      using: 'node24',
      main: 'dist/index.js',
      post: 'dist/post/index.js',
      'post-if': 'always()',
    });
  });
});

describe('README', () => {
  test('lists every input with its default and description', () => {
    const expected = Object.entries(action.inputs).map(([name, input]) => [
      `\`${name}\``,
      input.default === '' ? '' : `\`${input.default}\``,
      input.description,
    ]);
    expect(readTable('Inputs').map((cells) => cells.filter((_, column) => column < 3))).toEqual(expected);
  });

  test('lists every output with its description', () => {
    expect(readTable('Outputs')).toEqual(
      Object.entries(action.outputs).map(([name, output]) => [`\`${name}\``, output.description]),
    );
  });

  test('uses only inputs and outputs that there are', () => {
    const outputs = [...readme.matchAll(/steps\.\w+\.outputs\.([\w-]+)/g)].map(([, name]) => name);
    expect(outputs.length).toBeGreaterThan(0);
    expect(outputs.filter((name) => !Object.hasOwn(action.outputs, name ?? ''))).toEqual([]);
    const used = [...readme.matchAll(/uses: DFE-Digital\/two-pass-build@v1\n\s+with:\n((?: {10}.*\n)+)/g)].flatMap(
      ([, block]) => [...block!.matchAll(/^ {10}([\w-]+):/gm)].map(([, name]) => name),
    );
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((name) => !Object.hasOwn(action.inputs, name ?? ''))).toEqual([]);
  });

  test('names the two commands that there are', () => {
    for (const command of ['script/demo', 'script/test']) {
      expect(readme).toContain(`\n${command}\n`);
      expect(read(command)).toMatch(/^#!/);
    }
  });
});
