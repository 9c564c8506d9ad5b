// The requests of a build run to GitHub's API. Each has a time limit; most give null when GitHub does not answer.
import type { getOctokit } from '@actions/github';
import { isSameRepository } from '../../plan/event/event.js';
import { at } from '../../shared/json.js';
import { withLimit } from '../process/with-limit.js';
import { type SarifUpload, type UploadOutcome, uploadSarif } from './code-scanning.js';

const TIME_LIMIT_MS = 5000;
/** For all pages of a list together. */
const LIST_TIME_LIMIT_MS = 15_000;
/** Longer than the upload's requests and waits together. */
const UPLOAD_TIME_LIMIT_MS = 180_000;
const COMMENTS_A_PAGE = 100;
const MOST_COMMENTS = 1000;

type Octokit = ReturnType<typeof getOctokit>;

/** `null` means that it is not known. */
export interface GitHubApi {
  /** Starts loading the client, so that a later request does not wait for that. */
  prepare(): void;
  /** Committer time of a commit, ISO 8601. */
  readCommitTime(sha: string): Promise<string | null>;
  /** The commit that a branch is at now. */
  readBranchHead(branch: string): Promise<string | null>;
  /**
   * Branches of this repository whose head is the commit now.
   * @throws Error when it cannot be found out
   */
  readBranchesAt(sha: string): Promise<readonly string[]>;
  /**
   * Head branch of the pull request of this repository that a commit merged into a branch; null when there is none.
   * @throws Error when it cannot be found out
   */
  readMergedBranch(sha: string, into: string): Promise<string | null>;
  /**
   * Login of whoever the token acts as.
   * @throws Error when it cannot be found out
   */
  readTokenOwner(): Promise<string>;
  /**
   * Comments of a pull request, oldest first. Not complete when it has more than are read.
   * @throws Error when they cannot be read
   */
  readComments(pull: number): Promise<{ readonly comments: readonly PullRequestComment[]; readonly complete: boolean }>;
  /** @throws Error when GitHub does not take it */
  createComment(pull: number, body: string): Promise<void>;
  /** @throws Error when GitHub does not take it */
  updateComment(id: number, body: string): Promise<void>;
  /**
   * Sends a report to code scanning, and waits about a minute for its verdict.
   * @throws Error when GitHub does not take it, or cannot make use of it
   */
  uploadSarif(upload: SarifUpload, wait: (milliseconds: number) => Promise<void>): Promise<UploadOutcome>;
}

/** Whether the token lacks a right. GitHub answers 404 instead of 403 for what it hides from the token. */
export function isRefusal(error: unknown): boolean {
  return [403, 404].some((status) => status === at(error, 'status'));
}

/** The repository has no such commit. */
function isUnknownCommit(error: unknown): boolean {
  return at(error, 'status') === 422;
}

/**
 * @param token null: nothing is asked
 * @param cancel fires when the run is cancelled: every question then throws its reason
 */
export function createGitHubApi(token: string | null, repository: string, cancel: AbortSignal): GitHubApi {
  const client = createClient(token, repository, cancel);
  const { owner, repo } = client;
  return {
    prepare: () => {
      if (token !== null) import('@actions/github').catch(() => undefined);
    },
    ...createCommitQuestions(client),
    ...createCommentApi(client),
    // Its requests have limits of their own.
    uploadSarif: (upload, wait) =>
      client.demand((octokit) => uploadSarif(octokit, { owner, repo }, upload, wait, cancel), UPLOAD_TIME_LIMIT_MS),
  };
}

type Question<T> = (octokit: Octokit, signal: AbortSignal) => Promise<T>;

/** GitHub's client, and three ways to ask by it. */
interface Client {
  /** `owner/repo` */
  readonly repository: string;
  readonly owner: string;
  readonly repo: string;
  /** @throws Error without a token, or when GitHub does not answer in so many milliseconds */
  readonly demand: <T>(question: Question<T>, limit?: number) => Promise<T>;
  /** Null without a token or a repository. @throws Error when GitHub does not answer */
  readonly ask: (question: Question<string | null>) => Promise<string | null>;
  /** Null as well when GitHub does not answer. */
  readonly askOrNull: (question: Question<string | null>) => Promise<string | null>;
}

function createClient(token: string | null, repository: string, cancel: AbortSignal): Client {
  const [owner = '', repo = ''] = repository.split('/');
  const demand = async <T>(question: Question<T>, limit = TIME_LIMIT_MS): Promise<T> => {
    if (token === null) throw new Error('the input github-token is empty');
    // Loaded only when needed, to keep other runs fast.
    const { getOctokit: createOctokit } = await import('@actions/github');
    return withLimit(cancel, limit, (signal) => question(createOctokit(token), signal));
  };
  const ask = async (question: Question<string | null>): Promise<string | null> =>
    token === null || owner === '' || repo === '' ? null : demand(question);
  const askOrNull = (question: Question<string | null>): Promise<string | null> =>
    ask(question).catch(() => {
      cancel.throwIfAborted();
      return null;
    });
  return { repository, owner, repo, demand, ask, askOrNull };
}

type CommitQuestions = Pick<GitHubApi, 'readCommitTime' | 'readBranchHead' | 'readBranchesAt' | 'readMergedBranch'>;

function createCommitQuestions({ repository, owner, repo, demand, ask, askOrNull }: Client): CommitQuestions {
  return {
    readCommitTime: (sha) =>
      askOrNull(async (octokit, signal) => {
        const { data } = await octokit.rest.git.getCommit({ owner, repo, commit_sha: sha, request: { signal } });
        return data.committer.date;
      }),
    readBranchHead: (branch) =>
      askOrNull(async (octokit, signal) => {
        const { data } = await octokit.rest.git.getRef({ owner, repo, ref: `heads/${branch}`, request: { signal } });
        return data.object.sha;
      }),
    readBranchesAt: (sha) =>
      demand(async (octokit, signal) => {
        const request = { owner, repo, commit_sha: sha, request: { signal } };
        const { data } = await octokit.rest.repos.listBranchesForHeadCommit(request);
        return data.filter(({ commit }) => commit.sha === sha).map(({ name }) => name);
      }).catch((error: unknown) => {
        if (isUnknownCommit(error)) return [];
        throw error;
      }),
    readMergedBranch: (sha, into) =>
      ask(async (octokit, signal) => {
        const request = { owner, repo, commit_sha: sha, request: { signal } };
        const { data } = await octokit.rest.repos.listPullRequestsAssociatedWithCommit(request);
        const found = data.find((pull) => {
          // A deleted fork has no repository, whatever the types say.
          const own = isSameRepository(at(pull.head.repo, 'full_name'), repository);
          const merged = pull.merged_at !== null && pull.merge_commit_sha === sha;
          // Not a pull request into another branch whose commits were later fast-forwarded into this one.
          return own && merged && pull.base.ref === into;
        });
        return found?.head.ref ?? null;
      }),
  };
}

type CommentApi = Pick<GitHubApi, 'readTokenOwner' | 'readComments' | 'createComment' | 'updateComment'>;

function createCommentApi({ owner, repo, demand }: Client): CommentApi {
  return {
    readTokenOwner: () =>
      demand(async (octokit, signal) => {
        // REST's /user refuses the tokens of workflows and Apps; GraphQL accepts all, and spells logins as REST does.
        const answer: unknown = await octokit.graphql('{ viewer { login } }', { request: { signal } });
        const login = at(answer, 'viewer', 'login');
        if (typeof login !== 'string') throw new Error('GitHub does not say whose token it is');
        return login;
      }),
    readComments: (pull) =>
      demand(async (octokit, signal) => {
        const request = { owner, repo, issue_number: pull, per_page: COMMENTS_A_PAGE, request: { signal } };
        const comments: PullRequestComment[] = [];
        for await (const { data } of octokit.paginate.iterator(octokit.rest.issues.listComments, request)) {
          comments.push(...data.map(({ id, user, body }) => ({ id, author: user?.login ?? null, body: body ?? '' })));
          if (comments.length >= MOST_COMMENTS) return { comments, complete: false };
        }
        return { comments, complete: true };
      }, LIST_TIME_LIMIT_MS),
    createComment: (pull, body) =>
      demand(async (octokit, signal) => {
        await octokit.rest.issues.createComment({ owner, repo, issue_number: pull, body, request: { signal } });
      }),
    updateComment: (id, body) =>
      demand(async (octokit, signal) => {
        await octokit.rest.issues.updateComment({ owner, repo, comment_id: id, body, request: { signal } });
      }),
  };
}

/** A comment of a pull request. */
export interface PullRequestComment {
  readonly id: number;
  /** Login of its author, `github-actions[bot]` for a workflow's own token; null when the account is gone. */
  readonly author: string | null;
  readonly body: string;
}
