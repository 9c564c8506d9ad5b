// What of a package goes and what stays: by example, and as a property of any package.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PackageVersion } from '../../../src/adapters/github/packages.js';
import type { PullRequest } from '../../../src/adapters/github/repository.js';
import {
  type Choice,
  type CleanupPlan,
  type CleanupRules,
  type ClosedWork,
  type References,
  chooseTags,
  isIdle,
  listNeeded,
  parseReferences,
  planCleanup,
  readPullNumber,
} from '../../../src/cleanup/pure/cleanup-plan.js';
import { type BranchStatus, findReasonToStay } from '../../../src/cleanup/pure/closed.js';
import { type Digest, parseDigest } from '../../../src/image/digest.js';
import { parseTag } from '../../../src/image/reference.js';
import { builderTag, builderTags } from '../../../src/plan/tags/builder-tags.js';
import { cacheTag, deriveTags, toScope } from '../../../src/plan/tags/tags.js';
import { NOW, SHA, pullRequest } from '../../support/fixtures.js';
import { runsOf } from '../../support/nightly.js';

const DAY = 24 * 60 * 60 * 1000;
const now = NOW.getTime();
const LONG_AGO = now - 30 * DAY;
const REVIEW = `review-pr-7-${SHA}-20260203040506`;
const SCOPE = 'feature-x';
const SET = [SCOPE, `builder-${SCOPE}`, `cache-${SCOPE}`];

function digest(name: string | number): Digest {
  return parseDigest(`sha256:${Buffer.from(String(name)).toString('hex').padEnd(64, '0').slice(0, 64)}`);
}

function version(name: string | number, tags: readonly string[] = [], changedAt = LONG_AGO): PackageVersion {
  return { id: Buffer.from(String(name)).readUIntBE(0, 1), digest: digest(name), tags, changedAt };
}

const RULES: CleanupRules = { mainBranches: ['main'], isKept: () => false, sweepBefore: null };
const SWEEP: CleanupRules = { ...RULES, sweepBefore: now - 14 * DAY };
const CLOSED: ClosedWork = { pulls: [7], branch: SCOPE, branchStays: null };

interface Edges {
  readonly children?: readonly string[];
  readonly subject?: string;
}

function referencesOf(
  versions: readonly PackageVersion[],
  edges: Readonly<Record<string, Edges | null>> = {},
): Map<Digest, References | null> {
  const references = new Map<Digest, References | null>(
    versions.map((one) => [one.digest, { children: [], subject: null }]),
  );
  for (const [name, edge] of Object.entries(edges))
    references.set(
      digest(name),
      edge && {
        children: (edge.children ?? []).map(digest),
        subject: edge.subject === undefined ? null : digest(edge.subject),
      },
    );
  return references;
}

function plan(
  versions: readonly PackageVersion[],
  edges: Readonly<Record<string, Edges | null>> = {},
  { closed = [CLOSED], rules = RULES }: { closed?: readonly ClosedWork[]; rules?: CleanupRules } = {},
): CleanupPlan & { choice: Choice } {
  const choice = chooseTags(versions, closed, rules);
  const planned = planCleanup(versions, referencesOf(versions, edges), choice, rules);
  if ('unknown' in planned) throw new Error(`unknown: ${planned.unknown.digest}`);
  return { ...planned, choice };
}

const names = (versions: readonly PackageVersion[]): string[] =>
  versions.map(({ digest: one }) => Buffer.from(one.slice(7), 'hex').toString().replaceAll('\0', ''));

describe('a pull request that is over', () => {
  test('goes with its review images and the three tags of its branch', () => {
    const versions = [
      version('a', [REVIEW, SCOPE]),
      version('b', [`review-pr-7-${SHA}-20260101000000-20260101000001`]),
      version('c', [`builder-${SCOPE}`]),
      version('d', [`cache-${SCOPE}`]),
      version('m', [SHA, 'main']),
      version('n', ['builder-main']),
    ];
    const { remove, free } = plan(versions);
    expect(names(remove).sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(free).toEqual([]);
  });

  test('goes with exactly the tags that the build has written', () => {
    const event = pullRequest({ headBranch: 'Feature/Ünïcode', number: 41 });
    const derived = deriveTags({ event, now: NOW, ownTag: null, extraTags: [], part: null });
    const scope = derived.scope!.tag;
    const kept = [builderTag(scope), ...builderTags(['gems', 'node--modules', 'x'.repeat(50)], scope)];
    const written = [derived.unique, ...derived.moving, ...kept, cacheTag(scope)];
    const closed = [{ pulls: [41], branch: 'Feature/Ünïcode', branchStays: null }];
    const { tags } = chooseTags([version('a', written)], closed, RULES);
    expect([...tags].sort()).toEqual([...written].sort());
  });

  test.each([
    ['of another pull request', `review-pr-70-${SHA}-20260203040506`],
    ['that somebody has named like it', 'review-pr-7-for-the-boss'],
    ['with a number that only begins like it', `review-pr-07-${SHA}-20260203040506`],
    ['of another branch', 'feature-x2'],
    ['of a stage of another branch', 'builder--gems--feature-x2'],
    ['of a stage called like the branch', 'builder--feature-x--develop'],
    ['of a branch that ends like it', 'builder--gems--my--feature-x'],
    ['that only begins like that of a stage', 'builder--feature-x'],
    ['of a release', 'v1.2.3'],
    ['of a developer', `dev-${SHA}-20260203040506`],
  ])('leaves a tag %s', (_, tag) => {
    const { remove, free } = plan([version('a', [tag]), version('m', ['main'])]);
    expect([...remove, ...free]).toEqual([]);
  });

  test('frees a branch tag from an image that has its unique tag, too', () => {
    const { remove, free } = plan([version('a', [SHA, SCOPE]), version('c', [`cache-${SCOPE}`])]);
    expect(names(remove)).toEqual(['c']);
    expect(free).toEqual([
      { version: version('a', [SHA, SCOPE]), tags: [SCOPE], reason: `it has the tag ${SHA}, too` },
    ]);
  });

  test('goes with the stages of its branch, also of one platform, and of a branch with a long name', () => {
    const long = 'n'.repeat(100);
    const stages = ['gems', 'assets'];
    const tags = [SCOPE, long].flatMap((scope) => builderTags(stages, parseTag(scope)));
    const versions = [...tags, 'builder--gems--feature-x-linux_arm64'].map((tag, index) => version(`v${index}`, [tag]));
    const closed = [CLOSED, { ...CLOSED, branch: long }];
    expect(plan([...versions, version('m', ['builder--gems--main'])], {}, { closed }).remove).toHaveLength(5);
  });

  test.each(['main', 'trunk'])('never goes with the tags of %s, whatever is said of it', (branch) => {
    const ofMain = [branch, `builder-${branch}`, `builder--gems--${branch}`, `cache-${branch}`];
    const versions = [version('a', [...ofMain, REVIEW])];
    const rules = { ...RULES, mainBranches: ['main', 'trunk'] };
    const { remove, free, choice } = plan(versions, {}, { closed: [{ ...CLOSED, branch }], rules });
    expect(remove).toEqual([]);
    expect(free.map(({ tags }) => tags)).toEqual([[REVIEW]]);
    expect(choice.kept.map(({ tag, reason }) => [tag, reason])).toEqual(
      ofMain.map((tag) => [tag, 'it is a tag of the main branch']),
    );
  });

  test('leaves what keep-tags names', () => {
    const rules = { ...RULES, isKept: (tag: string) => tag === REVIEW };
    const { remove, free, choice } = plan([version('a', [REVIEW, SCOPE])], {}, { rules });
    expect(remove).toEqual([]);
    expect(free[0]?.tags).toEqual([SCOPE]);
    expect(choice.kept[0]?.reason).toBe('the input keep-tags names it');
  });

  test('with a branch that stays keeps the image that is under both tags, and nothing else', () => {
    const older = `review-pr-7-${SHA}-20260101000000`;
    const closed = [{ ...CLOSED, branchStays: 'it is still there' }];
    const versions = [version('a', [REVIEW, SCOPE]), version('b', [older]), version('c', [`builder-${SCOPE}`])];
    const { remove, free, choice } = plan(versions, {}, { closed });
    expect(names(remove)).toEqual(['b']);
    expect(free).toEqual([]);
    expect(choice.kept.map(({ tag }) => tag)).toEqual([REVIEW, SCOPE, `builder-${SCOPE}`]);
  });

  test('leaves a tag for which only one of several reasons to go is left', () => {
    const other = { pulls: [8], branch: SCOPE, branchStays: 'it is still there' };
    const { remove, choice } = plan([version('a', [SCOPE])], {}, { closed: [CLOSED, other] });
    expect(remove).toEqual([]);
    expect(choice.tags.size).toBe(0);
  });

  test('has nothing to do with what has no tag', () => {
    const versions = [version('u'), version('m', ['main'])];
    expect(isIdle(versions, new Set(), RULES)).toBe(true);
    expect(plan([...versions, version('a', [SCOPE])]).remove).toHaveLength(1);
  });
});

describe('what is needed stays', () => {
  test('an index takes its own images and attestations along, and the index first', () => {
    const versions = [version('x'), version('y'), version('t'), version('i', [REVIEW]), version('m', ['main'])];
    const { remove } = plan(versions, { i: { children: ['x', 'y', 't'] } });
    expect(names(remove)[0]).toBe('i');
    expect(names(remove).sort()).toEqual(['i', 't', 'x', 'y']);
  });

  test('but not an image that an index of main has, too', () => {
    const versions = [version('x'), version('y'), version('i', [REVIEW]), version('m', ['main'])];
    const { remove } = plan(versions, { i: { children: ['x', 'y'] }, m: { children: ['y'] } });
    expect(names(remove)).toEqual(['i', 'x']);
  });

  test('nor one that has a tag to go itself: then only the tag goes', () => {
    const versions = [version('y', [REVIEW, SCOPE]), version('m', ['main'])];
    const { remove, free } = plan(versions, { m: { children: ['y'] } });
    expect(remove).toEqual([]);
    expect(free).toEqual([{ version: versions[0], tags: [REVIEW, SCOPE], reason: 'main needs it' }]);
  });

  test('attestations by subject and by fallback tag go with their image, and stay with it', () => {
    const hex = (name: string): string => digest(name).slice(7);
    const of = (name: string): PackageVersion[] => [
      version(`s${name}`),
      version(`f${name}`, [`sha256-${hex(name)}`]),
      version(`c${name}`, [`sha256-${hex(name)}.sig`]),
    ];
    const versions = [version('a', [REVIEW]), ...of('a'), version('m', ['main']), ...of('m')];
    const edges = {
      sa: { subject: 'a' },
      fa: { children: ['sa'] },
      sm: { subject: 'm' },
      fm: { children: ['sm'] },
    };
    const { remove } = plan(versions, edges);
    expect(names(remove).sort()).toEqual(['a', 'ca', 'fa', 'sa']);
    expect(names(remove)[0]).toBe('a');
    expect(names(plan(versions, edges, { rules: SWEEP }).remove).sort()).toEqual(['a', 'ca', 'fa', 'sa']);
  });

  test('an attestation with a tag of its own keeps its subject', () => {
    const versions = [version('a', [REVIEW]), version('s', ['signed'])];
    const { remove, free } = plan(versions, { s: { subject: 'a' } });
    expect(remove).toEqual([]);
    expect(free).toMatchObject([{ tags: [REVIEW], reason: 'signed needs it' }]);
  });

  test('nothing goes while it is not known what something that stays needs', () => {
    const versions = [version('a', [REVIEW]), version('m', ['main'])];
    const choice = chooseTags(versions, [CLOSED], RULES);
    expect(planCleanup(versions, referencesOf(versions, { m: null }), choice, RULES)).toEqual({ unknown: versions[1] });
    // What goes itself needs nothing.
    expect(planCleanup(versions, referencesOf(versions, { a: null }), choice, RULES)).toMatchObject({
      remove: [versions[0]],
    });
  });

  test('what cannot be deleted takes all with it that it needs', () => {
    const versions = [version('x'), version('y'), version('i', [REVIEW])];
    const { needs } = plan(versions, { i: { children: ['x'] }, y: { subject: 'x' } });
    expect([...listNeeded(digest('i'), needs)]).toEqual([digest('x'), digest('y')]);
  });
});

describe('a sweep', () => {
  test('removes what has had no tag for long, and nothing younger', () => {
    const versions = [version('o'), version('y', [], now - 13 * DAY), version('m', ['main'])];
    expect(names(plan(versions, {}, { closed: [], rules: SWEEP }).remove)).toEqual(['o']);
    expect(plan(versions, {}, { closed: [] }).remove).toEqual([]);
  });

  test('leaves what a young index, or one with a tag, needs', () => {
    const versions = [version('o'), version('p'), version('y', [], now), version('m', ['main'])];
    const edges = { y: { children: ['o'] }, m: { children: ['p'] } };
    const { remove, needed } = plan(versions, edges, { closed: [], rules: SWEEP });
    expect(remove).toEqual([]);
    expect(needed).toBe(2);
  });

  test('leaves a tag that was written a short time ago', () => {
    const versions = [version('a', [SCOPE], now), version('m', ['main'])];
    const { remove, free, choice } = plan(versions, {}, { rules: SWEEP });
    expect([...remove, ...free]).toEqual([]);
    expect(choice.kept).toMatchObject([{ tag: SCOPE, reason: 'it is not old enough' }]);
  });

  test('removes attestations of what is gone; another event does not', () => {
    const versions = [version('f', [`sha256-${'a'.repeat(64)}`]), version('m', ['main'])];
    expect(names(plan(versions, {}, { closed: [], rules: SWEEP }).remove)).toEqual(['f']);
    expect(plan(versions, {}, {}).remove).toEqual([]);
  });
});

test('in any package, nothing goes that a tag that stays can reach', () => {
  const TAGS = [REVIEW, ...SET, 'main', 'builder-main', SHA, 'v1', `sha256-${digest('1').slice(7)}`];
  const graph = fc.record({
    nodes: fc.array(
      fc.record({
        tags: fc.subarray(TAGS),
        young: fc.boolean(),
        children: fc.array(fc.nat(9), { maxLength: 3 }),
        subject: fc.option(fc.nat(9)),
      }),
      { minLength: 1, maxLength: 10 },
    ),
    sweep: fc.boolean(),
    stays: fc.boolean(),
  });
  fc.assert(
    fc.property(graph, ({ nodes, sweep, stays }) => {
      const taken = new Set<string>();
      const versions = nodes.map(({ tags, young }, index) => {
        const own = tags.filter((tag) => !taken.has(tag));
        own.forEach((tag) => taken.add(tag));
        return version(index, own, young ? now : LONG_AGO);
      });
      const edges = Object.fromEntries(
        nodes.map(({ children, subject }, index) => [
          String(index),
          { children: children.map(String), ...(subject === null ? {} : { subject: String(subject) }) },
        ]),
      );
      const rules = sweep ? SWEEP : RULES;
      const closed = [{ ...CLOSED, branchStays: stays ? 'it stays' : null }];
      const { remove, free, choice } = plan(versions, edges, { rules, closed });
      const gone = new Set(remove.map((one) => one.digest));

      // Said again, and differently: what can be pulled by a tag that stays, pulled down to the last manifest.
      const reached = new Set<Digest>();
      const pull = (one: Digest): void => {
        const at = versions.findIndex((candidate) => candidate.digest === one);
        if (at === -1 || reached.has(one)) return;
        reached.add(one);
        nodes[at]!.children.forEach((child) => pull(digest(child)));
        versions.forEach((other, index) => {
          const about = nodes[index]!.subject;
          if (about !== null && digest(about) === one) pull(other.digest);
          if (other.tags.includes(`sha256-${one.slice(7)}`)) pull(other.digest);
        });
      };
      for (const { digest: one, tags } of versions)
        if (tags.some((tag) => !choice.tags.has(tag) && !tag.startsWith('sha256-'))) pull(one);
      for (const one of reached) expect(gone.has(one)).toBe(false);

      // And the other way round: each of the tags to go really goes.
      const left = versions.filter((one) => !gone.has(one.digest)).flatMap(({ tags }) => tags);
      const freed = new Set<string>(free.flatMap(({ tags }) => tags));
      expect(left.filter((tag) => choice.tags.has(tag) && !freed.has(tag))).toEqual([]);
      for (const tag of [...choice.tags]) expect([REVIEW, ...SET]).toContain(tag);
      if (sweep) for (const one of remove) expect(one.changedAt).toBeLessThan(now - 14 * DAY);
    }),
    { numRuns: runsOf(2000) },
  );
});

describe('manifests', () => {
  test.each<[string, unknown, References]>([
    ['an index', { manifests: [{ digest: digest('a') }, {}, null] }, { children: [digest('a')], subject: null }],
    ['an attestation', { subject: { digest: digest('b') } }, { children: [], subject: digest('b') }],
    ['an image', { config: {}, layers: [] }, { children: [], subject: null }],
    ['no manifest', [], { children: [], subject: null }],
    ['nonsense', { manifests: 3, subject: 'x' }, { children: [], subject: null }],
  ])('%s', (_, content, expected) => expect(parseReferences(content)).toEqual(expected));

  test('review tags tell their pull request', () => {
    expect(readPullNumber(REVIEW)).toBe(7);
    expect(readPullNumber(`review-pr-${'9'.repeat(16)}-${SHA}-20260203040506`)).toBeNull();
    expect(readPullNumber('review-pr-7')).toBeNull();
  });
});

describe('the tags of a branch', () => {
  const closed: PullRequest = {
    number: 7,
    headBranch: SCOPE,
    baseBranch: 'main',
    closedAt: now,
    merged: { commit: SHA, at: now },
  };
  const details: BranchStatus = {
    branch: SCOPE,
    mainBranches: ['main'],
    exists: false,
    isGitTag: false,
    pulls: [closed],
    tags: new Set([SHA]),
    oldBefore: now - DAY,
  };
  test.each<[string, Partial<BranchStatus>, RegExp | null]>([
    ['go when it was merged, and built', {}, null],
    ['go when it was not merged', { pulls: [{ ...closed, merged: null }], tags: new Set() }, null],
    ['stay until the build of main has ended', { tags: new Set() }, /build of main may still take layers.*8f5c2e/],
    ['go when main has built it under a tag with the branch', { tags: new Set([`main-${SHA}`]) }, null],
    ['go when main has built it under a short tag', { tags: new Set([`sha-${SHA.slice(0, 7)}`]) }, null],
    ['stay when another branch has built the commit', { tags: new Set([`develop-${SHA}`]) }, /no image of 8f5c2e/],
    ['stay when there is an image of another short commit', { tags: new Set(['sha-8f5c2e2']) }, /no image of 8f5c2e/],
    ['go when main was never built', { tags: new Set(), oldBefore: now + 1 }, null],
    ['go when it was merged elsewhere', { tags: new Set(), pulls: [{ ...closed, baseBranch: 'develop' }] }, null],
    ['stay when there is such a branch', { exists: true }, /branch "feature-x" is still there/],
    ['stay when there is such a git tag', { isGitTag: true }, /git tag "feature-x"/],
    ['stay when a pull request is open', { pulls: [closed, { ...closed, closedAt: null }] }, /is open/],
    ['stay when it is main', { branch: 'main' }, /"main" is the main branch/],
  ])('%s', (_, change, reason) => {
    const found = findReasonToStay({ ...details, ...change });
    if (reason === null) expect(found).toBeNull();
    else expect(found).toMatch(reason);
  });

  test('are those of the build', () => expect(toScope(SCOPE, null).tag).toBe(SCOPE));
});
