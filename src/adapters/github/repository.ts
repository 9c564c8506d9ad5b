// The requests of a cleanup about the repository: pull requests, branches and git tags.
// https://docs.github.com/rest/pulls/pulls and https://docs.github.com/rest/git/refs#list-matching-references
import { isSameRepository } from '../../plan/event/event.js';
import { asRecord, asText, asTime, at } from '../../shared/json.js';
import type { RateLimitedClient } from './rate-limited-client.js';

export interface RepositoryApi {
  readDefaultBranch(): Promise<string>;
  readPull(number: number): Promise<PullRequest>;
  /** Pull requests from a branch of this repository, newest first, at most a hundred. */
  listPulls(headBranch: string): Promise<readonly PullRequest[]>;
  /** Whether there is a branch, or git tag, of exactly that name. */
  hasRef(kind: 'heads' | 'tags', name: string): Promise<boolean>;
}

/** All methods throw ApiError when the token lacks a right, or GitHub does not answer. */
export function createRepositoryApi(client: RateLimitedClient, repository: string): RepositoryApi {
  const [owner = '', repo = ''] = repository.split('/');
  const place = { owner, repo };
  return {
    readDefaultBranch: async () => {
      const { content } = await client.request('GET /repos/{owner}/{repo}', place);
      return readText(content, 'default_branch');
    },
    readPull: async (number) => {
      const { content } = await client.request('GET /repos/{owner}/{repo}/pulls/{number}', { ...place, number });
      return parsePull(content, repository);
    },
    listPulls: async (headBranch) => {
      const values = { ...place, state: 'all', head: `${owner}:${headBranch}`, per_page: 100 };
      const { content } = await client.request('GET /repos/{owner}/{repo}/pulls', values);
      if (!Array.isArray(content)) throw new Error('GitHub gave a list of pull requests that is none.');
      const pulls = content.map((pull: unknown) => parsePull(pull, repository));
      // GitHub ignores filters that it does not understand, so the answer is filtered again.
      return pulls.filter((pull) => pull.headBranch === headBranch);
    },
    hasRef: async (kind, name) => {
      // A list, not a single ref: it is empty when there is none, so that 404 can only mean that the token lacks a right.
      const values = { ...place, ref: `${kind}/${name}` };
      const { content } = await client.request('GET /repos/{owner}/{repo}/git/matching-refs/{ref}', values);
      if (!Array.isArray(content)) throw new Error('GitHub gave a list of refs that is none.');
      return content.some((ref: unknown) => at(ref, 'ref') === `refs/${kind}/${name}`);
    },
  };
}

function parsePull(content: unknown, repository: string): PullRequest {
  const pull = asRecord(content);
  const own = isSameRepository(at(pull.head, 'repo', 'full_name'), repository);
  if (typeof pull.number !== 'number') throw new Error('GitHub gave a pull request without a number.');
  const { merge_commit_sha: commit } = pull;
  const mergedAt = asTime(pull.merged_at);
  return {
    number: pull.number,
    headBranch: own ? readText(pull.head, 'ref') : null,
    baseBranch: readText(pull.base, 'ref'),
    closedAt: pull.state === 'closed' ? asTime(pull.closed_at) : null,
    merged: mergedAt === null || typeof commit !== 'string' ? null : { commit, at: mergedAt },
  };
}

function readText(content: unknown, name: string): string {
  const value = asText(at(content, name));
  if (value === '') throw new Error(`GitHub gave no ${name}.`);
  return value;
}

/** A pull request of the repository. */
export interface PullRequest {
  readonly number: number;
  /** Null when the branch is in another repository. */
  readonly headBranch: string | null;
  readonly baseBranch: string;
  /** Milliseconds; null while it is open. */
  readonly closedAt: number | null;
  /** The merge commit and its time; null when it was not merged. */
  readonly merged: { readonly commit: string; readonly at: number } | null;
}
