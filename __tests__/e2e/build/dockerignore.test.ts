// What the action takes for left out of a context is what BuildKit leaves out.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isLeftOut } from '../../../src/build/pure/context/dockerignore.js';
import { useLab } from '../../support/e2e.js';

const fixture = useLab({ stores: ['containerd'] });

const FILES = ['.git/config', '.git/hooks/x', '.gitignore', 'other/.git/config', 'src/main.ts', 'config'];
const LISTS = [
  '',
  '.git',
  '\uFEFF.git',
  '/.git/',
  '**/.git',
  '**/.git/',
  '*/.git',
  '.git/**',
  '.git/*\n!.git/hooks',
  '.*',
  '.g*t',
  '.gi?',
  '.[a-g]it',
  '\\.git',
  '*',
  '**',
  '*\n!src',
  '*\n!.*',
  '*\n!.git/config',
  '**\n!**/config',
  '.git\n!.git',
  '!.git\n.git',
  '# .git\nconfig',
  '**/config',
  'x/../.git',
  '.',
  '.git*',
  'other\n!other/.git',
];

test('as BuildKit does, for lists of every kind', async () => {
  const { directory, ...lab } = fixture.lab();
  const engine = lab.engine('containerd');
  const context = await mkdtemp(join(directory, 'ignore-'));
  const dockerfile = join(directory, 'ignore.Dockerfile');
  await writeFile(dockerfile, 'FROM scratch\nCOPY . /\n');
  for (const path of FILES) {
    await mkdir(join(context, path, '..'), { recursive: true });
    await writeFile(join(context, path), 'x');
  }
  for (const list of LISTS) {
    await writeFile(join(context, '.dockerignore'), list);
    const output = join(directory, 'ignore-output');
    const built = await engine.docker(['buildx', 'build', '--file', dockerfile, '--output', output, context]);
    if (built.code !== 0) throw new Error(built.stderr);
    const sent = (await readdir(output, { recursive: true }).catch(() => [])).sort();
    await rm(output, { recursive: true, force: true });
    const left = FILES.filter((path) => isLeftOut(list, path));
    expect({ list, left }).toEqual({ list, left: FILES.filter((path) => !sent.includes(path)) });
  }
}, 180_000);
