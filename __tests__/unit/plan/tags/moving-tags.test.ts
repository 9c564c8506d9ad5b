import { describe, expect, test } from '@jest/globals';
import { parseTag } from '../../../../src/image/reference.js';
import { UNIQUE_TAG_LABEL } from '../../../../src/image/unique-label.js';
import type { WorkflowEvent } from '../../../../src/plan/event/event.js';
import {
  explainStay,
  getOrderingTime,
  mayGoBack,
  withoutOlderVersions,
} from '../../../../src/plan/tags/moving-tags.js';
import {
  NOW_TAG,
  SHA,
  type With,
  gitTagPush,
  inputsOf,
  mergeGroup,
  messageOf,
  otherEvent,
  planOf,
  pullRequest,
  pushTo,
  registryWith,
  storedImage,
} from '../../../support/fixtures.js';

const tagsOf = (names: readonly string[]) => names.map((name) => parseTag(name));
const { image: IMAGE } = inputsOf();
const VERSION = 'org.opencontainers.image.version';
const CREATED = 'org.opencontainers.image.created';

describe('a release moves no tag that a newer version has', () => {
  const moving = tagsOf(['1.2.4', '1.2', '1', 'latest', 'v1', '1.2-slim', '1.2.4-slim']);
  test.each([
    ['v1.2.4', [], moving],
    ['v1.2.4', ['v1.2.3', 'v0.9.0', 'main', 'v1.2.4'], moving],
    ['v1.2.4', ['v1.3.0'], ['1.2.4', '1.2', '1.2-slim', '1.2.4-slim']],
    ['v1.2.4', ['v2.0.0'], ['1.2.4', '1.2', '1', 'v1', '1.2-slim', '1.2.4-slim']],
    ['v1.2.4', ['1.2.5'], ['1.2.4', '1.2.4-slim']],
    // A pre-release does not hold a stable version up, nor does another build of the version itself.
    ['v1.2.4', ['v1.3.0-rc.1', 'v1.2.4', 'v1.2.4-20260101000000'], moving],
    ['v1.2.4', ['v1.2.5-20260101000000'], moving],
    ['v1.2.4+build', ['v1.3.0'], ['1.2.4', '1.2', '1.2-slim', '1.2.4-slim']],
  ])('%s beside %j: %j', (gitTag, existing, expected) => {
    expect(withoutOlderVersions(moving, gitTag, existing)).toEqual(expected);
  });

  test.each([
    [['v1.2.9'], ['1.3.0-rc.1', 'next']],
    [['v1.3.0-rc.2'], ['1.3.0-rc.1']],
    [['v1.3.0'], ['1.3.0-rc.1']],
    [
      ['v1.3.0-rc.1', 'v1.3.0-rc.1-20260101000000'],
      ['1.3.0-rc.1', 'next'],
    ],
  ])('the pre-release v1.3.0-rc.1 beside %j: %j', (existing, expected) => {
    expect(withoutOlderVersions(tagsOf(['1.3.0-rc.1', 'next']), 'v1.3.0-rc.1', existing)).toEqual(expected);
  });

  test('where the tags cannot be listed, nothing moves that could go back', () => {
    expect(withoutOlderVersions(moving, 'v1.2.4', null)).toEqual(['1.2.4', '1.2.4-slim']);
    expect(withoutOlderVersions(tagsOf(['latest']), 'nightly', null)).toEqual(['latest']);
    expect(mayGoBack(parseTag('1.2.4'), 'v1.2.4')).toBe(false);
    expect(mayGoBack(parseTag('latest'), 'v1.2.4')).toBe(true);
  });
});

describe('where nothing else tells which image is newer, the time of the commit does', () => {
  const labels = { [CREATED]: '2026-05-04T12:00:00+01:00' };
  test.each<[string, WorkflowEvent, boolean]>([
    ['a branch', pushTo('main'), false],
    ['a pull request', pullRequest(), false],
    ['a version', gitTagPush('v1.2.3'), false],
    ['another git tag', gitTagPush('release-42'), true],
    ['a merge group', mergeGroup(), true],
    ['another event', otherEvent(), true],
  ])('%s', (_, event, asks) => {
    const { scope } = planOf(event);
    expect(getOrderingTime(scope, event, labels)).toBe(asks ? labels[CREATED] : null);
  });

  test.each([
    ['2026-05-04T11:00:00Z', null],
    ['2026-05-04T11:00:01Z', null],
    ['2026-05-04T10:59:59Z', 'latest leads to the image of a later commit, so it is left where it is.'],
    [null, null],
  ])('a commit of %s', (time, expected) => expect(explainStay(IMAGE, parseTag('latest'), labels, time)).toBe(expected));

  test('an image that does not say when it was made is no later one', () => {
    for (const other of [{}, { [CREATED]: 'yesterday' }])
      expect(explainStay(IMAGE, parseTag('latest'), other, '2026-05-04T10:00:00Z')).toBeNull();
  });
});

describe('a moving tag never takes the place of a unique one', () => {
  const plan = (event: WorkflowEvent, given: With = {}, targets: Parameters<typeof storedImage>[1][] = []) =>
    planOf(event, given, {
      ...registryWith(),
      targets: targets.map((target) => storedImage('release-42', target)),
    });
  const labelsOf = (event: WorkflowEvent, given: With = {}) => plan(event, given).production.labels;
  const UNIQUE: [string, WorkflowEvent, With][] = [
    ['of a git tag', gitTagPush('release-42'), {}],
    ['that the input tag names', pushTo('main'), { tag: 'release-42' }],
    ['with a version of its own', pushTo('main'), { tag: 'release-42', labels: `${VERSION}=7` }],
  ];
  const MOVING: [string, WorkflowEvent, With][] = [
    ['of a branch', pushTo('release-42'), {}],
    [
      'of a branch whose workflow sets the version to its name',
      pushTo('release-42'),
      { labels: `${VERSION}=release-42` },
    ],
    ['of a pull request', pullRequest({ headBranch: 'release-42' }), {}],
    ['that extra-tags names', pushTo('main'), { 'extra-tags': 'release-42' }],
  ];

  /** As an image has them: what the inputs say wins. */
  const stored = (event: WorkflowEvent, given: With) => {
    const { production } = plan(event, given);
    const own = production.flags.filter(({ input }) => input === 'labels').map(({ value }) => value.split('='));
    const theirs = Object.fromEntries(own.map(([name = '', text = '']) => [name, text]));
    return { labels: { ...production.labels, ...theirs } };
  };

  test.each(UNIQUE)('the unique tag %s stays', (_, event, given) => {
    const target = stored(event, given);
    for (const [, mover, more] of MOVING.slice(0, 3)) {
      const { tags, notes } = plan(mover, more, [target]);
      expect(tags.moving).toEqual([]);
      expect(notes).toContain(
        'release-42 is the unique tag of another image and is never moved: this run leaves it where it is.',
      );
    }
    expect(messageOf(() => plan(pushTo('main'), { 'extra-tags': 'release-42' }, [target]))).toBe(
      'InputError: extra-tags: release-42 is the unique tag of another image and is never moved. Choose another name, or leave it out.',
    );
    // A run that writes nothing has nothing to be told.
    expect(plan(pushTo('main'), { 'extra-tags': 'release-42', push: 'false' }, [target]).tags.moving).toContain(
      'release-42',
    );
  });

  test.each(MOVING)('the moving tag %s may be moved', (_, event, given) => {
    const target = stored(event, given);
    for (const [, mover, more] of MOVING) expect(plan(mover, more, [target]).tags.moving).toContain('release-42');
  });

  test('an image that this action has not made may be left by its tag', () => {
    expect(plan(pushTo('release-42'), {}, [{}]).tags.moving).toEqual(['release-42']);
    expect(plan(pushTo('release-42'), {}, [{ labels: { [VERSION]: 'release-42' } }]).tags.moving).toEqual([
      'release-42',
    ]);
  });

  test.each([
    [SHA, { [VERSION]: SHA }, true],
    [`${SHA}-${NOW_TAG}`, { [VERSION]: `${SHA}-${NOW_TAG}` }, true],
    [SHA, { [VERSION]: `review-pr-7-${SHA}-${NOW_TAG}` }, false],
    [`dev-${SHA}-${NOW_TAG}`, { [VERSION]: `dev-${SHA}-${NOW_TAG}` }, true],
    ['main', { [VERSION]: 'main' }, false],
    ['1.2.3', { [VERSION]: '1.2.3' }, false],
    ['1.2.3', { [UNIQUE_TAG_LABEL]: 'ghcr.io/owner/app:1.2.3' }, true],
    ['1.2.3', { [UNIQUE_TAG_LABEL]: 'ghcr.io/owner/app:v1.2.3' }, false],
    // Of an image that this one is built on.
    ['1.2.3', { [UNIQUE_TAG_LABEL]: 'ghcr.io/owner/base:1.2.3' }, false],
    // A run that was overtaken has given its image the time.
    [`release-42-${NOW_TAG}`, { [UNIQUE_TAG_LABEL]: 'ghcr.io/owner/app:release-42' }, true],
    [`release-${NOW_TAG}`, { [UNIQUE_TAG_LABEL]: 'ghcr.io/owner/app:release-42' }, false],
    [`${'t'.repeat(113)}-${NOW_TAG}`, { [UNIQUE_TAG_LABEL]: `ghcr.io/owner/app:${'t'.repeat(128)}` }, true],
  ])('%s with %j', (tag, labels, unique) => {
    expect(explainStay(IMAGE, parseTag(tag), labels, null) !== null).toBe(unique);
  });

  test('the label is there only where the version does not tell', () => {
    for (const event of [pushTo('main'), pullRequest()]) expect(labelsOf(event)).not.toHaveProperty([UNIQUE_TAG_LABEL]);
    expect(labelsOf(pushTo('main'), { labels: `${VERSION}=7` })[UNIQUE_TAG_LABEL]).toBe(`ghcr.io/owner/app:${SHA}`);
    expect(labelsOf(gitTagPush('v1.2.3'))).not.toHaveProperty([UNIQUE_TAG_LABEL]);
    expect(labelsOf(gitTagPush('1.2.3'))[UNIQUE_TAG_LABEL]).toBe('ghcr.io/owner/app:1.2.3');
    expect(labelsOf(pushTo('main'), { platforms: 'linux/arm64', 'part-of-index': 'true' })[UNIQUE_TAG_LABEL]).toBe(
      `ghcr.io/owner/app:${SHA}-linux_arm64`,
    );
  });
});
