// The story of a release that builds nothing: the image that a push to the main branch has built of the commit gets the tags.
// Where there is no such image, the run builds one as usual, and says why.
import { join } from 'node:path';
import type { RegistrySession } from '../access/login.js';
import { watchBranch } from '../adapters/github/branch-head.js';
import { restoreRecord } from '../cache/own-records.js';
import { parseTag } from '../image/reference.js';
import { toCaller } from '../plan/denial/denial.js';
import { type Plan, planBuild } from '../plan/plan.js';
import { type Promotion, findPromotion, publishPromotion } from '../publish/promote.js';
import { describeIneffective, getAttestation } from '../publish/pure/promotion.js';
import { announcePlan } from './announce.js';
import type { Found } from './found.js';
import type { Story } from './frame.js';
import { finish } from './index-run.js';
import { type AskedRegistry, askWithoutEngine } from './prepare/inspect.js';
import { getPushTarget } from './prepare/plan-job.js';
import type { RunFrame, RunSetup } from './prepare/setup.js';

/** @param build the story of a run that builds */
export function promoteOr(build: Story): Story {
  return async function* (setup, frame) {
    const found = await findRelease(setup, frame);
    if ('reason' in found) yield* build(withNote(setup, `Not promoted, so it is built: ${found.reason}.`), frame);
    else yield* promote(setup, frame, found);
  };
}

interface Release {
  readonly session: RegistrySession;
  readonly state: AskedRegistry;
  readonly promotion: Promotion;
}

/** @returns the image to promote, or why there is none */
async function findRelease(setup: RunSetup, frame: RunFrame): Promise<Release | { readonly reason: string }> {
  const { inputs, context, trigger, draft } = setup;
  if (!inputs.reuseCache) return { reason: 'the input reuse-cache is false, which asks for a new build' };
  const { mainBranch } = trigger;
  if (mainBranch === null) return { reason: 'the event does not say which is the main branch. Set main-branch' };
  // Nothing is built, so no cache is looked for. A build that follows logs in by itself, with a folder of its own.
  const directory = join(frame.directory, 'promotion');
  const asking = { ...setup, draft: { ...draft, lineage: [] } };
  const { trust } = draft;
  if (trust.kind === 'nothing') return { reason: `trust-cache: own, and ${trust.reason}` };
  const { session, state } = await askWithoutEngine(asking, { ...frame, directory });
  const { registry } = session;
  const { push } = planBuild(inputs, setup.event, context, withoutBranchTag(state, draft));
  if (registry === null || !push.push) return { reason: 'nothing is pushed by this run' };
  const { image, platforms } = inputs;
  const { commit } = context.built;
  const restored = trust.kind === 'recorded' ? await restoreRecord(setup.world, `${trust.keys}${commit}-`) : null;
  if (restored !== null && restored.record === null)
    return {
      reason: `trust-cache: own, and ${restored.fault ?? `no run of ${mainBranch} has recorded an image of ${commit}`}`,
    };
  const promotion = await findPromotion({
    registry,
    mirrors: state.mirrors.map((mirror) => mirror.registry),
    wanted: {
      ...{ image, platforms, commit, mainBranch, builtFrom: context.builtFrom, attestation: getAttestation(inputs) },
      recorded: restored?.record.built ?? null,
    },
    names: [...new Set([parseTag(commit), inputs.tag ?? parseTag(commit)])],
    unique: draft.tags.unique,
    now: context.now,
  });
  return 'reason' in promotion ? promotion : { session, state, promotion };
}

/** Yields what each stage has found, as the story of a build does. */
async function* promote(
  setup: RunSetup,
  frame: RunFrame,
  { session, state, promotion }: Release,
): AsyncGenerator<Found, void> {
  const { world, inputs, event, context, github, dockerfile } = setup;
  const { runner } = world;
  const { manifest, stored } = promotion;
  const plan = planPromotion(setup, state, promotion);
  yield { plan };
  announcePlan(runner, plan, 'Plan');
  const ineffective = describeIneffective(inputs.flags, event, stored);
  if (ineffective !== null) frame.warn(ineffective);
  const target = getPushTarget(setup, session, plan);
  if (target === null) throw new Error('A run that does not push promotes nothing.');
  github.prepare();
  if (plan.checks.length > 0) {
    const { configDirectory, hasLogin } = session;
    const caller = toCaller(inputs, event, { ...context, hasLogin });
    const { checkPromoted } = await import('../checks/check-promoted.js');
    const request = { ...frame, world, inputs, plan, github, dockerfile, configDirectory, caller };
    const checked = await checkPromoted(request, target.registry, manifest);
    yield { checked };
    if (checked.failure !== null) throw checked.failure;
  }
  const branch = watchBranch(plan, github);
  const request = { runner, plan, ...target, branch, targets: state.targets ?? [], ...frame };
  yield* finish(setup, plan, state.mirrors, { target, published: await publishPromotion(request, promotion) });
}

/** The branch tag is left as it is, and so is the builder image: the run that has built the image has moved them. */
function planPromotion({ inputs, event, context, draft }: RunSetup, state: AskedRegistry, promotion: Promotion): Plan {
  const { unique, isNew, manifest, stored } = promotion;
  const asked = { ...withoutBranchTag(state, draft), unique: isNew ? unique : null };
  const plan = planBuild(inputs, event, context, asked);
  const several = stored.images.length > 1 && plan.checks.length > 0;
  return {
    ...plan,
    ...{ lineage: [], builders: [], onePass: null },
    tags: { unique, moving: plan.tags.moving.filter((tag) => tag !== plan.scope?.tag && tag !== unique) },
    promoted: { tag: stored.tag, digest: manifest.digest },
    checks: several ? [...plan.checks, "on this engine's platform alone"] : plan.checks,
  };
}

/** What the branch tag leads to does not matter. */
function withoutBranchTag(state: AskedRegistry, { scope }: Plan): AskedRegistry {
  const isOther = ({ tag }: { readonly tag: string }): boolean => tag !== scope?.tag;
  const { targets = [], mirrorTargets = [] } = state;
  return {
    ...state,
    targets: targets.filter(isOther),
    mirrorTargets: mirrorTargets.map(({ at, stored }) => ({ at, stored: stored.filter(isOther) })),
  };
}

function withNote(setup: RunSetup, note: string): RunSetup {
  const { context } = setup;
  return { ...setup, context: { ...context, notes: [...context.notes, note] } };
}
