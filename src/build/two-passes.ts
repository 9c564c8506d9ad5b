// Builds production, with the builder stage that it copies from. The builder pass follows in keep-builder.ts and then only
// has to write an image. On the overlay2 store this order saves pulling an unchanged builder image just to push it again,
// and production's new layers are gzip although the builder's are zstd (docs/caching.md).
import type { PassResult } from '../adapters/docker/buildx.js';
import { withEarlierSteps } from '../adapters/progress/build-progress.js';
import type { Runner } from '../adapters/runner/runner.js';
import type { Candidate } from '../plan/candidate.js';
import type { PassPlan, Plan } from '../plan/plan.js';
import { showTarget } from '../plan/targets.js';
import { needsOwnSource } from './pure/builder-decision.js';
import type { Dockerfile } from './pure/dockerfile.js';
import type { PassOptions, PassRunner } from './run-pass.js';

export interface TwoPassesRequest {
  readonly runner: Runner;
  readonly plan: Plan;
  readonly dockerfile: Dockerfile | null;
  /** How production is loaded into the local engine for checks before the push; null without checks: pushed at once. */
  readonly candidate: Candidate | null;
  readonly passes: PassRunner;
  /** The tag that production is pushed to; null where it is not pushed. */
  readonly unique: PushWatch | null;
}

/**
 * Builds production with the builder stages that it copies from, and writes its image; builder images are written later.
 * @throws PassFailedError; CancelledError on a signal
 */
export async function buildTwoPasses(request: TwoPassesRequest): Promise<PassResult> {
  const { plan, dockerfile, candidate, passes, unique } = request;
  const early = plan.builders.filter((builder) => needsOwnSource(plan, builder, dockerfile));
  const first = await buildFirst(request, early);
  const together = [...plan.builders.filter((builder) => !early.includes(builder)), plan.production];
  const title = `Building ${together.map(({ target }) => showTarget(target)).join(', then ')}`;
  const pass = candidate?.whole ?? candidate?.load ?? plan.production;
  const built = await passes.run(pass, { title, ...watchPush(unique), tellsSteps: first === null });
  const result = candidate?.whole ? await load(request, candidate.load, built) : built;
  return first === null ? result : joinResults(first, result);
}

/** The part of UniqueTag that a pass needs. */
interface PushWatch {
  readonly look: () => Promise<void>;
  readonly addOwn: NonNullable<PassOptions['onExported']>;
}

/** Just before the unique tag is written, reads whether another run has written it. */
function watchPush(unique: PushWatch | null): Pick<PassOptions, 'onWriting' | 'onExported'> {
  return unique === null ? {} : { onWriting: () => void unique.look(), onExported: unique.addOwn };
}

/**
 * Builds stages from the cache sources that have their layers; the results stay in the engine's cache.
 * @returns null when there are none
 */
async function buildFirst({ passes }: TwoPassesRequest, builders: readonly PassPlan[]): Promise<PassResult | null> {
  let result: PassResult | null = null;
  for (const builder of builders) {
    const pass: PassPlan = { ...builder, output: 'cache', tag: null };
    const title = `Building ${showTarget(builder.target)}`;
    const built: PassResult = await passes.run(pass, { title, tellsSteps: true });
    result = result === null ? built : joinResults(result, built);
  }
  return result;
}

/** Loads one platform of the built image. Silent: the steps are in the log already. */
async function load({ runner, passes }: TwoPassesRequest, pass: PassPlan, built: PassResult): Promise<PassResult> {
  const title = `Loading ${showTarget(pass.target)} into the engine`;
  runner.log.info(title);
  const loaded = await passes.run(pass, { title, silent: true });
  const seconds = built.seconds + loaded.seconds;
  const work = [...built.progress.work, ...loaded.progress.work];
  return { ...loaded, seconds, progress: { ...built.progress, work } };
}

/** Joins the results of two builds: a step that ran in the first does not count as cached in the second. */
function joinResults(first: PassResult, second: PassResult): PassResult {
  const { steps: later, ...progress } = withEarlierSteps(second.progress, first.progress.steps);
  const known = new Map(later.map((step) => [step.name, step]));
  const earlier = first.progress.steps.map((step) => known.get(step.name) ?? step);
  const steps = [...new Set([...earlier, ...later])];
  return {
    ...second,
    seconds: first.seconds + second.seconds,
    progress: { ...progress, steps, work: [...first.progress.work, ...progress.work] },
  };
}
