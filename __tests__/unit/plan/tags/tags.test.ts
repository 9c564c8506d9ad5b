import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parsePlatform } from '../../../../src/image/platform.js';
import { isTag, parseTag } from '../../../../src/image/reference.js';
import { type RunnerEvent, type WorkflowEvent, parseWorkflowEvent } from '../../../../src/plan/event/event.js';
import { builderTag } from '../../../../src/plan/tags/builder-tags.js';
import {
  type DerivedTags,
  branchTag,
  compactUtc,
  deriveTags,
  gitTagTag,
  uniqueCandidates,
} from '../../../../src/plan/tags/tags.js';
import {
  NOW,
  NOW_TAG,
  SHA,
  fromFork,
  gitTagPush,
  localBuild,
  messageOf,
  pullRequest,
  pushTo,
} from '../../../support/fixtures.js';
import { branchName, nearMiss } from '../../../support/arbitrary-names.js';
import { runsOf } from '../../../support/nightly.js';

const HEAD = 'feedfacefeedfacefeedfacefeedfacefeedface';

function derive(
  event: WorkflowEvent,
  own: { tag?: string; extra?: readonly string[]; part?: string } = {},
): DerivedTags {
  return deriveTags({
    event,
    now: NOW,
    ownTag: own.tag === undefined ? null : parseTag(own.tag),
    extraTags: (own.extra ?? []).map((tag) => parseTag(tag)),
    part: own.part === undefined ? null : parsePlatform(own.part),
  });
}

function eventOf(details: Partial<RunnerEvent>): WorkflowEvent {
  return parseWorkflowEvent({
    name: 'push',
    ref: 'refs/heads/main',
    sha: SHA,
    repository: 'owner/app',
    payload: {},
    ...details,
  });
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 10);

describe('the tag table, from what the runner says', () => {
  const pullRequestPayload = (fullName: string): unknown => ({
    pull_request: {
      number: 7,
      head: { ref: 'feature-x', sha: HEAD, repo: { full_name: fullName } },
      base: { ref: 'main' },
    },
  });
  const workflowRun = (fullName: string): unknown => ({
    workflow_run: { head_branch: 'main', head_repository: { full_name: fullName } },
  });
  const mergeGroup = { merge_group: { head_sha: HEAD, base_ref: 'refs/heads/main' } };
  const review = `review-pr-7-${HEAD}-${NOW_TAG}`;

  test.each<[string, Partial<RunnerEvent>, string | null, string, readonly string[]]>([
    ['a push to a branch', {}, 'main', SHA, ['main']],
    ['a push of a git tag', { ref: 'refs/tags/v1.2.3' }, null, 'v1.2.3', ['1.2.3', '1.2', '1']],
    [
      'a pull request of the same repository',
      { name: 'pull_request', ref: 'refs/pull/7/merge', payload: pullRequestPayload('owner/app') },
      'feature-x',
      review,
      ['feature-x'],
    ],
    [
      'a pull request from a fork',
      { name: 'pull_request', ref: 'refs/pull/7/merge', payload: pullRequestPayload('stranger/app') },
      null,
      review,
      [],
    ],
    [
      'pull_request_target from a fork, which runs on the base branch',
      { name: 'pull_request_target', payload: pullRequestPayload('stranger/app') },
      null,
      review,
      [],
    ],
    [
      'pull_request_target of the same repository',
      { name: 'pull_request_target', payload: pullRequestPayload('Owner/App') },
      'feature-x',
      review,
      ['feature-x'],
    ],
    [
      'a merge group',
      { name: 'merge_group', ref: 'refs/heads/gh-readonly-queue/main/pr-7-abc', payload: mergeGroup },
      null,
      HEAD,
      [],
    ],
    [
      'workflow_dispatch on a branch',
      { name: 'workflow_dispatch', ref: 'refs/heads/develop' },
      'develop',
      SHA,
      ['develop'],
    ],
    [
      'workflow_dispatch on a git tag',
      { name: 'workflow_dispatch', ref: 'refs/tags/v1.2.3' },
      null,
      'v1.2.3',
      ['1.2.3', '1.2', '1'],
    ],
    ['a schedule', { name: 'schedule', payload: { schedule: '0 4 * * 1' } }, 'main', SHA, ['main']],
    ['repository_dispatch', { name: 'repository_dispatch' }, 'main', SHA, ['main']],
    [
      'workflow_run of the own repository',
      { name: 'workflow_run', payload: workflowRun('owner/app') },
      'main',
      SHA,
      ['main'],
    ],
    [
      'workflow_run that a fork caused, from a branch called main',
      { name: 'workflow_run', payload: workflowRun('stranger/app') },
      null,
      SHA,
      [],
    ],
    [
      'a release',
      { name: 'release', ref: 'refs/tags/v1.2.3', payload: { release: { tag_name: 'v1.2.3' } } },
      null,
      'v1.2.3',
      ['1.2.3', '1.2', '1'],
    ],
  ])('%s', (_, details, branch, unique, moving) => {
    const derived = derive(eventOf(details));
    expect({ branch: derived.scope?.branch ?? null, unique: derived.unique, moving: derived.moving }).toEqual({
      branch,
      unique,
      moving,
    });
  });

  test.each([
    ['a branch', 'feature-x', 'feature-x', ['feature-x']],
    ['a detached head', null, undefined, []],
  ])("a developer's machine on %s", (_, branch, scope, moving) => {
    const derived = derive(localBuild(branch));
    expect(derived.scope?.tag).toBe(scope);
    expect(derived.unique).toBe(`dev-${SHA}-${NOW_TAG}`);
    expect(derived.moving).toEqual(moving);
  });

  test('a work tree with changes has no tag but its own, which says so', () =>
    expect(derive(localBuild('main', true))).toEqual({
      scope: null,
      unique: `dev-${SHA}-${NOW_TAG}-dirty`,
      moving: [],
    }));

  test('a branch that is called like such a tag has another', () =>
    expect(branchTag(`dev-${SHA}-${NOW_TAG}-dirty`)).toMatch(/^dev_.*-dirty-[0-9a-f]{10}$/));
});

describe('tags of a git tag', () => {
  test.each([
    ['v1.2.3', 'v1.2.3', ['1.2.3', '1.2', '1']],
    ['1.2.3', '1.2.3', ['1.2', '1']],
    ['v0.3.1', 'v0.3.1', ['0.3.1', '0.3']],
    ['v0.0.0', 'v0.0.0', ['0.0.0', '0.0']],
    ['v10.20.30', 'v10.20.30', ['10.20.30', '10.20', '10']],
    ['v1.2.3-rc.1', 'v1.2.3-rc.1', ['1.2.3-rc.1']],
    ['v0.1.0-beta', 'v0.1.0-beta', ['0.1.0-beta']],
    ['v1.2', 'v1.2', []],
    ['v01.2.3', 'v01.2.3', []],
    ['nightly', 'nightly', []],
    ['release/2024', `release-2024-${hash('release/2024')}`, []],
    ['latest', `latest-${hash('latest')}`, []],
    ['builder-main', `builder_main-${hash('builder-main')}`, []],
  ])('%s', (gitTag, unique, moving) => {
    const derived = derive(gitTagPush(gitTag));
    expect({ unique: derived.unique, moving: derived.moving, scope: derived.scope }).toEqual({
      unique,
      moving,
      scope: null,
    });
  });

  test('build metadata is no part of a tag: v1.2.3+build gets a tag of its own, not that of v1.2.3-build', () => {
    expect(gitTagTag('v1.2.3+build')).toBe(`v1.2.3-build-${hash('v1.2.3+build')}`);
    expect(gitTagTag('v1.2.3-build')).toBe('v1.2.3-build');
  });
});

describe('own and extra tags', () => {
  test.each([
    ['the branch tag', pushTo('main'), 'main'],
    ['a version tag', gitTagPush('v1.2.3'), '1.2'],
  ])('an own tag that is %s is refused, and named', (_, event, tag) => {
    const message = messageOf(() => derive(event, { tag }));
    expect(message).toContain('InputError');
    expect(message).toContain(`"${tag}"`);
  });

  test('an own tag takes the place of the unique tag; extra tags follow the branch tag, each once', () => {
    const derived = derive(pushTo('main'), { tag: 'r1', extra: ['main', 'stable', 'r1', 'stable'] });
    expect(derived.unique).toBe('r1');
    expect(derived.moving).toEqual(['main', 'stable']);
  });
});

describe('branch tags', () => {
  test.each([
    'main',
    'x',
    'feature-x',
    'fix_1.x',
    'Develop',
    'renovate-node-22.x',
    'v1.2.3.4',
    'latest-news',
    'my-builder-main',
    'face',
    'n'.repeat(100),
  ])('%s stays as it is', (branch) => expect(branchTag(branch)).toBe(branch));

  test.each([
    ['a slash', 'feature/x'],
    ['a prefix before main', 'hotfix/main'],
    ['the builder prefix', 'builder-main'],
    ['the cache prefix', 'cache-main'],
    ['the review prefix', 'review-pr-1'],
    ['the prefix of local builds', 'dev-x'],
    ['the prefix of marks', 'promoted-v1.2.3'],
    ['latest', 'latest'],
    ['a major version', 'v1'],
    ['a bare major version', '2'],
    ['a minor version', '1.2'],
    ['a full version', 'v1.2.3'],
    ['a pre-release', '1.2.3-rc.1'],
    ['a short commit SHA', 'deadbeef'],
    ['a full commit SHA', SHA],
    ['a full SHA-256', 'a1'.repeat(32)],
    ['an end like a hash', 'feature-x-0123456789'],
    ['101 characters', 'n'.repeat(101)],
    ['250 characters', 'long/'.repeat(50)],
    ['accents', 'ändern'],
    ['an emoji', '🚀-launch'],
    ['a leading dot', '.hidden'],
    ['no valid character at all', '🚀/é'],
    ['shell syntax', '$(touch${IFS}x)'],
  ])('a branch with %s gets the hash of its full name', (_, branch) => {
    const tag = branchTag(branch);
    expect(isTag(tag)).toBe(true);
    expect(tag.length).toBeLessThanOrEqual(100);
    expect(tag).not.toBe(branch);
    expect(tag).toMatch(new RegExp(`^[A-Za-z0-9_].*-${hash(branch)}$`));
    expect(tag).not.toMatch(/^(?:builder|cache|review-pr|dev|promoted)-/);
  });

  test('a slug is readable: feature/x is feature-x and ten digits', () =>
    expect(branchTag('feature/x')).toBe(`feature-x-${hash('feature/x')}`));

  test('names that teams mix up today do not share a tag', () => {
    const names = [
      'main',
      'hotfix/main',
      'builder-main',
      'cache-main',
      'x',
      'feature/x',
      'feature-x',
      'alice/fix',
      'bob/fix',
      'fix',
      'n'.repeat(100),
      'n'.repeat(101),
      'n'.repeat(102),
      'ä',
      'ö',
      'é/🚀',
      '🚀/é',
      'feature//x',
      'Feature/x',
    ];
    const written = names.flatMap((name) => [branchTag(name), builderTag(branchTag(name))]);
    expect(new Set(written).size).toBe(2 * names.length);
  });
});

const pair = fc.oneof(
  fc.tuple(branchName, branchName),
  branchName.chain((name) => fc.tuple(fc.constant(name), nearMiss(name))),
);

const RUNS = { numRuns: runsOf(2000) };

describe('for every valid git branch name', () => {
  test('the branch tag is a valid tag of at most 100 characters, and its builder tag is valid', () => {
    fc.assert(
      fc.property(branchName, (name) => {
        const tag = branchTag(name);
        expect(tag).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/);
        expect(builderTag(tag)).toMatch(/^builder-[A-Za-z0-9_.-]{1,120}$/);
      }),
      RUNS,
    );
  });

  test('two branches never share a tag, nor does one take the builder tag of another', () => {
    fc.assert(
      fc.property(pair, ([one, other]) => {
        fc.pre(one !== other);
        expect(branchTag(one)).not.toBe(branchTag(other));
        expect(builderTag(branchTag(one))).not.toBe(branchTag(other));
        expect(builderTag(branchTag(one))).not.toBe(builderTag(branchTag(other)));
      }),
      { numRuns: runsOf(5000) },
    );
  });

  test('a branch tag is never a unique tag of any run', () => {
    const sha = fc.stringMatching(/^[0-9a-f]{40}$/);
    const time = fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true });
    const unique = fc.tuple(sha, time, fc.nat()).chain(([commit, now, number]) => {
      const event = pullRequest({ sha: commit, number: number + 1 });
      return fc.constantFrom<string>(
        commit,
        `${commit}-${compactUtc(now)}`,
        deriveTags({ event, now, ownTag: null, extraTags: [], part: null }).unique,
        `dev-${commit}-${compactUtc(now)}`,
        `${commit}-linux_arm64`,
        derive(pushTo('main'), { part: 'linux/arm/v7' }).moving[0]!,
      );
    });
    fc.assert(
      fc.property(unique, branchName, (tag, name) => {
        expect(branchTag(tag)).not.toBe(tag);
        expect(branchTag(name)).not.toBe(tag);
      }),
      RUNS,
    );
  });

  test('a branch tag is never a version tag', () => {
    const number = fc.nat({ max: 30 });
    const suffix = fc.constantFrom('', '-rc.1', '-alpha');
    fc.assert(
      fc.property(number, number, number, suffix, fc.constantFrom('v', ''), (major, minor, patch, end, v) => {
        const { unique, moving } = derive(gitTagPush(`${v}${major}.${minor}.${patch}${end}`));
        for (const tag of [unique, ...moving]) expect(branchTag(tag)).not.toBe(tag);
      }),
    );
  });

  test('a plain name stays as it is', () => {
    const plain = fc.stringMatching(/^[g-z][g-z_]{0,20}(?:[-.][g-z_]{1,9}){0,3}$/);
    fc.assert(
      fc.property(
        plain.filter((name) => name !== 'latest'),
        (name) => expect(branchTag(name)).toBe(name),
      ),
      RUNS,
    );
  });
});

describe('a unique tag that is taken', () => {
  const candidates = (tag: string) => [...uniqueCandidates(parseTag(tag), NOW)];

  test('gets the time in UTC, or that of the next second, for a minute', () => {
    expect(candidates(SHA).slice(0, 3)).toEqual([SHA, `${SHA}-${NOW_TAG}`, `${SHA}-20260203040507`]);
    expect(candidates(SHA)).toHaveLength(61);
    expect(candidates(SHA).at(-1)).toBe(`${SHA}-20260203040605`);
  });

  test("is not moved when it is the caller's own, either", () => expect(candidates('r1')[1]).toBe(`r1-${NOW_TAG}`));

  test('stays a valid tag when it is as long as tags can be', () => {
    const [, tag = ''] = candidates('t'.repeat(128));
    expect(tag).toHaveLength(128);
    expect(tag.endsWith(`t-${NOW_TAG}`)).toBe(true);
  });
});

test('a fork has the unique tag of any pull request, and nothing that moves, not even from a branch called main', () => {
  const derived = derive(fromFork({ headBranch: 'main' }));
  expect(derived).toEqual({ scope: null, unique: `review-pr-7-${SHA}-${NOW_TAG}`, moving: [] });
});
