// Production that copies a whole tree, with dependencies in it that came from the cache.
import { describe, expect, test } from '@jest/globals';
import { type TimedStep, adviceOn } from '../../support/timed-build.js';

interface Change {
  readonly install?: string;
  readonly cached?: false;
  readonly build?: string;
  readonly copy?: string;
  readonly megabytes?: number;
}

const INSTALL = 'RUN --mount=type=cache,target=/root/.npm npm ci';

function copyOf({
  install = INSTALL,
  cached,
  build = 'RUN npm run build',
  copy = 'COPY --from=builder /app ./',
  megabytes = 61,
}: Change = {}) {
  const installed: TimedStep = {
    name: `[builder 4/6] ${install}`,
    ...(cached === undefined && { cached: true }),
    megabytes: 50,
  };
  return adviceOn({
    dockerfile: [
      ...['FROM node:24 AS builder', 'WORKDIR /app', 'COPY package.json ./', install, 'COPY . .', build],
      ...['FROM node:24 AS production', 'WORKDIR /app', copy],
    ].join('\n'),
    steps: [
      { name: '[builder 2/6] WORKDIR /app', cached: true },
      { name: '[builder 3/6] COPY package.json ./', cached: true },
      installed,
      { name: '[builder 5/6] COPY . .' },
      { name: `[builder 6/6] ${build}`, seconds: 1 },
      { name: '[production 2/3] WORKDIR /app', cached: true },
      { name: `[production 3/3] ${copy}`, megabytes },
    ],
  });
}

test('the dependencies go into a line of their own', () => {
  expect(copyOf()).toEqual([
    '**50.0 MB** in each run that leaves the dependencies as they are: `COPY --from=builder /app ./` (line 9) wrote them again, although `RUN npm ci` (line 4) came from the cache. ' +
      'Copy `/app/node_modules` in a line of its own, and below it only what the build has made, not all of `/app`.',
  ]);
});

describe('not said', () => {
  test.each<[string, Change]>([
    ['when downloads may be in the layer too', { install: 'RUN npm ci' }],
    ['when the dependencies were installed again', { cached: false }],
    ['when they are pruned later', { build: 'RUN npm run build && npm prune --omit=dev' }],
    ['when an unknown command may remove them', { build: 'RUN ./build' }],
    ['when something else is copied', { copy: 'COPY --from=builder /app/dist ./' }],
    ['when the copy is smaller than they are', { megabytes: 49 }],
    ['when it comes of another stage', { copy: 'COPY --from=node:24 /app ./' }],
  ])('%s', (_, change) => expect(copyOf(change)).toEqual([]));
});
