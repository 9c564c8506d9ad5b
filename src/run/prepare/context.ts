// Reads what a plan needs beside the inputs: the event, and times and branches of the built commit.
import type { GitHubApi } from '../../adapters/github/run-api.js';
import type { Git } from '../../adapters/process/git.js';
import type { Runner } from '../../adapters/runner/runner.js';
import { describeBuild } from '../../build/pure/built-from.js';
import type { Dockerfile } from '../../build/pure/dockerfile.js';
import type { Inputs } from '../../inputs/inputs.js';
import { mayHaveMerged } from '../../plan/cache-sources.js';
import type { RunContext } from '../../plan/context.js';
import {
  type WorkflowEvent,
  parseSha,
  parseWorkflowEvent,
  readCommitTime,
  readDefaultBranch,
} from '../../plan/event/event.js';
import { getOwnRef } from '../../plan/event/own-ref.js';
import { NoWorkTreeError } from '../../shared/errors.js';
import { errorMessage } from '../../shared/text.js';
import type { Warn } from '../../shared/types.js';
import type { FoundRun } from './built-commit.js';

/** @throws InputError when neither a workflow nor a git work tree says which commit is built */
export async function readWorkflowEvent(runner: Runner, git: Git): Promise<WorkflowEvent> {
  if (runner.onGitHub) return parseWorkflowEvent(runner.readRunnerEvent());
  const [sha, branch, dirty] = await Promise.all([git.readHead(), git.readBranch(), git.hasChanges()]);
  if (sha === null) throw new NoWorkTreeError(runner.workspace, await git.readRefusal());
  return { kind: 'local', name: 'local', branch, sha: parseSha(sha, 'HEAD'), dirty };
}

export interface ContextRequest {
  readonly runner: Runner;
  readonly inputs: Inputs;
  /** Null for a remote context, and when nothing is built. */
  readonly dockerfile: Dockerfile | null;
  /** The built commit, and the event that its image is named after. */
  readonly found: FoundRun;
  readonly targets: RunContext['targets'];
  readonly git: Git;
  readonly github: GitHubApi;
  readonly now: Date;
  readonly warn: Warn;
}

export async function readRunContext(request: ContextRequest): Promise<RunContext> {
  const { runner, inputs, dockerfile, targets, git, now, found } = request;
  const given = runner.onGitHub ? runner.readRunnerEvent() : null;
  const payload = given?.payload ?? null;
  const defaultBranch = runner.onGitHub ? readDefaultBranch(payload) : ((await git.readDefaultBranch()) ?? 'main');
  const [committedAt, mergedBranch] = await Promise.all([
    findCommitTime(request, payload),
    findMergedBranch(request, defaultBranch),
  ]);
  const { repositoryUrl, runUrl, repository, actor } = runner;
  const { built, notes } = found;
  const source = { ...inputs, productionTarget: targets.production };
  const builtFrom =
    inputs.indexOf.length > 0 ? null : describeBuild(source, dockerfile?.path ?? null, runner.workspace);
  const from = { repositoryUrl, runUrl, repository, actor, targets, built, builtFrom };
  const ownRef = given === null ? null : getOwnRef(given);
  return { now, ...from, notes, committedAt, defaultBranch, ownRef, mergedBranch };
}

/** Nearest source first: the payload, the work tree, GitHub. */
async function findCommitTime({ found, git, github }: ContextRequest, payload: unknown): Promise<string | null> {
  const { commit } = found.built;
  return (
    readCommitTime(payload, commit) ??
    found.committedAt ??
    (await git.readCommitTime(commit)) ??
    (await github.readCommitTime(commit))
  );
}

/** The branch of the pull request that this commit merged: main can take layers from its image. */
async function findMergedBranch(
  { inputs, found: { event }, github, warn }: ContextRequest,
  defaultBranch: string | null,
): Promise<string | null> {
  const main = inputs.mainBranch ?? defaultBranch;
  if (main === null || !mayHaveMerged(inputs, event, defaultBranch)) return null;
  try {
    return await github.readMergedBranch(event.sha, main);
  } catch (error) {
    const reason = errorMessage(error);
    warn(
      `GitHub does not say which pull request ${event.sha} merged, so its layers may be built again. The job may need "permissions: pull-requests: read". ${reason}`,
    );
    return null;
  }
}
