// A build as it was seen: each instruction of the Dockerfile with what the progress tells of it.
import type { BuildStep, PassProgress, Work } from '../../adapters/progress/build-progress.js';
import { type Dockerfile, type Stage, findBaseStage, getStageLabel, readFlags } from '../../build/pure/dockerfile.js';
import { listArguments } from '../../build/pure/dockerfile-values.js';
import type { ImageLayer } from '../../image/stored-image.js';
import { toSeconds } from '../../adapters/progress/stretches.js';

export interface ObservedInstruction {
  /** As the Dockerfile has it, on one line. */
  readonly text: string;
  /** Its first line, counted from 1. */
  readonly line: number;
  /** In upper case. */
  readonly keyword: string;
  readonly flags: readonly string[];
  readonly rest: readonly string[];
  /** `step`: BuildKit has told of it. `other`: it makes no step, as ENV. */
  readonly kind: 'step' | 'other';
  readonly cached: boolean;
  /** It began, ended well, and did not come from the cache. */
  readonly ran: boolean;
  /** Its names in the progress: one for each platform, and two for COPY --link. */
  readonly names: readonly string[];
  /** The last lines that it printed. */
  readonly output: readonly string[];
}

export interface ObservedStage {
  readonly stage: Stage;
  /** Its own instructions; none when the progress tells of other steps than the Dockerfile has. */
  readonly own: readonly ObservedInstruction[];
  /** These, behind those of the stages that it begins with. */
  readonly chain: readonly ObservedInstruction[];
  /** The image that the first of those begins with, as the Dockerfile has it. */
  readonly image: string;
}

export interface ObservedBuild {
  readonly stages: readonly ObservedStage[];
  readonly work: readonly Work[];
  /** Of the new image, and of the images that the run could take layers from; nearest first. */
  readonly layers: readonly ImageLayer[];
  /** Whether a build argument has another value for every commit. */
  readonly changesOften: (name: string) => boolean;
}

/** Instructions that make a step. */
const STEPS: readonly string[] = ['ADD', 'COPY', 'RUN', 'WORKDIR'];

export function observeBuild(
  dockerfile: Dockerfile,
  { steps, work }: Pick<PassProgress, 'steps' | 'work'>,
  others: Pick<ObservedBuild, 'layers' | 'changesOften'>,
): ObservedBuild {
  const worked = new Set(work.filter(({ kind, failed }) => kind === 'run' && failed !== true).map(({ name }) => name));
  const told = dockerfile.stages.map((stage) => {
    const label = getStageLabel(dockerfile, stage);
    return observeStage(
      stage,
      steps.filter((step) => step.stage === label),
      worked,
    );
  });
  // BuildKit makes one step of those that are the same in several stages, and names it after one of them.
  const shared = new Map<string, ObservedInstruction>();
  for (const { chain, own, image } of toChains(dockerfile, told))
    for (const one of own) if (one.names.length > 0) shared.set(getKey(image, chain, one), one);
  const whole = toChains(dockerfile, told).map(({ chain, own, image }) =>
    own.map((one) => {
      const same = one.kind === 'step' && one.names.length === 0 ? shared.get(getKey(image, chain, one)) : undefined;
      // Its seconds count where it is named.
      return same === undefined ? one : { ...one, cached: same.cached, ran: same.ran };
    }),
  );
  return { stages: toChains(dockerfile, whole), work, ...others };
}

function toChains(
  dockerfile: Dockerfile,
  instructions: readonly (readonly ObservedInstruction[])[],
): readonly ObservedStage[] {
  const known = new Map<Stage, ObservedStage>();
  for (const [index, stage] of dockerfile.stages.entries()) {
    const own = instructions[index] ?? [];
    const base = findBaseStage(dockerfile, stage);
    const before = base === undefined ? undefined : known.get(base);
    const image = before?.image ?? stage.uses[0] ?? '';
    known.set(stage, { stage, own, chain: [...(before?.chain ?? []), ...own], image });
  }
  return [...known.values()];
}

/** Equal for instructions that are one step: arguments and environment matter to RUN alone. */
function getKey(image: string, chain: readonly ObservedInstruction[], instruction: ObservedInstruction): string {
  const before = chain.slice(0, chain.indexOf(instruction) + 1);
  const lastRun = before.findLastIndex(({ keyword }) => keyword === 'RUN');
  const counts = before.filter(({ kind }, index) => kind === 'step' || index < lastRun);
  return JSON.stringify([image, ...counts.map(({ text }) => text)]);
}

/** `[linux/amd64 builder 3/6] RUN …` -> 3, 6 and RUN. */
const STEP_NAME = /^\[(?:[^\]]*\s)?(\d+)\/(\d+)\] (?:LINK )?(\w+)/;

function observeStage(
  { instructions, lines }: Stage,
  told: readonly BuildStep[],
  worked: ReadonlySet<string>,
): readonly ObservedInstruction[] {
  const parts = instructions.map((text) => readFlags(text));
  const makesStep = parts.map(({ keyword }) => STEPS.includes(keyword.toUpperCase()));
  const count = makesStep.filter(Boolean).length;
  const byPlace = new Map<number, BuildStep[]>();
  for (const step of told) {
    const [, number = '', all = '', keyword = ''] = STEP_NAME.exec(step.name) ?? [];
    // The image of FROM counts as a step; a stage, or scratch, does not.
    const place = Number(number) - (Number(all) - count) - 1;
    const index = nth(makesStep, place);
    if (index === -1 || parts[index]?.keyword.toUpperCase() !== keyword) return [];
    byPlace.set(index, [...(byPlace.get(index) ?? []), step]);
  }
  return instructions.map((text, index) => {
    const { keyword = '', flags = [], rest = [] } = parts[index] ?? {};
    const own = byPlace.get(index) ?? [];
    return {
      ...{ text, line: lines[index] ?? 0, keyword: keyword.toUpperCase(), flags, rest },
      kind: own.length > 0 || makesStep[index] === true ? 'step' : 'other',
      cached: own.length > 0 && own.every(({ cached }) => cached),
      ran: own.some(({ name, cached, error }) => !cached && error === null && worked.has(name)),
      names: own.map(({ name }) => name),
      output: own.flatMap(({ output }) => output),
    };
  });
}

/** Index of the true value of that number, counted from 0; -1 when there is none. */
function nth(values: readonly boolean[], number: number): number {
  const indexes = values.flatMap((value, index) => (value ? [index] : []));
  return indexes[number] ?? -1;
}

/** Whether every RUN below an instruction runs again for each commit, since an argument is another one. */
export function declaresChanging({ changesOften }: ObservedBuild, { keyword, text }: ObservedInstruction): boolean {
  return keyword === 'ARG' && listArguments(text).some(changesOften);
}

/**
 * Seconds in which these were running and nothing else of the build was at work: by so much, and perhaps more, the build
 * is shorter without them.
 */
export function measureAlone({ work }: ObservedBuild, instructions: readonly ObservedInstruction[]): number {
  const names = new Set(instructions.flatMap((one) => one.names));
  const counted = work.filter(({ kind }) => kind !== 'prepare' && kind !== 'wait');
  return toSeconds(counted) - toSeconds(counted.filter(({ name, kind }) => kind !== 'run' || !names.has(name)));
}

/** Compressed bytes of the layer that a RUN or COPY has made; null when no known image has it. */
export function findLayerBytes({ layers }: ObservedBuild, { keyword, rest }: ObservedInstruction): number | null {
  const command = plain(rest.join(' '));
  // BuildKit writes `RUN /bin/sh -c COMMAND # buildkit`, with `|2 NAME=VALUE …` before the shell where there are arguments.
  const layer = layers.find(({ createdBy }) => {
    const text = plain(createdBy);
    return text.startsWith(`${keyword} `) && text.endsWith(` ${command} # buildkit`);
  });
  return layer?.size ?? null;
}

/** Of several together, as far as their layers are known; null when none is. */
export function sumLayerBytes(build: ObservedBuild, instructions: readonly ObservedInstruction[]): number | null {
  const known = instructions.map((one) => findLayerBytes(build, one)).filter((size) => size !== null);
  return known.length === 0 ? null : known.reduce((sum, size) => sum + size, 0);
}

function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
