// The output changed: whether there is something new to deploy.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { LATER, OTHER, REPOSITORY, SHA, pullRequest, push, pushTag } from '../../support/world/events.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
});

test('the first image of a branch is new, one of another commit with the same sources is not, and other sources are', async () => {
  expect((await world.succeed(push('main', SHA))).outputs.changed).toBe('true');
  const same = await world.succeed(push('main', LATER));
  expect(same.outputs).toMatchObject({ tag: LATER, changed: 'false' });
  world.engine.sources = 'changed';
  expect((await world.succeed(push('main', OTHER))).outputs.changed).toBe('true');
});

test('it is compared with the image of its own branch', async () => {
  await world.succeed(push('main', SHA));
  expect((await world.succeed(pullRequest())).outputs.changed).toBe('true');
  expect((await world.succeed(pullRequest({ sha: LATER }))).outputs.changed).toBe('false');
});

test('a label of the team counts', async () => {
  await world.succeed(push('main', SHA), { labels: 'team=a' });
  expect((await world.succeed(push('main', LATER), { labels: 'team=b' })).outputs.changed).toBe('true');
});

test('an image that another run has pushed meanwhile is the one before', async () => {
  await world.succeed(push('main', SHA));
  world.engine.sources = 'changed';
  let pushed: string | undefined;
  world.engine.onWriting = async (target) => {
    if (target !== 'production' || pushed !== undefined) return;
    pushed = '';
    pushed = (await world.succeed(push('main', OTHER))).outputs.changed;
  };
  expect((await world.succeed(push('main', LATER))).outputs.changed).toBe('false');
  expect(pushed).toBe('true');
});

describe('it is empty', () => {
  const changedOf = async (...run: Parameters<SmallWorld['run']>): Promise<string | undefined> =>
    (await world.run(...run)).outputs.changed;

  test('where nothing is pushed', async () =>
    expect(await changedOf(push('main', SHA), { push: 'false' })).toBeUndefined());

  test('for a git tag, which has no branch', async () => expect(await changedOf(pushTag('v1.2.3'))).toBeUndefined());

  test('where the registry does not show the config of the image before', async () => {
    const { outputs } = await world.succeed(push('main', SHA));
    const manifest = world.registry.manifest(REPOSITORY, outputs.tag ?? '');
    const { config } = JSON.parse(manifest?.bytes.toString() ?? '') as { config: { digest: string } };
    world.registry.intercept = (method, path) =>
      method === 'GET' && path === `blobs/${config.digest}` ? { status: 404 } : undefined;
    expect(await changedOf(push('main', LATER))).toBeUndefined();
  });
});
