// The few questions to GitHub's API. Each has a time limit, and no answer is an answer: null.
import type { getOctokit } from '@actions/github';
import { isRecord } from '../plan/json.js';

const TIME_LIMIT_MS = 5000;

type Octokit = ReturnType<typeof getOctokit>;

/** What a run asks GitHub; `null` answers mean "cannot be found out". */
export interface GitHubApi {
  /** Loads the client while the run waits for something else, so that a later question does not. */
  prepare(): void;
  /** Committer time of a commit, ISO 8601. */
  readCommitTime(sha: string): Promise<string | null>;
  /** The commit that a branch is at now. */
  readBranchHead(branch: string): Promise<string | null>;
  /**
   * Head branch of the pull request of this repository that a commit merged; null when there is none.
   * @throws Error when it cannot be found out
   */
  readMergedBranch(sha: string): Promise<string | null>;
}

/** @param token null: nothing is asked */
export function createGitHubApi(token: string | null, repository: string): GitHubApi {
  const [owner = '', repo = ''] = repository.split('/');
  type Question = (octokit: Octokit, signal: AbortSignal) => Promise<string | null>;
  const ask = async (question: Question): Promise<string | null> => {
    if (token === null || owner === '' || repo === '') return null;
    // Loaded only when asked: a run that asks nothing does not pay for it.
    const { getOctokit: createClient } = await import('@actions/github');
    return question(createClient(token), AbortSignal.timeout(TIME_LIMIT_MS));
  };
  const askInVain = (question: Question): Promise<string | null> => ask(question).catch(() => null);
  return {
    prepare: () => {
      if (token !== null) import('@actions/github').catch(() => undefined);
    },
    readCommitTime: (sha) =>
      askInVain(async (octokit, signal) => {
        const { data } = await octokit.rest.git.getCommit({ owner, repo, commit_sha: sha, request: { signal } });
        return data.committer.date;
      }),
    readBranchHead: (branch) =>
      askInVain(async (octokit, signal) => {
        const { data } = await octokit.rest.git.getRef({ owner, repo, ref: `heads/${branch}`, request: { signal } });
        return data.object.sha;
      }),
    readMergedBranch: (sha) =>
      ask(async (octokit, signal) => {
        const request = { owner, repo, commit_sha: sha, request: { signal } };
        const { data } = await octokit.rest.repos.listPullRequestsAssociatedWithCommit(request);
        const merged = data.find((pull) => {
          // A deleted fork has no repository, whatever the types say.
          const head: unknown = pull.head.repo;
          const name = isRecord(head) && typeof head.full_name === 'string' ? head.full_name : '';
          const own = name.toLowerCase() === repository.toLowerCase();
          return own && pull.merged_at !== null && pull.merge_commit_sha === sha;
        });
        return merged?.head.ref ?? null;
      }),
  };
}
