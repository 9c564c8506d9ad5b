// Plain progress of BuildKit -> steps. Pure: lines in, data out.
// Format: https://github.com/moby/buildkit/blob/master/util/progress/progressui/printer.go

export interface BuildStep {
  /** `[builder 3/6] RUN npm ci` */
  readonly name: string;
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
const PULLED_LAYER = /^sha256:[0-9a-f]{64} /;
/** Names of the parts of a build that write its result: their failure is the registry's or the engine's. */
const EXPORT = /^(?:exporting|pushing|\[auth\] .*:(?:\S+,)?push\b)/;

/** @param lines standard error of `docker buildx build --progress=plain` */
export function parsePlainProgress(lines: Iterable<string>): PassProgress {
  const vertices = new Map<string, { name: string; cached: boolean; seconds: number; error: string | null }>();
  for (const line of lines) {
    const match = VERTEX.exec(line);
    if (match === null) continue;
    const [, number = '', text = ''] = match;
    const vertex = vertices.get(number);
    if (vertex === undefined) {
      vertices.set(number, { name: text, cached: false, seconds: 0, error: null });
    } else if (text === 'CACHED' || PULLED_LAYER.test(text)) {
      vertex.cached = true;
    } else if (/^DONE \d+(?:\.\d+)?s$/.test(text)) {
      vertex.seconds = Number(text.slice(5, -1));
    } else if (text.startsWith('ERROR: ')) {
      vertex.error = text.slice(7);
    }
  }
  const all = [...vertices.values()];
  return {
    steps: all.filter(({ name }) => DOCKERFILE_STEP.test(name)),
    failed: all.find(({ error }) => error !== null && !error.startsWith('context canceled')) ?? null,
  };
}

/** True when the steps all ran and only the export or push of the result failed. */
export function isExportFailure({ failed }: PassProgress): boolean {
  return failed !== null && EXPORT.test(failed.name);
}
