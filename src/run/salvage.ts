// After a failure: keeps layers that were built, and explains a registry's refusal.
import { PassFailedError } from '../adapters/docker/buildx.js';
import { explainPassFailure } from '../build/explain-failure.js';
import { buildBuilder } from '../build/keep-builder.js';
import { builderStages } from '../build/pure/builder-decision.js';
import type { Found } from './found.js';
import type { Job } from './prepare/plan-job.js';
import type { RunFrame, RunSetup } from './prepare/setup.js';
import { type FailedStage, type FailedRun, decideSalvage } from './pure/salvage-decision.js';

/** Keeps what `decideSalvage` says. Never throws, so that the run reports its own failure and not one of this. */
export async function salvage(
  { world }: Pick<RunSetup, 'world'>,
  found: Found,
  error: unknown,
  warn: RunFrame['warn'],
): Promise<void> {
  const { job, layers } = found;
  if (job === undefined) return;
  const { builderImage, layers: kept } = decideSalvage({
    ...getFailedRun(job, found, error),
    cancelled: world.signal.aborted,
  });
  const builders = builderImage ? job.plan.builders : [];
  for (const builder of builders) await buildBuilder({ ...job, builder, warn }).catch(() => null);
  if (kept !== 'none') await layers?.save(job, kept);
}

/** @returns the error as it is where no registry has refused anything */
export function explainFailure({ job, survey }: Found, error: unknown): unknown {
  if (job === undefined) return error;
  const readable = survey !== undefined && survey.state.images.length > 0;
  return explainPassFailure(error, job.caller, job.plan.image, readable);
}

function getFailedRun(job: Job, found: Found, error: unknown): Omit<FailedRun, 'cancelled'> {
  const { plan, dockerfile } = job;
  const stages = builderStages(plan, dockerfile);
  const failed = error instanceof PassFailedError ? error.progress.failed : null;
  const ran = found.built?.progress.steps.some(({ stage, cached }) => stages.has(stage) && !cached) ?? false;
  const tags = found.survey?.state.images.map(({ tag }) => tag) ?? [];
  const stored = plan.builders.every(({ tag }) => tag !== null && tags.includes(tag));
  return {
    stage: getStage(job, found),
    failedAfterBuilder: plan.builders.length > 0 && failed !== null && failed.stage !== '' && !stages.has(failed.stage),
    writesBuilder: plan.builders.some(({ output }) => output === 'registry'),
    builderIsNew: ran || !stored,
  };
}

function getStage({ candidate }: Job, { built, checked }: Found): FailedStage {
  if (built === undefined) return 'build';
  return candidate !== null && (checked?.image ?? null) === null ? 'check' : 'other';
}
