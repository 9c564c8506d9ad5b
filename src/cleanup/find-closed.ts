// Asks GitHub which pull requests are closed and which branches deleted. The event alone does not tell: a pull request
// may be open again by the time the run starts.
import type { PackageVersion } from '../adapters/github/packages.js';
import type { PullRequest, RepositoryApi } from '../adapters/github/repository.js';
import { errorMessage } from '../shared/text.js';
import { type ClosedWork, readPullNumber } from './pure/cleanup-plan.js';
import { findReasonToStay } from './pure/closed.js';
import type { CleanupEvent } from './pure/event.js';

export interface ClosedWorkRequest {
  readonly event: Exclude<CleanupEvent, { readonly kind: 'nothing' }>;
  readonly repository: RepositoryApi;
  readonly versions: readonly PackageVersion[];
  readonly mainBranches: readonly string[];
  /** Milliseconds. */
  readonly oldBefore: number;
}

export interface ClosedWorkAnswer {
  readonly closed: readonly ClosedWork[];
  readonly notes: readonly string[];
  /** Of a sweep: errors for pull requests that GitHub did not answer for; their images stay. */
  readonly faults: readonly string[];
}

/** A token of a workflow has 1000 requests an hour: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
const MOST_PULLS = 50;
const MOST_QUESTIONS = 200;

const PERMISSIONS = 'The job may need "permissions: contents: read, pull-requests: read".';

/** @throws Error when GitHub does not answer for the event's pull request or branch */
export async function findClosedWork(request: ClosedWorkRequest): Promise<ClosedWorkAnswer> {
  const { event, repository } = request;
  switch (event.kind) {
    case 'pull-request': {
      const closed = await ask(`pull request #${event.number}`, async () => {
        const pull = await repository.readPull(event.number);
        return pull.closedAt === null ? null : endPull(request, pull);
      });
      if (closed !== null) return { closed: [closed], notes: [], faults: [] };
      return { closed: [], notes: [`Pull request #${event.number} is open again, so its images stay.`], faults: [] };
    }
    case 'branch': {
      const closed = await ask(`the branch ${JSON.stringify(event.branch)}`, async () => {
        const pulls = await repository.listPulls(event.branch);
        const own = pulls.filter(({ headBranch }) => headBranch !== null);
        const numbers = own.filter(({ closedAt }) => closedAt !== null).map(({ number }) => number);
        return { pulls: numbers, branch: event.branch, branchStays: await findReason(request, event.branch, own) };
      });
      return { closed: [closed], notes: [], faults: [] };
    }
    case 'sweep':
      return sweep(request);
  }
}

/** Looks at all pull requests that have review tags which are old enough, the oldest first. */
async function sweep(request: ClosedWorkRequest): Promise<ClosedWorkAnswer> {
  const { versions, repository, oldBefore } = request;
  const old = versions.filter(({ changedAt }) => changedAt < oldBefore);
  const numbers = [...new Set(old.flatMap(({ tags }) => tags.map(readPullNumber).filter((number) => number !== null)))];
  numbers.sort((one, other) => one - other);
  const closed: ClosedWork[] = [];
  const faults: string[] = [];
  let open = 0;
  for (const number of numbers) {
    if (closed.length + faults.length >= MOST_PULLS || closed.length + faults.length + open >= MOST_QUESTIONS) break;
    try {
      const found = await ask(`pull request #${number}`, async () => {
        const pull = await repository.readPull(number);
        return pull.closedAt === null || pull.closedAt >= oldBefore ? null : endPull(request, pull);
      });
      if (found === null) open += 1;
      else closed.push(found);
    } catch (error) {
      faults.push(errorMessage(error));
    }
  }
  const left = numbers.length - closed.length - faults.length - open;
  const note = `${left} more pull requests with review tags were not looked at; the next run does.`;
  return { closed, notes: left === 0 ? [] : [note], faults };
}

async function endPull(request: ClosedWorkRequest, pull: PullRequest): Promise<ClosedWork> {
  const { number, headBranch: branch } = pull;
  if (branch === null) return { pulls: [number], branch, branchStays: null };
  const pulls = await request.repository.listPulls(branch);
  const own = pulls.filter(({ headBranch }) => headBranch !== null);
  return { pulls: [number], branch, branchStays: await findReason(request, branch, [pull, ...own]) };
}

async function findReason(
  { repository, mainBranches, versions, oldBefore }: ClosedWorkRequest,
  branch: string,
  pulls: readonly PullRequest[],
): Promise<string | null> {
  const [exists, isGitTag] = await Promise.all([repository.hasRef('heads', branch), repository.hasRef('tags', branch)]);
  const tags = new Set(versions.flatMap((version) => version.tags));
  return findReasonToStay({ branch, mainBranches, exists, isGitTag, pulls, tags, oldBefore });
}

/** @throws Error that names the pull request or branch, and the permission that may be missing */
async function ask<T>(what: string, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw new Error(
      `GitHub does not say what has become of ${what}, so its images stay: ${errorMessage(error)}. ${PERMISSIONS}`,
      { cause: error },
    );
  }
}
