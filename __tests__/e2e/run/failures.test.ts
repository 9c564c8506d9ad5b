// The wrong thing on purpose: one clear error, before a build where that is possible, and nothing left behind.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { expectFailure, expectSuccess, useLab } from '../../support/e2e.js';
import { testByNight } from '../../support/nightly.js';

const fixture = useLab({ stores: ['containerd'] });
const engine = () => fixture.lab().engine('containerd');

testByNight('a wrong password is refused before anything is built, and is not in the log', async () => {
  const team = await fixture.team('password');
  const inputs = { password: 'ghs_not-the-right-one' };
  const result = await team.build(await team.push(), { engine: engine(), inputs });
  expectFailure(result, /Login to 127\.0\.0\.1:\d+ as octo was refused .*username and password/);
  expect(result.log).not.toContain('docker buildx build');
  expect(result.log).not.toContain(inputs.password);
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

test('a builder that Buildx does not know is refused before anything is built', async () => {
  const team = await fixture.team('input-builder');
  const result = await team.build(await team.push(), { engine: engine(), inputs: { builder: 'no-such-builder' } });
  expectFailure(result, /builder "no-such-builder" cannot be used/);
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

testByNight('dry-run touches neither Docker nor the registry', async () => {
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
