// Events of the repository that the stories are about, as the runner hands them over.
import type { RunnerEvent } from '../../../src/plan/event/event.js';

export const REPOSITORY = 'owner/app';
export const SHA = '8f5c2e1d4b7a9063f1e2d3c4b5a6978812345678';
export const LATER = '1'.repeat(40);
export const OTHER = '2'.repeat(40);
/** The merge commit that GitHub makes for the run of a pull request: it must show up nowhere. */
const MERGE = 'f'.repeat(40);

const repository = { full_name: REPOSITORY, default_branch: 'main' };

/** An event of that name on a ref, with what its payload has beside the repository. */
export function on(name: string, ref: string, sha = SHA, payload: object = {}): RunnerEvent {
  return { name, ref, sha, repository: REPOSITORY, payload: { repository, ...payload } };
}

export function push(branch: string, sha: string): RunnerEvent {
  return on('push', `refs/heads/${branch}`, sha, { head_commit: { id: sha, timestamp: '2026-02-03T04:00:00Z' } });
}

export function pushTag(tag: string, sha = SHA): RunnerEvent {
  return on('push', `refs/tags/${tag}`, sha);
}

export interface PullRequestOptions {
  readonly head?: string;
  readonly base?: string;
  /** Head commit. */
  readonly sha?: string;
  /** `mallory/app`: the head is in a fork. */
  readonly fork?: string;
  readonly name?: string;
}

/** Number 12. */
export function pullRequest(options: PullRequestOptions = {}): RunnerEvent {
  const { head = 'feature-x', base = 'main', sha = SHA, fork = REPOSITORY, name = 'pull_request' } = options;
  const pull = {
    number: 12,
    head: { ref: head, sha, repo: { full_name: fork } },
    base: { ref: base, repo: repository },
  };
  const ref = name === 'pull_request_target' ? `refs/heads/${base}` : 'refs/pull/12/merge';
  return on(name, ref, MERGE, { action: 'synchronize', number: 12, pull_request: pull });
}

export function mergeGroup(sha = SHA): RunnerEvent {
  const ref = `refs/heads/gh-readonly-queue/main/pr-12-${sha}`;
  return on('merge_group', ref, sha, {
    action: 'checks_requested',
    merge_group: { head_sha: sha, base_ref: 'refs/heads/main' },
  });
}
