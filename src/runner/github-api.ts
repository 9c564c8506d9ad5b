// The few questions to GitHub's API. Each has a time limit, and no answer is an answer: null.
import type { getOctokit } from '@actions/github';

const TIME_LIMIT_MS = 5000;

type Octokit = ReturnType<typeof getOctokit>;

/** What a run asks GitHub; `null` answers mean "cannot be found out". */
export interface GitHubApi {
  /** Committer time of a commit, ISO 8601. */
  readCommitTime(sha: string): Promise<string | null>;
  /** The commit that a branch is at now. */
  readBranchHead(branch: string): Promise<string | null>;
}

/** @param token null: nothing is asked */
export function createGitHubApi(token: string | null, repository: string): GitHubApi {
  const [owner = '', repo = ''] = repository.split('/');
  const ask = async (
    question: (octokit: Octokit, signal: AbortSignal) => Promise<string | null>,
  ): Promise<string | null> => {
    if (token === null || owner === '' || repo === '') return null;
    try {
      // Loaded only when asked: most runs of a push never need it before the image is built.
      const { getOctokit: createClient } = await import('@actions/github');
      return await question(createClient(token), AbortSignal.timeout(TIME_LIMIT_MS));
    } catch {
      return null;
    }
  };
  return {
    readCommitTime: (sha) =>
      ask(async (octokit, signal) => {
        const { data } = await octokit.rest.git.getCommit({ owner, repo, commit_sha: sha, request: { signal } });
        return data.committer.date;
      }),
    readBranchHead: (branch) =>
      ask(async (octokit, signal) => {
        const { data } = await octokit.rest.git.getRef({ owner, repo, ref: `heads/${branch}`, request: { signal } });
        return data.object.sha;
      }),
  };
}
