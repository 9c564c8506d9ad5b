// What a run asks GitHub, answered from memory: branches, commits, comments, code scanning. The contract suite of the world
// holds it against the real client.
import type { SarifUpload } from '../../../src/adapters/github/code-scanning.js';
import type { GitHubApi, PullRequestComment } from '../../../src/adapters/github/run-api.js';

/** What GitHub's client throws for such an answer. */
export class StatusError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const REFUSED = new StatusError(403, 'Resource not accessible by integration');

/** More comments than this are not read. */
const MOST_COMMENTS = 1000;

export class MemoryGitHub {
  /** Branch -> its head. */
  readonly branches = new Map<string, string>();
  readonly commitTimes = new Map<string, string>();
  /** Merge commit -> head branch of its pull request. */
  readonly merged = new Map<string, string>();
  readonly uploads: SarifUpload[] = [];
  comments: readonly (PullRequestComment & { readonly pull: number })[] = [];
  /** Login of whoever the token acts as. */
  owner = 'github-actions[bot]';
  /** Names of the questions, in order. */
  readonly requests: string[] = [];
  /** Question -> what it ends with instead. */
  readonly faults = new Map<keyof GitHubApi, Error>();

  addComment(pull: number, author: string, body: string): number {
    const id = 3_000_000_000 + this.comments.length;
    this.comments = [...this.comments, { id, author, body, pull }];
    return id;
  }

  /** @param token null: nothing is answered */
  connect(token: string | null): GitHubApi {
    const ask = async <T>(name: keyof GitHubApi, answer: () => T): Promise<T> => {
      if (token === null) throw new Error('the input github-token is empty');
      this.requests.push(name);
      const fault = this.faults.get(name);
      if (fault !== undefined) throw fault;
      return Promise.resolve(answer());
    };
    const askOrNull = (name: keyof GitHubApi, answer: () => string | undefined): Promise<string | null> =>
      ask(name, () => answer() ?? null).catch(() => null);
    return {
      prepare: () => undefined,
      readCommitTime: (sha) => askOrNull('readCommitTime', () => this.commitTimes.get(sha)),
      readBranchHead: (branch) => askOrNull('readBranchHead', () => this.branches.get(branch)),
      readBranchesAt: (sha) =>
        ask('readBranchesAt', () => [...this.branches].filter(([, head]) => head === sha).map(([name]) => name)),
      readMergedBranch: (sha) =>
        token === null ? Promise.resolve(null) : ask('readMergedBranch', () => this.merged.get(sha) ?? null),
      readTokenOwner: () => ask('readTokenOwner', () => this.owner),
      readComments: (pull) =>
        ask('readComments', () => {
          const all = this.comments.filter((comment) => comment.pull === pull);
          const comments = all.slice(0, MOST_COMMENTS).map(({ id, author, body }) => ({ id, author, body }));
          return { comments, complete: all.length < MOST_COMMENTS };
        }),
      createComment: (pull, body) => ask('createComment', () => void this.addComment(pull, this.owner, body)),
      updateComment: (id, body) =>
        ask('updateComment', () => {
          if (!this.comments.some((comment) => comment.id === id)) throw new StatusError(404, 'Not Found');
          this.comments = this.comments.map((comment) => (comment.id === id ? { ...comment, body } : comment));
        }),
      uploadSarif: (upload) =>
        ask('uploadSarif', () => {
          this.uploads.push(upload);
          return 'complete';
        }),
    };
  }
}
