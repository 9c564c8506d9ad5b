// versions.sh is the one place; what has to say the same in a form of its own is compared here.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { OLDEST_BUILDX } from '../../../src/adapters/docker/buildx-version.js';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const get = (name: string): string =>
  execFileSync('bash', ['-c', `source versions.sh && printf %s "\${${name}}"`], { cwd: root, encoding: 'utf8' });
const packageFile = JSON.parse(read('package.json')) as {
  readonly engines: { readonly node: string };
  readonly devDependencies: Readonly<Record<string, string>>;
};

describe('Node', () => {
  test('of the actions is the one that workflows and scripts take', () => {
    const node = get('node_of_actions');
    expect(read('.node-version')).toBe(`${node}\n`);
    for (const file of ['action.yml', 'build/action.yml', 'cleanup/action.yml'])
      expect((parse(read(file)) as { runs: { using: string } }).runs.using).toBe(`node${node}`);
    const setups = readdirSync(new URL('.github/workflows/', root)).flatMap((file) =>
      [...read(`.github/workflows/${file}`).matchAll(/node-version.*$/gm)].map(([line]) => line),
    );
    expect(setups.length).toBeGreaterThan(2);
    expect([...new Set(setups)]).toEqual(['node-version-file: .node-version']);
  });

  test('that the scripts and the command line need is the one that types and documents know', () => {
    const [, least = ''] = /^>=(\d+)$/.exec(packageFile.engines.node) ?? [];
    expect(packageFile.devDependencies['@types/node']).toMatch(new RegExp(`^\\^${least}\\.`));
    for (const file of ['README.md', 'CONTRIBUTING.md', 'docs/laptop.md'])
      expect([file, /[Nn]ode (\d+)(?= or newer)/.exec(read(file))?.[1]]).toEqual([file, least]);
  });
});

test('the oldest Buildx of the tests is the one that the action takes, and that documents name', () => {
  const least = get('min_buildx');
  expect(OLDEST_BUILDX).toBe(`${least}.0`);
  expect(read('docs/reference.md')).toContain(`Buildx ${least} or newer`);
});

test('no script has a version of its own', () => {
  const commands = readdirSync(new URL('script/', root), { withFileTypes: true }).filter((entry) => entry.isFile());
  const own = commands
    .filter(({ name }) => name !== 'README.md')
    .flatMap(({ name }) =>
      [...read(`script/${name}`).matchAll(/^.*(?:\bmin_|_version|\])=v?\d.*$/gm)].map(([line]) => line),
    );
  expect(own).toEqual([]);
});

test('what is held back is explained in CONTRIBUTING', () => {
  const [, dependencies = ''] = read('CONTRIBUTING.md').split('\n## Dependencies\n');
  const { updates } = parse(read('.github/dependabot.yml')) as {
    readonly updates: readonly { readonly ignore?: readonly { readonly 'dependency-name': string }[] }[];
  };
  const held = updates.flatMap(({ ignore = [] }) => ignore.map((one) => one['dependency-name']));
  expect(held.length).toBeGreaterThan(2);
  expect(held.filter((name) => !dependencies.split('\n## ')[0]!.includes(`\`${name}\``))).toEqual([]);
});
