// The frame of a run: its folder, what is noted while it goes on, and what is told of it in the end, however it ends.
import { mkdir, rm } from 'node:fs/promises';
import { commentOnPullRequest } from './comment.js';
import { PassFailedError } from './docker/buildx.js';
import { CheckFailedError } from './plan/check-error.js';
import type { Inputs } from './plan/inputs.js';
import type { Plan, RunContext } from './plan/plan.js';
import type { WorkflowEvent } from './plan/workflow-event.js';
import { type RunResult, toFiguresJson, toSummary } from './report/summary.js';
import type { GitHubApi } from './runner/github-api.js';
import type { World } from './world.js';

/** What a run knows before it looks at engine and registry. */
export interface RunRequest {
  readonly world: World;
  readonly inputs: Inputs;
  readonly event: WorkflowEvent;
  readonly context: RunContext;
  readonly github: GitHubApi;
  /** The plan as far as it is known by then. */
  readonly draft: Plan;
  /** Values that nothing may show. */
  readonly secrets: readonly string[];
}

export interface ReportedRun {
  /** The run's own folder, gone in the end. */
  readonly directory: string;
  readonly note: (progress: Partial<RunResult>) => void;
  readonly warn: (message: string) => void;
  /** What has been noted so far. */
  readonly read: () => RunResult;
}

/** @throws whatever the work throws, when the rest is told */
export async function runReported(
  { world, inputs, github, draft, secrets }: RunRequest,
  work: (run: ReportedRun) => Promise<void>,
): Promise<void> {
  const { runner } = world;
  const directory = runner.reserveDirectory();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  let result: RunResult = {
    plan: draft,
    builder: null,
    production: null,
    digest: null,
    pushedTags: [],
    warnings: [],
    error: null,
    unfinished: [],
    bytes: { image: null, main: null },
    cacheTags: [],
  };
  const note = (progress: Partial<RunResult>): void => {
    result = { ...result, ...progress };
  };
  const warn = (message: string): void => {
    runner.log.warning(message);
    note({ warnings: [...result.warnings, message] });
  };
  try {
    await work({ directory, note, warn, read: () => result });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    note({ error: { message, output: listOutput(error) } });
    throw error;
  } finally {
    // A cancelled run has nothing to tell, and no time.
    if (!world.signal.aborted) await commentOnPullRequest({ runner, github, inputs, result, secrets, warn });
    runner.setOutput('summary', toFiguresJson(result));
    await runner.writeSummary(toSummary(result));
    await rm(directory, { recursive: true, force: true });
  }
}

/** What a failed step or check printed last. */
function listOutput(error: unknown): readonly string[] {
  if (error instanceof CheckFailedError) return error.output;
  return error instanceof PassFailedError ? (error.progress.failed?.output ?? []) : [];
}
