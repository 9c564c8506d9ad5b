// Runs of every push without the cache.
import { describe, expect, test } from '@jest/globals';
import type { CacheHabit } from '../../../src/advice/pure/rules/no-cache.js';
import { type TimedStep, adviceOn } from '../../support/timed-build.js';

const DOCKERFILE = [
  'FROM debian AS base',
  'RUN apt-get upgrade -y',
  'FROM base AS builder',
  'WORKDIR /app',
  'COPY package.json package-lock.json ./',
  'RUN npm ci',
  'COPY . .',
  'RUN npm run build',
  'FROM debian AS production',
  'RUN apt-get install -y tini',
  'COPY --from=builder /app/dist /app',
  'RUN ./late',
].join('\n');
const STEPS: readonly TimedStep[] = [
  { name: '[base 2/2] RUN apt-get upgrade -y', seconds: 5 },
  { name: '[builder 1/5] WORKDIR /app' },
  { name: '[builder 2/5] COPY package.json package-lock.json ./' },
  { name: '[builder 3/5] RUN npm ci', seconds: 10 },
  { name: '[builder 4/5] COPY . .' },
  { name: '[builder 5/5] RUN npm run build', seconds: 20 },
  { name: '[production 2/4] RUN apt-get install -y tini', seconds: 3 },
  { name: '[production 3/4] COPY --from=builder /app/dist /app' },
  { name: '[production 4/4] RUN ./late', seconds: 7 },
];

const adviceWith = (habit: Partial<CacheHabit>, changing: readonly string[] = [], dockerfile = DOCKERFILE) =>
  adviceOn({ dockerfile, steps: STEPS, habit, changing });

test('reuse-cache: false in a push: what neither sources nor other stages change', () => {
  expect(adviceWith({ noCache: true })).toEqual([
    '**18.0 s** in each run whose base images and manifests are what they were: `reuse-cache: false` ran lines 2, 6 and 10 of the Dockerfile, which the cache would have had. Set it in a scheduled workflow only.',
  ]);
});

test('no-cache-filters: the stages that it names, and those that begin with them', () => {
  expect(adviceWith({ noCacheStages: ['BASE'] })).toEqual([
    expect.stringMatching(/^\*\*15\.0 s\*\* .*`no-cache-filters: BASE` ran lines 2 and 6 of/),
  ]);
  expect(adviceWith({ noCacheStages: ['production'] })).toEqual([
    expect.stringMatching(/^\*\*3\.0 s\*\* .* ran line 10 of/),
  ]);
});

test('what an argument changes with every commit is not counted', () => {
  const dockerfile = DOCKERFILE.replace('WORKDIR', 'ARG SHA\nWORKDIR');
  expect(adviceWith({ noCache: true }, ['SHA'], dockerfile)).toEqual([
    expect.stringMatching(/^\*\*8\.0 s\*\* .* lines 2 and 11 of/),
  ]);
});

describe('not said', () => {
  test.each<[string, Partial<CacheHabit>]>([
    ['of a schedule', { noCache: true, frequent: false }],
    ['of a stage that is not built', { noCacheStages: ['other'] }],
    ['with the cache', {}],
  ])('%s', (_, habit) => expect(adviceWith(habit)).toEqual([]));
});
