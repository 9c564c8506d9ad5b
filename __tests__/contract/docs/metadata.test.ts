// action.yml, the code and the documents say the same; so do cleanup/action.yml and its code.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { toReference } from '../../../script/generate/reference.js';
import { toSummaryPicture } from '../../../script/generate/summary-picture.js';
import { parseCleanupInputs } from '../../../src/cleanup/pure/inputs.js';
import { ACTION_INPUTS } from '../../../src/inputs/action-inputs.js';
import { parseInputs } from '../../../src/inputs/inputs.js';
import { SHA, push } from '../../support/world/events.js';
import { DONE } from '../../support/world/recorded-engine.js';
import { useSmallWorld } from '../../support/world/small-world.js';

interface ActionFile {
  readonly description: string;
  readonly inputs: Readonly<Record<string, { description: string; default: string; required?: boolean }>>;
  readonly outputs: Readonly<Record<string, { description: string }>>;
  readonly runs: Readonly<Record<string, string>>;
}

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const [actionYaml, cleanupYaml] = [read('action.yml'), read('cleanup/action.yml')];
const action = parse(actionYaml) as ActionFile;
const cleanup = parse(cleanupYaml) as ActionFile;
const readme = read('README.md');
const reference = read('docs/reference.md');

/** What is asked for, of an action's inputs: each is answered with its default, and an expression with a word. */
function listRead(inputs: ActionFile['inputs'], parseAll: (read: (name: string) => string) => unknown): string[] {
  const names = new Set<string>();
  parseAll((name) => {
    names.add(name);
    return (inputs[name]?.default ?? '').replace(/\$\{\{.*\}\}/, 'owner/app');
  });
  return [...names].sort();
}

/** Outputs that the files of a folder set. */
function listSet(folder: string): string[] {
  const files = readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const calls = files.flatMap((file) => [...read(`${folder}${file}`).matchAll(/\.setOutput\('([\w-]+)'/g)]);
  return [...new Set(calls.map(([, name = '']) => name))].sort();
}

const openWorld = useSmallWorld();

/** Outputs of a run in which there is everything that an output tells of. */
async function listOutputsOfRun(): Promise<string[]> {
  const world = openWorld();
  world.engine.other = async (_, args) => {
    for (const file of args.flatMap((argument) => /^--output=(\/.*)$/.exec(argument)?.[1] ?? []))
      await writeFile(file, file.endsWith('.json') ? '{"SchemaVersion":2,"Results":[]}' : '{"runs":[]}');
    return DONE;
  };
  const mirrors = `${world.registry.host}/owner/copy`;
  return Object.keys((await world.succeed(push('main', SHA), { mirrors, scan: 'trivy' })).outputs).sort();
}

describe('action.yml', () => {
  test('has exactly the inputs that the code reads', () =>
    expect(listRead(action.inputs, (answer) => parseInputs(answer, 'ghcr.io'))).toEqual(
      // Without a scanner there is nothing for these two to say; the unit tests of a scan read them.
      Object.keys(action.inputs)
        .filter((name) => !['scan-args', 'scan-severity'].includes(name))
        .sort(),
    ));

  test('has exactly the outputs that a run sets', async () =>
    expect(await listOutputsOfRun()).toEqual(Object.keys(action.outputs).sort()));

  test('is what the command line knows of the inputs', () =>
    expect(ACTION_INPUTS).toEqual(
      Object.fromEntries(
        Object.entries(action.inputs).map(([name, { description, default: value }]) => [
          name,
          { description, default: value },
        ]),
      ),
    ));

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

test.each(['action.yml', 'build/action.yml', 'cleanup/action.yml'])(
  '%s has a description that GitHub Marketplace takes whole',
  (file) => {
    const { description } = parse(read(file)) as ActionFile;
    expect(description).toMatch(/^[A-Z].{20}/);
    expect(description.length).toBeLessThan(125);
  },
);

describe('docs/reference.md', () => {
  test('is what script/write-docs makes of action.yml, cleanup/action.yml and the tags', () =>
    expect(toReference(reference, actionYaml, cleanupYaml)).toBe(reference));

  test.each([
    ['a changed default', actionYaml.replace('default: auto', "default: 'true'"), cleanupYaml],
    ['a changed description of an output', actionYaml.replace('The unique tag', 'A tag'), cleanupYaml],
    [
      'another input',
      actionYaml.replace('inputs:\n', "inputs:\n  new:\n    description: New\n    default: ''\n"),
      cleanupYaml,
    ],
    ['a changed input of the cleanup', actionYaml, cleanupYaml.replace("default: '14'", "default: '15'")],
  ])('is out of step after %s', (_, one, other) => {
    expect([one, other]).not.toEqual([actionYaml, cleanupYaml]);
    expect(toReference(reference, one, other)).not.toBe(reference);
  });

  test.each([
    ['tag', reference.replace('| `dev-<sha>-<UTC yyyymmddhhmmss>` ', '| `local-<sha>` ')],
    ['scope', reference.replace('| current git branch |', '| none |')],
  ])('is out of step when it tells another %s', (_, changed) => {
    expect(changed).not.toBe(reference);
    expect(toReference(changed, actionYaml, cleanupYaml)).toBe(reference);
  });

  test('has a place for every table', () =>
    expect(() => toReference(reference.replace('begin tags', 'tags'), actionYaml, cleanupYaml)).toThrow('tags'));

  test('has a row for every permission that the workflows of the documents give', () => {
    const [, permissions = ''] = reference.split('\n## Permissions\n');
    const given = [...readme.matchAll(/^ {6}([\w-]+: (?:read|write))$/gm)].map(([, one = '']) => one);
    expect(given.length).toBeGreaterThan(0);
    for (const one of given) expect(permissions.split('\n## ')[0]).toContain(`\n| \`${one}\` `);
  });
});

describe('docs/summary.svg', () => {
  const record = read('docs/runs/source-changed.md');

  test('is what script/write-docs makes of the recorded run', () =>
    expect(toSummaryPicture(record)).toBe(read('docs/summary.svg')));

  test('shows the figures of the record', () =>
    expect(toSummaryPicture(record.replace('4 of 7', '3 of 7'))).toContain('>3 of 7<'));

  test('is not made of a summary that has no chart', () =>
    expect(() => toSummaryPicture(record.split('```mermaid')[0]!)).toThrow('chart'));
});

describe('README', () => {
  test('is a front page', () => expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(120));

  test('leads to every document', () => {
    const documents = readdirSync(new URL('docs/', root)).filter((file) => file.endsWith('.md'));
    expect(documents.filter((file) => !readme.includes(`](docs/${file})`))).toEqual([]);
  });

  test('and reference.md use only inputs and outputs that there are', () => {
    const text = readme + reference;
    const outputs = [...text.matchAll(/steps\.\w+\.outputs\.([\w-]+)/g)].map(([, name]) => name);
    expect(outputs.length).toBeGreaterThan(0);
    expect(outputs.filter((name) => !Object.hasOwn(action.outputs, name ?? ''))).toEqual([]);
    const used = [
      ...text.matchAll(/^( *)(?:- )?uses: DFE-Digital\/two-pass-build@v1\n\s+with:\n((?:\1 {4}.*\n)+)/gm),
    ].flatMap(([, indent = '', block = '']) =>
      [...block.matchAll(new RegExp(`^${indent} {4}([\\w-]+):`, 'gm'))].map(([, name]) => name),
    );
    expect(used.length).toBeGreaterThan(3);
    expect(used.filter((name) => !Object.hasOwn(action.inputs, name ?? ''))).toEqual([]);
  });

  test('names the two commands that there are', () => {
    for (const command of ['script/demo', 'script/test']) {
      expect(readme).toContain(`\n${command}\n`);
      expect(read(command)).toMatch(/^#!/);
    }
  });
});

describe('CONTRIBUTING', () => {
  const contributing = read('CONTRIBUTING.md');

  test('names only files that there are', () => {
    const paths = [...contributing.matchAll(/`((?:src|script|lab|docs|examples|__tests__|\.github)\/[\w./-]+)`/g)].map(
      ([, path = '']) => path,
    );
    expect(paths.length).toBeGreaterThan(40);
    expect(paths.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  });

  test('names every room, in their order', () => {
    const { order } = JSON.parse(read('rooms.json')) as { order: string[][] };
    const rooms = order.flat().filter((room) => room !== '' && !room.includes('/'));
    const rows = [...contributing.matchAll(/^\| `src\/(\w+)` /gm)].map(([, room]) => room);
    expect(rows.toSorted()).toEqual(rooms.toSorted());
    const rankOf = (room?: string): number => order.findIndex((group) => group.includes(room ?? ''));
    expect(rows.map(rankOf)).toEqual(rows.map(rankOf).toSorted((one, other) => one - other));
  });

  test('leads to a page that names every command, and no other', () => {
    const page = read('script/README.md');
    expect(contributing).toContain('](script/README.md)');
    const files = readdirSync(new URL('script/', root), { withFileTypes: true }).filter((entry) => entry.isFile());
    const commands = files.map(({ name }) => `script/${name}`).filter((name) => name !== 'script/README.md');
    const named = new Set([...page.matchAll(/`(script\/[\w-]+)/g)].map(([, name]) => name));
    expect([...named].toSorted()).toEqual(commands.toSorted());
  });

  test('has a reason for every dependency', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, object>;
    const names = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !name.startsWith('@types/'));
    const [, section = ''] = contributing.split('\n## Dependencies\n');
    expect(names.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('the cleanup', () => {
  test('has exactly the inputs and outputs that the code reads and sets, each described', () => {
    const answer = (ask: (name: string) => string) =>
      parseCleanupInputs((name) => (name === 'image' ? 'ghcr.io/owner/app' : ask(name)));
    expect(['image', ...listRead(cleanup.inputs, answer)].sort()).toEqual(Object.keys(cleanup.inputs).sort());
    expect(listSet('src/cleanup/')).toEqual(Object.keys(cleanup.outputs).sort());
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

  test('is shown in workflows that are whole, with inputs that there are', () => {
    const blocks = [...read('docs/cleanup.md').matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block!);
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
  });
});
