// What becomes of the builder image once production is built. Building production builds the builder stage that it
// copies from, so a second solve has only to write the builder image, and often there is nothing new to write.
import type { Tag } from '../../image/reference.js';
import type { StoredImage } from '../../image/stored-image.js';
import type { Plan } from '../../plan/plan.js';
import { builderTag } from '../../plan/tags/tags.js';
import { type Dockerfile, findStage, getStageLabel, stagesInside } from './dockerfile.js';

export type BuilderDecision =
  /** Run the builder pass. */
  | { readonly kind: 'build' }
  /** The builder image of this scope is what the pass would write. */
  | { readonly kind: 'keep'; readonly image: StoredImage }
  /** The builder image of another scope is; it gets this scope's tag, server-side. */
  | { readonly kind: 'copy'; readonly from: StoredImage }
  /** Nothing keeps it, and production's solve has built its stage. */
  | { readonly kind: 'included' };

/** A step of a solve, as its progress tells. */
interface SolvedStep {
  readonly stage: string;
  readonly cached: boolean;
}

export interface SolvedProduction {
  readonly steps: readonly SolvedStep[];
  /** Uncompressed layer digests of the new image, one list for each platform; null when it is not in the registry. */
  readonly layers: readonly (readonly string[])[] | null;
}

/**
 * Skips the builder pass where it provably has nothing to do: production is made of the builder stage, every step of
 * both came from the cache, and a scope whose production image has the very same layers has its builder image too.
 */
export function decideBuilder(
  plan: Plan,
  dockerfile: Dockerfile | null,
  stored: readonly StoredImage[],
  production: SolvedProduction,
): BuilderDecision {
  const included = isMadeOfBuilder(plan, dockerfile);
  if (plan.builder.output !== 'registry') return included ? { kind: 'included' } : { kind: 'build' };
  const { steps, layers } = production;
  const nothingRan = steps.length > 0 && steps.every(({ cached }) => cached);
  if (!included || !nothingRan || layers === null || plan.builder.noCache) return { kind: 'build' };
  const find = (tag: Tag): StoredImage | undefined => stored.find((image) => image.tag === tag);
  for (const { tag } of plan.lineage) {
    const [same, builder] = [find(tag), find(builderTag(tag))];
    if (same === undefined || builder === undefined || !haveSameLayers(same, layers)) continue;
    return builder.tag === plan.builder.tag ? { kind: 'keep', image: builder } : { kind: 'copy', from: builder };
  }
  return { kind: 'build' };
}

/** Progress labels of the stages that the builder image is made of. */
export function builderStages(plan: Plan, dockerfile: Dockerfile | null): ReadonlySet<string> {
  const { target } = plan.builder;
  if (dockerfile === null) return new Set([target.toLowerCase()]);
  return new Set([...stagesInside(dockerfile, target)].map((stage) => getStageLabel(dockerfile, stage)));
}

/**
 * Whether the builder stage is to be built before production is: without the merged cache each pass has a source of its
 * own, and production's image knows the builder's steps but has none of their layers.
 */
export function needsOwnSource(plan: Plan, dockerfile: Dockerfile | null): boolean {
  const { builder, production } = plan;
  const [own, other] = [builder.cacheFrom.join('\n'), production.cacheFrom.join('\n')];
  return own !== '' && own !== other && isMadeOfBuilder(plan, dockerfile);
}

/** Whether production's solve builds the builder stage; false where the Dockerfile does not tell. */
export function isMadeOfBuilder({ builder, production }: Plan, dockerfile: Dockerfile | null): boolean {
  if (dockerfile === null || dockerfile.customSyntax) return false;
  const stage = findStage(dockerfile, builder.target);
  return stage !== undefined && stagesInside(dockerfile, production.target).has(stage);
}

function haveSameLayers(image: StoredImage, layers: readonly (readonly string[])[]): boolean {
  const key = (lists: readonly (readonly string[])[]): string =>
    JSON.stringify(lists.map((list) => list.join()).sort());
  const own = image.images.map((one) => one.layers.map(({ diffId }) => diffId));
  // An image without readable layers equals nothing.
  return own.length > 0 && own.every((list) => list.length > 0) && key(own) === key(layers);
}
