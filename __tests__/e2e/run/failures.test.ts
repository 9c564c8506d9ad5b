// The wrong thing on purpose: one clear error, before a build where that is possible, and nothing left behind.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startFront } from '../../../lab/registry/front.js';
import { expectFailure, expectSuccess, useLab, warningsOf } from '../../support/e2e.js';

const fixture = useLab({ stores: ['containerd'] });
const engine = () => fixture.lab().engine('containerd');

test('a wrong password is refused before anything is built, and is not in the log', async () => {
  const team = await fixture.team('password');
  const inputs = { password: 'ghs_not-the-right-one' };
  const result = await team.build(await team.push(), { engine: engine(), inputs });
  expectFailure(result, /Login to 127\.0\.0\.1:\d+ as octo was refused .*username and password/);
  expect(result.log).not.toContain('docker buildx build');
  expect(result.log).not.toContain(inputs.password);
});

test('no password with push: true says that there is no login', async () => {
  const team = await fixture.team('nologin');
  const result = await team.build(await team.push(), { engine: engine(), inputs: { password: '', push: 'true' } });
  expectFailure(result, /there is no login for 127\.0\.0\.1:\d+ \(the input password is empty\)/);
});

test('a registry that nobody listens at is named', async () => {
  const team = await fixture.team('nobody');
  const result = await team.build(await team.push(), {
    engine: engine(),
    inputs: { image: '127.0.0.1:1/octo/nobody' },
  });
  expectFailure(result, /registry 127\.0\.0\.1:1 cannot be reached/);
});

test('and a run that does not want to push goes on without it', async () => {
  const team = await fixture.team('offline');
  const inputs = { image: '127.0.0.1:1/octo/offline', push: 'false' };
  const result = await team.build(await team.push(), { engine: engine(), inputs });
  expectSuccess(result);
  expect(warningsOf(result)).toEqual([expect.stringMatching(/^There is no cache from 127\.0\.0\.1:1 in this run/)]);
});

test('a secret without a value, as in runs of forks, is left out with a warning', async () => {
  const team = await fixture.team('secretless');
  const inputs = { secrets: 'npm_token=\nother=some-other-secret' };
  const result = await team.build(await team.push(), { engine: engine(), inputs });
  expectSuccess(result);
  expect(warningsOf(result)).toEqual([
    'secrets: npm_token has no value in this run, so the build gets no such secret.',
  ]);
  expect(result.log.match(/--secret id=other,env=\S+/g)).toHaveLength(2);
  expect(result.log).not.toContain('id=npm_token');
});

test('a builder that production is not made of may fail: what is pushed by then is told', async () => {
  const { registry, baseImage } = fixture.lab();
  const team = await fixture.team('apart');
  await writeFile(
    join(team.service.directory, 'Dockerfile'),
    `FROM ${baseImage} AS builder\nRUN exit 7\nFROM ${baseImage} AS production\nRUN touch /made\n`,
  );
  await team.service.commit('Build in vain');
  const event = await team.push();
  const mirrors = `${team.image}-copy`;
  const result = await team.build(event, { engine: engine(), inputs: { 'build-args': '', mirrors } });
  expectFailure(result, /exit 7/);
  const { digest } = await registry.manifest(team.repository, event.sha);
  expect(result.outputs).toMatchObject({
    digest,
    pushed: 'true',
    tags: [team.image, mirrors].flatMap((name) => [event.sha, 'main'].map((tag) => `${name}:${tag}`)).join('\n'),
    'pinned-mirrors': `${mirrors}:${event.sha}@${digest}`,
  });
});

test('a failing RUN in the builder fails the run with its step, and no tag is written', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('broken');
  const dockerfile = join(team.service.directory, 'Dockerfile');
  await writeFile(
    dockerfile,
    (await readFile(dockerfile, 'utf8')).replace('RUN ./src/build', 'RUN echo on purpose && false && ./src/build'),
  );
  await team.service.commit('Break the build');
  const result = await team.build(await team.push(), { engine: engine() });
  expectFailure(result, /The build failed at \[builder 6\/6\] RUN echo on purpose && false .*exit code: 1/);
  expect(result.summary).toContain('**Failed.**');
  expect(result.outputs.digest ?? '').toBe('');
  expect(await registry.tags(team.repository)).toEqual([]);
});

test('a builder image that the registry refuses is a warning, and the image is published', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('refused');
  const front = await startFront({ registry: registry.host });
  try {
    front.fail({ method: 'PUT', path: /\/manifests\/builder-/, answer: { status: 403 } });
    const event = await team.push();
    const result = await team.build(event, { engine: engine(), inputs: { image: `${front.host}/${team.repository}` } });
    expectSuccess(result);
    expect(warningsOf(result)).toEqual([expect.stringMatching(/^The builder image was not kept for later runs/)]);
    expect(result.outputs.digest).toBe((await registry.manifest(team.repository, event.sha)).digest);
    expect(result.outputs['builder-digest'] ?? '').toBe('');
    expect(await registry.tags(team.repository)).toEqual([event.sha, 'main'].sort());
  } finally {
    await front.stop();
  }
});

test('a failing step of production leaves the builder image and no production tag', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('half');
  const dockerfile = join(team.service.directory, 'Dockerfile');
  await writeFile(dockerfile, (await readFile(dockerfile, 'utf8')).replace('USER nobody', 'RUN exit 7\nUSER nobody'));
  await team.service.commit('Break production');
  const result = await team.build(await team.push(), { engine: engine() });
  expectFailure(result, /The build failed at \[production 4\/4\] RUN exit 7/);
  expect(await registry.tags(team.repository)).toEqual(['builder-main']);
});

test.each([
  [{ 'builder-target': 'build' }, /builder-target is "build", but Dockerfile has the stages builder, production/],
  [{ 'production-target': 'release' }, /production-target is "release".*builder, production/],
  [{ file: 'docker/Dockerfile' }, /file "docker\/Dockerfile" cannot be read/],
  [{ context: 'service' }, /context "service" is not a folder/],
  [{ push: 'maybe' }, /push is "maybe"\. Use auto, true or false/],
  [{ image: 'ghcr.io/octo/app:latest' }, /it has a tag/],
  [{ builder: 'no-such-builder' }, /builder "no-such-builder" cannot be used/],
  [{ 'secret-files': 'npmrc=missing.npmrc' }, /secret-files: item 1: there is no file "missing\.npmrc"/],
])('%j is refused before anything is built', async (inputs, message) => {
  const team = await fixture.team(`input-${Object.keys(inputs)[0]!}`);
  const result = await team.build(await team.push(), { engine: engine(), inputs });
  expectFailure(result, message);
  expect(result.log).not.toContain('docker buildx build');
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s reaches the running build, ends within seconds and cleans up',
  async (signal) => {
    const { registry } = fixture.lab();
    const team = await fixture.team(`cancel-${signal.toLowerCase()}`);
    const dockerfile = join(team.service.directory, 'Dockerfile');
    await writeFile(
      dockerfile,
      (await readFile(dockerfile, 'utf8')).replace('RUN ./src/build', `RUN echo ${signal} && sleep 120 && ./src/build`),
    );
    await team.service.commit('Build for long');
    const result = await team.build(await team.push(), {
      engine: engine(),
      signal: { signal, after: new RegExp(`^\\[builder 6/6\\] \\| ${signal}$`, 'm') },
      phases: ['main'],
    });
    expect(result.main?.code).toBe(1);
    expect(result.main?.seconds).toBeLessThan(30);
    // Main itself has cleaned up: a cancelled job may not come to its post phase.
    expect(result.leftovers).toEqual([]);
    expect(await registry.tags(team.repository)).toEqual([]);
    expect(result.log).toMatch(/cancelled/);
  },
);

test('after SIGKILL the post phase removes the login', async () => {
  const team = await fixture.team('killed');
  const dockerfile = join(team.service.directory, 'Dockerfile');
  await writeFile(
    dockerfile,
    (await readFile(dockerfile, 'utf8')).replace('RUN ./src/build', 'RUN echo kill-me && sleep 20 && ./src/build'),
  );
  await team.service.commit('Build for long');
  const event = await team.push();
  const result = await team.build(event, {
    engine: engine(),
    signal: { signal: 'SIGKILL', after: /^\[builder 6\/6\] \| kill-me$/m },
  });
  expect(result.main?.code).toBe(137);
  expect(result.main?.state.directory).toBeTruthy();
  expect(result.post?.code).toBe(0);
  expect(result.leftovers).toEqual([]);
});

test('the post phase alone, without saved state, does nothing and succeeds', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('postonly');
  const mark = registry.mark();
  const result = await team.build(await team.push(), { engine: engine(), phases: ['post'] });
  expect(result.post).toMatchObject({ code: 0, log: '' });
  expect(result.leftovers).toEqual([]);
  expect(await registry.requests(mark)).toEqual([]);
});

test('dry-run touches neither Docker nor the registry', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('dry');
  const event = await team.push();
  const mark = registry.mark();
  const result = await team.build(event, {
    engine: engine(),
    inputs: { 'dry-run': 'true' },
    env: { DOCKER_HOST: 'unix:///nowhere.sock', PATH: '/nowhere' },
  });
  expectSuccess(result);
  expect(await registry.requests(mark)).toEqual([]);
  expect(result.outputs).toMatchObject({
    tag: event.sha,
    image: `${team.image}:${event.sha}`,
    pushed: 'false',
    'builder-image': `${team.image}:builder-main`,
  });
  expect(result.outputs.digest ?? '').toBe('');
  expect(JSON.parse(result.outputs.plan ?? '')).toMatchObject({ scope: 'main', production: { target: 'production' } });
});
