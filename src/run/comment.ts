// Writes the one comment on a pull request that describes its image. A comment that fails is a warning: the build stands.
import { type GitHubApi, isRefusal } from '../adapters/github/run-api.js';
import type { Runner } from '../adapters/runner/runner.js';
import type { Inputs } from '../inputs/inputs.js';
import type { WorkflowEvent } from '../plan/event/event.js';
import { chooseComment, toComment } from '../report/comment.js';
import type { RunResult } from '../report/result.js';
import { errorMessage } from '../shared/text.js';
import type { Warn } from '../shared/types.js';

export interface CommentRequest {
  readonly runner: Runner;
  readonly github: GitHubApi;
  readonly inputs: Inputs;
  /** The event that started the run, also when another commit was built. */
  readonly trigger: WorkflowEvent;
  readonly result: RunResult;
  /** Values that must not be seen in the comment. */
  readonly secrets: readonly string[];
  readonly warn: Warn;
}

/** Writes the comment, or brings it up to date. A fork's run, or one of no pull request, asks GitHub nothing. */
export async function commentOnPullRequest(request: CommentRequest): Promise<void> {
  const { runner, inputs, trigger, result, warn } = request;
  const { event, built } = result.plan;
  // A part gets no comment: the run that makes the index of the parts writes it.
  if (inputs.part !== null || trigger.kind !== 'pull-request' || trigger.fork) return;
  const isOfHead = event.kind === 'branch' && event.branch === trigger.headBranch;
  if (event.kind !== 'pull-request' && !isOfHead) {
    runner.log.notice(
      `Pull request #${trigger.number} gets no comment on this image: ${built.commit} is built, which is not its head.`,
    );
    return;
  }
  try {
    await writeComment(request, trigger.number);
  } catch (error) {
    const reason = errorMessage(error);
    const advice = isRefusal(error) ? ' The job may need "permissions: pull-requests: write".' : '';
    warn(`Pull request #${trigger.number} has no up-to-date comment on this image: ${reason}.${advice}`);
  }
}

/** @throws Error when it cannot be written */
async function writeComment({ runner, github, result, secrets }: CommentRequest, pull: number): Promise<void> {
  const { runNumber: run, runUrl, log } = runner;
  if (run === null) throw new Error('GITHUB_RUN_ID is missing, so nobody could tell which run is the later one');
  const [author, { comments, complete }] = await Promise.all([github.readTokenOwner(), github.readComments(pull)]);
  const decision = chooseComment(comments, { author, imageName: result.plan.image.name, run });
  const text = toComment(result, { run, runUrl, secrets });
  switch (decision.kind) {
    case 'update':
      await github.updateComment(decision.id, text);
      return;
    case 'create':
      // The comment may be among those that were not read; a second one with every run would be worse than none.
      if (!complete) throw new Error(`it is not among the first ${comments.length} comments, and no more were read`);
      await github.createComment(pull, text);
      return;
    case 'leave':
      log.notice(`A later run has commented on pull request #${pull} already, so its comment stays as it is.`);
  }
}
