// Setup and survey -> the job: the plan fitted to the engine, and the objects that run it.
import type { RegistrySession } from '../../access/login.js';
import { type Caller, toCaller } from '../../plan/denial/denial.js';
import { type BranchHead, watchBranch } from '../../adapters/github/branch-head.js';
import { withStageLabels } from '../../build/pure/builder-decision.js';
import type { Dockerfile } from '../../build/pure/dockerfile.js';
import { PassRunner } from '../../build/run-pass.js';
import type { LayerStore } from '../../cache/layer-store.js';
import { useLayers } from '../../cache/pure/layer-keys.js';
import type { Tag } from '../../image/reference.js';
import { type Candidate, toCandidate, withCandidate } from '../../plan/candidate.js';
import { type Engine, adviseOnEngine, fitToEngine } from '../../plan/engine.js';
import { type Plan, planBuild } from '../../plan/plan.js';
import { uniqueCandidates } from '../../plan/tags/tags.js';
import type { PushTarget } from '../../publish/publish.js';
import { watchUniqueTag } from '../../publish/unique-tag.js';
import type { Survey } from './inspect.js';
import type { RunFrame, RunSetup } from './setup.js';

export interface Job {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly dockerfile: Dockerfile | null;
  /** Production in the local engine, to be checked before it is pushed; null where nothing is to be checked. */
  readonly candidate: Candidate | null;
  readonly passes: PassRunner;
  readonly branch: BranchHead;
  /** Null when the run does not push. */
  readonly target: PushTarget | null;
  /** For explaining a refusal of the registry. */
  readonly caller: Caller;
}

/** @throws InputError for what was asked for and cannot be had on this engine, or from this registry */
export function planPasses({ world, inputs, event, context, dockerfile }: RunSetup, { engine, state }: Survey): Plan {
  const plan = withStageLabels(fitToEngine(planBuild(inputs, event, context, state), engine), dockerfile);
  const advice = inputs.advice ? adviseOnEngine(engine, world.runner.machine) : null;
  return advice === null ? plan : { ...plan, notes: [...plan.notes, advice] };
}

/**
 * @param plan the fitted plan
 * @param layers from the Actions cache; both passes start from them
 * @throws InputError when the image cannot be checked on this machine
 */
export function planJob(setup: RunSetup, survey: Survey, plan: Plan, layers: LayerStore, frame: RunFrame): Job {
  const { world, inputs, context, github, dockerfile } = setup;
  const { engine, session } = survey;
  const fitted = layers.source === null ? plan : useLayers(plan, inputs, layers.source);
  const candidate = fitted.checks.length > 0 ? toCandidate(fitted, engine, world.runner.architecture) : null;
  const whole = candidate === null ? fitted : withCandidate(fitted, candidate);
  const { repository, actor } = context;
  const passes = new PassRunner({
    world,
    inputs,
    image: whole.image,
    targets: [whole.production, ...whole.builders].map(({ target }) => target),
    engine,
    dockerfile,
    ...frame,
    configDirectory: session.configDirectory,
    onStep: layers.onStep,
  });
  return {
    plan: whole,
    engine,
    dockerfile,
    candidate,
    passes,
    branch: watchBranch(whole, github),
    target: getPushTarget(setup, session, whole),
    caller: toCaller(inputs, plan.event, { repository, actor, hasLogin: session.hasLogin }),
  };
}

/** @returns null when the run does not push */
export function getPushTarget(
  { draft, context }: RunSetup,
  { registry }: Pick<RegistrySession, 'registry'>,
  { push, tags }: Plan,
): PushTarget | null {
  if (registry === null || !push.push) return null;
  const candidates = (): Iterable<Tag> => uniqueCandidates(draft.tags.unique, context.now);
  return { registry, unique: watchUniqueTag(registry, tags.unique, candidates) };
}
