// Plain progress of BuildKit -> steps. Pure: lines in, data out.
// Format: https://github.com/moby/buildkit/blob/master/util/progress/progressui/printer.go

export interface BuildStep {
  /** `[builder 3/6] RUN npm ci` */
  readonly name: string;
  /** `builder`; `stage-1` for a stage without a name, empty where there is only one. */
  readonly stage: string;
  readonly cached: boolean;
  readonly seconds: number;
  readonly error: string | null;
}

export interface PassProgress {
  /** The steps of the Dockerfile other than FROM, in the order in which BuildKit first named them. */
  readonly steps: readonly BuildStep[];
  /** What failed: a step, or a part of the export or push; null when nothing did. */
  readonly failed: BuildStep | null;
}

const VERTEX = /^#(\d+) (.*)$/;
const DOCKERFILE_STEP = /^\[(?:[^\]]*\s)?\d+\/\d+\] (?!FROM\b)/;
/**
 * A layer that is pulled under a step's number is that step's result from a cache source: such a step did not run, even
 * where the printer has no line CACHED for it because the pull began first.
 */
const PULLED_LAYER = /^(?:pulling |extracting )?sha256:[0-9a-f]{64} /;
/** Names of the parts of a build that write its result: their failure is the registry's or the engine's. */
const EXPORT = /^(?:exporting|pushing|\[auth\] .*:(?:\S+,)?push\b)/;

/** Reads plain progress line by line; what a step was is known when it is done. */
export class ProgressReader {
  private readonly vertices = new Map<string, { -readonly [Key in keyof BuildStep]: BuildStep[Key] }>();

  /** @returns the step of the Dockerfile that the line says has run to its end, not taken from a cache; else null */
  add(line: string): BuildStep | null {
    const match = VERTEX.exec(line);
    if (match === null) return null;
    const [, number = '', text = ''] = match;
    const vertex = this.vertices.get(number);
    if (vertex === undefined) {
      this.vertices.set(number, { name: text, stage: parseStage(text), cached: false, seconds: 0, error: null });
    } else if (text === 'CACHED' || PULLED_LAYER.test(text)) {
      vertex.cached = true;
    } else if (/^DONE \d+(?:\.\d+)?s$/.test(text)) {
      vertex.seconds = Number(text.slice(5, -1));
      return !vertex.cached && DOCKERFILE_STEP.test(vertex.name) ? vertex : null;
    } else if (text.startsWith('ERROR: ')) {
      vertex.error = text.slice(7);
    }
    return null;
  }

  get progress(): PassProgress {
    const all = [...this.vertices.values()];
    return {
      steps: all.filter(({ name }) => DOCKERFILE_STEP.test(name)),
      failed: all.find(({ error }) => error !== null && !error.startsWith('context canceled')) ?? null,
    };
  }
}

/** @param lines standard error of `docker buildx build --progress=plain` */
export function parsePlainProgress(lines: Iterable<string>): PassProgress {
  const reader = new ProgressReader();
  for (const line of lines) reader.add(line);
  return reader.progress;
}

/** `[linux/amd64 builder 3/6] …` -> `builder` */
function parseStage(name: string): string {
  return (/^\[(?:[^\]]*\s)?([^\s\]/]+)\s+\d+\/\d+\]/.exec(name)?.[1] ?? '').toLowerCase();
}

/** True when the steps all ran and only the export or push of the result failed. */
export function isExportFailure({ failed }: PassProgress): boolean {
  return failed !== null && EXPORT.test(failed.name);
}
