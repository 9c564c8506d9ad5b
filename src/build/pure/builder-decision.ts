// Decides whether the builder pass runs after the production pass. Production's build includes the builder stage that it
// copies from, so the builder pass only has to write the builder image, and often that is in the registry already.
import { readSteps } from '../../image/inline-cache/records.js';
import { STAGE_LABEL } from '../../image/label-names.js';
import type { CachedImage, StoredImage } from '../../image/stored-image.js';
import type { PassPlan, Plan } from '../../plan/plan.js';
import { hashText } from '../../shared/hash.js';
import { type Dockerfile, findStage, getStageLabel, stagesInside } from './dockerfile.js';

export type BuilderDecision =
  /** Run the builder pass of the stage. */
  | { readonly kind: 'build' }
  /** The registry has the builder image under this scope's tag already. */
  | { readonly kind: 'keep'; readonly image: StoredImage }
  /** The registry has it, and this scope's tag does not lead to it: add the tag, without moving layers. */
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
  /** The new image, one for each platform; null when it is not in the registry. */
  readonly images: readonly CachedImage[] | null;
}

/**
 * Skips a builder pass only if production copies from the builder stage, every step of the stage came from the cache, and
 * the registry has the image of just this stage: beside a production image that has exactly the new one's layers, all of
 * whose steps came from the cache, too; or one whose last step is a step of the new image.
 */
export function decideBuilder(
  plan: Plan,
  builder: PassPlan,
  dockerfile: Dockerfile | null,
  stored: readonly StoredImage[],
  { steps, images }: SolvedProduction,
): BuilderDecision {
  const included = isInProduction(plan, builder, dockerfile);
  if (builder.output !== 'registry') return included ? { kind: 'included' } : { kind: 'build' };
  const stages = stageLabels(builder.target, dockerfile);
  const own = steps.filter(({ stage }) => stages.has(stage));
  if (!included || !areCached(own) || images === null || builder.noCache) return { kind: 'build' };
  const find = (pass: PassPlan, scope: number): StoredImage | undefined =>
    stored.find((image) => image.tag === pass.lineageTags[scope]);
  for (const scope of plan.lineage.keys()) {
    const [earlier, image] = [find(plan.production, scope), find(builder, scope)];
    if (image === undefined) continue;
    const beside = areCached(steps) && earlier !== undefined && haveSameLayers(earlier.images, images);
    if (!beside && !isOfSameStage(image, builder, images)) continue;
    return image.tag === builder.tag && image.moved !== true ? { kind: 'keep', image } : { kind: 'copy', from: image };
  }
  return { kind: 'build' };
}

function areCached(steps: readonly SolvedStep[]): boolean {
  return steps.length > 0 && steps.every(({ cached }) => cached);
}

/**
 * Whether an image is of the stage as it is now. The label says that it was made by the same instructions, so that its last
 * step is the stage's; the records say that the step had the same input.
 */
function isOfSameStage(
  { labels, images }: StoredImage,
  builder: PassPlan,
  production: readonly CachedImage[],
): boolean {
  const label = builder.labels[STAGE_LABEL];
  if (label === undefined || labels?.[STAGE_LABEL] !== label || images.length !== production.length) return false;
  const known = production.map((image) => readSteps(image).all);
  return images.every((image) => readSteps(image).last.some((step) => known.some((steps) => steps.has(step))));
}

/** The plan with a label on each builder image that tells which instructions it is made by; none where they are not known. */
export function withStageLabels(plan: Plan, dockerfile: Dockerfile | null): Plan {
  if (dockerfile === null || dockerfile.customSyntax) return plan;
  const label = (target: string): string => {
    const made = [...stagesInside(dockerfile, target)].map(({ name, uses, instructions }) => [
      name,
      uses,
      instructions,
    ]);
    return `${target.toLowerCase()} ${hashText(JSON.stringify(made))}`;
  };
  const builders = plan.builders.map((builder) => ({
    ...builder,
    labels: { ...builder.labels, [STAGE_LABEL]: label(builder.target) },
  }));
  return { ...plan, builders };
}

/** Labels, as progress shows them, of the stages that the builder images are made of. */
export function builderStages({ builders }: Plan, dockerfile: Dockerfile | null): ReadonlySet<string> {
  return new Set(builders.flatMap(({ target }) => [...stageLabels(target, dockerfile)]));
}

/** Label, as progress shows it, of the stage of a target. */
export function getTargetLabel(target: string, dockerfile: Dockerfile | null): string {
  const stage = dockerfile === null ? undefined : findStage(dockerfile, target);
  return dockerfile === null || stage === undefined ? target.toLowerCase() : getStageLabel(dockerfile, stage);
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

function haveSameLayers(one: readonly CachedImage[], other: readonly CachedImage[]): boolean {
  const list = (images: readonly CachedImage[]): readonly string[][] =>
    images.map(({ layers }) => layers.map(({ diffId }) => diffId));
  const key = (lists: readonly string[][]): string => JSON.stringify(lists.map((ids) => ids.join()).sort());
  const own = list(one);
  // Layers that could not be read are never equal.
  return own.length > 0 && own.every((ids) => ids.length > 0) && key(own) === key(list(other));
}
