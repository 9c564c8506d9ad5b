// What the benchmark's page says of tries.
import { describe, expect, test } from '@jest/globals';
import type { Try } from '../../../../script/benchmark/place.js';
import { toChart } from '../../../../script/benchmark/report/chart.js';
import { type BenchFile, joinFiles, toKeptText } from '../../../../script/benchmark/report/data.js';
import { type MeasuredRun, type MeasuredTry, median, toFigures } from '../../../../script/benchmark/report/figures.js';
import { isReached, toGoalLines, toGoals } from '../../../../script/benchmark/report/goals.js';
import { toPage } from '../../../../script/benchmark/report/page.js';
import { toComparisonTable } from '../../../../script/benchmark/report/tables.js';
import { VARIANT_NAMES, supports } from '../../../../script/benchmark/variants/catalog.js';

const TRY: MeasuredTry = {
  scenario: 'unchanged',
  variant: 'bundle',
  round: 1,
  code: 0,
  seconds: 1,
  tagSeconds: 0.5,
  ownSeconds: 0.1,
  pulled: 0,
  pushed: 0,
  rerun: 0,
  steps: 9,
};

/** Tries of one variant, a round each. */
const rounds = (variant: MeasuredTry['variant'], seconds: readonly number[], more: Partial<MeasuredTry> = {}) =>
  seconds.map((one, index) => ({ ...TRY, variant, round: index + 1, seconds: one, tagSeconds: one / 2, ...more }));

const runOf = (...tries: readonly (readonly MeasuredTry[])[]): MeasuredRun => ({
  service: 'node',
  store: 'containerd',
  where: '2 cores',
  tries: tries.flat(),
});

describe('figures', () => {
  test.each([
    [[], NaN],
    [[3], 3],
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
  ])('the median of %j is %d', (values, expected) => expect(median(values)).toBe(expected));

  test('a ratio is the median of those of the rounds, not the quotient of the medians', () => {
    const [unchanged] = toFigures(runOf(rounds('bundle', [1, 2, 30]), rounds('recipe', [10, 10, 10])));
    expect(unchanged?.variants.map(({ variant, seconds, ratio }) => [variant, seconds, ratio])).toEqual([
      ['bundle', 2, 1],
      ['recipe', 10, 0.2],
    ]);
    const crossed = toFigures(runOf(rounds('bundle', [1, 8, 9]), rounds('recipe', [1, 1, 100])));
    expect(crossed[0]?.variants.map(({ ratio }) => ratio)).toEqual([1, 1]);
    expect(crossed[0]?.variants.map(({ seconds }) => seconds)).toEqual([8, 1]);
  });

  test('a failed try counts as failed and in nothing else', () => {
    const failed = { ...TRY, variant: 'recipe' as const, code: 1, seconds: 99, tagSeconds: null, round: 2 };
    const run = runOf(rounds('bundle', [1, 1]), rounds('recipe', [4]), [failed]);
    const recipe = toFigures(run)[0]?.variants.find(({ variant }) => variant === 'recipe');
    expect(recipe).toMatchObject({ seconds: 4, ratio: 0.25, failed: 1 });
    expect(toComparisonTable(run)).toContain('4.0, 1 failed');
  });

  test('a tag that was never served has no time', () => {
    const never = rounds('recipe', [4], { tagSeconds: null });
    const recipe = toFigures(runOf(rounds('bundle', [1]), never))[0]?.variants[1];
    expect([recipe?.tagSeconds, recipe?.tagRatio]).toEqual([NaN, NaN]);
  });
});

describe('goals', () => {
  const goalsOf = (run: MeasuredRun) => toGoals(run).map((goal) => [goal.what, goal.value, goal.most, isReached(goal)]);

  test('a real service is held to the limit, the chain and 0 MB', () => {
    const run = runOf(
      rounds('bundle', [1.2], { pushed: 3_000_000 }),
      rounds('limit', [1]),
      rounds('docker-actions', [12]),
    );
    expect(goalsOf(run)).toEqual([
      ['node, containerd, unchanged: time, action : limit', 1.2, 1.1, false],
      ['node, containerd, unchanged: time to the unique tag, action : limit', 1.2, 1.05, false],
      ['node, containerd, unchanged: time, action : docker actions', 1.2 / 12, 0.1, true],
      ['node, containerd, unchanged: MB moved', 3, 0, false],
    ]);
    expect(toGoalLines(toGoals(run))[0]).toBe(
      'missed   node, containerd, unchanged: time, action : limit: 1.20, at most 1.1',
    );
  });

  test('random bytes have limits of their own', () => {
    const of = (scenario: string) => runOf(rounds('bundle', [1.25], { scenario }), rounds('limit', [1], { scenario }));
    const time = (scenario: string) => toGoals({ ...of(scenario), service: 'random' })[0]?.most;
    expect(['cold', 'source', 'dependencies'].map(time)).toEqual([2, 1.3, 2]);
    expect(toGoals(of('source'))[0]?.most).toBe(1.05);
  });

  test('what was not measured is not reached', () =>
    expect(isReached({ what: 'nothing', value: NaN, most: 1 })).toBe(false));
});

describe('the data', () => {
  const bench = (service: 'node' | 'random', tries: readonly Partial<Try>[]): BenchFile => ({
    machine: [{ where: '2 cores', store: 'containerd' }],
    options: { service },
    tries: tries.map((one) => ({
      ...{ store: 'containerd' as const, variant: 'bundle' as const, name: 'cold', round: 1, code: 0, seconds: 1 },
      ...{ ownSeconds: 0.12345, tagSeconds: null, layersPulled: 1, layersPushed: 2, basePulled: 0, basePushed: 0 },
      ...{ metadataPulled: 0, metadataPushed: 0, requests: 9, steps: 2, cached: 1, rerun: ['[1/2] RUN'] },
      ...one,
    })),
  });

  test('files of one service become one run; of a scenario measured again the later tries count', () => {
    const runs = joinFiles([
      bench('node', [{ seconds: 5 }, { name: 'source', seconds: 7 }]),
      bench('random', [{}]),
      bench('node', [{ seconds: 6 }]),
    ]);
    expect(
      runs.map(({ service, tries }) => [service, tries.map(({ scenario, seconds }) => [scenario, seconds])]),
    ).toEqual([
      [
        'node',
        [
          ['source', 7],
          ['cold', 6],
        ],
      ],
      ['random', [['cold', 1]]],
    ]);
    expect(runs[1]?.tries[0]).toEqual({
      ...TRY,
      ...{ scenario: 'cold', tagSeconds: null, ownSeconds: 0.123, pulled: 1, pushed: 2, rerun: 1, steps: 2 },
    });
  });

  test('are the same when they are read again', () => {
    const runs = joinFiles([bench('node', [{}, { name: 'source' }]), bench('random', [{}])]);
    expect(JSON.parse(toKeptText(runs))).toEqual(runs);
  });
});

describe('the page', () => {
  const run = runOf(
    rounds('bundle', [2, 2, 2]),
    rounds('limit', [1.9, 1.9, 1.9]),
    rounds('recipe', [1.95, 1.95, 1.95]),
  );

  test('names what was faster by more than 3 %, and nothing else', () => {
    const page = toPage([run], 'chart.svg');
    const [, slower] = page.split('## Where the action is not the fastest');
    expect(slower?.match(/^- .*$/gm)).toEqual(['- node, containerd, unchanged: limit 1.9 s, action 2.0 s (1.05)']);
  });

  test('describes only variants that were measured, and says how to repeat it', () => {
    const page = toPage([run], 'chart.svg');
    expect(page).not.toContain('type=gha');
    expect(page).toContain('--service node --stores containerd --scenarios unchanged --variants all --pairs 3');
  });

  test('has a picture with a bar for each variant', () => {
    const svg = toChart([run]);
    expect(svg.match(/<rect x=/g)).toHaveLength(3);
    // The longest one is as wide as there is room, the others in proportion.
    expect([...svg.matchAll(/<rect x="220" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width))).toEqual([
      620, 589, 604.5,
    ]);
  });

  test('draws random bytes only where nothing else was measured', () => {
    const random = { ...run, service: 'random' };
    expect(toChart([run, random])).not.toContain('random service');
    expect(toChart([random])).toContain('random service');
  });
});

test('a cache that the docker driver has not on overlay2 is not measured there', () =>
  expect(VARIANT_NAMES.filter((variant) => !supports(variant, 'overlay2', 'cold'))).toEqual([
    'registry-max',
    'actions-cache',
  ]));
