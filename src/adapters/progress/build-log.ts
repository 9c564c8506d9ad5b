// The log of a build, short enough to read: a line when a step starts, ends or was cached, and what it prints.
import { toSeconds } from './stretches.js';
import { formatMegabytes, formatSeconds } from '../../shared/text.js';
import { isCancelled, isDockerfileStep } from './build-progress.js';

/** A step, or internal work of BuildKit. */
export interface LoggedVertex {
  /** Identifies it within a pass; its key identifies it in all passes of a run. */
  readonly digest: string;
  /** `[builder 3/6] RUN npm ci`, `exporting to image` */
  readonly name: string;
  readonly cached: boolean;
  /** Milliseconds since 1970; null before it has started. */
  readonly started: number | null;
  readonly done: boolean;
  readonly seconds: number;
  readonly error: string | null;
  /** Start -> end, in milliseconds since 1970. BuildKit ends and restarts a vertex that it looks up first and pulls later. */
  readonly runs: ReadonlyMap<number, number | null>;
  /** Its parts, such as layers that are pulled: name -> figures. */
  readonly parts: ReadonlyMap<string, VertexPart>;
}

export interface VertexPart {
  readonly bytes: number;
  /** Milliseconds since 1970; the end is null until then. */
  readonly started: number;
  readonly completed: number | null;
}

/** Internal work of BuildKit is logged only if it takes at least so long. */
const SLOW_SECONDS = 1;
const HEARTBEAT_MS = 60_000;
/** Shorter parts of an export are not logged. */
const SHORT_SECONDS = 0.05;

export class BuildLog {
  private readonly known: Set<string>;
  private readonly hidden: ReadonlySet<string>;
  private readonly told = new Set<string>();
  /** Digest -> when a line about it was printed last. */
  private readonly heard = new Map<string, number>();
  /** Digest -> a cached step whose pull has not been logged: BuildKit ends one pull several times. */
  private readonly pulled = new Map<string, LoggedVertex>();

  /**
   * @param known gets the key of everything that this log shows
   * @param hidden keys that another pass's log has shown
   */
  constructor(known = new Set<string>(), hidden: ReadonlySet<string> = new Set()) {
    this.known = known;
    this.hidden = hidden;
  }

  /** To be called as soon as a vertex is heard of: BuildKit names the steps of a build before it runs them. */
  named(vertex: LoggedVertex): void {
    this.known.add(getKey(vertex));
  }

  started(vertex: LoggedVertex, now: number): readonly string[] {
    if (this.isHidden(vertex) || vertex.cached || this.told.has(vertex.digest) || !isDockerfileStep(vertex.name))
      return [];
    this.told.add(vertex.digest);
    this.heard.set(vertex.digest, now);
    return [...this.endPulls(), vertex.name];
  }

  /** Log lines on pulls that have ended. To be called at the end of the build; a step that begins ends them too. */
  endPulls(): readonly string[] {
    const ended = [...this.pulled.values()].filter(({ done }) => done);
    return ended.flatMap(({ digest, name, parts, runs }) => {
      this.pulled.delete(digest);
      const seconds = sumRuns(runs);
      if (seconds < SLOW_SECONDS) return [];
      return [
        `${getLabel(name)} read from the cache: ${formatMegabytes(sumBytes(parts))} in ${formatSeconds(seconds)}`,
      ];
    });
  }

  printed(vertex: LoggedVertex, lines: readonly string[], now: number): readonly string[] {
    if (this.isHidden(vertex)) return [];
    this.heard.set(vertex.digest, now);
    // Once for all lines: the name of a step may be a script of its own.
    const label = getLabel(vertex.name);
    return lines.map((line) => `${label} | ${line}`);
  }

  ended(vertex: LoggedVertex): readonly string[] {
    if (this.isHidden(vertex)) return [];
    const { name, error, seconds } = vertex;
    if (error !== null)
      return isCancelled(error) ? [] : [`${this.getLabel(vertex)} failed after ${formatSeconds(seconds)}: ${error}`];
    if (isDockerfileStep(name)) return this.stepEnded(vertex);
    const writes = /^(?:exporting|pushing|merging manifest list)/.test(name);
    if (seconds < SLOW_SECONDS && !writes) return [];
    return [...(writes ? this.endPulls() : []), `${name}: ${formatSeconds(seconds)}${describeParts(vertex)}`];
  }

  /** Log lines on everything that has been silent for a minute. */
  heartbeat(vertices: Iterable<LoggedVertex>, now: number): readonly string[] {
    const silent = [...vertices].filter(
      (vertex) =>
        vertex.started !== null &&
        !vertex.done &&
        !this.isHidden(vertex) &&
        now - (this.heard.get(vertex.digest) ?? vertex.started) >= HEARTBEAT_MS,
    );
    return silent.map(({ digest, name, started }) => {
      this.heard.set(digest, now);
      return `${getLabel(name)} is still running, after ${Math.round((now - (started ?? now)) / 1000)} s`;
    });
  }

  private stepEnded(vertex: LoggedVertex): readonly string[] {
    const { digest, name, cached, seconds, parts, runs } = vertex;
    if (!cached) return this.told.has(digest) ? [`${getLabel(name)} done in ${formatSeconds(seconds)}`] : [];
    const bytes = sumBytes(parts);
    if (!this.told.has(digest)) {
      this.told.add(digest);
      const pulled = bytes === 0 ? '' : `, read ${formatMegabytes(bytes)} in ${formatSeconds(sumRuns(runs))}`;
      return [`${name} (cached${pulled})`];
    }
    // A cached step's layers may be pulled long after it was found in the cache.
    if (bytes > 0) this.pulled.set(digest, vertex);
    return [];
  }

  /** The short name, or the whole one when the log has not shown it yet. */
  private getLabel({ digest, name }: LoggedVertex): string {
    return this.told.has(digest) ? getLabel(name) : name;
  }

  private isHidden(vertex: LoggedVertex): boolean {
    return this.hidden.has(getKey(vertex));
  }
}

/** The same step has another digest in each pass where files of the context are behind it. */
function getKey({ digest, name }: LoggedVertex): string {
  return isDockerfileStep(name) ? name : digest;
}

/** `[builder 4/6] RUN npm ci` -> `[builder 4/6]` */
function getLabel(name: string): string {
  return /^\[[^\]]*\](?= (?!.*\bpull token\b))/.exec(name)?.[0] ?? name;
}

function describeParts({ parts }: LoggedVertex): string {
  const told = [...parts].filter(
    ([part, figures]) => toDuration(figures) >= SHORT_SECONDS && !part.includes('sha256:'),
  );
  if (told.length === 0) return '';
  return ` (${told.map(([part, figures]) => `${part} ${formatSeconds(toDuration(figures))}`).join(', ')})`;
}

function toDuration({ started, completed }: VertexPart): number {
  return completed === null ? 0 : (completed - started) / 1000;
}

/** Bytes of the layers among the parts. */
function sumBytes(parts: LoggedVertex['parts']): number {
  return [...parts].reduce((sum, [part, { bytes }]) => sum + (part.includes('sha256:') ? bytes : 0), 0);
}

/** Seconds of all runs together. */
function sumRuns(runs: LoggedVertex['runs']): number {
  return toSeconds([...runs].flatMap(([start, end]) => (end === null ? [] : [{ start, end }])));
}
