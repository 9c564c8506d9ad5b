// A stand-in for the part of GitHub's API that the action asks, since no test may reach the real one.
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type Gate, listen } from '../listen.js';
import { type CodeScanning, createCodeScanning } from './code-scanning.js';
import { type IssueComments, createIssueComments } from './issue-comments.js';
import type { Packages } from './packages.js';
import { addressOf, refusal, sendReply } from './reply.js';
import {
  type MergedPullRequest,
  type PullRequestState,
  type RepositoryState,
  answerAbout,
  createRepositoryState,
} from './repository.js';

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

/** Starts it on a loopback port. @param gate hears of each request first */
export async function startGitHubApi(packages?: Packages, gate?: Gate): Promise<GitHubApiStandIn> {
  const state = createRepositoryState();
  const requests: string[] = [];
  const comments = createIssueComments();
  const codeScanning = createCodeScanning();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(describeRequest(request));
    if (comments.answer(request, response) || codeScanning.answer(request, response)) return;
    if (packages?.answer(request, response) === true) return;
    const body = answerAbout(state, addressOf(request));
    sendReply(response, body === undefined ? refusal(404) : { status: 200, body });
  };
  const server = createServer((request, response) => {
    if (gate === undefined) {
      answer(request, response);
      return;
    }
    void gate(describeRequest(request)).then((open) => {
      if (open) answer(request, response);
      else request.socket.destroy();
    });
  });
  const { port, stop } = await listen(server);
  const url = `http://127.0.0.1:${port}`;
  return { url, ...settersOf(state), comments, codeScanning, requests: () => requests, stop };
}

type Setters = Pick<GitHubApiStandIn, 'setBranch' | 'setGitTag' | 'setPull' | 'setCommitTime' | 'setMergedPullRequest'>;

function settersOf({ branches, gitTags, pulls, commitTimes, mergedPulls }: RepositoryState): Setters {
  return {
    setBranch: (branch, sha) => {
      if (sha === null) branches.delete(branch);
      else branches.set(branch, sha);
    },
    setGitTag: (tag) => void gitTags.add(tag),
    setPull: (pull) => void pulls.set(pull.number, pull),
    setCommitTime: (sha, time) => void commitTimes.set(sha, time),
    setMergedPullRequest: (sha, pull) => void mergedPulls.set(sha, pull),
  };
}

/** `GET /repos/octo/app/pulls` */
function describeRequest({ method, url }: IncomingMessage): string {
  return `${method ?? ''} ${url ?? ''}`;
}
