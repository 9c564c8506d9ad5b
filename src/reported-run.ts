// The frame of a run: its folder, what its stages have found, what is kept when one fails, and what is told in the end.
import { mkdir, rm } from 'node:fs/promises';
import { announceDockerfileWarnings } from './announce.js';
import type { Trigger } from './built-commit.js';
import { commentOnPullRequest } from './comment.js';
import type { Found } from './found.js';
import { listSuspectArguments } from './plan/build-options.js';
import type { Dockerfile } from './plan/dockerfile.js';
import type { Inputs } from './plan/inputs.js';
import type { Plan, RunContext } from './plan/plan.js';
import type { WorkflowEvent } from './plan/workflow-event.js';
import { toLocalLines } from './report/local-result.js';
import { toFiguresJson, toPassLines, toSummary } from './report/summary.js';
import { isComplete, toRunResult } from './run-result.js';
import type { GitHubApi } from './runner/github-api.js';
import { explainFailure, salvage } from './salvage.js';
import type { World } from './world.js';

/** What a run knows before it looks at engine and registry. */
export interface RunSetup {
  readonly world: World;
  readonly inputs: Inputs;
  readonly trigger: Trigger;
  /** What the run is for, by what is built. */
  readonly event: WorkflowEvent;
  readonly context: RunContext;
  readonly github: GitHubApi;
  /** Null where it cannot be read, as that of a Git context, and where nothing is built. */
  readonly dockerfile: Dockerfile | null;
  /** The plan as far as it is known by then. */
  readonly draft: Plan;
  /** Values that nothing may show. */
  readonly secrets: readonly string[];
  /** What has been warned of by then. */
  readonly warnings: readonly string[];
}

/** What the frame gives to the stages. */
export interface RunFrame {
  /** The run's own folder, gone in the end. */
  readonly directory: string;
  /** Said in the log at once, and in the summary. */
  readonly warn: (message: string) => void;
}

type Story = (setup: RunSetup, frame: RunFrame) => AsyncGenerator<Found, void>;

/** @throws what the story throws, explained, when everything is told */
export async function runReported(setup: RunSetup, story: Story): Promise<void> {
  const { runner } = setup.world;
  const directory = runner.reserveDirectory();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const warnings = [...setup.warnings];
  const warn = (message: string): void => {
    runner.log.warning(message);
    warnings.push(message);
  };
  let found: Found = {};
  let failure: unknown = null;
  try {
    for await (const part of story(setup, { directory, warn })) found = { ...found, ...part };
  } catch (error) {
    await salvage(setup, found, error, warn);
    failure = explainFailure(found, error);
    throw failure;
  } finally {
    await found.layers?.close();
    announceDockerfileWarnings(
      runner,
      setup.dockerfile,
      found.job?.passes.warnings ?? [],
      listSuspectArguments(setup.inputs.flags),
    );
    await report(setup, found, { warnings, failure, warn });
    await rm(directory, { recursive: true, force: true });
  }
}

interface Ending {
  readonly warnings: readonly string[];
  readonly failure: unknown;
  readonly warn: RunFrame['warn'];
}

/** However the run ended. */
async function report(setup: RunSetup, found: Found, { warnings, failure, warn }: Ending): Promise<void> {
  const { world, inputs, trigger, github, secrets } = setup;
  const { runner, signal } = world;
  const getResult = (): ReturnType<typeof toRunResult> => toRunResult(setup, found, { warnings, failure });
  if (isComplete(found)) {
    for (const line of toPassLines(getResult())) runner.log.info(line);
    if (!runner.onGitHub) for (const line of toLocalLines(getResult())) runner.log.info(line);
  }
  // A cancelled run has nothing to tell, and no time.
  const told = { runner, github, inputs, trigger: trigger.event, secrets, warn };
  if (!signal.aborted) await commentOnPullRequest({ ...told, result: getResult() });
  // Once more: the comment may have brought a warning.
  runner.setOutput('summary', toFiguresJson(getResult()));
  await runner.writeSummary(toSummary(getResult()));
}
