// What the names of a build's parts tell: steps, stages, what came from a cache, what writes the result.
import { describe, expect, test } from '@jest/globals';
import { isExportFailure } from '../../../../src/adapters/progress/build-progress.js';
import { progressOf } from '../../../support/fixtures.js';

test.each([
  ['a stage without a name', '[2/3] RUN x', 1],
  ['a stage with a number', '[stage-1 2/3] COPY a b', 1],
  ['a base image', '[1/3] FROM node', 0],
  ['a step whose text begins like FROM', '[2/3] FROMAGE x', 1],
  ['the login', '[auth] owner/app:pull,push token for ghcr.io', 0],
  ['the context', '[internal] load build context', 0],
  ['an export', 'exporting to image', 0],
])('steps of the Dockerfile: %s, %j', (_, name, count) => expect(progressOf({ name }).steps).toHaveLength(count));

test.each([
  ['[builder 2/4] RUN x', 'builder'],
  ['[linux/amd64 builder 2/5] RUN x', 'builder'],
  ['[linux/arm64->amd64 builder 2/5] RUN x', 'builder'],
  ['[builder  2/12] RUN x', 'builder'],
  ['[stage-1 2/4] RUN x', 'stage-1'],
  ['[2/4] RUN x', ''],
  ['[ 2/12] RUN x', ''],
  ['[2/4] RUN echo [builder 3/4]', ''],
  ['[Builder 2/4] RUN x', 'builder'],
])('the stage of %j is %j', (name, stage) => expect(progressOf({ name }).steps).toMatchObject([{ name, stage }]));

describe('a failure', () => {
  test.each([
    ['exporting to image', true],
    ['exporting cache to registry', true],
    ['pushing ghcr.io/owner/app:builder-main', true],
    ['merging manifest list ghcr.io/owner/app:builder-main', true],
    ['[auth] owner/app:pull,push token for ghcr.io', true],
    ['[auth] library/node:pull token for registry-1.docker.io', false],
    ['[internal] load metadata for docker.io/library/node:22', false],
    ['[builder 2/3] RUN exporting', false],
  ])('of %j is one of the export: %s', (name, expected) =>
    expect(isExportFailure(progressOf({ name, error: 'no' }))).toBe(expected),
  );

  test('of what is no step has no stage', () =>
    expect(progressOf({ name: 'exporting to image', error: 'failed to push' }).failed).toMatchObject({ stage: '' }));

  test('of several platforms is that of the one that failed, not of the one that was cancelled for it', () => {
    const { failed, steps } = progressOf(
      { name: '[linux/arm64 builder 2/2] RUN make', error: 'context canceled' },
      { name: '[linux/amd64 builder 2/2] RUN make', error: 'process "/bin/sh -c make" did not complete successfully' },
    );
    expect(failed?.name).toBe('[linux/amd64 builder 2/2] RUN make');
    expect(steps).toHaveLength(2);
  });

  test('there is none where nothing was said', () => {
    expect(progressOf()).toEqual({ steps: [], failed: null, errors: [], warnings: [], work: [] });
    expect(isExportFailure(progressOf())).toBe(false);
  });
});

const LAYER = `sha256:${'a'.repeat(64)}`;

test.each([
  ['BuildKit says so', { cached: true }, true],
  ['a layer of it is pulled', { statuses: [LAYER] }, true],
  ['overlay2 pulls a layer of it', { statuses: [`pulling ${LAYER}`] }, true],
  ['its command prints such a line', { output: `pulling ${LAYER}\nCACHED\n` }, false],
  ['something else is pulled', { statuses: ['pulling the rug', `pulling ${LAYER.slice(0, -1)}`] }, false],
  ['nothing but its end is told', {}, false],
])('whether a step came from a cache: %s', (_, part, cached) =>
  expect(progressOf({ name: '[builder 2/4] RUN x', ...part }).steps).toMatchObject([{ cached }]),
);
