// One cache manifest of all that the images of the lineage know, and what happens when one of them is broken.
import { beforeEach, expect, test } from '@jest/globals';
import { LATER, REPOSITORY, SHA, push } from '../../support/world/events.js';
import { sha256 } from '../../support/world/memory-registry.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(async () => {
  world = openWorld();
  await world.succeed(push('main', SHA));
  world.engine = world.freshEngine();
});

interface Manifest {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
}
const read = (tag: string): Manifest =>
  JSON.parse(world.registry.manifest(REPOSITORY, tag)?.bytes.toString() ?? '') as Manifest;

test('one source for both passes, by tag and digest', async () => {
  world.engine.sources = 's2';
  await world.succeed(push('main', LATER));
  const source = /--cache-from type=registry,ref=\S+:cache-main@sha256:[0-9a-f]{64} /;
  expect(world.engine.builds).toHaveLength(2);
  for (const call of world.engine.builds) expect(call).toMatch(source);
});

test('an image whose layers the registry has lost is no source, and the build goes on', async () => {
  world.registry.loseBlob(read('builder-main').layers[0]!.digest);
  world.engine.sources = 's2';
  const { warnings } = await world.succeed(push('main', LATER));
  expect(warnings).toEqual(['The registry has lost layers of builder-main, so they are no cache for this run.']);
});

test('records that cannot be read are left out with a warning', async () => {
  const { config, ...manifest } = read('main');
  const junk = btoa('[{"digest":7},{"inputs":[[{"link":99}]]}]');
  const content = JSON.parse(world.registry.blob(config.digest)?.toString() ?? '') as object;
  const text = Buffer.from(JSON.stringify({ ...content, 'moby.buildkit.cache.v0': junk }));
  await world.registry.push(
    REPOSITORY,
    'main',
    { ...manifest, config: { ...config, digest: sha256(text), size: text.length } },
    [text],
  );
  const { warnings, log } = await world.succeed(push('main', LATER));
  expect(warnings).toEqual(['Cache records of main that cannot be read are left out: 2.']);
  expect(log).toContain('info: Builder: 2 of 2 steps cached');
});

test('one that cannot be written costs a warning, and each pass takes the nearest image', async () => {
  world.registry.intercept = (method, path) =>
    method === 'PUT' && path === 'manifests/cache-main' ? { status: 403, body: '{}' } : undefined;
  const { warnings } = await world.succeed(push('main', LATER));
  expect(warnings).toEqual([
    expect.stringMatching(/^The merged cache could not be written, so each pass takes the nearest/),
  ]);
  expect(world.engine.builds[0]).toMatch(/--cache-from type=registry,ref=\S+:builder-main@sha256:/);
});

test('an image that cannot be read is no cache, with a warning', async () => {
  let asked = 0;
  world.registry.intercept = (method, path) =>
    method === 'GET' && path === 'manifests/builder-main' && (asked += 1) <= 4
      ? { status: 500, headers: { 'retry-after': '0' } }
      : undefined;
  const { warnings } = await world.succeed(push('main', LATER));
  expect(warnings).toEqual([
    expect.stringMatching(/^Reading builder-main from the registry failed, so it is no cache/),
  ]);
});
