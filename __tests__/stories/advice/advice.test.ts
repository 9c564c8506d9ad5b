// What would have made a build faster: said in the summary, asked for or not, and never a reason to fail.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { LATER, SHA, on, push } from '../../support/world/events.js';
import { DOCKERFILE, DONE } from '../../support/world/recorded-engine.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
});

const HEADING = '#### What would make this build faster';
const sectionOf = (summary: string): string => summary.split(`${HEADING}\n\n`)[1]?.split('\n\n')[0] ?? '';
const REFRESH = { 'reuse-cache': 'false' };

test('a push without the cache is told what that costs, with the lines of the Dockerfile', async () => {
  const { summary } = await world.succeed(push('main', SHA), REFRESH);
  expect(sectionOf(summary)).toBe(
    '- Saves **2.0 s** in each run whose base images and manifests are what they were: `reuse-cache: false` ran lines 2 and 3 of the Dockerfile, which the cache would have had. Set it in a scheduled workflow only.',
  );
});

test('the weekly rebuild is not', async () => {
  const { summary } = await world.succeed(on('schedule', 'refs/heads/main'), REFRESH);
  expect(summary).toContain('Cache: not used, as asked for');
  expect(summary).not.toContain(HEADING);
});

test('advice: false', async () => {
  const { summary } = await world.succeed(push('main', SHA), { ...REFRESH, advice: 'false' });
  expect(summary).not.toContain(HEADING);
  const { error } = await world.run(push('main', SHA), { advice: 'no, thanks' });
  expect(error?.message).toMatch(/^advice is "no, thanks"/);
});

test('where all came from the cache there is nothing to say', async () => {
  await world.succeed(push('main', SHA));
  const { summary } = await world.succeed(push('main', LATER));
  expect(summary).toContain('| 2 of 2 | with production | unchanged');
  expect(summary).not.toContain(HEADING);
});

test('a run that failed has other things to say', async () => {
  world.engine.failing.set('RUN make', { error: 'exit code: 1' });
  const { error, summary } = await world.run(push('main', SHA), REFRESH);
  expect(error).not.toBeNull();
  expect(summary).not.toContain(HEADING);
});

test('a Dockerfile for another frontend may mean something else', async () => {
  await writeFile(join(world.workspace, 'Dockerfile'), `# syntax=registry.example/frontend:1\n${DOCKERFILE}`);
  const { summary } = await world.succeed(push('main', SHA), REFRESH);
  expect(summary).not.toContain(HEADING);
});

test('advice that cannot be given fails no build', async () => {
  // The check takes the context away.
  world.engine.other = async (command) => {
    if (command === 'bash') await rm(world.workspace, { recursive: true });
    return DONE;
  };
  const { outputs, summary } = await world.succeed(push('main', SHA), { ...REFRESH, verify: 'rm -r .' });
  expect(outputs.pushed).toBe('true');
  expect(summary).toContain('Pushed tags:');
  expect(summary).not.toContain(HEADING);
});
