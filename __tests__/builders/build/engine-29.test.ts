// The main job on Docker Engine 29, which ubuntu-latest has: a newer BuildKit than the engine that the tests have otherwise.
import { beforeAll, expect, test } from '@jest/globals';
import { expectSuccess, readCachedSteps, useLab, warningsOf } from '../../support/e2e.js';
import { findMovedLayers } from '../../support/moved-layers.js';

const dockerd = process.env.ENGINE_29 ?? '';
const fixture = useLab({ stores: ['containerd'], dockerd });
const engine = () => fixture.lab().engine('containerd');
beforeAll(() => {
  if (dockerd === '') throw new Error('ENGINE_29 must name dockerd of Docker Engine 29: run script/check-builders.');
});

test('is Docker Engine 29 with the containerd store', async () => {
  const { version, store } = await engine().info();
  expect([version.split('.')[0], store]).toEqual(['29', 'containerd']);
});

test('a push to main writes both images, and an unchanged commit on a fresh engine moves no layer', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('newest');
  const event = await team.push();
  const first = await team.build(event, { engine: engine() });
  expectSuccess(first);
  expect(warningsOf(first)).toEqual([]);
  expect(readCachedSteps(first)).toEqual({ builder: '0 of 5', production: '0 of 1' });
  const production = await registry.manifest(team.repository, event.sha);
  const builder = await registry.manifest(team.repository, 'builder-main');
  expect(first.outputs).toMatchObject({
    digest: production.digest,
    'builder-digest': builder.digest,
    'pinned-image': `${team.image}:${event.sha}@${production.digest}`,
    pushed: 'true',
  });
  expect((await registry.manifest(team.repository, 'main')).digest).toBe(production.digest);

  await engine().prune();
  const mark = registry.mark();
  const again = await team.build(await team.push(), { engine: engine() });
  expectSuccess(again);
  expect(readCachedSteps(again)).toEqual({ builder: '5 of 5', production: '1 of 1' });
  expect(await findMovedLayers(fixture.lab(), team, mark)).toEqual({ pulled: [], pushed: 0 });
  expect(warningsOf(again)).toEqual([]);
});

test('what a check saw is what is pushed, and what fails has no tag', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('newest-checked');
  const event = await team.push();
  const failed = await team.build(event, {
    engine: engine(),
    inputs: { verify: 'docker image inspect "$IMAGE" && false' },
  });
  expect(failed.main?.code).not.toBe(0);
  expect(await registry.tags(team.repository)).not.toContain(event.sha);
  // Without `docker run`, which needs runc 1.2 or newer with this engine.
  const verify = 'echo "saw $IMAGE_ID, $(docker image inspect --format \'{{json .Config.Cmd}}\' "$IMAGE")"';
  const result = await team.build(event, { engine: engine(), inputs: { verify } });
  expectSuccess(result);
  const served = await registry.manifest(team.repository, result.outputs.tag!);
  expect(result.outputs.digest).toBe(served.digest);
  const [, seen = ''] = /^saw (sha256:[0-9a-f]{64}), \[/m.exec(result.log) ?? [];
  expect([served.digest, (served.body.config as { digest: string }).digest]).toContain(seen);
});

test('a run of a fork is built into the engine, and pushes nothing', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('newest-forked');
  await engine().prune();
  const event = await team.pullRequest({ number: 8, head: 'feature-x', fork: 'mallory/newest-forked' });
  const result = await team.build(event, { engine: engine() });
  expectSuccess(result);
  expect(result.outputs).toMatchObject({ pushed: 'false' });
  expect(result.outputs.digest ?? '').toBe('');
  expect(await registry.tags(team.repository)).toEqual([]);
  expect((await engine().docker(['image', 'inspect', result.outputs.image!])).code).toBe(0);
});
