// A stand-in for the few questions that the action asks GitHub's API, since no test may reach the real one.
// Shapes: https://docs.github.com/rest/git/refs#get-a-reference and https://docs.github.com/rest/git/commits
import { createServer } from 'node:http';
import { listen } from './listen.js';

export interface GitHubApiStandIn {
  /** For GITHUB_API_URL. */
  readonly url: string;
  readonly setBranch: (branch: string, sha: string) => void;
  readonly setCommitTime: (sha: string, time: string) => void;
  /** `GET /repos/octo/app/git/ref/heads%2Fmain`, in the order of arrival. */
  readonly requests: () => readonly string[];
  readonly stop: () => Promise<void>;
}

export async function startGitHubApi(): Promise<GitHubApiStandIn> {
  const branches = new Map<string, string>();
  const times = new Map<string, string>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const path = decodeURIComponent(request.url ?? '').replace(/\?.*$/, '');
    const [, branch = ''] = /\/git\/ref\/heads\/(.+)$/.exec(path) ?? [];
    const [, commit = ''] = /\/git\/commits\/([0-9a-f]+)$/.exec(path) ?? [];
    const sha = branches.get(branch);
    const time = times.get(commit);
    const answer =
      sha !== undefined
        ? { ref: `refs/heads/${branch}`, object: { type: 'commit', sha } }
        : time !== undefined
          ? { sha: commit, committer: { date: time } }
          : { message: 'Not Found' };
    response.writeHead('message' in answer ? 404 : 200, { 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(answer));
  });
  const { port, stop } = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    setBranch: (branch, sha) => void branches.set(branch, sha),
    setCommitTime: (sha, time) => void times.set(sha, time),
    requests: () => requests,
    stop,
  };
}
