// Secrets and build arguments that a Dockerfile does not ask for, and mounts that a run passes nothing for.
import { describe, expect, test } from '@jest/globals';
import { parseDockerfile } from '../../../src/build/pure/dockerfile.js';
import { listDeclaredArguments, listSecretMounts } from '../../../src/build/pure/dockerfile-values.js';
import { type Unmatched, findUnmatchedValues } from '../../../src/build/pure/unmatched-values.js';
import { type With, inputsOf } from '../../support/fixtures.js';

const find = (text: string, given: With): Unmatched =>
  findUnmatchedValues(parseDockerfile(text), inputsOf(given), ['builder', 'production']);
const warningsOf = (text: string, given: With): readonly string[] => find(text, given).warnings;
const mounting = (...mounts: readonly string[]): string =>
  `FROM node:24 AS builder\nRUN ${mounts.map((mount) => `--mount=type=secret,${mount}`).join(' ')} npm ci\nFROM node:24 AS production\nCOPY --from=builder /a /a\n`;

describe('the mounts of a Dockerfile', () => {
  test.each([
    ['--mount=type=secret,id=npmrc', [['npmrc', false]]],
    ['--mount=type=secret,id=npmrc,required', [['npmrc', true]]],
    ['--mount=id=npmrc,type=secret,required=true,target=/root/.npmrc', [['npmrc', true]]],
    ['--mount=type=secret,id=npmrc,required=false', [['npmrc', false]]],
    ['--mount=type=secret,target=/root/.npmrc', [['.npmrc', false]]],
    [
      '--network=none --mount="type=secret,id=a" --mount=type=cache,target=/c --mount=type=secret,id=b',
      [
        ['a', false],
        ['b', false],
      ],
    ],
    ['--mount=type=cache,id=npmrc,target=/c', []],
    ['echo --mount=type=secret,id=npmrc', []],
  ])('%s', (flags, expected) => {
    const mounts = listSecretMounts(parseDockerfile(`FROM a AS builder\nRUN ${flags} make\n`));
    expect(mounts.map(({ id, required }) => [id, required])).toEqual(expected);
    expect(mounts.map(({ label }) => label)).toEqual(expected.map(() => 'builder'));
  });
});

test('every ARG is declared, before the first FROM, with a value, several in one, and for images built on this one', () => {
  const text = 'ARG BASE=a B\nFROM $BASE AS builder\nARG C="x y"\narg d\nONBUILD ARG E=1\nRUN echo ARG F\n';
  expect(listDeclaredArguments(parseDockerfile(text))).toEqual(expect.arrayContaining(['BASE', 'B', 'C', 'd', 'E']));
  expect(listDeclaredArguments(parseDockerfile(text))).not.toContain('F');
});

describe('a secret', () => {
  test.each<[string, With]>([
    ['of each input', { secrets: 'one=the-first-one', 'secret-envs': 'two=TWO', 'secret-files': 'three=3' }],
    ['without a value in this run', { secrets: 'one=\ntwo=the-second-one', 'secret-files': 'three=3' }],
    ['that BuildKit reads', { secrets: 'GIT_AUTH_TOKEN=the-token\nGIT_AUTH_TOKEN.git.test=other-token' }],
    ['that no step requires', {}],
  ])('%s is right', (_, given) => expect(warningsOf(mounting('id=one', 'id=two', 'id=three'), given)).toEqual([]));

  test('with another ID than the mount names both', () => {
    const [warning, ...others] = warningsOf(mounting('id=npmrc'), { secrets: 'npm_rc=//registry.test/:_authToken=x1' });
    expect(warning).toBe(
      'secrets: the stage builder of Dockerfile mounts the secret npmrc; this run passes npm_rc, which no step mounts. Give both the same ID.',
    );
    expect(others).toEqual([]);
  });

  test('that a step requires and the run does not pass', () =>
    expect(warningsOf(mounting('id=npmrc,required=true'), {})).toEqual([
      'secrets: the stage builder of Dockerfile mounts the secret npmrc and requires it, and this run does not pass it. Add the line "npmrc=…" to secrets.',
    ]));

  test('of several lines without quotes: the quoting is named, and no value', () => {
    const secrets = 'npmrc=//npm.test/:_authToken=Zm9vYmFy\nregistry=https://npm.test/\nfund=false\nQmFyQmF6cXV4=';
    const [warning, ...others] = warningsOf(mounting('id=npmrc'), { secrets: `${secrets}=` });
    expect(warning).toBe(
      'secrets: no step of Dockerfile mounts registry, fund and 1 more. That may be a part of npmrc. A value of several lines needs quotes around the whole item, "npmrc=…", and each quote (") in it twice; or pass it by secret-envs.',
    );
    expect(others).toEqual([]);
  });

  test('that nothing mounts', () => {
    const text = mounting('id=npmrc');
    expect(warningsOf(text, { 'secret-envs': 'npmrc=A,sentry=B' })).toEqual([
      'secret-envs: no step of Dockerfile mounts sentry. Use it by "RUN --mount=type=secret,id=ID" with the same ID, or remove it from secret-envs.',
    ]);
  });

  test('is looked for in every stage, and missed only in those that are built', () => {
    const other = `${mounting('id=npmrc')}FROM node:24 AS test\nRUN --mount=type=secret,id=sentry,required make\n`;
    expect(warningsOf(other, { secrets: 'npmrc=the-token' })).toEqual([]);
    expect(warningsOf(other, { secrets: 'npmrc=the-token\nsentry=another-one' })).toEqual([]);
  });

  test.each([
    'FROM a AS builder\nRUN --mount=type=secret,id=npm_$NAME x\n',
    `# syntax=other/syntax\n${mounting('id=npmrc')}`,
  ])('is no matter where the Dockerfile does not tell: %j', (text) =>
    expect(find(text, { secrets: 'other=the-token', 'build-args': 'X=1' }).warnings.join()).not.toContain('secrets'),
  );
});

describe('a build argument', () => {
  const text = 'ARG RUBY\nFROM ruby:${RUBY} AS builder\nARG COMMIT_SHA\nFROM builder AS production\n';

  test.each([
    ['COMMIT=1', 'COMMIT_SHA'],
    ['COMIT_SHA=1', 'COMMIT_SHA'],
    ['commit_sha=1', 'COMMIT_SHA'],
    ['SHA', 'COMMIT_SHA'],
  ])('%s that no ARG declares: a warning with the nearest name', (argument, nearest) =>
    expect(warningsOf(text, { 'build-args': argument })).toEqual([
      `build-args: no ARG of Dockerfile declares ${argument.replace('=1', '')}, so it has no effect. Is it ${nearest}?`,
    ]),
  );
  test('that is like none', () =>
    expect(warningsOf(text, { 'build-args': 'VERSION=1\nCOMMIT_SHA=2' })).toEqual([
      'build-args: no ARG of Dockerfile declares VERSION, so it has no effect. Add "ARG VERSION" to the stage that uses it, or remove it.',
    ]));
  test.each([
    'RUBY=3',
    'HTTP_PROXY=a',
    'https_proxy=a',
    'no_proxy=a',
    'SOURCE_DATE_EPOCH=0',
    'TARGETPLATFORM=linux/arm64',
    'BUILDPLATFORM=linux/arm64',
    'BUILDKIT_CONTEXT_KEEP_GIT_DIR=1',
    'BUILDKIT_DOCKERFILE_CHECK=skip=all',
  ])('%s is declared, or needs no ARG', (argument) =>
    expect(find(text, { 'build-args': argument })).toEqual({ warnings: [], hints: [] }),
  );
  test.each(['FROM ghcr.io/octo/base AS builder', 'FROM $BASE AS builder', 'FROM node:onbuild AS builder'])(
    'that a base image may declare by ONBUILD is no warning: %s',
    (from) =>
      expect(find(`${from}\nFROM builder AS production\n`, { 'build-args': 'X_Y_Z=1' })).toEqual({
        warnings: [],
        hints: [
          expect.stringMatching(
            /^build-args: no ARG of Dockerfile declares X_Y_Z; unless a base image does by ONBUILD, /,
          ),
        ],
      }),
  );
  test('says nothing where another frontend is asked for, or the Dockerfile is not known', () => {
    const given = { 'build-args': 'COMMIT=1\nBUILDKIT_SYNTAX=other/syntax' };
    expect(find(text, given)).toEqual({ warnings: [], hints: [] });
    expect(findUnmatchedValues(null, inputsOf({ 'build-args': 'COMMIT=1' }), ['builder'])).toEqual({
      warnings: [],
      hints: [],
    });
  });
});
