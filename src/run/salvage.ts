// After a failure: keeps layers that were built, and explains a registry's refusal.
import { PassFailedError } from '../adapters/docker/buildx.js';
import { explainPassFailure } from '../build/explain-failure.js';
import { buildBuilder } from '../build/keep-builder.js';
import { stageLabels } from '../build/pure/builder-decision.js';
import type { Digest } from '../image/digest.js';
import type { Tag } from '../image/reference.js';
import type { PassPlan } from '../plan/plan.js';
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
  const cancelled = world.signal.aborted;
  const decisions = job.plan.builders.map((builder) => ({
    builder,
    ...decideSalvage({ ...getFailedRun(job, found, error, builder), cancelled }),
  }));
  const written: [Tag, Digest][] = [];
  for (const { builder, builderImage } of decisions) {
    const built = builderImage ? await buildBuilder({ ...job, builder, warn }).catch(() => null) : null;
    const digest = built?.digest ?? null;
    if (digest !== null && builder.tag !== null) written.push([builder.tag, digest]);
  }
  if (written.length > 0 && job.plan.trust.kind === 'recorded') {
    const { recordBuilders } = await import('../cache/own-records.js');
    await recordBuilders({ world, plan: job.plan, images: found.survey?.state.images ?? [], warn }, written);
  }
  const run = decideSalvage({ stage: getStage(job, found), ...NO_BUILDER, cancelled });
  const built = decisions.filter((one) => one.layers === 'builder').map(({ builder }) => builder);
  if (run.layers === 'all') await layers?.save(job, 'all');
  else if (built.length > 0) await layers?.save(job, built);
}

const NO_BUILDER = { failedAfterBuilder: false, writesBuilder: false, builderIsNew: false };

/** @returns the error as it is where no registry has refused anything */
export function explainFailure({ job, survey }: Found, error: unknown): unknown {
  if (job === undefined) return error;
  const readable = survey !== undefined && survey.state.images.length > 0;
  return explainPassFailure(error, job.caller, job.plan.image, readable);
}

function getFailedRun(job: Job, found: Found, error: unknown, builder: PassPlan): Omit<FailedRun, 'cancelled'> {
  const stages = stageLabels(builder.target, job.dockerfile);
  const progress = error instanceof PassFailedError ? error.progress : found.built?.progress;
  const failed = error instanceof PassFailedError ? error.progress.failed : null;
  const own = (progress?.steps ?? []).filter(({ stage }) => stages.has(stage));
  const ran = own.some((step) => !step.cached);
  // When a step fails, BuildKit stops those that run beside it.
  const stopped = own.some((step) => step.error !== null);
  const tags = found.survey?.state.images.map(({ tag }) => tag) ?? [];
  return {
    stage: getStage(job, found),
    failedAfterBuilder: failed !== null && failed.stage !== '' && !stages.has(failed.stage) && !stopped,
    writesBuilder: builder.output === 'registry',
    builderIsNew: ran || builder.tag === null || !tags.includes(builder.tag),
  };
}

function getStage({ candidate }: Job, { built, checked }: Found): FailedStage {
  if (built === undefined) return 'build';
  return candidate !== null && (checked?.image ?? null) === null ? 'check' : 'other';
}
