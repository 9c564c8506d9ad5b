// The types of a build's progress (steps, failure, work), and rules on names of its parts.

export interface BuildStep {
  /** `[builder 3/6] RUN npm ci` */
  readonly name: string;
  /** `builder`; `stage-1` for a stage without a name, empty where there is only one. */
  readonly stage: string;
  readonly cached: boolean;
  readonly seconds: number;
  readonly error: string | null;
  /** The last lines that the step printed. */
  readonly output: readonly string[];
}

/** A warning of BuildKit's checks of the Dockerfile: https://docs.docker.com/reference/build-checks/ */
export interface DockerfileWarning {
  /** `FromAsCasing: 'as' and 'FROM' keywords' casing do not match` */
  readonly message: string;
  readonly url: string;
  /** Counts from 1; null when BuildKit names none. */
  readonly line: number | null;
}

/** A line as BuildKit counts it; null for none. */
export function toLineNumber(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? value : null;
}

/**
 * Kinds of work, for figures and chart; of what goes on at once, the first counts. `pull`: a base image, or the result of
 * a step in a cache source, is read; `unpack`: its layers become files; `hash`: the files are hashed that a step copies
 * from another stage; `prepare`: the Dockerfile, the context and what the cache sources have are read; `wait`: nothing is
 * known.
 */
export const WORK_KINDS = ['run', 'push', 'unpack', 'pull', 'export', 'hash', 'prepare', 'wait'] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

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
  /** `NAME: …`, BuildKit's errors of all parts that failed. */
  readonly errors: readonly string[];
  readonly warnings: readonly DockerfileWarning[];
  /** In the order in which BuildKit named it. */
  readonly work: readonly Work[];
}

/** The news in a line of progress. */
export interface ProgressNews {
  /** Lines to print. */
  readonly lines: readonly string[];
  /** Steps of the Dockerfile that have run and ended, not taken from a cache. */
  readonly ran: readonly BuildStep[];
  /** The export of the image has begun. */
  readonly exporting: boolean;
  /** A push has begun. */
  readonly pushing: boolean;
}

/** Names of the parts of a build that export or push its result. */
const EXPORT = /^(?:exporting|pushing|merging manifest list|\[auth\] .*[:,]push\b)/;

/** With several nodes Buildx itself writes the index of their images, with the tag. */
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
 * Whether a part is a layer that is pulled. A step with such a part did not run: the layer is its result from a cache
 * source, even if BuildKit does not call the step cached.
 */
export function isPulledLayer(part: string): boolean {
  return /^(?:pulling |extracting )?sha256:[0-9a-f]{64}(?: |$)/.test(part);
}

/** Lines of a step's output that are kept for the message about its failure. */
export const KEPT_LINES = 20;

interface FinishedVertex {
  readonly name: string;
  readonly error: string | null;
}

/** Whether one of these is a step that really runs: it may be silent for any time. */
export function isAtWork(running: readonly BuildStep[]): boolean {
  return running.some(({ name, cached }) => isDockerfileStep(name) && !cached);
}

/** The first that failed by itself, not because another one did; null when none failed. */
export function findFailed<T extends FinishedVertex>(vertices: readonly T[]): T | null {
  return vertices.find(({ error }) => error !== null && !isCancelled(error)) ?? null;
}

/** `NAME: …` of each that has an error. */
export function listErrors(vertices: readonly FinishedVertex[]): string[] {
  return vertices.flatMap(({ name, error }) => (error === null ? [] : [`${name}: ${error}`]));
}

/** Whether the error only says that the step was stopped, as BuildKit does when another one fails. */
export function isCancelled(error: string): boolean {
  return error.includes('context canceled');
}

/** A step that ran in an earlier attempt does not count as cached in a later one: this run has built it. */
export function withEarlierSteps(progress: PassProgress, earlier: readonly BuildStep[]): PassProgress {
  const ran = new Map(
    earlier.filter(({ cached, error }) => !cached && error === null).map((step) => [step.name, step]),
  );
  const steps = progress.steps.map((step) => (step.cached ? (ran.get(step.name) ?? step) : step));
  return { ...progress, steps };
}
