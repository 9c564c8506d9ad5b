// Several images of one repository: a build takes no tags of an image that was built from something else.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LATER, OTHER, REPOSITORY, SHA, push, pushTag } from '../../support/world/events.js';
import { type MemoryRegistry, startMemoryRegistry } from '../../support/world/memory-registry.js';
import { DOCKERFILE } from '../../support/world/recorded-engine.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const WEB = 'Dockerfile (context ., target production)';
const WORKER = { context: 'worker' };
const FROM_WORKER = 'worker/Dockerfile (context worker, target production)';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(async () => {
  world = openWorld();
  await mkdir(join(world.workspace, 'worker'));
  await writeFile(join(world.workspace, 'worker/Dockerfile'), DOCKERFILE);
});

const digestOf = (tag: string, repository = REPOSITORY): string | undefined =>
  world.registry.manifest(repository, tag)?.digest;

describe('a second Dockerfile under the image name of the first', () => {
  let web: string | undefined;
  beforeEach(async () => {
    web = (await world.succeed(push('main', SHA))).outputs.digest;
    world.engine.sources = 'worker';
  });

  test('stops before the build, names both and the way out, and moves nothing', async () => {
    const builds = world.engine.builds.length;
    const { error, outputs } = await world.run(push('main', LATER), WORKER);
    expect(error?.message).toContain(
      `main leads to an image that was built from ${WEB}, and this run builds ${FROM_WORKER}.`,
    );
    expect(error?.message).toContain(`image: ${world.registry.host}/${REPOSITORY}/worker.`);
    expect(world.engine.builds).toHaveLength(builds);
    // The cache of main's own images is merged again, and nothing else is written.
    expect(world.registry.tags(REPOSITORY)).toEqual([SHA, 'builder-main', 'cache-main', 'main']);
    expect(digestOf('main')).toBe(web);
    expect(outputs.pushed).toBeUndefined();
  });

  test('has tags of its own under a name of its own', async () => {
    const name = `${REPOSITORY}/worker`;
    const { outputs } = await world.succeed(push('main', SHA), {
      ...WORKER,
      image: `${world.registry.host}/${name}`,
    });
    expect(digestOf('main', name)).toBe(outputs.digest);
    expect(digestOf('main')).toBe(web);
    await world.succeed(push('main', LATER));
  });

  test('takes the tags over where that is said, and the first then needs the same', async () => {
    const { outputs } = await world.succeed(push('main', LATER), { ...WORKER, 'moved-from': WEB });
    expect(digestOf('main')).toBe(outputs.digest);
    expect((await world.run(push('main', OTHER))).error?.message).toContain(`moved-from: ${FROM_WORKER}`);
    // What is left in the workflow after the move does no harm.
    await world.succeed(push('main', OTHER), { ...WORKER, 'moved-from': WEB });
  });

  test.each([
    ['another context', { context: 'worker', file: 'Dockerfile' }],
    ['another file', { file: 'worker/Dockerfile' }],
    ['another stage', { 'builder-target': 'production', 'production-target': 'builder' }],
  ])('%s is another build', async (_, inputs) => {
    expect((await world.run(push('main', LATER), inputs)).error?.message).toContain('moved-from: ');
    expect(digestOf('main')).toBe(web);
  });

  test('another branch is free, and a run that does not push is let be', async () => {
    await world.succeed(push('feature', LATER), WORKER);
    await world.succeed(push('main', OTHER), { ...WORKER, push: 'false' });
  });

  test.each([
    ['extra-tags', { 'extra-tags': 'latest' }],
    ['version tags', {}],
  ])('takes no %s of it', async (_, inputs) => {
    const release = await world.succeed(pushTag('v1.2.3'), inputs);
    expect((await world.run(pushTag('v1.2.4', LATER), { ...inputs, ...WORKER })).error?.message).toContain(
      'leads to an image that was built from',
    );
    expect(digestOf('1.2')).toBe(release.outputs.digest);
  });
});

test('of two that begin at the same time the second fails when it comes to the tag, and leaves it', async () => {
  const web = await world.succeed(push('main', SHA));
  let asked = 0;
  world.registry.intercept = (method, path) =>
    method === 'GET' && path === 'manifests/main' && (asked += 1) === 1 ? { status: 404 } : undefined;
  world.engine.sources = 'worker';
  const { error, outputs } = await world.run(push('main', LATER), WORKER);
  expect(error?.message).toMatch(new RegExp(`^The image is pushed as ${LATER}, and no further tag is moved to it: `));
  expect(outputs.tag).toBe(LATER);
  expect(digestOf('main')).toBe(web.outputs.digest);
});

describe('a mirror of two images', () => {
  let mirror: MemoryRegistry;
  beforeEach(async () => {
    mirror = await startMemoryRegistry();
  });
  afterEach(() => mirror.close());

  test('stops the second before the build', async () => {
    const inputs = { mirrors: `${mirror.host}/${REPOSITORY}` };
    const web = await world.succeed(push('main', SHA), inputs);
    const image = `${world.registry.host}/${REPOSITORY}/worker`;
    const builds = world.engine.builds.length;
    const { error } = await world.run(push('main', LATER), { ...inputs, ...WORKER, image });
    expect(error?.message).toContain(`mirrors: ${mirror.host}/${REPOSITORY}/worker`);
    expect(world.engine.builds).toHaveLength(builds);
    expect(mirror.manifest(REPOSITORY, 'main')?.digest).toBe(web.outputs.digest);
  });

  test('keeps its tag where that is found out only when it is to be copied', async () => {
    const inputs = { mirrors: `${mirror.host}/${REPOSITORY}` };
    const web = await world.succeed(push('main', SHA), inputs);
    let asked = 0;
    mirror.intercept = (method, path) =>
      method === 'GET' && path === 'manifests/main' && (asked += 1) === 1 ? { status: 404 } : undefined;
    world.engine.sources = 'worker';
    const image = `${world.registry.host}/${REPOSITORY}/worker`;
    const { error } = await world.run(push('main', LATER), { ...inputs, ...WORKER, image });
    expect(error?.message).toContain('leads to an image that was built from');
    expect(mirror.manifest(REPOSITORY, 'main')?.digest).toBe(web.outputs.digest);
  });
});
