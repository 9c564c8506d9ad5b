// How many requests a clean-up makes as a package grows. docs: cleanup.md, "How many requests".
import { expect, test } from '@jest/globals';
import { LONG_AGO, SHA, expectSuccess } from '../../support/cleanup-lab.js';
import { useCleanupWorld } from '../../support/world/cleanup-world.js';

const stand = useCleanupWorld();
const PAGE = 10;

/**
 * A sweep of a package with two versions for each branch, image and builder, and main's.
 * @param closed how many of the pull requests, one of each branch, are closed; their branches are gone
 * @returns requests to GitHub, and manifests that were read from the registry
 */
async function sweep(branches: number, closed: number): Promise<{ readonly api: number; readonly manifests: number }> {
  const { github, repository } = await stand.open({ pageSize: PAGE });
  for (let number = 1; number <= branches; number += 1) {
    const headRef = `branch-${number}`;
    await stand.push([headRef, `review-pr-${number}-${SHA}-20260203040506`]);
    await stand.push([`builder-${headRef}`]);
    const isClosed = number <= closed;
    const pull = { number, headRef, headRepository: repository };
    github.setPull({ ...pull, ...(isClosed && { closedAt: LONG_AGO }) });
    if (!isClosed) github.setBranch(headRef, SHA);
  }
  const [first, read] = [github.requests().length, stand.memory().requests.length];
  expectSuccess(await stand.clean(stand.schedule()));
  const reads = stand.memory().requests.slice(read);
  return {
    api: github.requests().length - first,
    manifests: reads.filter((line) => line.startsWith('GET manifests/sha256:')).length,
  };
}

test.each([
  [10, 0],
  [30, 0],
  [10, 2],
  [30, 2],
])('%s branches, and %s of them gone', async (branches, closed) => {
  const versions = 2 * branches + 1;
  const pages = Math.ceil(versions / PAGE);
  const { api, manifests } = await sweep(branches, closed);
  // The owner, the default branch, the list; each pull request; of a closed one its branch, a git tag of its name and its
  // other pull requests.
  const questions = 2 + pages + branches + 3 * closed;
  if (closed === 0) {
    expect({ api, manifests }).toEqual({ api: questions, manifests: 0 });
    return;
  }
  // The list again, and two for each version that goes: it is looked at, and deleted. Of the registry each version, and what a
  // branch that is gone has left a second time: whether its tag is a unique one.
  expect({ api, manifests }).toEqual({ api: questions + pages + 2 * 2 * closed, manifests: versions + closed });
});

test.each([1, 40])(
  'a tag that is taken off a version that stays, of %s others: one page of the list',
  async (others) => {
    const { github, repository } = await stand.open({ pageSize: PAGE });
    await stand.push([SHA, 'branch-1', `review-pr-1-${SHA}-20260203040506`]);
    for (let other = 0; other < others; other += 1) await stand.push([`v1.${other}`]);
    github.setPull({ number: 1, headRef: 'branch-1', headRepository: repository, closedAt: LONG_AGO });
    const first = github.requests().length;
    expectSuccess(await stand.clean(stand.schedule()));
    const lists = github
      .requests()
      .slice(first)
      .filter((line) => /^GET .*\/versions(?:\?|$)/.test(line));
    expect(await stand.tags()).not.toContain('branch-1');
    expect(lists).toHaveLength(2 * Math.ceil((others + 2) / PAGE) + 1);
  },
);
