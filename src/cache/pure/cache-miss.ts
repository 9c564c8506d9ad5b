// The likely reason why the first uncached step of a pass was not cached. Pure.
import { type Dockerfile, findShown, getInstruction } from '../../build/pure/dockerfile.js';
import { listArguments } from '../../build/pure/dockerfile-values.js';
import type { BuildFlag } from '../../inputs/build-options.js';

export interface MissedStep {
  /** `[builder 4/6] RUN npm ci` */
  readonly name: string;
  readonly stage: string;
}

export interface MissContext {
  readonly dockerfile: Dockerfile | null;
  readonly flags: readonly BuildFlag[];
  readonly sha: string;
  /** Whether the pass had any cache source. */
  readonly hadSource: boolean;
  readonly noCache: boolean;
  /** Only what main has recorded is a source. Left out: no. */
  readonly ownOnly?: boolean;
}

/** One likely reason, as half a sentence. */
export function explainMiss(
  step: MissedStep,
  { dockerfile, flags, sha, hadSource, noCache, ownOnly = false }: MissContext,
): string {
  if (noCache) return 'reuse-cache is false';
  if (!hadSource && ownOnly) return 'trust-cache is own, and main has recorded no image yet';
  if (!hadSource) return 'the registry has no earlier image of this branch, its base or main';
  const text = getInstruction(step.name);
  const changing = listArgumentsBefore(step, dockerfile).find((name) => changesOften(name, flags, sha));
  if (/^RUN\b/i.test(text) && changing !== undefined) {
    return `the build argument ${changing} changes with every commit and stands before it: move "ARG ${changing}" below this step`;
  }
  if (/^(?:COPY|ADD)\b/i.test(text)) {
    return /\s\.\/?\s/.test(text) && !/\s--from=/i.test(text)
      ? 'a file of the context changed; what the step does not need belongs in .dockerignore'
      : 'a file that it copies changed';
  }
  if (/^LINK\b/.test(text)) return LINK_REASON;
  return 'the step, a build argument before it, or its base image changed';
}

/**
 * BuildKit shows `COPY --link` as two steps: the copy, and a LINK that puts the copied layer on top of the layers below.
 * When LINK is the first uncached step, the copy was cached. merge-records.ts has the reason why LINK may miss.
 */
const LINK_REASON =
  'the layers below it changed, or the cache lacks its own, since BuildKit does not always keep those of --link: if this comes with every commit, leave --link out';

/** ARGs before the step in its own stage; none when the step is not found in the Dockerfile. */
function listArgumentsBefore(step: MissedStep, dockerfile: Dockerfile | null): string[] {
  const shown = dockerfile === null ? null : findShown(dockerfile, step);
  if (shown === null) return [];
  const { stage, instruction } = shown;
  return stage.instructions.slice(0, stage.instructions.indexOf(instruction)).flatMap(listArguments);
}

/** Whether a build argument that is given has another value for every commit. */
export function changesOften(name: string, flags: readonly BuildFlag[], sha: string): boolean {
  const given = flags.find(({ input, value }) => input === 'build-args' && value.startsWith(`${name}=`));
  if (given === undefined) return false;
  const value = given.value.slice(name.length + 1);
  // The value is the commit (short or full) or a time, or the name says that it is a commit, time or run number.
  return (
    (value.length >= 7 && sha.startsWith(value)) ||
    /^\d{4}-\d{2}-\d{2}[T ]?/.test(value) ||
    /(?:^|_)(?:SHA|COMMIT|REVISION|TIME|TIMESTAMP|DATE|RUN_ID|RUN_NUMBER|BUILD_NUMBER)(?:_|$)/i.test(name)
  );
}
