// Gathers what a plan needs to know beside the inputs: the event, and the facts about its commit.
import type { Git } from './git/git.js';
import { InputError } from './plan/input-error.js';
import type { RunContext } from './plan/plan.js';
import {
  type WorkflowEvent,
  parseSha,
  parseWorkflowEvent,
  readCommitTime,
  readDefaultBranch,
} from './plan/workflow-event.js';
import type { GitHubApi } from './runner/github-api.js';
import type { Runner } from './runner/runner.js';

/** @throws InputError when neither a workflow nor a git work tree says which commit is built */
export async function readWorkflowEvent(runner: Runner, git: Git): Promise<WorkflowEvent> {
  if (runner.onGitHub) return parseWorkflowEvent(runner.readEventFacts());
  const [sha, branch] = await Promise.all([git.readHead(), git.readBranch()]);
  if (sha === null)
    throw new InputError(
      `${runner.workspace} is no git work tree with a commit, so there is nothing to name an image after.`,
    );
  return { kind: 'local', name: 'local', branch, sha: parseSha(sha, 'HEAD') };
}

/** Nearest source first for the commit's time: the payload, the work tree, GitHub. */
export async function readRunContext(
  runner: Runner,
  event: WorkflowEvent,
  git: Git,
  github: GitHubApi,
  now: Date,
): Promise<RunContext> {
  const payload = runner.onGitHub ? runner.readEventFacts().payload : null;
  const committedAt =
    readCommitTime(payload, event.sha) ??
    (await git.readCommitTime(event.sha)) ??
    (await github.readCommitTime(event.sha));
  return {
    now,
    repositoryUrl: runner.repositoryUrl,
    runUrl: runner.runUrl,
    committedAt,
    defaultBranch: readDefaultBranch(payload),
  };
}
