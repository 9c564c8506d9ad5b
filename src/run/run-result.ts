// The results of the stages -> what the summary, the comment and the outputs say of the run. Pure.
import { sumBytes } from '../image/stored-image.js';
import { toScope } from '../plan/tags/tags.js';
import { type PassFigures, addWork, toFigures } from '../report/figures.js';
import type { RunResult } from '../report/result.js';
import { listWrittenTags } from './announce.js';
import { findFailedPass, toFailure } from './failure.js';
import type { Found } from './found.js';
import type { RunSetup } from './prepare/setup.js';

export interface Ending {
  readonly warnings: readonly string[];
  /** What would have made the build faster. */
  readonly advice: readonly string[];
  /** Null when the run succeeded. */
  readonly failure: unknown;
}

export function toRunResult(setup: RunSetup, found: Found, { warnings, advice, failure }: Ending): RunResult {
  const { published, checked, kept, copies, layers } = found;
  const plan = found.plan ?? setup.draft;
  return {
    // The pushed tag may differ from the planned one: another run may have written that first.
    plan: published === undefined ? plan : { ...plan, tags: { ...plan.tags, unique: published.tag } },
    ...getFigures(setup, found),
    digest: published?.manifest.digest ?? null,
    pushedTags: published === undefined ? [] : listWrittenTags(plan, published, kept ?? []),
    warnings,
    error: failure === null ? null : toFailure(failure),
    unfinished: found.built === undefined ? (findFailedPass(failure)?.progress.work ?? []) : [],
    bytes: { image: null, ...published?.bytes, main: getMainBytes(setup, found) },
    cacheTags: found.survey?.state.images.map(({ tag }) => tag) ?? [],
    ...(found.platforms && { platforms: found.platforms }),
    ...(copies && { mirrors: copies }),
    ...(checked && { verified: checked.verified, checks: checked.scan }),
    ...(advice.length > 0 && { advice }),
    ...(layers && { actionsCacheKey: layers.restored }),
  };
}

/** Whether everything succeeded but, perhaps, copies to mirrors. */
export function isComplete({ kept, copies }: Found): boolean {
  return copies !== undefined && (kept ?? []).every(({ failure }) => failure === null);
}

function getFigures(
  { inputs }: RunSetup,
  { job, built, published, kept }: Found,
): { readonly builders: readonly PassFigures[]; readonly production: PassFigures | null } {
  if (!job || !built) return { builders: [], production: null };
  const { builders, production } = toFigures({ ...job, flags: inputs.flags }, built);
  const push = published?.push ?? null;
  return {
    builders: builders.map((builder, index) => {
      const own = kept?.[index];
      if (!own || own.failure) return builder;
      return { ...builder, seconds: own.seconds, outcome: own.outcome, work: [...builder.work, ...own.work] };
    }),
    production: push === null ? production : addWork(production, push.seconds, push.progress.work),
  };
}

/** Compressed size of the image that the main branch had before this run; null when it is not known. */
function getMainBytes({ inputs, context }: RunSetup, { survey }: Found): number | null {
  const branch = inputs.mainBranch ?? context.defaultBranch;
  if (branch === null) return null;
  const { tag: wanted } = toScope(branch, inputs.part);
  return sumBytes(survey?.state.images.find(({ tag }) => tag === wanted)?.images ?? []);
}
