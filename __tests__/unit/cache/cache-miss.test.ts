import { describe, expect, test } from '@jest/globals';
import { parseDockerfile } from '../../../src/build/pure/dockerfile.js';
import { type MissContext, explainMiss } from '../../../src/cache/pure/cache-miss.js';
import { SHA, inputsOf } from '../../support/fixtures.js';

const DOCKERFILE = parseDockerfile(
  [
    'FROM node:22 AS builder',
    'ARG VERSION',
    'ARG MODE=dev BUILT',
    'COPY package.json ./',
    'RUN npm   ci \\',
    '  --omit=dev',
    'COPY . .',
    'ARG GIT_SHA',
    'RUN npm run build',
    'FROM node:22',
    'RUN npm ci --omit=dev',
  ].join('\n'),
);
const INSTALL = { name: '[builder 3/5] RUN npm   ci   --omit=dev', stage: 'builder' };
const BUILD = { name: '[linux/amd64 builder 5/5] RUN npm run build', stage: 'builder' };
const OTHER_REASON = 'the step, a build argument before it, or its base image changed';

function explain(step: { name: string; stage: string }, buildArgs = '', change: Partial<MissContext> = {}): string {
  const { flags } = inputsOf({ 'build-args': buildArgs });
  return explainMiss(step, { dockerfile: DOCKERFILE, flags, sha: SHA, hadSource: true, noCache: false, ...change });
}

describe('a build argument that changes with every commit', () => {
  test.each([
    ['the commit', `VERSION=${SHA}`, 'VERSION'],
    ['the commit, shortened', `VERSION=${SHA.slice(0, 7)}`, 'VERSION'],
    ['a date', 'VERSION=2026-02-03', 'VERSION'],
    ['a time', 'BUILT=2026-02-03T04:05:06Z', 'BUILT'],
    ['the second of two in one ARG', `BUILT=${SHA}`, 'BUILT'],
  ])('before a step is its reason: %s', (_, buildArgs, name) => {
    const reason = explain(INSTALL, buildArgs);
    expect(reason).toContain(`the build argument ${name} changes with every commit`);
    expect(reason).toContain(`move "ARG ${name}" below this step`);
  });

  test('is known by its name as well', () =>
    expect(explain(BUILD, 'GIT_SHA=some-build')).toContain('the build argument GIT_SHA changes'));

  test.each<[string, { name: string; stage: string }, string]>([
    ['it stands behind the step', INSTALL, `GIT_SHA=${SHA}`],
    ['it stands in another stage', { name: '[stage-1 2/2] RUN npm ci --omit=dev', stage: 'stage-1' }, `VERSION=${SHA}`],
    ['no ARG takes it', INSTALL, `OTHER=${SHA}`],
    ['it is the same for many commits', INSTALL, 'VERSION=1.2.3'],
    ['it is too short for a commit', INSTALL, `VERSION=${SHA.slice(0, 6)}`],
    ['it is that of another commit', INSTALL, 'VERSION=1234567'],
    ['the step is not in the Dockerfile', { name: '[builder 9/9] RUN other', stage: 'builder' }, `VERSION=${SHA}`],
    ['the stage is not in the Dockerfile', { ...INSTALL, stage: 'other' }, `VERSION=${SHA}`],
  ])('is not the reason where %s', (_, step, buildArgs) => expect(explain(step, buildArgs)).toBe(OTHER_REASON));

  test('is not known without a Dockerfile', () =>
    expect(explain(INSTALL, `VERSION=${SHA}`, { dockerfile: null })).toBe(OTHER_REASON));
});

describe('the reason of a step', () => {
  const CONTEXT_CHANGED = 'a file of the context changed; what the step does not need belongs in .dockerignore';
  const FILE_CHANGED = 'a file that it copies changed';
  const LINK_MISSED =
    'the layers below it changed, or the cache lacks its own, since BuildKit does not always keep those of --link: if this comes with every commit, leave --link out';
  test.each([
    ['[builder 4/5] COPY . .', CONTEXT_CHANGED],
    ['[2/3] COPY ./ /app', CONTEXT_CHANGED],
    ['[builder 4/5] ADD --chown=1:1 . /app', CONTEXT_CHANGED],
    ['[builder 2/5] COPY package.json ./', FILE_CHANGED],
    ['[builder 2/5] COPY package.json .', FILE_CHANGED],
    ['[builder 2/5] COPY src/.env /app', FILE_CHANGED],
    ['[production 2/2] COPY --from=builder /app /app', FILE_CHANGED],
    ['[production 2/2] COPY --link --from=builder /app /app', FILE_CHANGED],
    ['[production 2/2] LINK COPY --link --from=builder /app /app', LINK_MISSED],
    ['[linux/arm64 production 2/2] LINK ADD --link app.tar /app', LINK_MISSED],
    ['[builder 3/5] RUN cp . /app', OTHER_REASON],
    ['[builder 3/5] WORKDIR /app', OTHER_REASON],
  ])('%s: %s', (name, reason) => expect(explain({ name, stage: 'builder' }, `VERSION=${SHA}`)).toBe(reason));

  test('is a refresh before all else', () =>
    expect(explain(INSTALL, `VERSION=${SHA}`, { noCache: true, hadSource: false })).toBe('reuse-cache is false'));

  test('is the missing source before any argument', () =>
    expect(explain(INSTALL, `VERSION=${SHA}`, { hadSource: false })).toMatch(/^the registry has no earlier image/));
});
