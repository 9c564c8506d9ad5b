// A stand-in for the few questions that the action asks GitHub's API, since no test may reach the real one.
// Shapes: https://docs.github.com/rest/git/refs#get-a-reference and https://docs.github.com/rest/git/commits
import { createServer } from 'node:http';
import { type CodeScanning, createCodeScanning } from './code-scanning.js';
import { type IssueComments, createIssueComments } from './issue-comments.js';
import { listen } from './listen.js';

export interface MergedPullRequest {
  readonly number: number;
  readonly headRef: string;
  /** `owner/name` */
  readonly headRepository: string;
}

export interface GitHubApiStandIn {
  /** For GITHUB_API_URL. */
  readonly url: string;
  readonly setBranch: (branch: string, sha: string) => void;
  readonly setCommitTime: (sha: string, time: string) => void;
  /** The commit is the merge of that pull request. */
  readonly setMergedPullRequest: (sha: string, pull: MergedPullRequest) => void;
  readonly comments: IssueComments;
  readonly codeScanning: CodeScanning;
  /** `GET /repos/octo/app/git/ref/heads%2Fmain`, in the order of arrival. */
  readonly requests: () => readonly string[];
  readonly stop: () => Promise<void>;
}

export async function startGitHubApi(): Promise<GitHubApiStandIn> {
  const branches = new Map<string, string>();
  const times = new Map<string, string>();
  const pulls = new Map<string, MergedPullRequest>();
  const requests: string[] = [];
  const comments = createIssueComments();
  const codeScanning = createCodeScanning();
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (comments.answer(request, response) || codeScanning.answer(request, response)) return;
    const path = decodeURIComponent(request.url ?? '').replace(/\?.*$/, '');
    const [, branch = ''] = /\/git\/ref\/heads\/(.+)$/.exec(path) ?? [];
    const [, commit = ''] = /\/git\/commits\/([0-9a-f]+)$/.exec(path) ?? [];
    const [, merged = ''] = /\/commits\/([0-9a-f]+)\/pulls$/.exec(path) ?? [];
    const sha = branches.get(branch);
    const time = times.get(commit);
    const pull = pulls.get(merged);
    const answer =
      sha !== undefined
        ? { ref: `refs/heads/${branch}`, object: { type: 'commit', sha } }
        : time !== undefined
          ? { sha: commit, committer: { date: time } }
          : merged !== ''
            ? pull === undefined
              ? []
              : [toPullRequest(merged, pull)]
            : undefined;
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(answer ?? { message: 'Not Found' }));
  });
  const { port, stop } = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    setBranch: (branch, sha) => void branches.set(branch, sha),
    setCommitTime: (sha, time) => void times.set(sha, time),
    setMergedPullRequest: (sha, pull) => void pulls.set(sha, pull),
    comments,
    codeScanning,
    requests: () => requests,
    stop,
  };
}

/** https://docs.github.com/rest/commits/commits#list-pull-requests-associated-with-a-commit */
function toPullRequest(sha: string, { number, headRef, headRepository }: MergedPullRequest): object {
  const head = { ref: headRef, repo: { full_name: headRepository } };
  return { number, state: 'closed', merged_at: '2026-05-04T03:02:01Z', merge_commit_sha: sha, head };
}
