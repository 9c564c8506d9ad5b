import { describe, expect, test } from '@jest/globals';
import {
  type BuilderDecision,
  type SolvedProduction,
  builderStages,
  decideBuilder,
  needsOwnSource,
  withStageLabels,
} from '../../../src/build/pure/builder-decision.js';
import { parseDockerfile } from '../../../src/build/pure/dockerfile.js';
import { STAGE_LABEL } from '../../../src/image/label-names.js';
import type { CachedImage, StoredImage } from '../../../src/image/stored-image.js';
import type { PassPlan, Plan } from '../../../src/plan/plan.js';
import {
  type With,
  digestOf,
  fromFork,
  gitTagPush,
  planOf,
  pullRequest,
  pushTo,
  registryWith,
  storedImage,
  builderOf,
} from '../../support/fixtures.js';

const dockerfileOf = (...lines: readonly string[]) => parseDockerfile(lines.join('\n'));
const DOCKERFILE = dockerfileOf(
  'FROM a AS builder',
  'RUN make',
  'FROM b AS production',
  'COPY --from=builder /app /app',
);

/** What one platform has, by the uncompressed digests of its layers. */
const toImage = (name: string, diffIds: readonly string[], records: unknown = []): CachedImage => ({
  name,
  records,
  layers: diffIds.map((diffId) => ({
    digest: digestOf(1),
    mediaType: 'x',
    size: 1,
    diffId,
    createdAt: '',
    createdBy: '',
  })),
});
/** An image by the uncompressed digests of its layers, one list for each platform. */
const image = (tag: string, ...platforms: readonly (readonly string[])[]): StoredImage =>
  storedImage(tag, { images: platforms.map((diffIds) => toImage(tag, diffIds)) });
/** A new production image, the same way. */
const made = (...platforms: readonly (readonly string[])[]): readonly CachedImage[] =>
  image('new', ...platforms).images;
const cached = { stage: 'production', cached: true };
const ALL_CACHED: SolvedProduction = { steps: [{ stage: 'builder', cached: true }, cached], images: made(['a', 'b']) };
const OWN = [image('builder-feature-x', ['x']), image('feature-x', ['a', 'b'])];
const BASE = [image('builder-develop', ['x']), image('develop', ['a', 'b'])];

interface Case {
  readonly plan?: Plan;
  readonly dockerfile?: ReturnType<typeof parseDockerfile> | null;
  readonly stored?: readonly StoredImage[];
  readonly production?: Partial<SolvedProduction>;
}

function decide({
  plan = planOf(pullRequest()),
  dockerfile = DOCKERFILE,
  stored = OWN,
  production = {},
}: Case): BuilderDecision {
  return decideBuilder(plan, builderOf(plan), dockerfile, stored, { ...ALL_CACHED, ...production });
}

describe('the builder pass is skipped where it has nothing to do', () => {
  test.each<[string, Case]>([
    ['the own production image is the same', {}],
    ['that of the base is the same, too', { stored: [...BASE, ...OWN] }],
    [
      'two platforms are the same, in whatever order',
      {
        stored: [image('builder-feature-x', ['x'], ['y']), image('feature-x', ['a', 'b'], ['c'])],
        production: { images: made(['c'], ['a', 'b']) },
      },
    ],
    [
      'production starts from the builder stage',
      { dockerfile: dockerfileOf('FROM a AS builder', 'FROM builder AS production') },
    ],
    [
      'production copies from a stage that is made of it',
      {
        dockerfile: dockerfileOf(
          'FROM a AS Builder',
          'FROM BUILDER AS assets',
          'FROM b AS production',
          'RUN --mount=from=assets,target=/a true',
        ),
      },
    ],
  ])('keep: %s', (_, given) =>
    expect(decide(given)).toMatchObject({ kind: 'keep', image: { tag: 'builder-feature-x' } }),
  );

  test.each<[string, Case, string]>([
    ['a new branch takes that of its base', { stored: BASE }, 'builder-develop'],
    [
      'of two the nearest',
      { stored: [image('builder-main', ['x']), image('main', ['a', 'b']), ...BASE] },
      'builder-develop',
    ],
    [
      'a merged pull request: main takes that of the branch, since its own image is another',
      {
        plan: planOf(pushTo('main'), {}, registryWith(), { mergedBranch: 'feature-x' }),
        stored: [image('builder-main', ['x']), image('main', ['old']), ...OWN],
      },
      'builder-feature-x',
    ],
    ['the own production image has no builder image', { stored: [...OWN.slice(1), ...BASE] }, 'builder-develop'],
  ])('copy: %s', (_, given, tag) => {
    const decision = decide(given);
    expect(decision).toMatchObject({ kind: 'copy', from: { tag } });
  });
});

describe('the builder pass runs where anything may be new', () => {
  test.each<[string, Case]>([
    ['nothing is stored', { stored: [] }],
    ['only the builder image is', { stored: OWN.slice(0, 1) }],
    ['only the production image is', { stored: OWN.slice(1) }],
    ['the image has another layer', { production: { images: made(['a', 'c']) } }],
    ['the image has a layer more', { production: { images: made(['a', 'b', 'c']) } }],
    ['the image has its layers in another order', { production: { images: made(['b', 'a']) } }],
    ['the image has a platform more', { production: { images: made(['a', 'b'], ['c']) } }],
    [
      'a scope outside the lineage has the same',
      { stored: [image('builder-other', ['x']), image('other', ['a', 'b'])] },
    ],
    [
      'the stored image has no readable layers, nor has the new one',
      { stored: [image('builder-feature-x', ['x']), image('feature-x', [])], production: { images: made([]) } },
    ],
    [
      'one of two platforms has no readable layers',
      {
        stored: [image('builder-feature-x', ['x']), image('feature-x', ['a', 'b'], [])],
        production: { images: made(['a', 'b'], []) },
      },
    ],
    ['a step of production ran', { production: { steps: [cached, { ...cached, cached: false }] } }],
    ['a step of the builder ran', { production: { steps: [{ stage: 'builder', cached: false }, cached] } }],
    ['no step is known', { production: { steps: [] } }],
    ['the new image is not in the registry', { production: { images: null } }],
    ['a refresh', { plan: planOf(pullRequest(), { 'reuse-cache': 'false' }) }],
    ['the Dockerfile is not at hand', { dockerfile: null }],
    [
      'production is not made of the builder stage',
      { dockerfile: dockerfileOf('FROM a AS builder', 'FROM b AS production') },
    ],
    ['there is no such stage', { dockerfile: dockerfileOf('FROM a AS build', 'FROM build AS production') }],
    [
      'the syntax is foreign',
      { dockerfile: dockerfileOf('# syntax=x/y', 'FROM a AS builder', 'FROM builder AS production') },
    ],
  ])('%s', (_, given) => expect(decide(given)).toEqual({ kind: 'build' }));
});

describe('each of several stages is decided by itself', () => {
  const several = dockerfileOf(
    'FROM a AS gems',
    'RUN bundle',
    'FROM a AS modules',
    'RUN npm',
    'FROM b AS production',
    'COPY --from=gems /g /g',
    'COPY --from=modules /m /m',
    'COPY app app',
  );
  const plan = withStageLabels(planOf(pullRequest(), { 'builder-target': 'gems,modules' }), several);
  const [gems, modules] = plan.builders as readonly [PassPlan, PassPlan];
  /** A chain of steps, each by a number; of the last ones the image has the layers. */
  const chain = (steps: readonly number[], kept: number): unknown =>
    steps.map((step, index) => {
      const layer = index - (steps.length - kept);
      return {
        digest: digestOf(step),
        ...(index > 0 && { inputs: [[{ selector: '/', link: index - 1 }]] }),
        ...(layer >= 0 && { layers: [{ layer }] }),
      };
    });
  const stageImage = (tag: string, builder: PassPlan, ...platforms: readonly (readonly number[])[]): StoredImage => ({
    ...storedImage(tag, {
      images: platforms.map((steps) =>
        toImage(
          tag,
          steps.map((step) => `layer ${step}`),
          chain(steps, steps.length),
        ),
      ),
    }),
    labels: builder.labels,
  });
  const OWN_GEMS = stageImage('builder--gems--feature-x', gems, [1, 2]);
  const OWN_MODULES = stageImage('builder--modules--feature-x', modules, [1, 3]);
  const production = (...steps: readonly (readonly number[])[]): readonly CachedImage[] =>
    steps.map((own, index) => toImage(`new ${index}`, ['x'], chain(own, 1)));
  /** Modules ran, and so did what production copies. */
  const STEPS = [
    { stage: 'gems', cached: true },
    { stage: 'modules', cached: false },
    { stage: 'production', cached: false },
  ];
  const decideFor = (
    builder: PassPlan,
    stored: readonly StoredImage[],
    change: Partial<SolvedProduction> = {},
    of: { readonly plan?: Plan; readonly dockerfile?: typeof several } = {},
  ): BuilderDecision =>
    decideBuilder(of.plan ?? plan, builder, of.dockerfile ?? several, stored, {
      steps: STEPS,
      images: production([1, 2, 9]),
      ...change,
    });

  test('one whose steps were cached is kept, and one that ran is built', () => {
    const stored = [OWN_GEMS, OWN_MODULES];
    expect(decideFor(gems, stored)).toMatchObject({ kind: 'keep', image: { tag: 'builder--gems--feature-x' } });
    expect(decideFor(modules, stored)).toEqual({ kind: 'build' });
  });

  test('that of another scope is copied, where the own one is of other input', () => {
    const own = stageImage('builder--gems--feature-x', gems, [1, 7]);
    const base = stageImage('builder--gems--develop', gems, [1, 2]);
    expect(decideFor(gems, [own, base])).toMatchObject({ kind: 'copy', from: { tag: 'builder--gems--develop' } });
  });

  test('two platforms: each has its last step among those of the new image', () => {
    const stored = [stageImage('builder--gems--feature-x', gems, [1, 2], [4, 5])];
    expect(decideFor(gems, stored, { images: production([1, 2, 9], [4, 5, 9]) }).kind).toBe('keep');
    expect(decideFor(gems, stored, { images: production([1, 2, 9], [4, 6, 9]) }).kind).toBe('build');
  });

  const otherText = dockerfileOf(
    'FROM a AS gems',
    'RUN bundle',
    'RUN more',
    'FROM b AS production',
    'COPY --from=gems /g /g',
  );
  test.each<[string, BuilderDecision]>([
    ['the last step had another input', decideFor(gems, [stageImage('builder--gems--feature-x', gems, [8, 2])])],
    ['the image does not say of which stage it is', decideFor(gems, [{ ...OWN_GEMS, labels: {} }])],
    ['the image is of another stage', decideFor(gems, [{ ...OWN_GEMS, labels: modules.labels }])],
    [
      'the stage has another step, which the engine knew',
      decideFor(withStageLabels(plan, otherText).builders[0]!, [OWN_GEMS], {}, { dockerfile: otherText }),
    ],
    ['the image has no records', decideFor(gems, [{ ...OWN_GEMS, images: [toImage('x', ['layer 1'])] }])],
    ['the image has no layers', decideFor(gems, [{ ...OWN_GEMS, images: [toImage('x', [], chain([1, 2], 0))] }])],
    ['the new image has no records', decideFor(gems, [OWN_GEMS], { images: made(['x']) })],
    ['the new image is not in the registry', decideFor(gems, [OWN_GEMS], { images: null })],
    ['the new image could not be read', decideFor(gems, [OWN_GEMS], { images: [] })],
    ['the new image has a platform more', decideFor(gems, [OWN_GEMS], { images: production([1, 2], [1, 2]) })],
    ['no step of the stage is known', decideFor(gems, [OWN_GEMS], { steps: STEPS.slice(1) })],
    ['a refresh', decideFor({ ...gems, noCache: true }, [OWN_GEMS])],
  ])('%s: built', (_, decision) => expect(decision).toEqual({ kind: 'build' }));

  test('the label tells stages and instructions apart, and nothing else', () => {
    const labelOf = (target: string, ...lines: readonly string[]): string | undefined =>
      withStageLabels(planOf(pullRequest(), { 'builder-target': target }), dockerfileOf(...lines)).builders[0]?.labels[
        STAGE_LABEL
      ];
    const lines = ['FROM a AS base', 'RUN x', 'FROM base AS gems', 'RUN bundle', 'FROM b AS production', 'RUN y'];
    const same = labelOf('gems', ...lines);
    expect(same).toMatch(/^gems [0-9a-f]{64}$/);
    expect(labelOf('Gems', '# a comment', ...lines.slice(0, -1), 'RUN another')).toBe(same);
    for (const [index, changed] of [
      [0, 'FROM c AS base'],
      [1, 'RUN z'],
      [3, 'RUN bundle more'],
    ] as const)
      expect(labelOf('gems', ...lines.with(index, changed))).not.toBe(same);
    expect(labelOf('gems', '# syntax=x/y', ...lines)).toBeUndefined();
    expect(withStageLabels(plan, null)).toBe(plan);
  });
});

describe('a builder image that nothing keeps', () => {
  const outside = dockerfileOf('FROM a AS builder', 'FROM b AS production');
  test.each<[string, Plan, Case['dockerfile'], string]>([
    ['of a fork is built with production', planOf(fromFork()), DOCKERFILE, 'included'],
    ['of a git tag is built with production', planOf(gitTagPush('v1.2.3')), DOCKERFILE, 'included'],
    ['without a push is built with production', planOf(pullRequest(), { push: 'false' }), DOCKERFILE, 'included'],
    ['that production does not need is built all the same', planOf(fromFork()), outside, 'build'],
    ['of an unknown Dockerfile is built all the same', planOf(fromFork()), null, 'build'],
  ])('%s', (_, plan, dockerfile = null, kind) =>
    expect(decide({ plan, dockerfile, production: { steps: [{ ...cached, cached: false }], images: null } })).toEqual({
      kind,
    }),
  );
});

describe('the stages that count as the builder, as progress names them', () => {
  test.each<[string, With, readonly string[] | null, readonly string[]]>([
    ['the target alone', {}, ['FROM a AS builder', 'FROM builder AS production'], ['builder']],
    [
      'with those that it is made of',
      {},
      ['FROM a AS Base', 'FROM b AS tools', 'FROM base AS builder', 'COPY --from=tools /a /b', 'FROM x AS production'],
      ['base', 'tools', 'builder'],
    ],
    [
      'a stage without a name by its number',
      {},
      ['FROM a AS spare', 'FROM b', 'FROM c AS builder', 'COPY --from=1 /a /b', 'FROM x AS production'],
      ['stage-1', 'builder'],
    ],
    ['a target by its number', { 'builder-target': '0' }, ['FROM a', 'FROM b AS production'], ['stage-0']],
    ['the target in lower case, without a Dockerfile', { 'builder-target': 'Builder' }, null, ['builder']],
  ])('%s', (_, given, lines, stages) =>
    expect(
      [...builderStages(planOf(pullRequest(), given), lines === null ? null : dockerfileOf(...lines))].sort(),
    ).toEqual([...stages].sort()),
  );
});

describe('the builder stage is built first, from its own image, where only that one has its layers', () => {
  const dockerfile = parseDockerfile('FROM a AS builder\nFROM a AS production\nCOPY --from=builder /a /a');
  const apart = parseDockerfile('FROM a AS builder\nFROM a AS production\nRUN x');
  const withSources = (builder: readonly string[], production: readonly string[]): Plan => {
    const plan = planOf();
    return {
      ...plan,
      builders: [{ ...builderOf(plan), cacheFrom: builder }],
      production: { ...plan.production, cacheFrom: production },
    };
  };

  test.each<[string, Plan, typeof dockerfile | null, boolean]>([
    ['an image for each pass', withSources(['b'], ['p']), dockerfile, true],
    ['the merged cache for both', withSources(['c'], ['c']), dockerfile, false],
    ['no source at all', withSources([], []), dockerfile, false],
    ['nothing for the builder', withSources([], ['p']), dockerfile, false],
    ['a production that is not made of it', withSources(['b'], ['p']), apart, false],
    ['a Dockerfile that nobody has read', withSources(['b'], ['p']), null, false],
  ])('%s', (_, plan, file, expected) => expect(needsOwnSource(plan, builderOf(plan), file)).toBe(expected));
});
