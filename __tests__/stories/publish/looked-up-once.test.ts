// A tag is looked up once, and what follows goes by the digest: another image that somebody puts under it meanwhile is neither
// imported nor copied, and no output names it.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { LATER, REPOSITORY, SHA, pullRequest, push, pushTag } from '../../support/world/events.js';
import { DONE } from '../../support/world/recorded-engine.js';
import { hasOtherLayer, moveAfterLookUp, replaceImage } from '../../support/world/other-image.js';
import { type SmallWorld, type Told, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
});

const STORES = ['containerd', 'overlay2'] as const;
const digestOf = (tag: string): string | undefined => world.registry.manifest(REPOSITORY, tag)?.digest;
const isOther = (reference: string | undefined): boolean => hasOtherLayer(world.registry, REPOSITORY, reference ?? '');
const moveOnLookUp = (...tags: readonly string[]) => moveAfterLookUp(world.registry, REPOSITORY, ...tags);
const imports = (): readonly string[] =>
  world.engine.builds.flatMap((call) => / --cache-from \S+@(sha256:[0-9a-f]{64})/.exec(call)?.[1] ?? []);

describe('with an image of main', () => {
  let main: Told;
  beforeEach(async () => {
    main = await world.succeed(push('main', SHA));
    world.engine = world.freshEngine();
  });

  test.each([
    ['the merged cache is made of the images that were read', push('main', LATER)],
    ['a fork imports the images that were read', pullRequest({ fork: 'mallory/app', sha: LATER })],
  ])('%s', async (_, event) => {
    const moved = moveOnLookUp('main', 'builder-main');
    const { log } = await world.succeed(event);
    expect(moved()).toHaveLength(2);
    expect(log).toContain('info: Builder: 2 of 2 steps cached');
    expect(imports().length).toBeGreaterThan(0);
    expect(imports().map(isOther)).not.toContain(true);
  });

  test('another branch gets the builder image that was read', async () => {
    const moved = moveOnLookUp('builder-main');
    const { log, outputs } = await world.succeed(push('topic', LATER));
    expect(moved()).toEqual([main.outputs['builder-digest']]);
    expect(log.join('\n')).toContain('builder-topic is what builder-main is');
    expect([digestOf('builder-topic'), outputs['builder-digest']]).toEqual([...moved(), ...moved()]);
  });

  test('what is under a moving tag is looked up, and then read by its digest', async () => {
    let other = '';
    world.engine.onPushing = async (target) => {
      if (target === 'production') other = await replaceImage(world.registry, REPOSITORY, 'main');
    };
    world.registry.requests.length = 0;
    await world.succeed(push('main', LATER));
    const { requests } = world.registry;
    expect(requests).toContain(`GET manifests/${other}`);
    expect(requests.filter((request) => request === 'GET manifests/main')).toHaveLength(1);
  });

  test('a release is the image that was found', async () => {
    const moved = moveOnLookUp(SHA);
    const { outputs } = await world.succeed(pushTag('v1.2.3'), { promote: 'true' });
    expect(moved()).toEqual([main.outputs.digest]);
    expect([outputs.digest, digestOf('v1.2.3'), digestOf('1.2')]).toEqual([...moved(), ...moved(), ...moved()]);
  });
});

describe.each(STORES)('on the %s store', (store) => {
  beforeEach(() => {
    world.engine.store = store;
  });

  test('an image that is under the unique tag just after the push is not the run’s, and keeps it', async () => {
    let other = '';
    world.engine.onPushed = async (target) => {
      if (target === 'production') other = await replaceImage(world.registry, REPOSITORY, SHA);
    };
    const { outputs, notices } = await world.succeed(push('main', SHA));
    expect(digestOf(SHA)).toBe(other);
    expect(outputs.digest).not.toBe(other);
    expect([isOther(outputs.digest), outputs.tag, digestOf('main')]).toEqual([
      false,
      `${SHA}-20260203040506`,
      outputs.digest,
    ]);
    expect(notices.join('\n')).toContain(`Another run has written ${SHA} meanwhile`);
  });

  test('nor is one that is under the builder’s tag', async () => {
    let other = '';
    world.engine.onPushed = async (target) => {
      if (target === 'builder') other = await replaceImage(world.registry, REPOSITORY, 'builder-main');
    };
    const { outputs } = await world.succeed(push('main', SHA));
    expect(other).not.toBe('');
    expect(outputs['builder-digest']).not.toBe(other);
    expect([digestOf(outputs['builder-digest'] ?? ''), isOther(outputs['builder-digest'])]).toEqual([
      outputs['builder-digest'],
      false,
    ]);
  });

  test.each([true, false])(
    'a checked image is published by the digest that was compared (docker tells it: %s)',
    async (tells) => {
      world.engine.tellsPushed = tells;
      world.engine.other = () => Promise.resolve(DONE);
      const moved = moveOnLookUp(SHA);
      const { outputs } = await world.succeed(push('main', SHA), { verify: 'true' });
      expect(moved()).toEqual([outputs.digest]);
      expect([digestOf('main'), isOther(outputs.digest)]).toEqual([outputs.digest, false]);
    },
  );

  test('moving tags and mirrors get what was read under the unique tag', async () => {
    const moved = moveOnLookUp(SHA);
    const { outputs } = await world.succeed(push('main', SHA), { mirrors: `${world.registry.host}/owner/copy` });
    expect(moved()).toEqual([outputs.digest]);
    expect(digestOf('main')).toBe(outputs.digest);
    for (const tag of [SHA, 'main']) expect(world.registry.manifest('owner/copy', tag)?.digest).toBe(outputs.digest);
  });

  test('where nothing tells what was pushed, the config does', async () => {
    world.engine.tellsDigest = false;
    let other = '';
    world.engine.onPushed = async (target) => {
      if (target === 'production') other = await replaceImage(world.registry, REPOSITORY, SHA);
    };
    const { error, outputs } = await world.run(push('main', SHA));
    expect(error?.message).toContain(`The registry serves ${other} for ${SHA}, and not sha256:`);
    expect(outputs.digest).toBeUndefined();
  });
});
