// The tags of the stages that keep their layers: readable where they can be, and injective for all stages and branches.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parsePlatform } from '../../../../src/image/platform.js';
import { isTag, parseTag } from '../../../../src/image/reference.js';
import { builderTag, builderTags, isBuilderTagOf, stageTag } from '../../../../src/plan/tags/builder-tags.js';
import { branchTag, cacheTag, deriveTags, gitTagTag, toScope } from '../../../../src/plan/tags/tags.js';
import { hashText } from '../../../../src/shared/hash.js';
import { branchName, nearMiss } from '../../../support/arbitrary-names.js';
import { NOW, gitTagPush, localBuild, pullRequest, pushTo } from '../../../support/fixtures.js';
import { runsOf } from '../../../support/nightly.js';

const MAIN = parseTag('main');
const hashOf = (text: string): string => hashText(text).slice(0, 10);

test('one stage has the tag that one stage always had, several have one each', () => {
  expect(builderTags(['gems'], MAIN)).toEqual(['builder-main']);
  expect(builderTags(['gems', 'modules', 'assets'], MAIN)).toEqual([
    'builder--gems--main',
    'builder--modules--main',
    'builder--assets--main',
  ]);
  expect(builderTags([], MAIN)).toEqual([]);
});

describe('the stage in a tag', () => {
  test.each<[string, string, string]>([
    ['plain', 'gems', 'gems'],
    ['with what stages may have', 'node_18.x-deps', 'node_18.x-deps'],
    ['a number', '2', '2'],
    ['upper case, which BuildKit does not tell apart', 'Gems', 'gems'],
    ['two hyphens, which end the stage', 'a--b', `a-b-${hashOf('a--b')}`],
    ['a hyphen at its end', 'a-', `a-${hashOf('a-')}`],
    ['like a hashed one', 'a-0123456789', `a-0123456789-${hashOf('a-0123456789')}`],
    ['the longest that stays', 's'.repeat(34), 's'.repeat(34)],
    ['longer', 's'.repeat(35), `${'s'.repeat(23)}-${hashOf('s'.repeat(35))}`],
  ])('%s', (_, stage, part) => expect(stageTag(stage, MAIN)).toBe(`builder--${part}--main`));
});

describe('the scope in a tag', () => {
  const arm = parsePlatform('linux/arm/v7');
  test.each<[string, string, string]>([
    ['two hyphens, since only the first ones end the stage', 'a--b', 'a--b'],
    ['the longest that stays', 'n'.repeat(64), 'n'.repeat(64)],
    ['longer', 'n'.repeat(65), `${'n'.repeat(53)}-${hashOf('n'.repeat(65))}`],
  ])('%s', (_, branch, part) => {
    expect(stageTag('gems', toScope(branch, null).tag)).toBe(`builder--gems--${part}`);
    expect(stageTag('gems', toScope(branch, arm).tag)).toBe(`builder--gems--${part}-linux_arm_v7`);
  });

  test('the longest of all tags is one that registries take', () => {
    const scope = toScope('ü'.repeat(200), parsePlatform('windows/mips64le/v10')).tag;
    expect(stageTag('s'.repeat(200), scope).length).toBeLessThanOrEqual(128);
  });
});

const stageName = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-z][a-z0-9_.-]{0,12}$/) },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z][a-z0-9_.-]{30,60}$/) },
  { weight: 1, arbitrary: fc.nat({ max: 99 }).map(String) },
  { weight: 2, arbitrary: fc.constantFrom('builder', 'main', 'a--b', 'a-', 'gems', 'builder--gems', 'x-0123456789') },
);
interface Kept {
  readonly stage: string;
  readonly branch: string;
}
const kept: fc.Arbitrary<Kept> = fc.record({ stage: stageName, branch: branchName });
const tagOf = ({ stage, branch }: Kept): string => stageTag(stage, branchTag(branch));

/** What a rule that is not quite injective would send to the same tag: the parts moved, cut off, or already hashed. */
const nearMisses = ({ stage, branch }: Kept): fc.Arbitrary<Kept> => {
  const [head = '', ...rest] = branch.split('--');
  const parts = tagOf({ stage, branch }).slice('builder--'.length).split('--');
  return fc.oneof(
    nearMiss(branch).map((other) => ({ stage, branch: other })),
    stageName.map((other) => ({ stage: other, branch })),
    fc.constantFrom<Kept>(
      { stage: `${stage}--${head}`, branch: rest.join('--') || branch },
      { stage: `${stage}-`, branch },
      { stage: stage.slice(0, 34), branch },
      { stage: stage.replace(/-+/g, '-'), branch },
      { stage: `${stage}-${hashOf(stage)}`, branch },
      { stage: parts[0] ?? '', branch },
      { stage, branch: branch.slice(0, 64) },
      { stage, branch: parts.slice(1).join('--') },
      { stage: branch.toLowerCase().replace(/[^a-z0-9_.-]/g, '-'), branch: stage },
      { stage: 'a', branch: `${stage}--${branch}` },
    ),
  );
};
const isStage = (stage: string): boolean => /^[a-z0-9][a-z0-9_.-]*$/.test(stage);
const RUNS = { numRuns: runsOf(3000) };

describe('for every stage and branch', () => {
  test('the tag is one that registries take, and begins as no other kind of tag', () => {
    fc.assert(
      fc.property(kept, (one) => {
        const tag = tagOf(one);
        expect(isTag(tag)).toBe(true);
        expect(tag).toMatch(/^builder--[a-z0-9]/);
      }),
      RUNS,
    );
  });

  test('two pairs never share a tag', () => {
    const pairs = fc.oneof(
      fc.tuple(kept, kept),
      kept.chain((one) => fc.tuple(fc.constant(one), nearMisses(one))),
    );
    fc.assert(
      fc.property(pairs, ([one, other]) => {
        fc.pre(isStage(other.stage) && other.branch !== '');
        fc.pre(one.stage !== other.stage || one.branch !== other.branch);
        expect(tagOf(one)).not.toBe(tagOf(other));
      }),
      { numRuns: runsOf(6000) },
    );
  });

  test('a pair of one platform never shares a tag with one of another, or of none', () => {
    const platform = fc.constantFrom(null, ...['linux/amd64', 'linux/arm64', 'linux/arm/v7'].map(parsePlatform));
    fc.assert(
      fc.property(kept, platform, platform, ({ stage, branch }, one, other) => {
        fc.pre(one !== other);
        expect(stageTag(stage, toScope(branch, one).tag)).not.toBe(stageTag(stage, toScope(branch, other).tag));
      }),
      RUNS,
    );
  });

  test('no pair shares a tag with any other tag that a run writes: unique, branch, version, cache, an only stage', () => {
    const name = fc.oneof(branchName, kept.map(tagOf));
    fc.assert(
      fc.property(kept, name, ({ stage, branch }, other) => {
        const tag: string = stageTag(stage, branchTag(branch));
        const runs = [pushTo(other), pullRequest({ headBranch: other }), gitTagPush(other), localBuild(other)];
        const written = runs.flatMap((event) => {
          const derived = deriveTags({ event, now: NOW, ownTag: null, extraTags: [], part: null });
          return [derived.unique, ...derived.moving];
        });
        const scope = branchTag(other);
        expect([...written, gitTagTag(other), scope, builderTag(scope), cacheTag(scope)]).not.toContain(tag);
      }),
      RUNS,
    );
  });

  test('the tag is known as one of its branch, and of no other', () => {
    const pairs = kept.chain((one) => fc.tuple(fc.constant(one), fc.oneof(branchName, nearMiss(one.branch))));
    fc.assert(
      fc.property(pairs, ([one, other]) => {
        expect(isBuilderTagOf(tagOf(one), branchTag(one.branch))).toBe(true);
        expect(isBuilderTagOf(builderTag(branchTag(one.branch)), branchTag(one.branch))).toBe(true);
        fc.pre(one.branch !== other);
        expect(isBuilderTagOf(tagOf(one), branchTag(other))).toBe(false);
        expect(isBuilderTagOf(branchTag(one.branch), branchTag(one.branch))).toBe(false);
      }),
      RUNS,
    );
  });
});
