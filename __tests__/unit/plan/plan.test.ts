import { describe, expect, test } from '@jest/globals';
import { getLineage, mayHaveMerged } from '../../../src/plan/cache-sources.js';
import { NOTHING_ASKED, type RegistryState } from '../../../src/plan/context.js';
import type { WorkflowEvent } from '../../../src/plan/event/event.js';
import { sourceTags, type Plan, withoutReplaced } from '../../../src/plan/plan.js';
import { type PushDecision, mayWantToPush } from '../../../src/plan/push-decision.js';
import { branchTag, deriveTags } from '../../../src/plan/tags/tags.js';
import {
  CONTEXT,
  NOW,
  NOW_TAG,
  SHA,
  type With,
  digestOf,
  fromFork,
  gitTagPush,
  inputsOf,
  localBuild,
  mergeGroup,
  messageOf,
  onBranch,
  otherEvent,
  planOf,
  pullRequest,
  pushTo,
  registryWith,
  registryWithUnique,
  storedImage,
  builderOf,
} from '../../support/fixtures.js';

const passesOf = (plan: Plan) => ({ builder: builderOf(plan), production: plan.production });

const NAME = 'ghcr.io/owner/app';
const from = (tag: string): string => `type=registry,ref=${NAME}:${tag}@${digestOf(1)}`;

const foreignRun = otherEvent('workflow_run', true);
const local = localBuild('topic');
const dirty = localBuild('topic', true);

test('changes that are not committed are said, and write neither the branch nor its builder and cache', () => {
  const plan = planOf(dirty, { push: 'true' });
  const { notes, scope, tags } = plan;
  const builder = builderOf(plan);
  expect(notes).toEqual([expect.stringMatching(/changes that are not committed/)]);
  expect([scope, tags.moving, builder.tag, builder.output]).toEqual([null, [], null, 'cache']);
  expect(planOf(local, { push: 'true' }).notes).toEqual([]);
});

describe('the lineage, nearest first', () => {
  const lineage = (event: WorkflowEvent, main: string | null = 'main', merged: string | null = null): string[] => {
    const { scope } = deriveTags({ event, now: NOW, ownTag: null, extraTags: [], part: null });
    return getLineage(event, scope, main, merged, null).map(({ branch }) => branch);
  };

  test.each<[string, WorkflowEvent, readonly string[]]>([
    ['a branch', pushTo('topic'), ['topic', 'main']],
    ['a pull request', pullRequest(), ['feature-x', 'develop', 'main']],
    ['a pull request into main', pullRequest({ baseBranch: 'main' }), ['feature-x', 'main']],
    ['a fork: never its own branch, whatever its name', fromFork({ headBranch: 'evil' }), ['develop', 'main']],
    ['a merge group', mergeGroup('develop'), ['develop', 'main']],
    ['a pull request from main into a branch does not, either', pullRequest({ headBranch: 'main' }), ['main']],
    ['main takes nothing from branches that it has not merged', pushTo('main'), ['main']],
    ['a git tag', gitTagPush('v1.2.3'), ['main']],
    ['an event without a branch', otherEvent(), ['main']],
    ["a developer's machine", local, ['topic', 'main']],
    ["a developer's machine with changes in the work tree", dirty, ['topic', 'main']],
  ])('%s', (_, event, expected) => expect(lineage(event)).toEqual(expected));

  test('without a main branch it is shorter', () =>
    expect(lineage(pullRequest(), null)).toEqual(['feature-x', 'develop']));

  test.each<[string, WorkflowEvent, string, readonly string[]]>([
    ['main takes from the branch that its commit merged', pushTo('main'), 'feature-x', ['main', 'feature-x']],
    ['that branch comes before main', pushTo('develop'), 'feature-x', ['develop', 'feature-x', 'main']],
    ['that branch comes before the base', mergeGroup('develop'), 'feature-x', ['feature-x', 'develop', 'main']],
    ['a branch that merged itself is in it once', pushTo('main'), 'main', ['main']],
    ['a branch without a name is none', pushTo('main'), '', ['main']],
    ['a git tag takes from main alone', gitTagPush('v1.2.3'), 'feature-x', ['main']],
  ])('with a merged pull request: %s', (_, event, merged, expected) =>
    expect(lineage(event, 'main', merged)).toEqual(expected),
  );

  test('the plan has the merged branch by its tag, and looks it up', () => {
    const merged = planOf(pushTo('main'), {}, NOTHING_ASKED, { mergedBranch: 'feature/x' });
    expect(merged.lineage).toEqual([
      { branch: 'main', tag: 'main' },
      { branch: 'feature/x', tag: branchTag('feature/x') },
    ]);
    expect(sourceTags(merged)).toContain(`builder-${branchTag('feature/x')}`);
  });

  test.each<[string, WorkflowEvent, With, string | null, boolean]>([
    ['a push to main', pushTo('main'), {}, 'main', true],
    ['a push to what the input calls main', pushTo('trunk'), { 'main-branch': 'trunk' }, 'main', true],
    ['a push to another branch', pushTo('topic'), {}, 'main', false],
    ['a push to the default branch that is not main', pushTo('main'), { 'main-branch': 'trunk' }, 'main', false],
    ['a push where nobody knows main', pushTo('main'), {}, null, false],
    ['a scheduled run on main', onBranch('schedule'), {}, 'main', false],
    ['a refresh, which takes nothing in', pushTo('main'), { 'reuse-cache': 'false' }, 'main', false],
    ['a pull request', pullRequest({ headBranch: 'main' }), {}, 'main', false],
    ['a git tag', gitTagPush('main'), {}, 'main', false],
  ])('whether to ask for the merged pull request: %s', (_, event, given, main, expected) =>
    expect(mayHaveMerged(inputsOf(given), event, main)).toBe(expected),
  );

  test('a run that only makes an index asks for no layers', () =>
    expect(mayHaveMerged(inputsOf({ 'index-of': digestOf(1) }), pushTo('main'), 'main')).toBe(false));

  test('the input main-branch comes before the default branch', () => {
    const branches = (given: With): string[] => planOf(pushTo('topic'), given).lineage.map(({ branch }) => branch);
    expect(branches({})).toEqual(['topic', 'main']);
    expect(branches({ 'main-branch': 'trunk' })).toEqual(['topic', 'trunk']);
  });
});

describe('the cache sources', () => {
  const sources = (...tags: readonly string[]): [readonly string[], readonly string[]] => {
    const { builder, production } = passesOf(planOf(pullRequest(), {}, registryWith(...tags)));
    return [builder.cacheFrom, production.cacheFrom];
  };

  test.each<[string, readonly string[], string | null, string | null]>([
    ['nothing exists', [], null, null],
    [
      'all exist: the nearest',
      ['builder-feature-x', 'feature-x', 'builder-develop', 'develop', 'builder-main', 'main'],
      'builder-feature-x',
      'feature-x',
    ],
    ['a new branch: its base', ['builder-develop', 'develop', 'builder-main', 'main'], 'builder-develop', 'develop'],
    ['only main', ['builder-main', 'main'], 'builder-main', 'main'],
    [
      'no production image: the builder image for both',
      ['builder-feature-x'],
      'builder-feature-x',
      'builder-feature-x',
    ],
    ['a production image has no layers of the builder', ['feature-x'], null, 'feature-x'],
    ['each pass its own nearest', ['builder-main', 'develop'], 'builder-main', 'develop'],
    ['tags of other branches do not count', ['builder-other', 'other', SHA], null, null],
  ])('%s', (_, existing, builder, production) =>
    expect(sources(...existing)).toEqual([
      builder === null ? [] : [from(builder)],
      production === null ? [] : [from(production)],
    ]),
  );

  test.each<[string, readonly string[]]>([
    ['beside all images', ['feature-x', 'builder-feature-x', 'main', 'builder-main']],
    ['beside a production image alone', ['main']],
  ])('the merged cache is the only source of both passes %s', (_, tags) => {
    const mergedCache = `${NAME}:cache-feature-x@sha256:${'a'.repeat(64)}`;
    const { builder, production } = passesOf(planOf(pullRequest(), {}, { ...registryWith(...tags), mergedCache }));
    expect([builder.cacheFrom, production.cacheFrom]).toEqual([
      [`type=registry,ref=${mergedCache}`],
      [`type=registry,ref=${mergedCache}`],
    ]);
  });

  test('the nearest counts, in whatever order the registry answered', () => {
    const images = ['main', 'builder-main', 'develop', 'builder-develop'].map((tag) => storedImage(tag));
    const { builder, production } = passesOf(planOf(pullRequest(), {}, { ...registryWith(), images }));
    expect([builder.cacheFrom, production.cacheFrom]).toEqual([[from('builder-develop')], [from('develop')]]);
  });

  test('sources of the caller follow for both passes', () => {
    const { builder, production } = passesOf(
      planOf(pushTo('main'), { 'cache-from': 'type=gha\nx/y:z' }, registryWith('builder-main')),
    );
    expect(builder.cacheFrom).toEqual([from('builder-main'), 'type=gha', 'x/y:z']);
    expect(production.cacheFrom).toEqual([from('builder-main'), 'type=gha', 'x/y:z']);
  });

  test('reuse-cache: false takes nothing in, runs every step again and pulls base images', () => {
    const given = { 'reuse-cache': 'false', 'cache-from': 'type=gha' };
    const { builder, production } = passesOf(
      planOf(pushTo('main'), given, {
        ...registryWith('builder-main', 'main'),
        mergedCache: `${NAME}:cache-main`,
      }),
    );
    for (const pass of [builder, production]) expect(pass).toMatchObject({ cacheFrom: [], noCache: true, pull: true });
  });

  test('a branch whose name is no tag is looked up by its tag', () => {
    const tag = branchTag('feature/x');
    const builder = builderOf(
      planOf(pushTo('feature/x'), {}, registryWith('feature-x', 'builder-feature-x', `builder-${tag}`)),
    );
    expect(builder.cacheFrom).toEqual([from(`builder-${tag}`)]);
  });

  describe('of several stages', () => {
    const LIST = { 'builder-target': 'gems,assets' };

    test('the registry is asked for each in each scope, and for the image of an only one before', () =>
      expect(sourceTags(planOf(pushTo('feature-x'), LIST, NOTHING_ASKED))).toEqual([
        'feature-x',
        'builder--gems--feature-x',
        'builder--assets--feature-x',
        'builder-feature-x',
        'main',
        'builder--gems--main',
        'builder--assets--main',
        'builder-main',
      ]));

    test('each takes its own nearest image, or that of an only stage before', () => {
      const registry = registryWith('builder-feature-x', 'builder--gems--feature-x', 'builder--assets--main', 'main');
      const { builders, production } = planOf(pushTo('feature-x'), LIST, registry);
      expect(builders.map(({ cacheFrom }) => cacheFrom)).toEqual([
        [from('builder--gems--feature-x')],
        [from('builder-feature-x')],
      ]);
      expect(production.cacheFrom).toEqual([from('main')]);
    });

    test.each<[string, readonly string[], readonly string[]]>([
      [
        'stays while a stage has none',
        ['builder-main', 'builder--gems--main'],
        ['builder-main', 'builder--gems--main'],
      ],
      [
        'goes when each has one',
        ['main', 'builder-main', 'builder--gems--main', 'builder--assets--main'],
        ['main', 'builder--gems--main', 'builder--assets--main'],
      ],
      [
        'goes of its own scope alone',
        ['builder-main', 'builder-feature-x', 'builder--gems--main', 'builder--assets--main'],
        ['builder-feature-x', 'builder--gems--main', 'builder--assets--main'],
      ],
    ])('the image of an only stage %s', (_, stored, left) => {
      const draft = planOf(pushTo('feature-x'), LIST, NOTHING_ASKED);
      const { images } = registryWith(...stored);
      expect(withoutReplaced(draft, images).map(({ tag }) => tag)).toEqual(left);
      const one = planOf(pushTo('feature-x'), {}, NOTHING_ASKED);
      expect(withoutReplaced(one, images)).toEqual(images);
    });

    test('each is written under a tag of its own', () =>
      expect(
        planOf(pushTo('feature-x'), LIST).builders.map(({ target, tag, output }) => [target, tag, output]),
      ).toEqual([
        ['gems', 'builder--gems--feature-x', 'registry'],
        ['assets', 'builder--assets--feature-x', 'registry'],
      ]));
  });

  test('the registry is asked for the images of the lineage, nearest first and each once; for none in a refresh', () => {
    const draft = planOf(pullRequest({ baseBranch: 'main' }), {}, NOTHING_ASKED);
    expect(sourceTags(draft)).toEqual(['feature-x', 'builder-feature-x', 'main', 'builder-main']);
    expect(sourceTags(planOf(pushTo('main'), { 'reuse-cache': 'false' }, NOTHING_ASKED))).toEqual([]);
  });
});

describe('the push decision', () => {
  const access: Record<string, RegistryState['writeAccess']> = {
    yes: { allowed: true },
    no: { allowed: false, answer: { status: 403, text: 'DENIED denied' }, hasLogin: true },
    unknown: null,
  };
  const decide = (event: WorkflowEvent, push: string, write: string, image = NAME): PushDecision =>
    planOf(
      event,
      { push, image, password: 't', 'github-token': 't' },
      { ...registryWith(), writeAccess: access[write] ?? null },
    ).push;

  test.each<[string, WorkflowEvent, string, string, boolean | 'error']>([
    ['own', pushTo('main'), 'auto', 'yes', true],
    ['own', pushTo('main'), 'auto', 'no', false],
    ['own', pushTo('main'), 'auto', 'unknown', true],
    ['own', pushTo('main'), 'true', 'yes', true],
    ['own', pushTo('main'), 'true', 'no', 'error'],
    ['own', pushTo('main'), 'false', 'yes', false],
    ['own', pushTo('main'), 'false', 'no', false],
    ['own', pushTo('main'), 'false', 'unknown', false],
    ['pull request', pullRequest(), 'auto', 'yes', true],
    ['pull request', pullRequest(), 'auto', 'no', false],
    ['pull request', pullRequest(), 'true', 'no', 'error'],
    ['fork', fromFork(), 'auto', 'yes', false],
    ['fork', fromFork(), 'auto', 'no', false],
    ['fork', fromFork(), 'true', 'yes', 'error'],
    ['fork', fromFork(), 'true', 'unknown', 'error'],
    ['fork', fromFork(), 'false', 'yes', false],
    ['pull_request_target of a fork', fromFork({ name: 'pull_request_target' }), 'auto', 'yes', false],
    ['deleted fork', fromFork({ headRepository: null }), 'auto', 'yes', false],
    ['workflow_run of a fork', foreignRun, 'auto', 'yes', false],
    ['workflow_run of a fork', foreignRun, 'true', 'yes', 'error'],
    ['git tag', gitTagPush('v1.2.3'), 'auto', 'yes', true],
    ['merge group', mergeGroup('develop'), 'auto', 'yes', true],
  ])('%s (%#): push %4$s', (_, event, push, write, expected) => {
    if (expected === 'error') {
      expect(messageOf(() => decide(event, push, write))).toMatch(/^InputError: push is true, but /);
    } else {
      expect(decide(event, push, write)).toMatchObject({ push: expected, reason: expect.stringMatching(/^\S.*[^.]$/) });
    }
  });

  test.each(['auto', 'true'])('push: %s without access gives the cause and the line to change', (push) => {
    const said =
      push === 'auto' ? decide(pushTo('main'), push, 'no').reason : messageOf(() => decide(pushTo('main'), push, 'no'));
    expect(said).toContain('the registry ghcr.io refuses to take an upload to owner/app (403 DENIED denied)');
    expect(said).toContain('packages: write');
  });

  test('another registry needs a login, not a permission of GitHub', () => {
    const { reason } = decide(pushTo('main'), 'auto', 'no', 'registry.example/app');
    expect(reason).toContain('registry.example');
    expect(reason).toContain('"username" and "password"');
    expect(reason).not.toContain('packages: write');
  });

  test('what is pushed: both images with a scope, only production without one, neither without access', () => {
    const outputs = (event: WorkflowEvent, push = 'auto'): [string | null, string, string | null, string] => {
      const { builder, production } = passesOf(planOf(event, { push }));
      return [builder.tag, builder.output, production.tag, production.output];
    };
    const review = `review-pr-7-${SHA}-${NOW_TAG}`;
    expect(outputs(pushTo('main'))).toEqual(['builder-main', 'registry', SHA, 'registry']);
    expect(outputs(gitTagPush('v1.2.3'))).toEqual([null, 'cache', 'v1.2.3', 'registry']);
    expect(outputs(mergeGroup('develop'))).toEqual([null, 'cache', SHA, 'registry']);
    expect(outputs(fromFork())).toEqual([null, 'cache', review, 'engine']);
    expect(outputs(pushTo('main'), 'false')).toEqual(['builder-main', 'cache', SHA, 'engine']);
  });

  test('the registry need not be asked when the answer does not matter', () => {
    expect(mayWantToPush(inputsOf(), pushTo('main'))).toBe(true);
    expect(mayWantToPush(inputsOf({ push: 'true' }), pullRequest())).toBe(true);
    expect(mayWantToPush(inputsOf({ push: 'false' }), pushTo('main'))).toBe(false);
    expect(mayWantToPush(inputsOf(), fromFork())).toBe(false);
    expect(mayWantToPush(inputsOf(), foreignRun)).toBe(false);
  });
});

describe('the unique tag', () => {
  test('that is taken is never moved: the run takes another, and says so', () => {
    const { tags, production, notes } = planOf(pushTo('main'), {}, registryWithUnique('main'));
    expect(tags).toEqual({ unique: `${SHA}-${NOW_TAG}`, moving: ['main'] });
    expect(production.tag).toBe(`${SHA}-${NOW_TAG}`);
    expect(production.labels['org.opencontainers.image.version']).toBe(`${SHA}-${NOW_TAG}`);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(`${SHA}-${NOW_TAG}`);
  });

  test('that is free is taken without a word', () => {
    const { tags, notes } = planOf(pushTo('main'), {}, registryWith('main'));
    expect([tags.unique, notes]).toEqual([SHA, []]);
  });

  test('that is a moving tag of the run is an error', () =>
    expect(messageOf(() => planOf(pushTo('main'), { tag: 'main' }))).toMatch(/^InputError: tag "main"/));
});

describe('labels and flags', () => {
  test('production has the labels of the OCI specification, with the time of the commit', () =>
    expect(planOf(pushTo('main')).production.labels).toEqual({
      'org.opencontainers.image.source': 'https://github.com/owner/app',
      'org.opencontainers.image.revision': SHA,
      'org.opencontainers.image.version': SHA,
      'org.opencontainers.image.created': '2026-01-02T03:04:05Z',
      'org.opencontainers.image.title': 'app',
      'io.github.dfe-digital.two-pass-build.built-from': 'ghcr.io/owner/app: Dockerfile (context ., target production)',
      'io.github.dfe-digital.two-pass-build.built-by': 'ghcr.io/owner/app: push refs/heads/main',
    }));

  test('the same commit has the same labels tomorrow', () => {
    const labels = (now: Date): unknown => planOf(pushTo('main'), {}, registryWith(), { now }).production.labels;
    expect(labels(NOW)).toEqual(labels(new Date('2030-01-01T00:00:00Z')));
  });

  test('what nobody knows is left out', () =>
    expect(
      Object.keys(planOf(local, {}, registryWith(), { repositoryUrl: null, committedAt: null }).production.labels),
    ).toEqual([
      'org.opencontainers.image.revision',
      'org.opencontainers.image.version',
      'org.opencontainers.image.title',
      'io.github.dfe-digital.two-pass-build.built-from',
      'io.github.dfe-digital.two-pass-build.built-by',
    ]));

  test("the caller's label wins", () => {
    const { labels, flags } = planOf(pushTo('main'), {
      labels: 'org.opencontainers.image.title=Mine\nteam=a',
    }).production;
    expect(labels).not.toHaveProperty(['org.opencontainers.image.title']);
    expect(labels).toHaveProperty(['org.opencontainers.image.revision']);
    expect(flags.map(({ value }) => value)).toEqual(['org.opencontainers.image.title=Mine', 'team=a']);
  });

  test('the builder image carries no label, annotation or attestation, and gets every other flag', () => {
    const given = { labels: 'a=b', annotations: 'a=b', provenance: 'true', sbom: 'true', 'build-args': 'A=b' };
    const { builder, production } = passesOf(planOf(pushTo('main'), given));
    expect(builder).toMatchObject({ labels: {}, provenance: null, sbom: null });
    expect(builder.flags.map(({ input }) => input)).toEqual(['build-args']);
    expect(production.flags.map(({ input }) => input).sort()).toEqual(['annotations', 'build-args', 'labels']);
  });
});

test.each([
  ['', null, null],
  ['false', null, null],
  ['true', CONTEXT.runUrl, `builder-id=${CONTEXT.runUrl ?? ''}`],
  ['mode=max', CONTEXT.runUrl, `mode=max,builder-id=${CONTEXT.runUrl ?? ''}`],
  ['mode=max,builder-id=mine', CONTEXT.runUrl, 'mode=max,builder-id=mine'],
  ['mode=max', null, 'mode=max'],
])('provenance %j of the run %j is %j', (provenance, runUrl, expected) =>
  expect(planOf(pushTo('main'), { provenance }, registryWith(), { runUrl }).production.provenance).toBe(expected),
);

test('no credential or secret value is anywhere in a plan', () => {
  const given = {
    password: 'canary-password',
    'github-token': 'canary-token',
    secrets: 'npm=canary-secret\n"pem=canary-1\ncanary-2"',
  };
  const whole = JSON.stringify([planOf(pushTo('main'), given), planOf(fromFork(), given)]);
  expect(whole).toContain('id=npm');
  expect(whole).not.toContain('canary');
});
