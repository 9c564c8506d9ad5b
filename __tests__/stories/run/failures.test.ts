// The wrong thing on purpose: one clear error, before a build where that is possible, and nothing left behind; and what a
// run tells of a build that went wrong or is not as it should be.
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { InputName } from '../../../src/inputs/inputs.js';
import { describeFailure, findFailedPass } from '../../../src/run/failure.js';
import { LATER, REPOSITORY, SHA, pullRequest, push } from '../../support/world/events.js';
import { DOCKERFILE, DOCKERFILE_APART, type RecordedEngine } from '../../support/world/recorded-engine.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
});

const tags = (): readonly string[] => world.registry.tags(REPOSITORY);

describe('refused before anything is built', () => {
  test.each<[Partial<Record<InputName, string>>, RegExp]>([
    [{ 'builder-target': 'build' }, /builder-target is "build", but Dockerfile has the stages builder, production/],
    [{ 'production-target': 'release' }, /production-target is "release".*builder, production/],
    [{ file: 'docker/Dockerfile' }, /file "docker\/Dockerfile" cannot be read/],
    [{ context: 'service' }, /context "service" is not a folder/],
    [{ push: 'maybe' }, /push is "maybe"\. Use auto, true or false/],
    [{ image: 'ghcr.io/octo/app:latest' }, /it has a tag/],
    [{ builder: 'unknown' }, /builder "unknown" cannot be used: .*"docker buildx ls" lists/],
    [{ 'secret-files': 'npmrc=missing.npmrc' }, /secret-files: item 1: there is no file "missing\.npmrc"/],
    [{ 'build-args': 'A=x-the-secret', secrets: 'npm=x-the-secret' }, /^build-args: .*secret/],
    [{ file: '--output=x' }, /^file\b/],
    [{ context: '--output=x' }, /^context\b/],
    [{ builder: '--bootstrap' }, /^builder\b/],
    [{ 'builder-target': '-x' }, /^builder-target\b/],
  ])('%j', async (inputs, message) => {
    const { error } = await world.run(push('main', SHA), inputs);
    expect(error?.name).toBe('InputError');
    expect(error?.message).toMatch(message);
    expect(world.engine.builds).toEqual([]);
    expect(await world.leftovers()).toEqual([]);
  });

  test.each<[string, (engine: RecordedEngine) => void, RegExp]>([
    ['no docker', (engine) => void engine.missing.add('docker'), /^Docker is not on PATH/],
    ['no Buildx', (engine) => (engine.buildxVersion = null), /^Docker has no Buildx plugin/],
    ['a Buildx that is too old', (engine) => (engine.buildxVersion = 'v0.14.1'), /0\.14\.1/],
    ['a daemon that is down', (engine) => (engine.running = false), /Is the Docker Engine running\?$/],
  ])('%s', async (_, change, message) => {
    change(world.engine);
    const { error } = await world.run(push('main', SHA));
    expect(error?.message).toMatch(message);
    expect(world.engine.builds).toEqual([]);
    expect(await world.leftovers()).toEqual([]);
  });

  test('a machine that cannot build', async () => {
    const machine = { system: 'Windows', onGitHub: true, selfHosted: false };
    const { error } = await world.run(push('main', SHA), {}, { machine });
    expect(error?.message).toContain('Windows');
  });

  test.each([
    [{ provenance: 'true' }],
    [{ sbom: 'true' }],
    [{ platforms: 'linux/amd64,linux/arm64' }],
    [{ annotations: 'a=b' }],
  ])('%j on the overlay2 store', async (inputs) => {
    world.engine.store = 'overlay2';
    const { error } = await world.run(push('main', SHA), inputs);
    const [input = ''] = Object.keys(inputs);
    expect(error?.message).toMatch(new RegExp(`^${input}: the docker driver with the overlay2 image store `));
    expect(world.engine.builds).toEqual([]);
  });

  test("a symbolic link of a stranger's code that leads out of the workspace", async () => {
    await rm(join(world.workspace, 'Dockerfile'));
    await writeFile(join(world.temporary, 'elsewhere'), DOCKERFILE);
    await symlink('/etc/hostname', join(world.workspace, 'Dockerfile'));
    const { error } = await world.run(pullRequest({ fork: 'mallory/app' }));
    expect(error?.message).toMatch(/outside the workspace .*This run \(pull_request\) builds code that a stranger/);
  });

  test('no Dockerfile', async () => {
    await rm(join(world.workspace, 'Dockerfile'));
    expect((await world.run(push('main', SHA))).error?.message).toMatch(/^There is no Dockerfile in the context "\."/);
  });
});

describe('a warning, and the build goes on', () => {
  beforeEach(async () => {
    const mounts = ['npm_token', 'other', 'pin', 'npmrc'].map((id) => `--mount=type=secret,id=${id}`).join(' ');
    const text = DOCKERFILE.replace('RUN install', `ARG TOKEN\nRUN ${mounts} install`);
    await writeFile(join(world.workspace, 'Dockerfile'), text);
  });

  test('a secret without a value, as in runs of forks', async () => {
    const { warnings } = await world.succeed(push('main', SHA), { secrets: 'npm_token=\nother=some-other-secret' });
    expect(warnings).toEqual(['secrets: npm_token has no value in this run, so the build gets no such secret.']);
    for (const call of world.engine.builds) expect(call).toMatch(/--secret id=other,env=\S+/);
    expect(world.engine.calls.join()).not.toContain('id=npm_token');
  });

  test('a secret that is too short to be hidden', async () => {
    const { warnings } = await world.succeed(push('main', SHA), { secrets: 'pin=1' });
    expect(warnings).toEqual([expect.stringContaining('too short to be hidden in the log')]);
  });

  test('a secret file is masked, and none of it is warned of', async () => {
    await writeFile(join(world.workspace, '.npmrc'), 'the-token-of-the-registry');
    const { masks, warnings } = await world.succeed(push('main', SHA), { 'secret-files': 'npmrc=.npmrc' });
    expect(masks).toContain('the-token-of-the-registry');
    expect(warnings).toEqual([]);
  });

  test('git credentials that are part of the context', async () => {
    await mkdir(join(world.workspace, '.git'));
    const config = '[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic eDp5enp5eg==\n';
    await writeFile(join(world.workspace, '.git/config'), config);
    const { warnings } = await world.succeed(push('main', SHA));
    expect(warnings).toEqual([expect.stringContaining('"persist-credentials: false"')]);
    await writeFile(join(world.workspace, '.dockerignore'), '**/.git\n');
    expect((await world.succeed(push('main', SHA))).warnings).toEqual([]);
  });

  test('what is wrong with the Dockerfile is said once, at its line, though both passes see it', async () => {
    world.engine.warnings = [
      { message: 'FromAsCasing: "as" and "FROM" keywords\' casing do not match (line 1)', line: 1 },
      {
        message:
          'SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV "PASSWORD") (line 6)',
        line: 6,
      },
      {
        message: 'SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG "TOKEN") (line 7)',
        line: 7,
      },
    ];
    const { places, warnings } = await world.succeed(push('main', SHA), { 'build-args': 'TOKEN=not-a-secret' });
    expect(world.engine.builds).toHaveLength(2);
    expect(places.map(({ file, line, endLine }) => [file, line, endLine])).toEqual([
      ['Dockerfile', 1, 1],
      ['Dockerfile', 6, 6],
    ]);
    // That a build argument looks like a secret was said before.
    expect(warnings.filter((warning) => warning.includes('TOKEN'))).toHaveLength(1);
  });
});

describe('a step that fails', () => {
  test('is annotated at its line, with what it printed last, and in the summary', async () => {
    world.engine.failing.set('RUN make', { error: 'exit code: 3', output: 'not ok\n```\n', line: 3 });
    const { error, summary, outputs, log } = await world.run(push('main', SHA));
    expect(findFailedPass(error)?.place).toEqual({ file: 'Dockerfile', line: 3, endLine: 3 });
    expect(describeFailure(error)).toBe(
      'The build failed at [builder 2/2] RUN make (Dockerfile:3): exit code: 3\nnot ok\n```',
    );
    expect(summary).toMatch(/^\*\*Failed\.\*\* .*builder 2\/2.*\(Dockerfile:3\\\)/m);
    expect(summary).toContain('\n````text\nnot ok\n```\n````\n');
    expect(log.filter((line) => line.startsWith('ERROR: failed to build'))).toHaveLength(1);
    expect(outputs).not.toHaveProperty('digest');
    expect(tags()).toEqual([]);
  });

  test('in production leaves the builder image and no production tag', async () => {
    world.engine.failing.set('COPY --from', { error: 'exit code: 7', line: 6 });
    const { error } = await world.run(push('main', SHA));
    expect(error?.message).toMatch(/^The build failed at \[production 1\/1\] COPY .*\(Dockerfile:6\)/);
    expect(tags()).toEqual(['builder-main']);
  });

  test('of a builder that production is not made of: what is pushed by then is told', async () => {
    await writeFile(join(world.workspace, 'Dockerfile'), DOCKERFILE_APART);
    world.engine.apart = true;
    world.engine.failing.set('RUN make', { error: 'exit code: 7' });
    const mirrors = `${world.registry.host}/owner/copy`;
    const { error, outputs } = await world.run(push('main', SHA), { mirrors });
    expect(error?.message).toContain('exit code: 7');
    const digest = world.registry.manifest(REPOSITORY, SHA)?.digest ?? '';
    const name = `${world.registry.host}/${REPOSITORY}`;
    expect(outputs).toMatchObject({
      digest,
      pushed: 'true',
      tags: [name, mirrors].flatMap((one) => [SHA, 'main'].map((tag) => `${one}:${tag}`)).join('\n'),
      'pinned-mirrors': `${mirrors}:${SHA}@${digest}`,
    });
  });
});

test('the first step that the cache had not is named with its likely reason', async () => {
  const early = DOCKERFILE.replace('AS builder\n', 'AS builder\nARG COMMIT_SHA\n');
  await writeFile(join(world.workspace, 'Dockerfile'), early);
  await world.succeed(push('main', SHA), { 'build-args': `COMMIT_SHA=${SHA}` });
  world.engine.dependencies = 'd2';
  const { log, summary } = await world.succeed(push('main', LATER), { 'build-args': `COMMIT_SHA=${LATER}` });
  const reason = 'the build argument COMMIT_SHA changes with every commit';
  expect(log.join('\n')).toContain(`${reason} and stands before it: move "ARG COMMIT_SHA" below this step`);
  expect(summary).toContain(reason);
});

test('of a fork the summary says why nothing was pushed, and where the image is', async () => {
  const { summary, outputs } = await world.succeed(pullRequest({ fork: 'someone/fork' }));
  expect(summary).toContain('**Not pushed:** runs for the code of a fork never push');
  expect(summary).toContain(`have the image as \`${outputs.image ?? ''}\`.`);
});

test.each(['containerd', 'overlay2'] as const)(
  'each step has its line in the log of one pass alone (%s)',
  async (store) => {
    world.engine.store = store;
    const { log } = await world.succeed(push('main', SHA));
    expect(log.filter((line) => line === '[builder 1/2] RUN install')).toHaveLength(1);
    expect(log.filter((line) => line.startsWith('exporting to image: '))).toHaveLength(2);
    world.engine = world.freshEngine();
    world.engine.store = store;
    const again = await world.succeed(push('main', SHA));
    expect(again.log).toContain('[builder 1/2] RUN install (cached)');
    expect(again.log.filter((line) => line.startsWith('{"'))).toEqual([]);
  },
);

test.each([
  ['in the middle of the first pass', (abort: () => void) => (world.engine.onBuild = abort)],
  [
    'while the registry is asked',
    (abort: () => void) =>
      (world.registry.intercept = () => {
        abort();
        return undefined;
      }),
  ],
])('cancelled %s: nothing is told, and nothing is left', async (_, at) => {
  at(() => world.cancellation.abort());
  const { error } = await world.run(push('main', SHA));
  expect(error).not.toBeNull();
  expect(world.engine.builds.length).toBeLessThan(2);
  expect(tags()).toEqual([]);
  expect(await world.leftovers()).toEqual([]);
});

test('a developer builds at HEAD, with a tag of their own, and is told what to try', async () => {
  world.checkedOut = { commit: OTHERS, branch: 'main' };
  const machine = { system: 'Linux', onGitHub: false, selfHosted: false };
  const off = {
    onGitHub: false,
    repositoryUrl: null,
    runUrl: null,
    runNumber: null,
    repository: '',
    actor: '',
    machine,
  };
  const { outputs, log } = await world.succeed(push('main', SHA), { push: 'true', 'main-branch': 'main' }, off);
  const unique = tags().find((tag) => tag.startsWith('dev-')) ?? '';
  expect(unique).toBe(`dev-${OTHERS}-20260203040506`);
  expect([...tags()].sort()).toEqual(['builder-main', unique, 'main']);
  expect(log.at(-1)).toContain(`docker run --rm ${outputs['pinned-image'] ?? ''}`);
});

const OTHERS = '3'.repeat(40);

test('outside a work tree a developer is told so', async () => {
  const machine = { system: 'Linux', onGitHub: false, selfHosted: false };
  const { error } = await world.run(push('main', SHA), {}, { onGitHub: false, machine });
  expect(error?.name).toMatch(/Error$/);
  expect(world.engine.builds).toEqual([]);
});
