import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import {
  type RunnerEvent,
  type WorkflowEvent,
  parseWorkflowEvent,
  readCommitTime,
  readDefaultBranch,
} from '../../../../src/plan/event/event.js';
import { SHA, messageOf } from '../../../support/fixtures.js';

const HEAD = 'ec26c3e57ca3a959ca5aad62de7213c562f8c821';

type Json = Record<string, unknown>;

const webhooks = createRequire(import.meta.url)('@octokit/webhooks-examples') as { name: string; examples: Json[] }[];

/** A recorded payload, as a copy that a test may change. */
function recorded(event: string, matches: (payload: Json) => boolean = () => true): Json {
  const found = webhooks.find(({ name }) => name === event)?.examples.find(matches);
  if (found === undefined) throw new Error(`There is no recorded payload of ${event}.`);
  return structuredClone(found);
}

function parse(name: string, payload: unknown, details: Partial<RunnerEvent> = {}): WorkflowEvent {
  return parseWorkflowEvent({ name, payload, ref: 'refs/heads/main', sha: SHA, repository: 'owner/app', ...details });
}

const codertocat = { repository: 'Codertocat/Hello-World' };
const octo = { repository: 'octo-org/octo-repo' };
const merge = { ref: 'refs/pull/2/merge', ...codertocat };

/** The recorded pull request, with another head repository. */
function pullRequestFrom(repo: unknown): Json {
  const payload = recorded('pull_request');
  const { head } = payload.pull_request as { head: Json };
  head.repo = repo;
  return payload;
}

describe("GitHub's recorded payloads", () => {
  test('a push to a branch', () =>
    expect(
      parse(
        'push',
        recorded('push', ({ ref }) => ref === 'refs/heads/master'),
        { ref: 'refs/heads/feature/x', ...codertocat },
      ),
    ).toEqual({ kind: 'branch', name: 'push', branch: 'feature/x', sha: SHA }));

  test('a push of a git tag', () =>
    expect(parse('push', recorded('push'), { ref: 'refs/tags/simple-tag', ...codertocat })).toEqual({
      kind: 'git-tag',
      name: 'push',
      gitTag: 'simple-tag',
      sha: SHA,
    }));

  test('a pull request of the same repository is its head commit, not the merge commit of GITHUB_SHA', () =>
    expect(parse('pull_request', recorded('pull_request'), merge)).toEqual({
      kind: 'pull-request',
      name: 'pull_request',
      number: 2,
      headBranch: 'changes',
      baseBranch: 'master',
      sha: HEAD,
      headRepository: 'Codertocat/Hello-World',
      fork: false,
    }));

  test.each([
    ['from a fork', { full_name: 'stranger/Hello-World' }, 'stranger/Hello-World'],
    ['from a fork that was deleted', null, null],
    ['from who knows where', { full_name: 42 }, null],
  ])('a pull request %s is one of a fork, whatever the event', (_, repo, headRepository) => {
    for (const name of ['pull_request', 'pull_request_target', 'pull_request_review'])
      expect(parse(name, pullRequestFrom(repo), merge)).toMatchObject({ name, fork: true, headRepository, sha: HEAD });
  });

  test('the letter case of the repository does not make a fork', () =>
    expect(parse('pull_request', pullRequestFrom({ full_name: 'CODERTOCAT/hello-world' }), merge)).toMatchObject({
      fork: false,
    }));

  test('a release is its git tag', () =>
    expect(parse('release', recorded('release'), { ref: 'refs/tags/0.0.1', ...codertocat })).toEqual({
      kind: 'git-tag',
      name: 'release',
      gitTag: '0.0.1',
      sha: SHA,
    }));

  test.each(['workflow_dispatch', 'repository_dispatch'])('%s is the branch that it runs on', (name) =>
    expect(parse(name, recorded(name), { ref: 'refs/heads/develop', ...octo })).toEqual({
      kind: 'branch',
      name,
      branch: 'develop',
      sha: SHA,
    }),
  );

  test('workflow_dispatch on a git tag is that git tag', () =>
    expect(parse('workflow_dispatch', recorded('workflow_dispatch'), { ref: 'refs/tags/v1.2.3' })).toMatchObject({
      kind: 'git-tag',
      gitTag: 'v1.2.3',
    }));

  test('a schedule, whose payload says next to nothing, is the branch that it runs on', () =>
    expect(parse('schedule', { schedule: '0 4 * * 1' })).toEqual({
      kind: 'branch',
      name: 'schedule',
      branch: 'main',
      sha: SHA,
    }));

  test('workflow_run of the own repository is the branch that it runs on', () =>
    expect(
      parse(
        'workflow_run',
        recorded('workflow_run', ({ repository }) => (repository as Json).full_name === 'octo-org/octo-repo'),
        octo,
      ),
    ).toEqual({ kind: 'branch', name: 'workflow_run', branch: 'main', sha: SHA }));

  test('workflow_run that another repository caused has no branch, even though it runs on main', () =>
    expect(
      parse(
        'workflow_run',
        recorded('workflow_run', ({ repository }) => (repository as Json).full_name === 'Codertocat/Hello-World'),
        codertocat,
      ),
    ).toEqual({ kind: 'other', name: 'workflow_run', sha: SHA, fork: true }));

  test.each([
    ['no payload', null],
    ['no run', {}],
    ['a deleted fork', { workflow_run: { head_repository: null } }],
  ])('workflow_run with %s is trusted as little as one of a fork', (_, payload) =>
    expect(parse('workflow_run', payload)).toMatchObject({ kind: 'other', fork: true }),
  );

  test('a merge group is the commit that will be on the base branch', () =>
    expect(parse('merge_group', recorded('merge_group'), octo)).toEqual({
      kind: 'merge-group',
      name: 'merge_group',
      baseBranch: 'main',
      sha: '2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d',
    }));

  test('an event that does not say what is checked out has no branch', () =>
    expect(parse('issue_comment', recorded('issue_comment'))).toEqual({
      kind: 'other',
      name: 'issue_comment',
      sha: SHA,
      fork: false,
    }));
});

describe('malformed payloads name what is missing', () => {
  const pull = (change: Json): Json => ({
    pull_request: {
      number: 2,
      head: { ref: 'changes', sha: HEAD, repo: { full_name: 'owner/app' } },
      base: { ref: 'main' },
      ...change,
    },
  });
  const head = (change: Json): Json => pull({ head: { ref: 'changes', sha: HEAD, ...change } });
  const group = (change: Json): Json => ({
    merge_group: { head_sha: HEAD, base_ref: 'refs/heads/main', ...change },
  });

  test.each<[string, string, unknown, string]>([
    ['number as a string', 'pull_request', pull({ number: '2' }), 'pull_request.number'],
    ['number missing', 'pull_request', pull({ number: undefined }), 'pull_request.number'],
    ['number as a list', 'pull_request', pull({ number: [2] }), 'pull_request.number'],
    ['number null', 'pull_request', pull({ number: null }), 'pull_request.number'],
    ['number zero', 'pull_request', pull({ number: 0 }), 'pull_request.number'],
    ['number too large to be exact', 'pull_request', pull({ number: 2 ** 53 }), 'pull_request.number'],
    ['head null', 'pull_request_target', pull({ head: null }), 'pull_request.head.ref'],
    ['head as a list', 'pull_request', pull({ head: [] }), 'pull_request.head.ref'],
    ['head branch empty', 'pull_request', head({ ref: '' }), 'pull_request.head.ref'],
    ['head commit a number', 'pull_request', head({ sha: 12 }), 'pull_request.head.sha'],
    ['head commit short', 'pull_request', head({ sha: 'ec26c3e' }), 'pull_request.head.sha'],
    ['head commit a branch name', 'pull_request', head({ sha: 'main' }), 'pull_request.head.sha'],
    ['base missing', 'pull_request', pull({ base: undefined }), 'pull_request.base.ref'],
    ['merge group missing', 'merge_group', {}, 'merge_group.base_ref'],
    ['merge group null', 'merge_group', null, 'merge_group.base_ref'],
    ['merge group commit missing', 'merge_group', group({ head_sha: undefined }), 'merge_group.head_sha'],
    ['merge group commit no SHA', 'merge_group', group({ head_sha: 'HEAD' }), 'merge_group.head_sha'],
    ['release missing', 'release', {}, 'release.tag_name'],
    ['release as a string', 'release', { release: 'v1.2.3' }, 'release.tag_name'],
    ['release tag null', 'release', { release: { tag_name: null } }, 'release.tag_name'],
    ['release tag empty', 'release', { release: { tag_name: '' } }, 'release.tag_name'],
  ])('%s (%s)', (_, name, payload, field) => {
    const message = messageOf(() => parse(name, payload));
    expect(message).toMatch(/^InputError: /);
    expect(message).toContain(field);
  });

  test.each(['', 'main', SHA.toUpperCase(), SHA.slice(1), `${SHA}\n`, `${SHA}0`])('GITHUB_SHA %j', (sha) =>
    expect(messageOf(() => parse('push', {}, { sha }))).toMatch(/^InputError: GITHUB_SHA/),
  );

  test.each([null, undefined, [], 'text', 12])('a push does not need its payload (%j)', (payload) =>
    expect(parse('push', payload)).toMatchObject({ kind: 'branch', branch: 'main' }),
  );

  test.each(['refs/heads/', 'refs/pull/1/merge', 'main', ''])('a push of %j has no branch', (ref) =>
    expect(parse('push', {}, { ref })).toMatchObject({ kind: 'other' }),
  );

  test('a value that the payload inherits is no value', () =>
    expect(messageOf(() => parse('release', { release: Object.create({ tag_name: 'v1.2.3' }) as unknown }))).toContain(
      'release.tag_name',
    ));
});

describe('the commit time', () => {
  const time = '2019-05-15T15:19:25Z';

  test('is that of the pushed commit', () => {
    const payload = recorded('push', ({ ref }) => ref === 'refs/heads/master');
    expect(readCommitTime(payload, '6113728f27ae82c7b1a177c8d03f9e96e0adf246')).toBe(time);
  });

  test.each([
    ['another commit', { head_commit: { id: HEAD, timestamp: time } }],
    ['no commit', {}],
    ['no payload', null],
    ['a time that is none', { head_commit: { id: SHA, timestamp: 'yesterday' } }],
    ['a time of another type', { head_commit: { id: SHA, timestamp: 1557933565 } }],
    ['a deleted branch', { head_commit: null }],
  ])('is unknown for %s', (_, payload) => expect(readCommitTime(payload, SHA)).toBeNull());
});

test.each<[string, unknown, string | null]>([
  ['tells it', { repository: { default_branch: 'trunk' } }, 'trunk'],
  ['leaves it out, as for schedules', { schedule: '0 4 * * 1' }, null],
  ['has an empty one', { repository: { default_branch: '' } }, null],
  ['has one of another type', { repository: { default_branch: ['main'] } }, null],
  ['is missing', null, null],
])('the default branch when the payload %s', (_, payload, branch) => expect(readDefaultBranch(payload)).toBe(branch));
