// A step that copies `.git` with everything else runs in every run: one notice says so, and what to write where.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { LATER, SHA, push } from '../../support/world/events.js';
import { DOCKERFILE } from '../../support/world/recorded-engine.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
const write = (name: string, text: string): Promise<void> => writeFile(join(world.workspace, name), text);

beforeEach(async () => {
  world = openWorld();
  world.engine.lastStep = 'COPY . .';
  await write('Dockerfile', DOCKERFILE.replace('RUN make', 'COPY . .'));
  await mkdir(join(world.workspace, '.git'));
});

interface Change {
  readonly dependencies?: string;
  readonly sources?: string;
}

/** The notices on `.git` of a run on another machine; its checkout changes what `COPY . .` copies. */
async function buildAgain(
  inputs: Parameters<SmallWorld['run']>[1] = {},
  change: Change = { sources: 's2' },
): Promise<readonly string[]> {
  world.engine = Object.assign(world.freshEngine(), { lastStep: 'COPY . .', ...change });
  const { notices, warnings } = await world.succeed(push('main', LATER), inputs);
  expect(warnings).toEqual([]);
  return notices.filter((notice) => notice.includes('.git'));
}

const buildFirst = async (): Promise<readonly string[]> => (await world.succeed(push('main', SHA))).notices;

test('one notice with the line to write, once the step could have come from the cache', async () => {
  expect(await buildFirst()).toEqual([]);
  expect(await buildAgain()).toEqual([
    '[builder 2/2] COPY . . runs in every run, also where nothing has changed: it copies .git too, which git writes anew with each checkout. Write the line ".git" into a file .dockerignore, unless the build needs it.',
  ]);
});

describe('the file to write to', () => {
  beforeEach(buildFirst);

  test('is the one that there is', async () => {
    await write('.dockerignore', 'node_modules\n');
    expect(await buildAgain()).toEqual([expect.stringContaining('Add the line ".git" at the end of .dockerignore,')]);
  });

  test("is the Dockerfile's own", async () => {
    await write('.dockerignore', '.git\n');
    await write('Dockerfile.dockerignore', '**\n!.git\n');
    expect(await buildAgain()).toEqual([expect.stringContaining(' at the end of Dockerfile.dockerignore,')]);
  });
});

describe('nothing is said', () => {
  beforeEach(buildFirst);

  test.each(['.git', '**/.git', '.git/**', '*\n!src', '.*'])('of a context without it: %j', async (text) => {
    await write('.dockerignore', text);
    expect(await buildAgain()).toEqual([]);
  });

  test('of a worktree or submodule, whose .git is a file', async () => {
    await rm(join(world.workspace, '.git'), { recursive: true });
    await write('.git', 'gitdir: ../.git/worktrees/app\n');
    expect(await buildAgain()).toEqual([]);
  });

  test('where nothing is taken from a cache', async () =>
    expect(await buildAgain({ 'reuse-cache': 'false' })).toEqual([]));

  test('of a step that was cached', async () => expect(await buildAgain({}, {})).toEqual([]));

  test('where the step would run in any case, after another that ran', async () =>
    expect(await buildAgain({}, { dependencies: 'd2', sources: 's2' })).toEqual([]));

  test('of a context that BuildKit fetches', async () =>
    expect(
      await buildAgain({
        context: 'https://github.com/owner/app.git#main',
        'moved-from': 'Dockerfile (context ., target production)',
      }),
    ).toEqual([]));
});
