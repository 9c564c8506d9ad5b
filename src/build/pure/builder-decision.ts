// Decides whether the builder pass runs after the production pass. Production's build includes the builder stage that it
// copies from, so the builder pass only has to write the builder image, and often that is in the registry already.
import type { StoredImage } from '../../image/stored-image.js';
import type { PassPlan, Plan } from '../../plan/plan.js';
import { type Dockerfile, findStage, getStageLabel, stagesInside } from './dockerfile.js';

export type BuilderDecision =
  /** Run the builder pass of the stage. */
  | { readonly kind: 'build' }
  /** The registry has the builder image under this scope's tag already. */
  | { readonly kind: 'keep'; readonly image: StoredImage }
  /** The registry has it under another scope's tag: add this scope's tag, without moving layers. */
  | { readonly kind: 'copy'; readonly from: StoredImage }
  /** No builder image is kept, and the production pass has built the stage: nothing to do. */
  | { readonly kind: 'included' };

/** A step of the production pass, read from its progress. */
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
 * Skips a builder pass only if all of this holds: production copies from the builder stage, every step came from the
 * cache, and the registry has a scope whose production image has exactly these layers, with its builder image.
 */
export function decideBuilder(
  plan: Plan,
  builder: PassPlan,
  dockerfile: Dockerfile | null,
  stored: readonly StoredImage[],
  production: SolvedProduction,
): BuilderDecision {
  const included = isInProduction(plan, builder, dockerfile);
  if (builder.output !== 'registry') return included ? { kind: 'included' } : { kind: 'build' };
  const { steps, layers } = production;
  const nothingRan = steps.length > 0 && steps.every(({ cached }) => cached);
  if (!included || !nothingRan || layers === null || builder.noCache) return { kind: 'build' };
  const find = (pass: PassPlan, scope: number): StoredImage | undefined =>
    stored.find((image) => image.tag === pass.lineageTags[scope]);
  for (const scope of plan.lineage.keys()) {
    const [earlier, image] = [find(plan.production, scope), find(builder, scope)];
    if (earlier === undefined || image === undefined || !haveSameLayers(earlier, layers)) continue;
    return image.tag === builder.tag ? { kind: 'keep', image } : { kind: 'copy', from: image };
  }
  return { kind: 'build' };
}

/** Labels, as progress shows them, of the stages that the builder images are made of. */
export function builderStages({ builders }: Plan, dockerfile: Dockerfile | null): ReadonlySet<string> {
  return new Set(builders.flatMap(({ target }) => [...stageLabels(target, dockerfile)]));
}

/** Labels, as progress shows them, of the stages that a target is made of. */
export function stageLabels(target: string, dockerfile: Dockerfile | null): ReadonlySet<string> {
  if (dockerfile === null) return new Set([target.toLowerCase()]);
  return new Set([...stagesInside(dockerfile, target)].map((stage) => getStageLabel(dockerfile, stage)));
}

/**
 * Whether the stages of a builder must be built first, in a pass of their own. That is so without the merged cache: each pass
 * then has its own cache source, and production's source has cache records of the builder's steps but not their layers.
 */
export function needsOwnSource(plan: Plan, builder: PassPlan, dockerfile: Dockerfile | null): boolean {
  const [own, other] = [builder.cacheFrom.join('\n'), plan.production.cacheFrom.join('\n')];
  return own !== '' && own !== other && isInProduction(plan, builder, dockerfile);
}

/** Whether building production builds the builder stage; false when the Dockerfile cannot be read or understood. */
export function isInProduction({ production }: Plan, builder: PassPlan, dockerfile: Dockerfile | null): boolean {
  if (dockerfile === null || dockerfile.customSyntax) return false;
  const stage = findStage(dockerfile, builder.target);
  return stage !== undefined && stagesInside(dockerfile, production.target).has(stage);
}

function haveSameLayers(image: StoredImage, layers: readonly (readonly string[])[]): boolean {
  const key = (lists: readonly (readonly string[])[]): string =>
    JSON.stringify(lists.map((list) => list.join()).sort());
  const own = image.images.map((one) => one.layers.map(({ diffId }) => diffId));
  // Layers that could not be read are never equal.
  return own.length > 0 && own.every((list) => list.length > 0) && key(own) === key(layers);
}
