// What a run that may not push keeps in the Actions cache, under which keys, and when that is worth it. Pure.
// Keys and who may read what: https://docs.github.com/actions/reference/workflows-and-actions/dependency-caching
import { type ImageName, type Tag, parseImageName, parseTag } from '../../image/reference.js';
import { listPlatforms } from '../../inputs/build-options.js';
import type { Inputs } from '../../inputs/inputs.js';
import { type Engine, joinsNodes } from '../../plan/engine.js';
import { isFromFork } from '../../plan/event/event.js';
import type { PassPlan, Plan } from '../../plan/plan.js';
import { compactUtc, toScope } from '../../plan/tags/tags.js';
import { hashText } from '../../shared/hash.js';
import { formatMegabytes } from '../../shared/text.js';

/**
 * How layers leave the engine and come back: `directory` is BuildKit's local cache (an OCI layout); `image` is the builder
 * image as `docker image save` writes it, for the one engine that cannot export a cache (the docker driver with overlay2).
 */
type LayerForm = 'directory' | 'image';

export interface LayerKeys {
  readonly form: LayerForm;
  /** Key of a new entry: never used before, since an entry cannot be overwritten. Null: this run keeps nothing. */
  readonly save: string | null;
  /** Beginnings of the keys that may help, nearest first; of each, the newest entry counts. At most 4. */
  readonly restore: readonly [string, ...string[]];
  /** The local name of a saved builder image; gone when the run ends. */
  readonly image: ImageName;
  readonly tag: Tag;
}

/** `off`: with a reason that completes "The Actions cache is not used: …" where people may wonder. */
export type LayerDecision =
  { readonly kind: 'on'; readonly keys: LayerKeys } | { readonly kind: 'off'; readonly reason: string | null };

/** Part of every key: raise it when entries of the old form can no longer be read. */
const FORMAT = 1;

/** A repository has 10 GB for all its caches, so one that outgrows this would only drive out others. */
const LARGEST_ENTRY_BYTES = 2 * 1024 ** 3;

/**
 * Runs that push keep their layers in the registry and never ask the Actions cache. Of the others, an entry of the run's
 * own branch or pull request comes first; entries of base and main branch only where the registry has no image to start
 * from, which is newer wherever those branches push.
 */
export function decideLayers(plan: Plan, inputs: Inputs, engine: Engine, now: Date): LayerDecision {
  const { event, scope, lineage } = plan;
  if (plan.push.push || !inputs.reuseCache || event.kind === 'local') return { kind: 'off', reason: null };
  if (isFromFork(event) && event.name !== 'pull_request') {
    // Such a run has the cache of the main branch, which must never hold what a fork has built.
    const reason = `a ${event.name} run for a fork shares it with the main branch`;
    return { kind: 'off', reason };
  }
  if (joinsNodes(engine, plan.production)) {
    // Each would write its local cache into the same folder, and the second finds the files of the first gone.
    return { kind: 'off', reason: 'several nodes of a builder cannot write one entry' };
  }
  const form = engine.driver === 'docker' && engine.store === 'overlay2' ? 'image' : 'directory';
  const id = identify(plan, inputs);
  const start = (folder: string): string => `two-pass-build/${FORMAT}/${form}/${id}/${folder}/`;
  // A slash ends each part, so that no branch's name is the beginning of another's.
  const own =
    event.kind === 'pull-request' && event.fork
      ? start(`fork/${toScope(`${event.headRepository ?? 'deleted'}:${event.headBranch}`, inputs.part).tag}`)
      : scope === null
        ? null
        : start(`branch/${scope.tag}`);
  const others = hasRegistrySource(plan, inputs) ? [] : lineage.map(({ tag }) => start(`branch/${tag}`));
  const [first, ...rest] = new Set([...(own === null ? [] : [own]), ...others]);
  if (first === undefined) return { kind: 'off', reason: null };
  const save = own === null ? null : `${own}${event.sha}-${compactUtc(now)}`;
  const image = parseImageName(`two-pass-build.invalid/${id}`);
  return { kind: 'on', keys: { form, save, restore: [first, ...rest], image, tag: parseTag('builder') } };
}

/** Both passes take that source instead of a registry's: BuildKit merges several and may miss then. */
export function useLayers(plan: Plan, inputs: Inputs, source: string): Plan {
  const cacheFrom = [source, ...inputs.cacheFrom];
  return { ...plan, builder: { ...plan.builder, cacheFrom }, production: { ...plan.production, cacheFrom } };
}

/**
 * The solve that writes the layers out; the engine's own cache has every step of it by then. It has the source of the
 * passes too, which holds the layers that they did not need to read.
 * @param target `production` has the layers of the builder's stages as well, where it is made of them
 * @param cacheTo value of --cache-to
 */
export function planLayerExport(
  plan: Plan,
  { form, tag }: LayerKeys,
  target: 'builder' | 'production',
  cacheTo: string,
): PassPlan {
  const pass = form === 'image' ? plan.builder : plan[target];
  return {
    ...plan.builder,
    name: pass.name,
    target: pass.target,
    tag: form === 'image' ? tag : null,
    output: form === 'image' ? 'engine' : 'cache',
    // These stages have just run, and shall not again.
    flags: plan.builder.flags.filter(({ input }) => input !== 'no-cache-filters'),
    pull: false,
    cacheTo,
  };
}

/** @returns why an entry of that size is not kept, or null */
export function rejectSize(bytes: number): string | null {
  return bytes <= LARGEST_ENTRY_BYTES
    ? null
    : `they are ${formatMegabytes(bytes)}, more than the ${formatMegabytes(LARGEST_ENTRY_BYTES)} that one entry may have`;
}

/** Builds that differ in any of these have no steps in common, or a step in common that is worth nothing. */
function identify({ image, builder, production }: Plan, { context, file }: Inputs): string {
  const platforms = listPlatforms(builder.flags);
  const parts = [image.name, context, file, builder.target, production.target, platforms];
  return hashText(JSON.stringify(parts)).slice(0, 16);
}

function hasRegistrySource({ builder }: Plan, { cacheFrom }: Inputs): boolean {
  return builder.cacheFrom.length > cacheFrom.length;
}
