// A stand-in for the few questions that the action asks GitHub's API, since no test may reach the real one.
// Shapes: https://docs.github.com/rest/git/refs, https://docs.github.com/rest/git/commits, https://docs.github.com/rest/pulls
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type Gate, listen } from '../listen.js';
import { type CodeScanning, createCodeScanning } from './code-scanning.js';
import { type IssueComments, createIssueComments } from './issue-comments.js';
import type { Packages } from './packages.js';

interface MergedPullRequest {
  readonly number: number;
  readonly headRef: string;
  /** `owner/name` */
  readonly headRepository: string;
  /** The branch that it was merged into; main unless it is given. */
  readonly baseRef?: string;
}

/** A pull request as the cleanup asks for it. */
interface PullRequestState {
  readonly number: number;
  readonly headRef: string;
  /** `owner/name` */
  readonly headRepository: string;
  readonly baseRef?: string;
  /** Open without it. */
  readonly closedAt?: Date;
  /** The commit that it became. */
  readonly mergedAs?: string;
}

export interface GitHubApiStandIn {
  /** For GITHUB_API_URL. */
  readonly url: string;
  /** Null: there is none. */
  readonly setBranch: (branch: string, sha: string | null) => void;
  readonly setGitTag: (tag: string) => void;
  readonly setPull: (pull: PullRequestState) => void;
  readonly setCommitTime: (sha: string, time: string) => void;
  /** The commit is the merge of that pull request. */
  readonly setMergedPullRequest: (sha: string, pull: MergedPullRequest) => void;
  readonly comments: IssueComments;
  readonly codeScanning: CodeScanning;
  /** `GET /repos/octo/app/git/ref/heads%2Fmain`, in the order of arrival. */
  readonly requests: () => readonly string[];
  readonly stop: () => Promise<void>;
}

export async function startGitHubApi(packages?: Packages, gate?: Gate): Promise<GitHubApiStandIn> {
  const branches = new Map<string, string>();
  const times = new Map<string, string>();
  const pulls = new Map<string, MergedPullRequest>();
  const states = new Map<number, PullRequestState>();
  const gitTags = new Set<string>();
  const requests: string[] = [];
  const comments = createIssueComments();
  const codeScanning = createCodeScanning();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (comments.answer(request, response) || codeScanning.answer(request, response)) return;
    if (packages?.answer(request, response) === true) return;
    const path = decodeURIComponent((request.url ?? '').replace(/\?.*$/, ''));
    const state = answerState(request.url ?? '', path, states, [
      ...[...branches.keys()].map((name) => `heads/${name}`),
      ...[...gitTags].map((name) => `tags/${name}`),
    ]);
    const [, branch = ''] = /\/git\/ref\/heads\/(.+)$/.exec(path) ?? [];
    const [, commit = ''] = /\/git\/commits\/([0-9a-f]+)$/.exec(path) ?? [];
    const [, head = ''] = /\/commits\/([0-9a-f]+)\/branches-where-head$/.exec(path) ?? [];
    const [, merged = ''] = /\/commits\/([0-9a-f]+)\/pulls$/.exec(path) ?? [];
    const sha = branches.get(branch);
    const time = times.get(commit);
    const pull = pulls.get(merged);
    const found =
      state !== undefined
        ? state
        : sha !== undefined
          ? { ref: `refs/heads/${branch}`, object: { type: 'commit', sha } }
          : time !== undefined
            ? { sha: commit, committer: { date: time } }
            : head !== ''
              ? listBranchesAt(head, branches)
              : merged !== ''
                ? pull === undefined
                  ? []
                  : [toPullRequest(merged, pull)]
                : undefined;
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(found ?? { message: 'Not Found' }));
  };
  const server = createServer((request, response) => {
    if (gate === undefined) {
      answer(request, response);
      return;
    }
    void gate(`${request.method ?? ''} ${request.url ?? ''}`).then((open) => {
      if (open) answer(request, response);
      else request.socket.destroy();
    });
  });
  const { port, stop } = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    setBranch: (branch, sha) => {
      if (sha === null) branches.delete(branch);
      else branches.set(branch, sha);
    },
    setGitTag: (tag) => void gitTags.add(tag),
    setPull: (pull) => void states.set(pull.number, pull),
    setCommitTime: (sha, time) => void times.set(sha, time),
    setMergedPullRequest: (sha, pull) => void pulls.set(sha, pull),
    comments,
    codeScanning,
    requests: () => requests,
    stop,
  };
}

/** https://docs.github.com/rest/commits/commits#list-branches-for-head-commit */
function listBranchesAt(sha: string, branches: ReadonlyMap<string, string>): readonly object[] {
  return [...branches]
    .filter(([, head]) => head === sha)
    .map(([name]) => ({ name, commit: { sha }, protected: false }));
}

/** https://docs.github.com/rest/commits/commits#list-pull-requests-associated-with-a-commit */
function toPullRequest(sha: string, { number, headRef, headRepository, baseRef }: MergedPullRequest): object {
  const head = { ref: headRef, repo: { full_name: headRepository } };
  const base = { ref: baseRef ?? 'main' };
  return { number, state: 'closed', merged_at: '2026-05-04T03:02:01Z', merge_commit_sha: sha, head, base };
}

/** What the cleanup asks; undefined for anything else, and where there is none. */
function answerState(
  url: string,
  path: string,
  pulls: ReadonlyMap<number, PullRequestState>,
  refs: readonly string[],
): unknown {
  if (/^\/repos\/[^/]+\/[^/]+$/.test(path)) return { default_branch: 'main' };
  const [, ref] = /\/git\/matching-refs\/(.+)$/.exec(path) ?? [];
  if (ref !== undefined)
    return refs.filter((one) => one.startsWith(ref)).map((one) => ({ ref: `refs/${one}`, object: { type: 'commit' } }));
  const [, number] = /\/pulls\/(\d+)$/.exec(path) ?? [];
  const pull = pulls.get(Number(number));
  if (pull !== undefined) return toPullState(pull);
  if (!/^\/repos\/[^/]+\/[^/]+\/pulls$/.test(path)) return undefined;
  const head = new URL(url, 'http://localhost').searchParams.get('head') ?? '';
  const matching = [...pulls.values()].filter(
    (one) => `${one.headRepository.split('/')[0] ?? ''}:${one.headRef}` === head,
  );
  return matching.map(toPullState);
}

/** https://docs.github.com/rest/pulls/pulls#get-a-pull-request */
function toPullState({ number, headRef, headRepository, baseRef, closedAt, mergedAs }: PullRequestState): object {
  const closed = closedAt?.toISOString() ?? null;
  return {
    number,
    state: closed === null ? 'open' : 'closed',
    closed_at: closed,
    merged_at: mergedAs === undefined ? null : closed,
    merge_commit_sha: mergedAs ?? null,
    head: { ref: headRef, repo: { full_name: headRepository } },
    base: { ref: baseRef ?? 'main' },
  };
}
