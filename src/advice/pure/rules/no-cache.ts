// Runs of every push that leave the cache aside: what they ran again, and the cache would have had.
import { toInlineCode } from '../../../shared/markdown.js';
import { type Advice, listWords } from '../advice.js';
import { isCopy, parseCopy } from '../cause.js';
import { areManifests } from '../installers.js';
import {
  type ObservedBuild,
  type ObservedInstruction,
  type ObservedStage,
  declaresChanging,
  measureAlone,
} from '../observed.js';

/** How a run was told to leave the cache aside. */
export interface CacheHabit {
  /** `reuse-cache: false` */
  readonly noCache: boolean;
  /** The stages of `no-cache-filters`. */
  readonly noCacheStages: readonly string[];
  /** Whether the event is one of many on a day, as a push, and not a schedule. */
  readonly frequent: boolean;
}

export function adviseOnNoCache(
  build: ObservedBuild,
  { noCache, noCacheStages, frequent }: CacheHabit,
): readonly Advice[] {
  const filtered = noCacheStages.map((name) => name.toLowerCase());
  const isFiltered = ({ stage, chain }: ObservedStage): boolean =>
    build.stages.some(
      (other) =>
        filtered.includes(other.stage.name?.toLowerCase() ?? '') &&
        (other.stage === stage || (other.own.length > 0 && other.own.every((one) => chain.includes(one)))),
    );
  const stages = build.stages.filter((stage) => noCache || isFiltered(stage));
  const steps = frequent ? [...new Set(stages.flatMap((stage) => listSteady(build, stage)))] : [];
  if (steps.length === 0) return [];
  const input = noCache ? 'reuse-cache: false' : `no-cache-filters: ${noCacheStages.join(', ')}`;
  const lines = steps.map(({ line }) => `${line}`);
  return [
    {
      seconds: measureAlone(build, steps),
      bytes: null,
      text:
        `in each run whose base images and manifests are what they were: ${toInlineCode(input)} ran ` +
        `${lines.length === 1 ? 'line' : 'lines'} ${listWords(lines)} of the Dockerfile, which the cache would have had. ` +
        'Set it in a scheduled workflow only.',
    },
  ];
}

/** The RUN steps that ran above all that other commits change: files of the context, other stages, arguments. */
function listSteady(build: ObservedBuild, { chain }: ObservedStage): readonly ObservedInstruction[] {
  const end = chain.findIndex((one) => declaresChanging(build, one) || (isCopy(one) && !bringsManifests(one)));
  const above = end === -1 ? chain : chain.slice(0, end);
  return above.filter(({ keyword, ran }) => keyword === 'RUN' && ran);
}

function bringsManifests(copy: ObservedInstruction): boolean {
  const copied = parseCopy(copy);
  return copied?.from === null && areManifests(copied.sources);
}
