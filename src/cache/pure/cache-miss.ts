// The first step that was not cached, and why people usually see that.
import { type Dockerfile, getInstruction, getStageLabel, isShownAs } from '../../build/pure/dockerfile.js';
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
  /** Whether any image was there to take steps from. */
  readonly hadSource: boolean;
  readonly noCache: boolean;
}

/** One likely reason, as half a sentence. */
export function explainMiss(step: MissedStep, { dockerfile, flags, sha, hadSource, noCache }: MissContext): string {
  if (noCache) return 'reuse-cache is false';
  if (!hadSource) return 'the registry has no earlier image of this branch, its base or main';
  const text = getInstruction(step.name);
  const changing = listArgumentsBefore(step, text, dockerfile).find((name) => changesOften(name, flags, sha));
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
 * BuildKit shows `COPY --link` as a copy and as a LINK, which puts the copy upon the layers below and changes no file:
 * where it is the first that was missed, its copy was cached. Why its layers may be lacking: merge-records.ts.
 */
const LINK_REASON =
  'the layers below it changed, or the cache lacks its own, since BuildKit does not always keep those of --link: if this comes with every commit, leave --link out';

/** ARGs of the step's own stage that stand before it; none where the step is not found. */
function listArgumentsBefore(step: MissedStep, text: string, dockerfile: Dockerfile | null): string[] {
  const stage = dockerfile?.stages.find((one) => getStageLabel(dockerfile, one) === step.stage);
  const end = stage?.instructions.findIndex((instruction) => isShownAs(instruction, text)) ?? -1;
  if (stage === undefined || end === -1) return [];
  return stage.instructions.slice(0, end).flatMap((instruction) => {
    const [, names] = /^ARG\s+(.*)$/i.exec(instruction) ?? [];
    return names === undefined ? [] : names.split(/\s+/).map((name) => name.replace(/=.*$/, ''));
  });
}

function changesOften(name: string, flags: readonly BuildFlag[], sha: string): boolean {
  const given = flags.find(({ input, value }) => input === 'build-args' && value.startsWith(`${name}=`));
  if (given === undefined) return false;
  const value = given.value.slice(name.length + 1);
  // A commit, short or full, a time, or a run's number by its name.
  return (
    (value.length >= 7 && sha.startsWith(value)) ||
    /^\d{4}-\d{2}-\d{2}[T ]?/.test(value) ||
    /(?:^|_)(?:SHA|COMMIT|REVISION|TIME|TIMESTAMP|DATE|RUN_ID|RUN_NUMBER|BUILD_NUMBER)(?:_|$)/i.test(name)
  );
}
