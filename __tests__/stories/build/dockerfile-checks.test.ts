// BuildKit's checks of the Dockerfile: shown as warnings, a condition of the run, or not looked for.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { describeFailure, findPlace } from '../../../src/run/failure.js';
import { SHA, push } from '../../support/world/events.js';
import { DOCKERFILE, DOCKERFILE_APART } from '../../support/world/recorded-engine.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const CASING = {
  message: "FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)",
  line: 1,
  url: 'https://docs.docker.com/go/dockerfile/rule/from-as-casing/',
};
const PASSWORD = {
  message: 'SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV "PASSWORD") (line 6)',
  line: 6,
};

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
  world.engine.warnings = [CASING, PASSWORD];
});

const writeDockerfile = (text: string): Promise<void> => writeFile(join(world.workspace, 'Dockerfile'), text);
const error = { 'dockerfile-checks': 'error' };

test('warn, the default: a warning for each, at its line, once for both passes, and no check of its own', async () => {
  const { places } = await world.succeed(push('main', SHA));
  expect(places.map(({ file, line, message }) => [file, line, message])).toEqual([
    [
      'Dockerfile',
      1,
      "FromAsCasing: 'as' and 'FROM' keywords' casing do not match (https://docs.docker.com/go/dockerfile/rule/from-as-casing/)",
    ],
    ['Dockerfile', 6, expect.stringMatching(/^SecretsUsedInArgOrEnv: .*"PASSWORD"\)$/)],
  ]);
  expect(world.engine.builds).toHaveLength(2);
  expect(world.engine.checks).toEqual([]);
});

describe('error', () => {
  test('one error with every line, rule and link, before anything is built', async () => {
    const told = await world.run(push('main', SHA), error);
    expect(describeFailure(told.error)).toBe(
      [
        "BuildKit's checks find 2 faults in Dockerfile (FromAsCasing, SecretsUsedInArgOrEnv), and dockerfile-checks is error, so nothing is built.",
        "Dockerfile:1: FromAsCasing: 'as' and 'FROM' keywords' casing do not match (https://docs.docker.com/go/dockerfile/rule/from-as-casing/)",
        'Dockerfile:6: SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV "PASSWORD")',
      ].join('\n'),
    );
    expect(findPlace(told.error)).toEqual({ file: 'Dockerfile', line: 1, endLine: 1 });
    expect([told.places, told.warnings]).toEqual([[], []]);
    expect(told.summary).toContain('\nWhat they find:\n\n```text\nDockerfile:1: FromAsCasing: ');
    expect(world.engine.builds).toEqual([]);
    expect(world.registry.written).toEqual([]);
  });

  test('a Dockerfile without faults is built and published', async () => {
    world.engine.warnings = [];
    const { outputs, log } = await world.succeed(push('main', SHA), error);
    expect(outputs.pushed).toBe('true');
    expect(log).toContain("info: The Dockerfile passes BuildKit's checks");
    expect(world.engine.checks).toEqual([expect.stringContaining(' --target production ')]);
  });

  test('with checks of the image nothing is loaded, and no script runs', async () => {
    await world.run(push('main', SHA), { ...error, verify: 'true' });
    expect(world.engine.images.size).toBe(0);
    expect(world.engine.calls.filter((call) => call.startsWith('bash'))).toEqual([]);
  });

  test('a builder stage that production is not made of is checked too', async () => {
    await writeDockerfile(DOCKERFILE_APART);
    Object.assign(world.engine, { apart: true, warnings: [] });
    await world.succeed(push('main', SHA), error);
    expect(world.engine.checks.map((call) => / --target (\S+)/.exec(call)?.[1])).toEqual(['production', 'builder']);
  });

  test('each fault once, though several stages are checked', async () => {
    await writeDockerfile(DOCKERFILE_APART);
    Object.assign(world.engine, { apart: true });
    const { error: failure } = await world.run(push('main', SHA), error);
    expect(describeFailure(failure).split('\n')).toHaveLength(3);
  });

  test('the check gets what the passes get', async () => {
    await writeFile(join(world.workspace, 'other.Dockerfile'), DOCKERFILE);
    const inputs = { ...error, file: 'other.Dockerfile', 'build-args': 'BASE=x', platforms: 'linux/amd64' };
    const { error: failure } = await world.run(push('main', SHA), inputs);
    expect(world.engine.checks[0]).toMatch(/ --file other\.Dockerfile .*--build-arg BASE=x .*--platform linux\/amd64/);
    expect(describeFailure(failure)).toContain('\nother.Dockerfile:6: ');
  });

  test('more than twenty are counted', async () => {
    world.engine.warnings = Array.from({ length: 23 }, (_, index) => ({ ...CASING, line: index + 1 }));
    const { error: failure } = await world.run(push('main', SHA), error);
    expect(failure?.message).toMatch(/^BuildKit's checks find 23 faults/);
    expect(describeFailure(failure).split('\n').at(-1)).toBe('and 3 more');
  });

  test('a base image that cannot be asked for a moment is asked again', async () => {
    world.engine.warnings = [];
    const fault =
      'base: failed to resolve source metadata: unexpected status from HEAD request: 503 Service Unavailable';
    world.engine.checkFaults.push({ error: fault, report: true });
    const { log } = await world.succeed(push('main', SHA), error);
    expect(world.engine.checks).toHaveLength(2);
    expect(log.join('\n')).toContain('503 Service Unavailable');
  });

  test('a Dockerfile that cannot be read is an error, and not one without faults', async () => {
    const fault = 'dockerfile parse error on line 2: unknown instruction: ADDX (did you mean ADD?)';
    world.engine.checkFaults.push({ error: fault, report: true });
    const { error: failure } = await world.run(push('main', SHA), error);
    expect(failure?.message).toContain(fault);
    expect(world.engine.builds).toEqual([]);
  });

  test('an engine without checks is an error that says what to do', async () => {
    const fault = 'failed to solve: docker/dockerfile:1.8.1@sha256:e87c: failed to resolve source metadata';
    world.engine.checkFaults.push({ error: fault, report: false });
    const { error: failure } = await world.run(push('main', SHA), error);
    expect(failure?.name).toBe('InputError');
    expect(failure?.message).toMatch(
      /this BuildKit knows no build checks.*Update the engine, or set dockerfile-checks to warn/,
    );
    expect(world.engine.builds).toEqual([]);
  });

  test('a frontend of its own has no such checks', async () => {
    await writeDockerfile(`# syntax=example.com/frontend\n${DOCKERFILE}`);
    const { error: failure } = await world.run(push('main', SHA), error);
    expect(failure?.name).toBe('InputError');
    expect(failure?.message).toMatch(/"# syntax=" of Dockerfile is not Docker's own/);
    expect(world.engine.checks).toEqual([]);
  });
});

describe('off', () => {
  const off = { 'dockerfile-checks': 'off' };

  test('nothing is looked for in either pass', async () => {
    const { places, warnings } = await world.succeed(push('main', SHA), off);
    expect([places, warnings]).toEqual([[], []]);
    expect(world.engine.builds).toHaveLength(2);
    for (const build of world.engine.builds) expect(build).toContain('--build-arg BUILDKIT_DOCKERFILE_CHECK=skip=all');
  });

  test('a Dockerfile that fails its own build by them still does', async () => {
    await writeDockerfile(`# check=skip=JSONArgsRecommended; error=true\n${DOCKERFILE}`);
    await world.succeed(push('main', SHA), off);
    for (const build of world.engine.builds) expect(build).not.toContain('BUILDKIT_DOCKERFILE_CHECK');
  });

  test('beside a build argument that says what is checked it is an error', async () => {
    const inputs = { ...off, 'build-args': 'BUILDKIT_DOCKERFILE_CHECK=skip=FromAsCasing' };
    const { error: failure } = await world.run(push('main', SHA), inputs);
    expect(failure?.message).toBe(
      'dockerfile-checks is off, and build-args has BUILDKIT_DOCKERFILE_CHECK, which says what is checked. Remove one of the two.',
    );
    expect(world.engine.calls).toEqual([]);
  });
});
