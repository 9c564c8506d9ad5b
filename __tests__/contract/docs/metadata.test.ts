// action.yml, the code and the README say the same; so do cleanup/action.yml, its code and docs/cleanup.md.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { OUTPUT_NAMES } from '../../../src/adapters/runner/outputs.js';
import { CLEANUP_INPUT_NAMES, CLEANUP_OUTPUT_NAMES } from '../../../src/cleanup/pure/inputs.js';
import { INPUT_NAMES } from '../../../src/inputs/inputs.js';

interface ActionFile {
  readonly inputs: Readonly<Record<string, { description: string; default: string; required?: boolean }>>;
  readonly outputs: Readonly<Record<string, { description: string }>>;
  readonly runs: Readonly<Record<string, string>>;
}

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const action = parse(read('action.yml')) as ActionFile;
const readme = read('README.md');
const cleanup = parse(read('cleanup/action.yml')) as ActionFile;
const cleanupDocs = read('docs/cleanup.md');

/** Cells of the table below a heading, without its first two lines. */
function readTable(heading: string, text = readme): string[][] {
  const [, section = ''] = text.split(`\n## ${heading}\n`);
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

describe('the cleanup', () => {
  test('has exactly the inputs and outputs that the code reads and sets, each described', () => {
    expect(Object.keys(cleanup.inputs).sort()).toEqual(CLEANUP_INPUT_NAMES);
    expect(Object.keys(cleanup.outputs)).toEqual([...CLEANUP_OUTPUT_NAMES]);
    for (const input of Object.values(cleanup.inputs)) {
      expect(input).toMatchObject({ default: expect.any(String), description: expect.stringMatching(/.{10}/) });
      expect(input.required).toBeUndefined();
    }
  });

  test('runs a committed bundle of its own, beside the other one', () => {
    expect(cleanup.runs).toEqual({ using: 'node24', main: '../dist/cleanup/index.js' });
    expect(read(`cleanup/${cleanup.runs.main}`)).not.toBe('');
    // Nothing of the cleanup is in what a build loads.
    expect(read('dist/index.js')).not.toMatch(/older-than-days|packages\/container/);
    expect(read('dist/cleanup/index.js')).toMatch(/older-than-days/);
  });

  test('has the same image, token and main branch as the build, under the same names', () => {
    for (const name of ['image', 'github-token', 'main-branch', 'dry-run'])
      expect([name, cleanup.inputs[name]?.default]).toEqual([name, action.inputs[name]?.default]);
  });

  test('is documented with every input, its default, and every output', () => {
    expect(readTable('Inputs', cleanupDocs)).toEqual(
      Object.entries(cleanup.inputs).map(([name, input]) => [
        `\`${name}\``,
        input.default === '' ? '' : `\`${input.default}\``,
        input.description,
      ]),
    );
    expect(readTable('Outputs', cleanupDocs)).toEqual(
      Object.entries(cleanup.outputs).map(([name, output]) => [`\`${name}\``, output.description]),
    );
  });

  test('is shown in workflows that are whole, with inputs that there are', () => {
    const blocks = [...cleanupDocs.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block!);
    expect(blocks.length).toBeGreaterThan(1);
    const steps = blocks.flatMap((block) => {
      const { jobs } = parse(block) as { jobs: Record<string, { steps: { uses: string; with?: object }[] }> };
      return Object.values(jobs).flatMap((job) => job.steps);
    });
    for (const { uses, with: inputs } of steps) {
      expect(uses).toBe('DFE-Digital/two-pass-build/cleanup@v1');
      for (const name of Object.keys(inputs ?? {})) expect(Object.keys(cleanup.inputs)).toContain(name);
    }
    expect(readme).toContain('uses: DFE-Digital/two-pass-build/cleanup@v1');
    expect(readme).toContain('](docs/cleanup.md)');
  });
});
