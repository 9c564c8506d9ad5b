// GitHub in the stories answers as the real client does, here over a stand-in of GitHub's API: the same questions to both.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type GitHubApiStandIn, startGitHubApi } from '../../../lab/github/github-api.js';
import type { GitHubApi } from '../../../src/adapters/github/run-api.js';
import { MemoryGitHub, REFUSED, StatusError } from '../../support/world/memory-github.js';

const SHA = '1'.repeat(40);
const MERGE = '2'.repeat(40);
const REPOSITORY = 'octo/app';
const BOT = 'github-actions[bot]';

let standIn: GitHubApiStandIn;
let createGitHubApi: typeof import('../../../src/adapters/github/run-api.js').createGitHubApi;
beforeAll(async () => {
  standIn = await startGitHubApi();
  // The client reads its address when it is loaded.
  process.env.GITHUB_API_URL = standIn.url;
  process.env.GITHUB_GRAPHQL_URL = `${standIn.url}/graphql`;
  ({ createGitHubApi } = await import('../../../src/adapters/github/run-api.js'));
});
afterAll(() => standIn.stop());

interface Place {
  readonly connect: (token: string | null) => GitHubApi;
  readonly setBranch: (branch: string, sha: string) => void;
  readonly setCommitTime: (sha: string, time: string) => void;
  readonly addComment: (pull: number, body: string) => number;
  readonly refuse: (status: number | null) => void;
}

function openReal(): Place {
  return {
    connect: (token) => createGitHubApi(token, REPOSITORY, new AbortController().signal),
    setBranch: standIn.setBranch,
    setCommitTime: standIn.setCommitTime,
    addComment: (pull, body) => standIn.comments.add(pull, 'alice', body).id,
    refuse: (status) => standIn.comments.setFault(status === null ? null : { request: /issues/, status }),
  };
}

function openMemory(): Place {
  const memory = new MemoryGitHub();
  return {
    connect: (token) => memory.connect(token),
    setBranch: (branch, sha) => memory.branches.set(branch, sha),
    setCommitTime: (sha, time) => memory.commitTimes.set(sha, time),
    addComment: (pull, body) => memory.addComment(pull, 'alice', body),
    refuse: (status) => {
      memory.faults.clear();
      const fault = status === 403 ? REFUSED : new StatusError(status ?? 0, 'Not Found');
      if (status !== null)
        for (const name of ['readComments', 'createComment'] as const) memory.faults.set(name, fault);
    },
  };
}

describe.each([
  ['the real client', openReal],
  ['GitHub in memory', openMemory],
])('%s', (_, open) => {
  let place: Place;
  let api: GitHubApi;
  beforeEach(() => {
    place = open();
    place.refuse(null);
    api = place.connect('ghs_0123456789');
  });

  test('tells branches and commit times, and null where there is none', async () => {
    place.setBranch('feature/x', SHA);
    place.setCommitTime(SHA, '2026-05-04T03:02:01Z');
    expect(await Promise.all([api.readBranchHead('feature/x'), api.readBranchHead('none')])).toEqual([SHA, null]);
    expect(await Promise.all([api.readBranchesAt(SHA), api.readBranchesAt(MERGE)])).toEqual([['feature/x'], []]);
    expect(await Promise.all([api.readCommitTime(SHA), api.readCommitTime(MERGE)])).toEqual([
      '2026-05-04T03:02:01Z',
      null,
    ]);
    expect(await api.readMergedBranch(MERGE, 'main')).toBeNull();
  });

  test('writes a comment as the owner of the token, and changes it', async () => {
    expect(await api.readTokenOwner()).toBe(BOT);
    await api.createComment(5, 'first');
    const before = await api.readComments(5);
    expect(before).toMatchObject({ comments: [{ author: BOT, body: 'first' }], complete: true });
    await api.updateComment(before.comments[0]!.id, 'second');
    expect((await api.readComments(5)).comments.map(({ body }) => body)).toEqual(['second']);
    await expect(api.updateComment(1, 'nothing')).rejects.toMatchObject({ status: 404 });
  });

  test('reads comments of all pages, and no more than a thousand', async () => {
    const ids = Array.from({ length: 150 }, (__, number) => place.addComment(6, `comment ${number}`));
    const some = await api.readComments(6);
    expect(some.comments.map(({ id }) => id)).toEqual(ids);
    expect(some.complete).toBe(true);
    for (let number = 0; number < 950; number += 1) place.addComment(6, 'more');
    const many = await api.readComments(6);
    expect([many.comments.length, many.complete]).toEqual([1000, false]);
  });

  test.each([403, 404])('throws what GitHub refuses, with its status (%i)', async (status) => {
    place.refuse(status);
    await expect(api.readComments(7)).rejects.toMatchObject({ status });
    await expect(api.createComment(7, 'x')).rejects.toMatchObject({ status });
  });

  test('without a token answers nothing, and says so where an answer is needed', async () => {
    const nobody = place.connect(null);
    expect(await Promise.all([nobody.readBranchHead('main'), nobody.readCommitTime(SHA)])).toEqual([null, null]);
    expect(await nobody.readMergedBranch(MERGE, 'main')).toBeNull();
    await expect(nobody.readTokenOwner()).rejects.toThrow('the input github-token is empty');
  });
});

describe('the real client alone', () => {
  test.each([
    ['of this repository', { headRepository: REPOSITORY }, 'feature/x'],
    ['of a fork', { headRepository: 'mallory/app' }, null],
    ['into another branch', { headRepository: REPOSITORY, baseRef: 'develop' }, null],
  ])('a pull request %s that the commit has merged', async (_, change, branch) => {
    standIn.setMergedPullRequest(MERGE, { number: 12, headRef: 'feature/x', ...change });
    expect(await openReal().connect('ghs_0123456789').readMergedBranch(MERGE, 'main')).toBe(branch);
  });

  test('gives up waiting for an answer', async () => {
    standIn.comments.setFault({ request: /graphql/, status: 0 });
    const asking = openReal().connect('ghs_0123456789').readTokenOwner();
    await expect(asking).rejects.toThrow(/gave no answer within 5 s/);
    standIn.comments.setFault(null);
  }, 20_000);
});
