// Why a step ran again, where the progress proves it: the first step of its stage that did not come from the cache.
import { withoutQuotes } from '../../build/pure/dockerfile.js';
import { parseStringList } from '../../shared/json.js';
import { type ObservedBuild, type ObservedInstruction, type ObservedStage, declaresChanging } from './observed.js';

/** The COPY that a step ran again for. */
export interface Cause {
  readonly copy: ObservedInstruction;
  /** What stands between it and the step. */
  readonly between: readonly ObservedInstruction[];
}

/**
 * Finds the COPY or ADD that made a step run again: all before it came from the cache.
 * @returns null where something else did, or where nothing proves that the base image is what it was
 */
export function findCause(build: ObservedBuild, stage: ObservedStage, step: ObservedInstruction): Cause | null {
  const before = stage.chain.slice(0, stage.chain.indexOf(step));
  const index = before.findIndex(({ kind, cached }) => kind === 'step' && !cached);
  const copy = before[index];
  if (copy === undefined || !copy.ran || !isCopy(copy)) return null;
  // Above the COPY the step would run again all the same.
  if (before.slice(0, index).some((one) => declaresChanging(build, one))) return null;
  const sameBase = build.stages.filter(({ image }) => image === stage.image).flatMap(({ own }) => own);
  if (!sameBase.some(restsOnBase)) return null;
  return { copy, between: before.slice(index + 1) };
}

/** What was found behind the same COPY, together: moving it is one change of the Dockerfile. */
export function groupByCopy<T extends Pick<Cause, 'copy'>>(
  found: readonly T[],
): readonly { readonly copy: ObservedInstruction; readonly group: readonly T[] }[] {
  const copies = new Set(found.map(({ copy }) => copy));
  return [...copies].map((copy) => ({ copy, group: found.filter((one) => one.copy === copy) }));
}

/** A step of the cache whose key has its base image in it. */
function restsOnBase({ cached, flags }: ObservedInstruction): boolean {
  return cached && !flags.some((flag) => flag === '--link' || flag.startsWith('--link='));
}

export function isCopy({ keyword }: ObservedInstruction): boolean {
  return keyword === 'COPY' || keyword === 'ADD';
}

/** What a COPY copies, and where to. */
export interface CopiedPaths {
  readonly sources: readonly string[];
  readonly destination: string;
  /** The stage, image or context of `--from`; null for the build context. */
  readonly from: string | null;
}

/** @returns null for what is no COPY or ADD, and for heredocs and variables */
export function parseCopy(instruction: ObservedInstruction): CopiedPaths | null {
  const { flags, rest } = instruction;
  const paths = rest[0]?.startsWith('[') === true ? parseStringList(rest.join(' ')) : rest.map(withoutQuotes);
  const destination = paths?.at(-1);
  if (!isCopy(instruction) || !paths || paths.length < 2 || destination === undefined) return null;
  if (paths.some((path) => /[$<]|:\/\//.test(path) || path.startsWith('git@'))) return null;
  const from = flags.find((flag) => flag.startsWith('--from='))?.slice('--from='.length) ?? null;
  return { sources: paths.slice(0, -1), destination, from };
}
