// The mark beside the unique tag of a promoted image, and where it is looked for.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { withBuiltByLabel } from '../../../../src/image/origin-labels.js';
import { type Tag, isTag, parseImageName, parseTag } from '../../../../src/image/reference.js';
import { type Labels, UNIQUE_TAG_LABEL, isUniqueTagOf } from '../../../../src/image/unique-label.js';
import type { WorkflowEvent } from '../../../../src/plan/event/event.js';
import { describeTrigger, findMark, isRelease, promotedTag } from '../../../../src/plan/tags/promoted.js';
import { builderTag } from '../../../../src/plan/tags/builder-tags.js';
import { branchTag } from '../../../../src/plan/tags/tags.js';
import {
  NOW_TAG,
  SHA,
  fromFork,
  gitTagPush,
  inputsOf,
  localBuild,
  mergeGroup,
  onBranch,
  otherEvent,
  pullRequest,
  pushTo,
} from '../../../support/fixtures.js';

const { image: IMAGE } = inputsOf();
const pushed = (branch: string): Labels => withBuiltByLabel({}, IMAGE, `push refs/heads/${branch}`);
const markOf = (tag: string, labels: Labels): string | null => findMark(parseTag(tag), labels)?.mark ?? null;
const checkout: WorkflowEvent = { kind: 'checkout', name: 'workflow_dispatch', sha: SHA, fork: false, withheld: null };

test.each<[string, WorkflowEvent, boolean]>([
  ['push refs/heads/main', pushTo('main'), false],
  ['push refs/heads/feature/x', pushTo('feature/x'), false],
  ['schedule refs/heads/main', onBranch('schedule'), false],
  ['workflow_dispatch refs/heads/main', onBranch('workflow_dispatch'), true],
  ['push refs/tags/v1.2.3', gitTagPush('v1.2.3'), true],
  ['release refs/tags/v1.2.3', { kind: 'git-tag', name: 'release', gitTag: 'v1.2.3', sha: SHA }, true],
  ['workflow_dispatch', checkout, true],
  ['pull_request', pullRequest(), false],
  ['pull_request', fromFork(), false],
  ['merge_group', mergeGroup(), false],
  ['issue_comment', otherEvent(), false],
  ['local', localBuild('main'), false],
])('%s: what an image says, and whether the run releases', (text, event, releases) => {
  expect([describeTrigger(event), isRelease(event)]).toEqual([text, releases]);
});

describe('a mark', () => {
  test.each([
    ['a version', 'v1.2.3', 'promoted-v1.2.3'],
    ['a git tag without version', 'release-42', 'promoted-release-42'],
    ['an extra tag, which is none for that reason', 'latest', 'promoted-latest'],
  ])('is looked for beside %s', (_, tag, mark) => expect(markOf(tag, pushed('main'))).toBe(mark));

  test.each<[string, string, Labels]>([
    ['the tag of the branch that has built it', 'main', pushed('main')],
    ['the same of one platform', 'main-linux_amd64', pushed('main')],
    ['the tag of a branch with a hash', branchTag('feature/x'), pushed('feature/x')],
    ['a builder image', 'builder-main', pushed('main')],
    ['another mark', 'promoted-v1.2.3', pushed('main')],
    ['an image that no push has built', 'v1.2.3', withBuiltByLabel({}, IMAGE, 'workflow_dispatch refs/heads/main')],
    ['an image of a git tag', 'v1.2.3', withBuiltByLabel({}, IMAGE, 'push refs/tags/v1.2.3')],
    ['an image that says nothing', 'v1.2.3', {}],
  ])('is not looked for beside %s', (_, tag, labels) => expect(markOf(tag, labels)).toBeNull());

  test('stands for the label of the unique tag, of the image and of no other', () => {
    const tag = parseTag('release-42');
    const labels = findMark(tag, pushed('main'))?.label ?? {};
    expect(labels).toEqual({ [UNIQUE_TAG_LABEL]: 'ghcr.io/owner/app:release-42' });
    expect(isUniqueTagOf(IMAGE, tag, labels)).toBe(true);
    expect(isUniqueTagOf(parseImageName('ghcr.io/owner/other'), tag, labels)).toBe(false);
  });

  test('is a valid tag, another one for each tag, and never that of a branch or builder image', () => {
    const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/).map((text) => parseTag(text));
    const long = fc.tuple(tag, tag).map(([one, other]): Tag => parseTag(`${one}${other}`.slice(0, 128)));
    fc.assert(
      fc.property(fc.oneof(tag, long), fc.oneof(tag, long), (one, other) => {
        const mark = promotedTag(one);
        expect(isTag(mark)).toBe(true);
        expect(mark).not.toBe(branchTag(other));
        expect(mark).not.toBe(builderTag(branchTag(other)));
        if (one !== other) expect(mark).not.toBe(promotedTag(other));
      }),
    );
  });
});

test('the tag that a run has found free after the build is the unique tag of the image, too', () => {
  const labels = { 'org.opencontainers.image.version': SHA };
  expect(isUniqueTagOf(IMAGE, parseTag(SHA), labels)).toBe(true);
  expect(isUniqueTagOf(IMAGE, parseTag(`${SHA}-${NOW_TAG}`), labels)).toBe(true);
  expect(isUniqueTagOf(IMAGE, parseTag(`main-${NOW_TAG}`), { 'org.opencontainers.image.version': 'main' })).toBe(false);
});
