// The story of an index: images that other runs have built, one for each platform, become one image. Nothing is built, and
// no engine is needed.
import type { OpenMirror } from '../access/open-mirrors.js';
import { watchBranch } from '../adapters/github/branch-head.js';
import { readPartLabels, readParts } from '../adapters/registry/read-image.js';
import type { Registry } from '../adapters/registry/registry.js';
import { recordPublished } from '../cache/own-records.js';
import { readBuiltFrom } from '../image/origin-labels.js';
import { REVISION_LABEL } from '../image/label-names.js';
import type { Part } from '../image/image-index.js';
import { NOTHING_ASKED } from '../plan/context.js';
import { findCommitOfParts } from '../plan/event/built-commit.js';
import { type Plan, planBuild } from '../plan/plan.js';
import { uniqueCandidates } from '../plan/tags/tags.js';
import { copyPublished } from '../publish/copy-to-mirrors.js';
import { makeIndex } from '../publish/make-index.js';
import { type PublishedImage, type PushTarget, publishPushed } from '../publish/publish.js';
import { expectMirrored } from '../publish/pure/mirror-outcome.js';
import { findFreeTag, writeUniqueTag } from '../publish/unique-tag.js';
import { announceNoIndex, announcePlan, announceTags } from './announce.js';
import type { Found } from './found.js';
import { decideCommit } from './prepare/built-commit.js';
import { type AskedRegistry, askWithoutEngine } from './prepare/inspect.js';
import { getPushTarget } from './prepare/plan-job.js';
import type { RunFrame, RunSetup } from './prepare/setup.js';

/**
 * Yields what each stage has found, as the story of a build does.
 * @throws InputError for what the registry does not allow; Error when a part is not there, or does not fit the others
 */
export async function* publishIndex(setup: RunSetup, frame: RunFrame): AsyncGenerator<Found, void> {
  const { world, inputs, github } = setup;
  const { runner } = world;
  const { session, state } = await askWithoutEngine(setup, frame);
  const { plan, parts, draft } = await planIndex(setup, session.registry, state);
  yield { plan };
  announcePlan(runner, plan, 'Plan');
  const target = getPushTarget({ ...setup, draft }, session, plan);
  if (target === null) {
    announceNoIndex(runner, plan);
    return;
  }
  github.prepare();
  const { registry, unique } = target;
  const { platforms, index } = makeIndex(parts, inputs.platforms, plan);
  yield { platforms };
  await writeUniqueTag(registry, unique, index);
  const branch = watchBranch(plan, github);
  const request = { runner, plan, ...target, branch, targets: state.targets ?? [], ...frame };
  const published = await publishPushed(request, { digest: index.digest, ids: [] });
  await recordPublished({ world, plan, images: [], ...frame }, { ...published, pushed: index.digest }, []);
  yield* finish(setup, plan, state.mirrors, { target, published });
}

/** What follows on the tags of an image that was not built here: copies to mirrors, and outputs. */
export async function* finish(
  { world }: Pick<RunSetup, 'world'>,
  plan: Plan,
  mirrors: readonly OpenMirror[],
  { target, published: pushed }: { readonly target: PushTarget; readonly published: Omit<PublishedImage, 'push'> },
): AsyncGenerator<Found, void> {
  const published = { ...pushed, push: null };
  yield { published };
  if (published.moved.failure !== null) throw published.moved.failure;
  const copies = await copyPublished(world, plan.own, target, mirrors, published);
  yield { copies };
  announceTags(world.runner, plan, published, [], copies);
  expectMirrored(copies, plan.image, published.tag);
}

interface PlannedIndex {
  readonly plan: Plan;
  /** The plan before the registry was asked for a free tag. */
  readonly draft: Plan;
  /** Empty when no index is pushed. */
  readonly parts: readonly Part[];
}

/** An index is named after the commit that its parts were built from: their revision labels decide, not the event. */
async function planIndex(setup: RunSetup, registry: Registry | null, state: AskedRegistry): Promise<PlannedIndex> {
  const { inputs, trigger, event, context, draft, github } = setup;
  const plan = planBuild(inputs, event, context, state);
  if (registry === null || !plan.push.push) return { plan, draft, parts: [] };
  const parts = await readAllParts(registry, plan);
  const labels = await Promise.all(parts.map((part) => readPartLabels(registry, plan.image.name, part)));
  const commit = findCommitOfParts(
    parts.map(({ digest }, index) => ({ digest, revision: labels[index]?.[REVISION_LABEL] ?? null })),
  );
  const builtFrom = readBuiltFrom(labels[0] ?? {}, plan.image);
  const told = { ...context, builtFrom };
  if (commit === null) return { plan: planBuild(inputs, event, told, state), draft, parts };
  const found = await decideCommit(trigger, { commit, from: 'parts' }, null, github);
  const known = { ...told, built: found.built, notes: found.notes };
  if (found.event === event) return { plan: planBuild(inputs, event, known, state), draft, parts };
  const own = { ...known, committedAt: await github.readCommitTime(commit) };
  const other = planBuild(inputs, found.event, own, NOTHING_ASKED);
  const registries = [registry, ...state.mirrors.map((mirror) => mirror.registry)];
  const unique = await findFreeTag(registries, uniqueCandidates(other.tags.unique, own.now));
  return { plan: planBuild(inputs, found.event, own, { ...state, unique }), draft: other, parts };
}

async function readAllParts(registry: Registry, { image, parts }: Plan): Promise<readonly Part[]> {
  return (await readParts(registry, image.name, parts)).map((part, position) => {
    if (part !== null) return part;
    throw new Error(
      `index-of: ${image.name} has no image ${parts[position] ?? ''}. Build the parts with the same image, and let them push.`,
    );
  });
}
