// Event name, ref and payload -> WorkflowEvent. The payload is `unknown` until it is checked here.
// Payloads: https://docs.github.com/webhooks/webhook-events-and-payloads
// Refs and SHAs: https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
import { InputError } from '../../shared/errors.js';
import { asText, at, isCount, isRecord } from '../../shared/json.js';
import { quote } from '../../shared/text.js';

/** A commit of the repository on a branch: push, schedule, workflow_dispatch, ... */
interface BranchEvent {
  readonly kind: 'branch';
  readonly name: string;
  readonly branch: string;
  readonly sha: string;
}

/** A git tag: pushed, released, or chosen in a manual run. */
interface GitTagEvent {
  readonly kind: 'git-tag';
  readonly name: string;
  readonly gitTag: string;
  readonly sha: string;
}

export interface PullRequestEvent {
  readonly kind: 'pull-request';
  readonly name: string;
  readonly number: number;
  readonly headBranch: string;
  readonly baseBranch: string;
  /** The head commit, never the throw-away merge commit. */
  readonly sha: string;
  /** `owner/name` of the repository that the head branch is in; null when that fork was deleted. */
  readonly headRepository: string | null;
  readonly fork: boolean;
}

interface MergeGroupEvent {
  readonly kind: 'merge-group';
  readonly name: string;
  readonly baseBranch: string;
  readonly sha: string;
}

/**
 * A run that does not say what is checked out: issue_comment and the like, or a workflow_run that was caused by a
 * fork. It writes no moving tag; with `fork` it writes nothing at all.
 */
interface OtherEvent {
  readonly kind: 'other';
  readonly name: string;
  readonly sha: string;
  readonly fork: boolean;
}

/**
 * A run that builds a commit that is not its event's, or whose commit is not known (built-commit.ts). It writes its unique
 * tag and moves none: the tags of the event and of branches are for other commits.
 */
export interface CheckoutEvent {
  readonly kind: 'checkout';
  readonly name: string;
  /** The built commit; the event's when it is not known. */
  readonly sha: string;
  readonly fork: boolean;
  /** Why this run never pushes, as half a sentence; null: it may. */
  readonly withheld: string | null;
}

/** A developer's machine; `branch` is null on a detached head. */
interface LocalEvent {
  readonly kind: 'local';
  readonly name: 'local';
  readonly branch: string | null;
  readonly sha: string;
  /** Whether the work tree has uncommitted changes, so that the image is not the commit's. */
  readonly dirty: boolean;
}

export type WorkflowEvent =
  BranchEvent | GitTagEvent | PullRequestEvent | MergeGroupEvent | OtherEvent | CheckoutEvent | LocalEvent;

/** The runner's variables `GITHUB_EVENT_NAME`, `GITHUB_REF`, `GITHUB_SHA`, `GITHUB_REPOSITORY`, and the payload. */
export interface RunnerEvent {
  readonly name: string;
  readonly ref: string;
  readonly sha: string;
  readonly repository: string;
  readonly payload: unknown;
}

const BRANCH_EVENTS = new Set(['push', 'workflow_dispatch', 'schedule', 'repository_dispatch', 'workflow_run']);

/** @throws InputError when the given do not say which commit is built. */
export function parseWorkflowEvent(given: RunnerEvent): WorkflowEvent {
  const payload = new Payload(given.name, given.payload);
  // Without its payload such an event could come from a fork, so it must not be trusted.
  if (payload.has('pull_request') || given.name.startsWith('pull_request')) return parsePullRequest(given, payload);
  if (given.name === 'merge_group') return parseMergeGroup(given, payload);

  const sha = parseSha(given.sha, 'GITHUB_SHA');
  if (given.name === 'release') {
    return { kind: 'git-tag', name: given.name, gitTag: payload.text('release', 'tag_name'), sha };
  }
  const fork = given.name === 'workflow_run' && isWorkflowRunOfFork(given, payload);
  const branch = afterPrefix(given.ref, 'refs/heads/');
  if (branch !== null && BRANCH_EVENTS.has(given.name) && !fork)
    return { kind: 'branch', name: given.name, branch, sha };
  const gitTag = afterPrefix(given.ref, 'refs/tags/');
  if (gitTag !== null) return { kind: 'git-tag', name: given.name, gitTag, sha };
  return { kind: 'other', name: given.name, sha, fork };
}

/**
 * Whether a head branch is in this repository, and not in a fork.
 * @param head `owner/name` as GitHub has it, in any case; a fork that was deleted has no repository any more
 * @param repository `owner/name`
 */
export function isSameRepository(head: unknown, repository: string): boolean {
  return typeof head === 'string' && head.toLowerCase() === repository.toLowerCase();
}

/** Whether another repository's code has caused the run: it never pushes, whatever is checked out. */
export function isFromFork(event: WorkflowEvent): boolean {
  return 'fork' in event && event.fork;
}

/** The repository's default branch as the payload tells it, or null: scheduled runs may lack it. */
export function readDefaultBranch(payload: unknown): string | null {
  const branch = new Payload('event', payload).find('repository', 'default_branch');
  return typeof branch === 'string' && branch !== '' ? branch : null;
}

/** When the commit was made, as the payload tells it (ISO 8601), or null: pull request payloads do not. */
export function readCommitTime(payload: unknown, sha: string): string | null {
  const reader = new Payload('event', payload);
  for (const commit of [['head_commit'], ['workflow_run', 'head_commit'], ['merge_group', 'head_commit']]) {
    const time = reader.find(...commit, 'timestamp');
    if (reader.find(...commit, 'id') === sha && typeof time === 'string' && isTime(time)) return time;
  }
  return null;
}

/** Stricter than `Date.parse`, which accepts nearly anything: the text becomes a label. */
function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** A full commit SHA (SHA-1 or SHA-256). */
export function isSha(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** @throws InputError when the text is not a full commit SHA. */
export function parseSha(text: string, what: string): string {
  if (!isSha(text)) {
    throw new InputError(
      `${what} is ${quote(text)}, which is no commit SHA. Run the action in a GitHub workflow or a git work tree.`,
    );
  }
  return text;
}

function parsePullRequest(given: RunnerEvent, payload: Payload): PullRequestEvent {
  const number = payload.find('pull_request', 'number');
  if (!isCount(number) || number === 0) {
    throw payload.missing('pull_request.number');
  }
  const headRepository = payload.find('pull_request', 'head', 'repo', 'full_name');
  const head = typeof headRepository === 'string' ? headRepository : null;
  return {
    kind: 'pull-request',
    name: given.name,
    number,
    headBranch: payload.text('pull_request', 'head', 'ref'),
    baseBranch: payload.text('pull_request', 'base', 'ref'),
    sha: parseSha(payload.text('pull_request', 'head', 'sha'), 'pull_request.head.sha'),
    headRepository: head,
    fork: !isSameRepository(head, given.repository),
  };
}

function parseMergeGroup(given: RunnerEvent, payload: Payload): MergeGroupEvent {
  const base = payload.text('merge_group', 'base_ref');
  return {
    kind: 'merge-group',
    name: given.name,
    baseBranch: afterPrefix(base, 'refs/heads/') ?? base,
    sha: parseSha(payload.text('merge_group', 'head_sha'), 'merge_group.head_sha'),
  };
}

function isWorkflowRunOfFork(given: RunnerEvent, payload: Payload): boolean {
  return !isSameRepository(payload.find('workflow_run', 'head_repository', 'full_name'), given.repository);
}

function afterPrefix(text: string, prefix: string): string | null {
  return text.startsWith(prefix) && text.length > prefix.length ? text.slice(prefix.length) : null;
}

/** Reads typed values from an unchecked payload. */
class Payload {
  private readonly event: string;
  private readonly root: unknown;

  constructor(event: string, root: unknown) {
    this.event = event;
    this.root = root;
  }

  find(...path: readonly string[]): unknown {
    return at(this.root, ...path);
  }

  has(key: string): boolean {
    return isRecord(this.find(key));
  }

  text(...path: readonly string[]): string {
    const value = asText(this.find(...path));
    if (value === '') throw this.missing(path.join('.'));
    return value;
  }

  missing(path: string): InputError {
    return new InputError(
      `The payload of the ${this.event} event has no usable ${path}: the tags cannot be derived. Run the action on an event of GitHub's own.`,
    );
  }
}
