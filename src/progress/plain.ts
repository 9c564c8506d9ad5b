// Plain progress of BuildKit -> steps, for a Buildx whose rawjson is of no use. Pure: lines in, data out.
// Format: https://github.com/moby/buildkit/blob/master/util/progress/progressui/printer.go
import {
  type BuildStep,
  type PassProgress,
  type ProgressNews,
  type ProgressReader,
  KEPT_LINES,
  findFailed,
  isDockerfileStep,
  isPulledLayer,
  listErrors,
  parseStage,
} from './build-step.js';

const VERTEX = /^#(\d+) (.*)$/;

interface Vertex extends BuildStep {
  cached: boolean;
  done: boolean;
  seconds: number;
  error: string | null;
  readonly output: string[];
}

/** Prints what it reads. */
export class PlainProgressReader implements ProgressReader {
  private readonly vertices = new Map<string, Vertex>();

  read(line: string): ProgressNews {
    const ran = this.add(line);
    const begins = !/\bdone$/.test(line);
    return {
      lines: [line],
      ran: ran === null ? [] : [ran],
      exporting: begins && /^#\d+ exporting layers\b/.test(line),
      pushing: begins && /^#\d+ (?:pushing|merging manifest list) /.test(line),
    };
  }

  /** The lines are BuildKit's own, and so is their rhythm. */
  heartbeat(): readonly string[] {
    return [];
  }

  get running(): readonly BuildStep[] {
    return [...this.vertices.values()].filter(({ done }) => !done).map(toStep);
  }

  get progress(): PassProgress {
    const all = [...this.vertices.values()].map(toStep);
    return {
      steps: all.filter(({ name }) => isDockerfileStep(name)),
      failed: findFailed(all),
      errors: listErrors(all),
      warnings: [],
      work: [],
    };
  }

  private add(line: string): BuildStep | null {
    const match = VERTEX.exec(line);
    if (match === null) return null;
    const [, number = '', text = ''] = match;
    const vertex = this.vertices.get(number);
    if (vertex === undefined) {
      const stage = parseStage(text);
      const figures = { cached: false, done: false, seconds: 0, error: null };
      this.vertices.set(number, { name: text, stage, ...figures, output: [] });
    } else if (text === 'CACHED' || isPulledLayer(text)) {
      vertex.cached = true;
      vertex.done ||= text === 'CACHED';
    } else if (/^DONE \d+(?:\.\d+)?s$/.test(text)) {
      vertex.seconds = Number(text.slice(5, -1));
      vertex.done = true;
      return !vertex.cached && isDockerfileStep(vertex.name) ? vertex : null;
    } else if (text.startsWith('ERROR: ')) {
      vertex.error = text.slice(7);
      vertex.done = true;
    } else if (text === 'CANCELED') {
      vertex.done = true;
    } else if (/^\d+\.\d+ /.test(text)) {
      vertex.output.push(text.replace(/^\S+ /, ''));
      if (vertex.output.length > KEPT_LINES) vertex.output.shift();
    }
    return null;
  }
}

function toStep({ name, stage, cached, seconds, error, output }: Vertex): BuildStep {
  return { name, stage, cached, seconds, error, output: [...output] };
}
