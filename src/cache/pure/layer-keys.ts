// Decides whether a run uses the Actions cache for its layers, in which form, and under which keys. Pure.
// Keys and who may read what: https://docs.github.com/actions/reference/workflows-and-actions/dependency-caching
import { type ImageName, type Tag, parseImageName, parseTag } from '../../image/reference.js';
import { listPlatforms } from '../../inputs/build-options.js';
import type { Inputs } from '../../inputs/inputs.js';
import { type Engine, joinsNodes } from '../../plan/engine.js';
import { isFromFork } from '../../plan/event/event.js';
import { getOtherSources } from '../../plan/cache-trust.js';
import type { Plan } from '../../plan/plan.js';
import { compactUtc, toScope } from '../../plan/tags/tags.js';
import { hashText } from '../../shared/hash.js';

/**
 * The form of an entry: `directory` is BuildKit's local cache (an OCI layout); `image` is the builder image as written by
 * `docker image save`, for the one engine that cannot export a cache (the docker driver with overlay2).
 */
type LayerForm = 'directory' | 'image';

export interface LayerKeys {
  readonly form: LayerForm;
  /** Key of a new entry, unique since an entry cannot be overwritten. Null: this run saves nothing. */
  readonly save: string | null;
  /** Prefixes of keys to restore from, nearest first; of each, the newest entry counts. At most 4. */
  readonly restore: readonly [string, ...string[]];
  /** Local name for the builder image of form `image`; removed when the run ends. */
  readonly image: ImageName;
  readonly tag: Tag;
}

/** `reason` completes "The Actions cache is not used: …"; null when nothing needs to be logged. */
export type LayerDecision =
  { readonly kind: 'on'; readonly keys: LayerKeys } | { readonly kind: 'off'; readonly reason: string | null };

/** Part of every key: raise it when a new version cannot read the old entries. */
const FORMAT = 1;

/**
 * Runs that push have their layers in the registry and do not use the Actions cache. The others restore from their own
 * branch or pull request first. Entries of the base and main branch are used only when the registry has no image to
 * start from: such an image would be newer.
 */
export function decideLayers(plan: Plan, inputs: Inputs, engine: Engine, now: Date): LayerDecision {
  const { event, scope, lineage } = plan;
  if (plan.push.push || !inputs.reuseCache || event.kind === 'local') return { kind: 'off', reason: null };
  if (isFromFork(event) && event.name !== 'pull_request') {
    // Such a run shares the main branch's cache, into which a fork's build must not write.
    const reason = `a ${event.name} run for a fork shares it with the main branch`;
    return { kind: 'off', reason };
  }
  if (plan.trust.kind === 'nothing') return { kind: 'off', reason: plan.trust.reason };
  if (joinsNodes(engine, plan.production)) {
    // Each node would write its local cache into the same folder and remove the other's files.
    return { kind: 'off', reason: 'several nodes of a builder cannot write one entry' };
  }
  const form = engine.driver === 'docker' && engine.store === 'overlay2' ? 'image' : 'directory';
  const id = identify(plan, inputs);
  const start = (folder: string): string => `two-pass-build/${FORMAT}/${form}/${id}/${folder}/`;
  // The slash at the end keeps the key of one branch from being a prefix of another's.
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

/** Both passes use this source instead of the registry's: with several, BuildKit merges them and may miss steps. */
export function useLayers(plan: Plan, inputs: Inputs, source: string): Plan {
  const cacheFrom = [source, ...getOtherSources(plan.trust, inputs)];
  const builders = plan.builders.map((builder) => ({ ...builder, cacheFrom }));
  return { ...plan, builders, production: { ...plan.production, cacheFrom } };
}

/** Builds that differ in any of these do not share an entry: they have no steps in common that are worth keeping. */
function identify({ image, builders, production, trust }: Plan, { context, file }: Inputs): string {
  const platforms = listPlatforms(production.flags);
  const kept = builders.map(({ target }) => target).join(',');
  // A run that trusts main's own runs alone takes no layers of one that did not.
  const own = trust.kind === 'lineage' ? [] : ['own'];
  const parts = [image.name, context, file, kept, production.target, platforms, ...own];
  return hashText(JSON.stringify(parts)).slice(0, 16);
}

function hasRegistrySource({ builders, production, trust }: Plan, inputs: Inputs): boolean {
  const passes = builders.length === 0 ? [production] : builders;
  return passes.some((pass) => pass.cacheFrom.length > getOtherSources(trust, inputs).length);
}
