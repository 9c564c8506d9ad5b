// Around the stages of a run: makes and removes the run's folder, collects their results, saves what a failed run has
// built, and reports in the end.
import { mkdir, rm } from 'node:fs/promises';
import { listSuspectArguments } from '../inputs/build-options.js';
import { toLocalLines, toPassLines } from '../report/log-lines.js';
import { toFiguresJson, toSummary } from '../report/summary.js';
import { announceDockerfileWarnings } from './announce.js';
import type { Found } from './found.js';
import type { RunFrame, RunSetup } from './prepare/setup.js';
import { isComplete, toRunResult } from './run-result.js';

export type Story = (setup: RunSetup, frame: RunFrame) => AsyncGenerator<Found, void>;

/** @throws after the report, what the story threw; a registry's refusal with its cause and what to change */
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
    const { explainFailure, salvage } = await import('./salvage.js');
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

/** Reports a run that succeeded or failed: log lines, comment, output `summary`, job summary. */
async function report(setup: RunSetup, found: Found, { warnings, failure, warn }: Ending): Promise<void> {
  const { world, inputs, trigger, github, secrets } = setup;
  const { runner, signal } = world;
  const advice = failure === null ? await advise(setup, found).catch(() => []) : [];
  const getResult = (): ReturnType<typeof toRunResult> => toRunResult(setup, found, { warnings, advice, failure });
  const result = getResult();
  if (isComplete(found)) {
    for (const line of toPassLines(result)) runner.log.info(line);
    if (!runner.onGitHub) for (const line of toLocalLines(result)) runner.log.info(line);
  }
  // A cancelled run writes no comment: the runner kills it after a few seconds.
  if (inputs.comment && !signal.aborted) {
    const { commentOnPullRequest } = await import('./comment.js');
    await commentOnPullRequest({ runner, github, inputs, trigger: trigger.event, secrets, warn, result });
  }
  // Made again: the comment may have added a warning.
  const final = getResult();
  runner.setOutput('summary', toFiguresJson(final));
  await runner.writeSummary(toSummary(final));
}

/** What would have made the build faster; nothing where every step came from the cache. */
async function advise(
  { world, inputs, trigger }: RunSetup,
  { job, built, published, survey }: Found,
): Promise<readonly string[]> {
  const ran = built?.progress.steps.some(({ cached }) => !cached) === true;
  if (!inputs.advice || !ran || !job?.dockerfile || job.dockerfile.customSyntax) return [];
  // Loaded only by the runs that built something: the bundle has it apart.
  const { adviseOnFinished } = await import('../advice/advise.js');
  return adviseOnFinished({
    inputs,
    workspace: world.runner.workspace,
    trigger: trigger.event,
    dockerfile: job.dockerfile,
    sha: job.plan.event.sha,
    progress: built.progress,
    images: [...(published?.images ?? []), ...(survey?.state.images ?? []).flatMap(({ images }) => images)],
  });
}
