// Which layers of a build are kept in the Actions cache, and the build that writes them. Pure.
import { getTargetLabel, isInProduction, stageLabels } from '../../build/pure/builder-decision.js';
import type { Dockerfile } from '../../build/pure/dockerfile.js';
import type { PassPlan, Plan } from '../../plan/plan.js';
import { formatMegabytes } from '../../shared/text.js';
import type { LayerKeys } from './layer-keys.js';

/** A repository has 10 GB for all its caches: a larger entry would evict too many others. */
const LARGEST_ENTRY_BYTES = 2 * 1024 ** 3;

/**
 * The pass whose layers are kept, since an entry has those of one build. As a directory that of production has the layers of
 * all stages that it copies from. An image has the layers of one stage: the first that is to be kept.
 * @param built builder passes that are finished, where production is not; null when all is built
 * @returns null when nothing is to be kept
 */
export function chooseExport(
  plan: Plan,
  dockerfile: Dockerfile | null,
  { form }: Pick<LayerKeys, 'form'>,
  built: readonly PassPlan[] | null,
): PassPlan | null {
  const [first] = plan.builders;
  if (first === undefined) return built === null ? plan.production : null;
  if (form === 'image') return built === null || built.includes(first) ? first : null;
  if (built === null)
    return plan.builders.some((one) => isInProduction(plan, one, dockerfile)) ? plan.production : first;
  // Of several the one that is made of most of them.
  const covered = ({ target }: PassPlan): number => {
    const inside = stageLabels(target, dockerfile);
    return built.filter((one) => inside.has(getTargetLabel(one.target, dockerfile))).length;
  };
  const [most = null] = built.toSorted((one, other) => covered(other) - covered(one));
  return most;
}

/**
 * The build that exports the layers; all of its steps are in the engine's cache already. It keeps the cache sources of the
 * builder passes, which have the layers that the passes did not need to read.
 * @param pass of `chooseExport`
 * @param cacheTo value of --cache-to
 */
export function planLayerExport(plan: Plan, { form, tag }: LayerKeys, pass: PassPlan, cacheTo: string): PassPlan {
  const passes = plan.builders.length === 0 ? [plan.production] : plan.builders;
  const cacheFrom = [...new Set(passes.flatMap((one) => one.cacheFrom))];
  return {
    ...pass,
    ...{ cacheFrom, labels: {}, provenance: null, sbom: null },
    tag: form === 'image' ? tag : null,
    output: form === 'image' ? 'engine' : 'cache',
    // no-cache-filters would run these stages once more.
    flags: pass.flags.filter(({ input, passes }) => passes === 'both' && input !== 'no-cache-filters'),
    pull: false,
    cacheTo,
  };
}

/** @returns why an entry of that size is not saved, or null */
export function rejectSize(bytes: number): string | null {
  return bytes <= LARGEST_ENTRY_BYTES
    ? null
    : `they are ${formatMegabytes(bytes)}, more than the ${formatMegabytes(LARGEST_ENTRY_BYTES)} that one entry may have`;
}
