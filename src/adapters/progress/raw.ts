// Progress of BuildKit as `--progress=rawjson` writes it -> steps, and a log. Pure: lines in, data and lines out.
// Each line is a SolveStatus with the changes since the last one. Other lines are text, such as the excerpt of the Dockerfile:
// https://github.com/moby/buildkit/blob/master/client/graph.go
import { StringDecoder } from 'node:string_decoder';
import { type JsonRecord, asRecords, asText, asTime, at, parseObject } from '../../shared/json.js';
import { LONGEST_PRINTED, LONGEST_QUOTED, LineBuffer, shortenLine, shortenLines } from '../../shared/long-line.js';
import { BuildLog, type LoggedVertex, type VertexPart } from './build-log.js';
import {
  type BuildStep,
  type DockerfileWarning,
  KEPT_LINES,
  type PassProgress,
  type ProgressNews,
  findFailed,
  isDockerfileStep,
  isJoining,
  isPulledLayer,
  toLineNumber,
  listErrors,
  parseStage,
} from './build-progress.js';
import { coverPass, listWork } from './work.js';

interface Vertex extends LoggedVertex {
  readonly runs: Map<number, number | null>;
  cached: boolean;
  started: number | null;
  done: boolean;
  seconds: number;
  error: string | null;
  readonly parts: Map<string, VertexPart>;
  /** Milliseconds since 1970, of the last end. */
  ended: number | null;
  readonly output: string[];
  /** Output of the step, by number of the stream. */
  readonly streams: Map<number, { readonly decoder: StringDecoder; readonly lines: LineBuffer }>;
}

interface News extends ProgressNews {
  readonly lines: string[];
  readonly ran: BuildStep[];
  exporting: boolean;
  pushing: boolean;
}

export class RawProgressReader {
  private readonly vertices = new Map<string, Vertex>();
  private readonly warnings = new Map<string, DockerfileWarning>();
  private readonly log: BuildLog;
  /** When the first status came. */
  private heard: number | null = null;

  constructor(log = new BuildLog()) {
    this.log = log;
  }

  /**
   * @param line of standard error or output of `docker buildx build`
   * @param now milliseconds since 1970
   */
  read(line: string, now: number): ProgressNews {
    const status = parseStatus(line);
    if (status === null) return { lines: [line], ran: [], exporting: false, pushing: false };
    this.heard ??= now;
    const news: News = { lines: [], ran: [], exporting: false, pushing: false };
    // Parts first: they tell whether a step ran or was pulled, which must be known when its end is handled.
    for (const vertex of asRecords(status.vertexes)) this.getVertex(vertex);
    for (const part of asRecords(status.statuses)) this.readPart(part, news);
    for (const output of asRecords(status.logs)) this.readOutput(output, now, news);
    for (const vertex of asRecords(status.vertexes)) this.readVertex(vertex, now, news);
    for (const warning of asRecords(status.warnings)) this.readWarning(warning);
    return news;
  }

  /** Log lines on steps that have been silent for long. */
  heartbeat(now: number): readonly string[] {
    return this.log.heartbeat(this.vertices.values(), now);
  }

  /** Log lines on what has ended with the build. */
  end(): readonly string[] {
    return this.log.endPulls();
  }

  /** Everything that has begun and not ended, also internal work of BuildKit. A cached step in it is being pulled. */
  get running(): readonly BuildStep[] {
    return [...this.vertices.values()].filter(({ started, done }) => started !== null && !done).map(toStep);
  }

  get progress(): PassProgress {
    const all = [...this.vertices.values()];
    const failed = findFailed(all);
    return {
      // Sorted by end, since BuildKit names the steps in any order; a step ends after those that it builds on.
      steps: all
        .filter(({ name }) => isDockerfileStep(name))
        .sort((one, other) => compareEnds(one.ended, other.ended))
        .map(toStep),
      failed: failed === null ? null : toStep(failed),
      errors: listErrors(all),
      warnings: [...this.warnings.values()],
      work: all.flatMap(listWork),
    };
  }

  /**
   * @param start of the process that wrote the lines, and its `end`: as `now` of `read`
   * @returns the progress with work that covers all of that time
   */
  toWholeProgress(start: number, end: number): PassProgress {
    const { progress } = this;
    const silent = (this.heard ?? end) - start;
    return { ...progress, work: coverPass(progress.work, { silent, total: end - start }) };
  }

  private getVertex({ digest, name }: JsonRecord): Vertex | null {
    if (typeof digest !== 'string' || typeof name !== 'string') return null;
    const known = this.vertices.get(digest);
    if (known !== undefined) return known;
    const vertex = newVertex(digest, name);
    this.vertices.set(digest, vertex);
    this.log.named(vertex);
    return vertex;
  }

  private readVertex(status: JsonRecord, now: number, news: News): void {
    const vertex = this.getVertex(status);
    if (vertex === null) return;
    const [started, completed] = [asTime(status.started), asTime(status.completed)];
    if (status.cached === true) vertex.cached = true;
    if (typeof status.error === 'string' && status.error !== '')
      vertex.error = shortenLines(status.error, LONGEST_QUOTED);
    if (started !== null) vertex.runs.set(started, completed);
    if (started !== null && completed === null) {
      vertex.started ??= started;
      vertex.done = false;
      news.pushing ||= isJoining(vertex.name);
      news.lines.push(...this.log.started(vertex, now));
    }
    if (completed === null) return;
    this.flush(vertex, now, news);
    vertex.done = true;
    vertex.ended = completed;
    vertex.started ??= started;
    // BuildKit ends and restarts a vertex that it looks up first and pulls later: the longest run counts.
    vertex.seconds = Math.max(vertex.seconds, started === null ? 0 : (completed - started) / 1000);
    news.lines.push(...this.log.ended(vertex));
    if (vertex.error === null && !vertex.cached && isDockerfileStep(vertex.name)) news.ran.push(toStep(vertex));
  }

  private readPart(status: JsonRecord, news: News): void {
    const vertex = this.findVertex(status);
    if (vertex === undefined || typeof status.id !== 'string') return;
    const started = asTime(status.started) ?? asTime(status.timestamp);
    if (isPulledLayer(status.id)) vertex.cached = true;
    if (!vertex.parts.has(status.id)) {
      news.exporting ||= status.id === 'exporting layers';
      news.pushing ||= status.id.startsWith('pushing ');
    }
    if (started === null) return;
    const bytes = typeof status.total === 'number' ? status.total : 0;
    vertex.parts.set(status.id, { bytes, started, completed: asTime(status.completed) });
  }

  private readOutput(status: JsonRecord, now: number, news: News): void {
    const vertex = this.findVertex(status);
    if (vertex === undefined || typeof status.data !== 'string') return;
    const number = typeof status.stream === 'number' ? status.stream : 1;
    const known = vertex.streams.get(number);
    const stream = known ?? { decoder: new StringDecoder('utf8'), lines: new LineBuffer(LONGEST_PRINTED) };
    vertex.streams.set(number, stream);
    this.print(vertex, stream.lines.push(stream.decoder.write(Buffer.from(status.data, 'base64'))), now, news);
  }

  /** Output of a step after its last line break. */
  private flush(vertex: Vertex, now: number, news: News): void {
    const rests = [...vertex.streams.values()].flatMap(({ lines }) => lines.flush());
    vertex.streams.clear();
    this.print(vertex, rests, now, news);
  }

  private print(vertex: Vertex, lines: readonly string[], now: number, news: News): void {
    if (lines.length === 0) return;
    vertex.output.push(...lines.slice(-KEPT_LINES).map((line) => shortenLine(line, LONGEST_QUOTED)));
    vertex.output.splice(0, Math.max(0, vertex.output.length - KEPT_LINES));
    // Not `push(...lines)`: a call cannot have a million arguments.
    for (const line of this.log.printed(vertex, lines, now)) news.lines.push(line);
  }

  private readWarning({ short, url, range }: JsonRecord): void {
    const message = decodeText(short);
    if (message === '') return;
    this.warnings.set(message, {
      message: message.replace(/ \(line \d+\)$/, ''),
      url: asText(url),
      line: toLineNumber(at(asRecords(range)[0], 'start', 'line')),
    });
  }

  private findVertex({ vertex }: JsonRecord): Vertex | undefined {
    return typeof vertex === 'string' ? this.vertices.get(vertex) : undefined;
  }
}

function parseStatus(line: string): JsonRecord | null {
  if (!line.startsWith('{"')) return null;
  const status = parseObject(line);
  const known = ['vertexes', 'statuses', 'logs', 'warnings'];
  return status !== null && known.some((name) => name in status) ? status : null;
}

function newVertex(digest: string, name: string): Vertex {
  return {
    ...{ digest, name, cached: false, started: null, done: false, seconds: 0, error: null, ended: null },
    ...{ runs: new Map(), parts: new Map(), output: [], streams: new Map() },
  };
}

/** Those that have not ended come last, in their order. */
function compareEnds(one: number | null, other: number | null): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  return one - other;
}

function toStep({ name, cached, seconds, error, output }: Vertex): BuildStep {
  return { name, stage: parseStage(name), cached, seconds, error, output: [...output] };
}

function decodeText(value: unknown): string {
  return Buffer.from(asText(value), 'base64').toString('utf8');
}
