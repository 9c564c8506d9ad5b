// The main job with a docker-container builder: a BuildKit of its own beside the engine.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { BUILDKIT_IMAGE, loadBuildkitImage } from '../../../lab/engine/buildkit-image.js';
import { expectFailure, expectSuccess, readCachedSteps, useLab, warningsOf } from '../../support/e2e.js';

const bin = process.env.BUILDKIT_BIN ?? '';
const fixture = useLab({ stores: ['overlay2'] });
const engine = () => fixture.lab().engine('overlay2');

/** A new builder is a fresh engine: its cache goes with its container. */
async function createBuilder(): Promise<void> {
  await engine().docker(['buildx', 'rm', '--force', 'lab']);
  // Nothing of an earlier build may help the next one: not even its volume.
  const options = ['--driver', 'docker-container', '--driver-opt', `image=${BUILDKIT_IMAGE},network=host`];
  const created = await engine().docker(['buildx', 'create', '--name', 'lab', ...options, '--bootstrap']);
  if (created.code !== 0) throw new Error(created.stderr);
}

beforeAll(async () => {
  if (bin === '')
    throw new Error('BUILDKIT_BIN must name a folder with buildkitd and buildctl: run script/check-builders.');
  await loadBuildkitImage(fixture.lab(), engine(), bin);
  await createBuilder();
});
afterAll(async () => {
  await engine().docker(['buildx', 'rm', '--force', 'lab']);
});

test('both passes, their cache on a fresh builder, and the digests that the registry serves', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('container');
  const event = await team.push();
  const inputs = { builder: 'lab' };
  const first = await team.build(event, { engine: engine(), inputs });
  expectSuccess(first);
  expect(first.log).toContain('docker-container driver');
  expect(first.outputs.digest).toBe((await registry.manifest(team.repository, event.sha)).digest);
  expect(first.outputs['builder-digest']).toBe((await registry.manifest(team.repository, 'builder-main')).digest);
  expect((await registry.manifest(team.repository, 'main')).digest).toBe(first.outputs.digest);
  expect(warningsOf(first)).toEqual([]);

  await createBuilder();
  const again = await team.build(event, { engine: engine(), inputs });
  expectSuccess(again);
  expect(readCachedSteps(again)).toEqual({ builder: '5 of 5', production: '1 of 1' });
  expect(again.outputs.digest).toBe((await registry.manifest(team.repository, again.outputs.tag!)).digest);
});

test('attestations and annotations give the digest of the index', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('index');
  const event = await team.push();
  const inputs = { builder: 'lab', provenance: 'true', annotations: 'team=octo' };
  const result = await team.build(event, { engine: engine(), inputs });
  expectSuccess(result);
  const index = await registry.manifest(team.repository, event.sha);
  expect(index.mediaType).toBe('application/vnd.oci.image.index.v1+json');
  expect(result.outputs.digest).toBe(index.digest);
});

test('push: false loads the image into the engine', async () => {
  const team = await fixture.team('loaded');
  const result = await team.build(await team.push(), { engine: engine(), inputs: { builder: 'lab', push: 'false' } });
  expectSuccess(result);
  expect((await engine().docker(['run', '--rm', '--network=none', result.outputs.image!])).code).toBe(0);
});

test('what is checked is what gets its tag: pushed by digest, compared, then named', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('checked');
  const event = await team.push();
  const mark = registry.mark();
  const inputs = { builder: 'lab', provenance: 'true', verify: 'docker run --rm --network=none "$IMAGE"' };
  const result = await team.build(event, { engine: engine(), inputs });
  expectSuccess(result);
  expect(result.log).toContain('Hello from the sample service');
  expect(result.outputs.digest).toBe((await registry.manifest(team.repository, event.sha)).digest);
  const written = (await registry.requests(mark))
    .filter(
      ({ method, path, userAgent }) => method === 'PUT' && /manifests\/[0-9a-f]{40}$/.test(path) && userAgent !== '',
    )
    .map(({ userAgent }) => userAgent);
  // BuildKit itself writes no tag of production.
  expect(written).toEqual(['two-pass-build']);
  // Without cache every step runs once, and not again for the push.
  const refreshed = await team.build(event, { engine: engine(), inputs: { ...inputs, 'reuse-cache': 'false' } });
  expectSuccess(refreshed);
  expect(readCachedSteps(refreshed).production).toBe('0 of 1');
});

test('a check that fails, and one that changes what the image is built from, publish nothing', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('unchecked');
  const event = await team.push();
  const run = (verify: string) => team.build(event, { engine: engine(), inputs: { builder: 'lab', verify } });
  expectFailure(await run('exit 3'), /The verify script ended with exit code 3/);
  expect(await registry.tags(team.repository)).toEqual(['builder-main']);
  const edited = await run('printf "#!/bin/sh\\nmkdir -p dist\\ncp -r vendor dist/\\n" > src/build');
  expectFailure(edited, /is not the one that was checked \(sha256:/);
  expect((await registry.tags(team.repository)).filter((tag) => !/^(?:builder|cache)-main$/.test(tag))).toEqual([]);
});
