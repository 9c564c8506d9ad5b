// The figures of a pass (steps, cache, seconds), and sentences made of them.
import type { PassProgress, Work } from '../adapters/progress/build-progress.js';
import { getTargetLabel, stageLabels } from '../build/pure/builder-decision.js';
import type { Dockerfile } from '../build/pure/dockerfile.js';
import { explainMiss } from '../cache/pure/cache-miss.js';
import type { BuildFlag } from '../inputs/build-options.js';
import type { Plan } from '../plan/plan.js';
import { toInlineCode } from '../shared/markdown.js';

export interface PassFigures {
  /** Null for a pass that had no process of its own. */
  readonly seconds: number | null;
  readonly steps: readonly { readonly name: string; readonly cached: boolean }[];
  /** The likely reason why the first uncached step was not cached; null when all were. */
  readonly missReason: string | null;
  /** What happened to the image, such as "unchanged"; null until that is known. */
  readonly outcome: string | null;
  readonly work: readonly Work[];
}

/** Plan, Dockerfile and flags of a build. */
export interface Solve {
  readonly plan: Plan;
  /** Null for a remote context, which BuildKit fetches. */
  readonly dockerfile: Dockerfile | null;
  readonly flags: readonly BuildFlag[];
}

/** Building production builds the builder's stages too: splits its steps into those of the two passes. */
export function toFigures(
  { plan, dockerfile, flags }: Solve,
  { seconds, progress }: { readonly seconds: number; readonly progress: PassProgress },
): { readonly builders: readonly PassFigures[]; readonly production: PassFigures } {
  // The stage of a builder counts with that builder, and one that several are made of with the first of them.
  const owners = new Map(plan.builders.map(({ target }, index) => [getTargetLabel(target, dockerfile), index]));
  for (const [index, builder] of plan.builders.entries())
    for (const stage of stageLabels(builder.target, dockerfile)) if (!owners.has(stage)) owners.set(stage, index);
  const { cacheFrom, noCache } = plan.production;
  const ownOnly = plan.trust.kind !== 'lineage';
  const context = { dockerfile, flags, sha: plan.event.sha, hadSource: cacheFrom.length > 0, noCache, ownOnly };
  const pick = (owner?: number): Pick<PassFigures, 'steps' | 'missReason' | 'work'> => {
    const steps = progress.steps.filter(({ stage }) => owners.get(stage) === owner);
    const missed = steps.find(({ cached }) => !cached);
    const work = progress.work.filter(({ stage }) => owners.get(stage) === owner);
    return { steps, missReason: missed === undefined ? null : explainMiss(missed, context), work };
  };
  return {
    builders: plan.builders.map((_, index) => ({ ...pick(index), seconds: null, outcome: null })),
    production: { ...pick(), seconds, outcome: null },
  };
}

/** The figures with later work added, such as the push of a checked image. */
export function addWork(figures: PassFigures, seconds: number, work: readonly Work[]): PassFigures {
  return { ...figures, seconds: (figures.seconds ?? 0) + seconds, work: [...figures.work, ...work] };
}

/** `5 of 7 steps cached; the first that was not: [builder 4/5] COPY src ./ (a file that it copies changed)` */
export function describePass(figures: PassFigures): string {
  const missed = describeMiss(figures);
  return `${describeCached(figures)} steps cached${missed === null ? '' : `; the first that was not: ${missed}`}`;
}

/** `5 of 7` */
export function describeCached({ steps }: PassFigures): string {
  return `${steps.filter(({ cached }) => cached).length} of ${steps.length}`;
}

/** The first step that ran, as code, and why; null when all were cached. */
export function describeMiss({ steps, missReason }: PassFigures): string | null {
  const missed = steps.find(({ cached }) => !cached);
  if (missed === undefined) return null;
  return `${toInlineCode(missed.name)}${missReason === null ? '' : ` (${missReason})`}`;
}
