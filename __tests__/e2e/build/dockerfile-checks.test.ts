// BuildKit's checks of a Dockerfile on real engines: warnings, a condition of the run, or nothing at all.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { ImageStore } from '../../../lab/engine/engine.js';
import { expectFailure, expectSuccess, useLab } from '../../support/e2e.js';
import { testByNight } from '../../support/nightly.js';
import { STORES_OF_THE_DAY } from '../../support/stores.js';

const fixture = useLab({ stores: STORES_OF_THE_DAY });

/** Violations in production, in a builder stage that production is not made of, and in a stage that nobody builds. */
const DOCKERFILE = [
  'ARG BASE_IMAGE=scratch',
  'FROM ${BASE_IMAGE} as builder',
  'RUN echo built > /app',
  'ENV BUILDER_PASSWORD=nothing',
  'FROM ${BASE_IMAGE} AS production',
  'RUN echo made > /app',
  'CMD cat /app',
  'FROM ${BASE_IMAGE} AS lint',
  'ENV LINT_PASSWORD=nothing',
];

/** Builds a Dockerfile of these lines. */
async function build(name: string, store: ImageStore, lines: readonly string[], inputs: Record<string, string>) {
  const team = await fixture.team(`${name}-${store}`);
  await writeFile(join(team.service.directory, 'Dockerfile'), `${lines.join('\n')}\n`);
  await team.service.commit('Write a Dockerfile');
  const result = await team.build(await team.push(), { engine: fixture.lab().engine(store), inputs });
  const tags = await fixture.lab().registry.tags(team.repository);
  return { ...result, tags };
}

describe.each(STORES_OF_THE_DAY)('on the %s store', (store) => {
  test('warn: the lines of the stages that are built, each once', async () => {
    const result = await build('warn', store, DOCKERFILE, {});
    expectSuccess(result);
    const found = result.annotations.filter(({ level }) => level === 'warning');
    expect(found.map(({ message, properties }) => [properties.file, properties.line, message.split(':')[0]])).toEqual([
      ['Dockerfile', '2', 'FromAsCasing'],
      ['Dockerfile', '7', 'JSONArgsRecommended'],
      ['Dockerfile', '4', 'SecretsUsedInArgOrEnv'],
    ]);
  });

  test.each([{}, { verify: 'echo the script runs' }])(
    'error: one error at the first line, before anything is built or checked (%j)',
    async (inputs) => {
      const result = await build(`error-${Object.keys(inputs).length}`, store, DOCKERFILE, {
        ...inputs,
        'dockerfile-checks': 'error',
      });
      expectFailure(
        result,
        /^BuildKit's checks find 3 faults in Dockerfile \(FromAsCasing, JSONArgsRecommended, SecretsUsedInArgOrEnv\), and dockerfile-checks is error/,
      );
      const [error, ...warnings] = result.annotations.filter(({ level }) => level !== 'notice');
      expect(warnings).toEqual([]);
      expect(error?.properties).toMatchObject({ file: 'Dockerfile', line: '2', endLine: '2' });
      expect(error?.message.split('\n').slice(1)).toEqual([
        expect.stringMatching(/^Dockerfile:2: FromAsCasing: .* \(https:\/\/docs\.docker\.com\/\S+\)$/),
        expect.stringMatching(/^Dockerfile:7: JSONArgsRecommended: .* \(https:\/\/docs\.docker\.com\/\S+\)$/),
        expect.stringMatching(/^Dockerfile:4: SecretsUsedInArgOrEnv: .*"BUILDER_PASSWORD".* \(https:\S+\)$/),
      ]);
      expect(result.log).not.toMatch(/RUN echo|the script runs$/m);
      expect(result.tags).toEqual([]);
    },
  );

  test('error: what the Dockerfile skips is no fault, and the image is published', async () => {
    const lines = ['# check=skip=FromAsCasing,JSONArgsRecommended,SecretsUsedInArgOrEnv', ...DOCKERFILE];
    const result = await build('skip', store, lines, {
      'dockerfile-checks': 'error',
      verify: 'docker run --rm "$IMAGE"',
    });
    expectSuccess(result);
    expect(result.log).toMatch(/^The Dockerfile passes BuildKit's checks$/m);
    expect(result.tags).toContain('main');
  });

  testByNight('off: nothing is said', async () => {
    const result = await build('off', store, DOCKERFILE, { 'dockerfile-checks': 'off' });
    expectSuccess(result);
    expect(result.annotations.filter(({ level }) => level === 'warning')).toEqual([]);
    expect(result.log).not.toContain('FromAsCasing');
  });

  testByNight('off: a Dockerfile that fails its own build by them does so, with the lines', async () => {
    const lines = ['# check=error=true', ...DOCKERFILE];
    const result = await build('own', store, lines, { 'dockerfile-checks': 'off' });
    expectFailure(result, /lint violation found for rules: /);
    expect(
      result.annotations.filter(({ level }) => level === 'warning').map(({ properties }) => properties.line),
    ).toEqual(['3', '8']);
    expect(result.tags).toEqual([]);
  });
});

test('error: the check takes every option that a pass takes', async () => {
  const inputs = {
    'dockerfile-checks': 'error',
    labels: 'a=b',
    annotations: 'manifest:org.example.a=b',
    'add-hosts': 'there:10.0.0.1',
    'shm-size': '64m',
    ulimit: 'nofile=1024:1024',
    network: 'default',
    'no-cache-filters': 'builder',
    platforms: 'linux/amd64',
    secrets: 'key=a-secret-of-a-build',
    'build-contexts': 'other=src',
    provenance: 'true',
    pull: 'true',
  };
  const lines = ['# check=skip=JSONArgsRecommended', ...DOCKERFILE.slice(0, 1), 'FROM ${BASE_IMAGE} AS builder'];
  const result = await build(
    'options',
    'containerd',
    [...lines, 'RUN echo built > /app', ...DOCKERFILE.slice(4, 7)],
    inputs,
  );
  expectSuccess(result);
  expect(result.log).toMatch(/^docker buildx build --progress=rawjson --call=check,format=json .*--annotation/m);
});

test('error: a syntax error is told as the build tells it', async () => {
  const lines = [...DOCKERFILE.slice(0, 6), 'RUNS x'];
  const result = await build('syntax', 'containerd', lines, { 'dockerfile-checks': 'error' });
  expectFailure(result, /unknown instruction: RUNS/);
  const [error] = result.annotations.filter(({ level }) => level === 'error');
  expect(error?.properties).toMatchObject({ file: 'Dockerfile', line: '7' });
});
