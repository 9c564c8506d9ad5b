// Secrets and build arguments as people get them wrong: each is said before the build, and no value is seen.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { SHA, push } from '../../support/world/events.js';
import { DOCKERFILE } from '../../support/world/recorded-engine.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(async () => {
  world = openWorld();
  const mounted = 'ARG COMMIT_SHA\nRUN --mount=type=secret,id=npmrc install';
  await writeFile(join(world.workspace, 'Dockerfile'), DOCKERFILE.replace('RUN install', mounted));
});

const TOKEN = 'npm_aGk3Yq9sT7uV';
const NPMRC = `//npm.test/:_authToken=${TOKEN}\nregistry=https://npm.test/\nfund=false\n`;

describe('an .npmrc', () => {
  test('as a secret of several lines without quotes: the quoting is named', async () => {
    const { warnings, log } = await world.succeed(push('main', SHA), { secrets: `npmrc=${NPMRC}` });
    expect(warnings).toEqual([
      expect.stringMatching(/^secrets: no step of Dockerfile mounts registry, fund\. .*quotes around .* "npmrc=…"/),
    ]);
    expect(log.join('\n')).not.toContain(TOKEN);
  });

  test.each([
    ['in quotes', { secrets: `"npmrc=${NPMRC}"` }],
    ['in a file', { 'secret-files': 'npmrc=.npmrc' }],
    ["in a file, in Buildx's form", { 'secret-files': 'id=npmrc,src=.npmrc' }],
  ])('%s is right; its token is masked, and its settings are not', async (_, inputs) => {
    await writeFile(join(world.workspace, '.npmrc'), NPMRC);
    const { warnings, masks } = await world.succeed(push('main', SHA), inputs);
    expect(warnings).toEqual([]);
    expect(masks).toContain(TOKEN);
    expect(masks.filter((mask) => !mask.includes(TOKEN) && !mask.startsWith('ghs_'))).toEqual([]);
    expect(world.engine.builds[0]).toContain('--secret id=npmrc,');
  });

  test('under another ID than that of the mount', async () => {
    const { warnings } = await world.succeed(push('main', SHA), { secrets: `npm_rc=${TOKEN}` });
    expect(warnings).toEqual([expect.stringContaining('mounts the secret npmrc; this run passes npm_rc')]);
  });
});

test('a build argument that no ARG declares: the nearest name', async () => {
  const { warnings } = await world.succeed(push('main', SHA), { 'build-args': 'COMMIT=1' });
  expect(warnings).toEqual([
    expect.stringMatching(/^build-args: no ARG of Dockerfile declares COMMIT.* Is it COMMIT_SHA\?$/),
  ]);
});

describe('a secret file of several lines', () => {
  const ENV = 'NODE_ENV=production\nSESSION=f00ba4ba2c0ffee1234\n';
  beforeEach(() => writeFile(join(world.workspace, '.env'), ENV));
  const inputs = { 'secret-files': 'npmrc=.env' };

  test('leaves its plain settings to build arguments, and does not mask them', async () => {
    const dockerfile = DOCKERFILE.replace('RUN install', 'ARG NODE_ENV\nRUN --mount=type=secret,id=npmrc install');
    await writeFile(join(world.workspace, 'Dockerfile'), dockerfile);
    const { warnings, masks } = await world.succeed(push('main', SHA), {
      ...inputs,
      'build-args': 'NODE_ENV=production',
    });
    expect(warnings).toEqual([]);
    expect(masks.join()).not.toContain('production');
  });

  test('has a line that is secret, and the refusal says which', async () => {
    const { error } = await world.run(push('main', SHA), { ...inputs, 'build-args': 'COPY=f00ba4ba2c0ffee1234' });
    expect(error?.message).toContain('(COPY) holds line 2 of the value of the file ".env" of secret-files');
    expect(error?.message).not.toContain('f00ba4');
    expect(world.engine.builds).toEqual([]);
  });
});
