// What a build did: its steps, what failed, and what the time went into.

export interface BuildStep {
  /** `[builder 3/6] RUN npm ci` */
  readonly name: string;
  /** `builder`; `stage-1` for a stage without a name, empty where there is only one. */
  readonly stage: string;
  readonly cached: boolean;
  readonly seconds: number;
  readonly error: string | null;
  /** The last lines that it printed. */
  readonly output: readonly string[];
}

/** What a check of the Dockerfile found: https://docs.docker.com/reference/build-checks/ */
export interface DockerfileWarning {
  /** `FromAsCasing: 'as' and 'FROM' keywords' casing do not match` */
  readonly message: string;
  readonly url: string;
  /** Counts from 1; null when BuildKit names none. */
  readonly line: number | null;
}

/** What the time of a build went into. */
export type WorkKind = 'run' | 'pull' | 'export' | 'push';

/** A stretch of work; several may go on at once. */
export interface Work {
  /** Of the step, or of the part of the export. */
  readonly name: string;
  /** Empty for what belongs to no stage. */
  readonly stage: string;
  readonly kind: WorkKind;
  /** Set on the step that the build failed at. */
  readonly failed?: true;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
}

export interface PassProgress {
  /** The steps of the Dockerfile other than FROM, each after those that it builds on. */
  readonly steps: readonly BuildStep[];
  /** What failed: a step, or a part of the export or push; null when nothing did. */
  readonly failed: BuildStep | null;
  /** `NAME: …`, what BuildKit says of every part that failed. */
  readonly errors: readonly string[];
  readonly warnings: readonly DockerfileWarning[];
  /** In the order in which BuildKit named it. */
  readonly work: readonly Work[];
}

/** What a line of progress brought. */
export interface ProgressNews {
  /** To be printed. */
  readonly lines: readonly string[];
  /** Steps of the Dockerfile that have run to their end, not taken from a cache. */
  readonly ran: readonly BuildStep[];
  /** The layers of the image begin to be made. */
  readonly exporting: boolean;
  /** Something begins to be pushed. */
  readonly pushing: boolean;
}

/** Names of the parts of a build that write its result: their failure is the registry's or the engine's. */
const EXPORT = /^(?:exporting|pushing|merging manifest list|\[auth\] .*[:,]push\b)/;

/** With several nodes Buildx itself writes the index of what they have pushed, and the tag with it. */
export function isJoining(name: string): boolean {
  return name.startsWith('merging manifest list ');
}

export function isDockerfileStep(name: string): boolean {
  return /^\[(?:[^\]]*\s)?\d+\/\d+\] (?!FROM\b)/.test(name);
}

/** `[linux/amd64 builder 3/6] …` -> `builder` */
export function parseStage(name: string): string {
  return (/^\[(?:[^\]]*\s)?([^\s\]/]+)\s+\d+\/\d+\]/.exec(name)?.[1] ?? '').toLowerCase();
}

/** True when the steps all ran and only the export or push of the result failed. */
export function isExportFailure({ failed }: PassProgress): boolean {
  return failed !== null && EXPORT.test(failed.name);
}

/**
 * A layer that is pulled for a step is that step's result from a cache source: such a step did not run, even where
 * BuildKit does not call it cached because the pull began first.
 */
export function isPulledLayer(part: string): boolean {
  return /^(?:pulling |extracting )?sha256:[0-9a-f]{64}(?: |$)/.test(part);
}

/** How much of a step's output is kept for the message about its failure. */
export const KEPT_LINES = 20;

interface FinishedVertex {
  readonly name: string;
  readonly error: string | null;
}

/** Whether one of these may rightly be silent for as long as it likes: a step that really runs. */
export function isAtWork(running: readonly BuildStep[]): boolean {
  return running.some(({ name, cached }) => isDockerfileStep(name) && !cached);
}

/** What failed of its own; null when nothing did. */
export function findFailed<T extends FinishedVertex>(vertices: readonly T[]): T | null {
  return vertices.find(({ error }) => error !== null && !isCancelled(error)) ?? null;
}

/** `NAME: …` of each that has an error. */
export function listErrors(vertices: readonly FinishedVertex[]): string[] {
  return vertices.flatMap(({ name, error }) => (error === null ? [] : [`${name}: ${error}`]));
}

/** Other steps end so when one of them fails. */
export function isCancelled(error: string): boolean {
  return error.includes('context canceled');
}

/** A step that ran in an attempt before is not cached, although the engine took it from there: it is new in this run. */
export function withEarlierSteps(progress: PassProgress, earlier: readonly BuildStep[]): PassProgress {
  const ran = new Map(
    earlier.filter(({ cached, error }) => !cached && error === null).map((step) => [step.name, step]),
  );
  const steps = progress.steps.map((step) => (step.cached ? (ran.get(step.name) ?? step) : step));
  return { ...progress, steps };
}
