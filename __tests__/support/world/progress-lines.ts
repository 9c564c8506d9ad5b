// What Buildx prints of a build with `--progress=rawjson`, as recorded in unit/adapters/progress/rawjson.
import { sha256 } from './memory-registry.js';

export interface StepFailure {
  readonly error: string;
  readonly output?: string;
  /** Of the Dockerfile; the excerpt that Buildx prints names it. */
  readonly line?: number;
}

/** What BuildKit's checks find wrong with the Dockerfile. */
export interface CheckWarning {
  readonly message: string;
  readonly line: number;
  readonly url?: string;
}

const [STARTED, COMPLETED] = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'];
const STEP_SECONDS = 1;

/** Lines of one build, in order. */
export class ProgressLines {
  readonly lines: string[] = [];
  /** Seconds of all steps so far: they run one after the other. */
  private seconds = 0;
  private readonly onLine: (line: string) => void;

  /** @param onLine gets each line as it comes */
  constructor(onLine: (line: string) => void) {
    this.onLine = onLine;
  }

  /** A step that ran, or was cached. */
  step(name: string, cached: boolean): void {
    const digest = sha256(name);
    const started = this.now();
    this.say({ vertexes: [{ digest, name }] });
    if (!cached) this.say({ vertexes: [{ digest, name, started }] });
    if (!cached) this.seconds += STEP_SECONDS;
    this.say({ vertexes: [{ digest, name, started, completed: this.now(), ...(cached && { cached }) }] });
  }

  failure(name: string, { error, output = '', line }: StepFailure): void {
    const digest = sha256(name);
    this.say({ vertexes: [{ digest, name, started: STARTED }] });
    if (output !== '') this.say({ logs: [{ vertex: digest, stream: 1, data: btoa(output), timestamp: STARTED }] });
    this.say({ vertexes: [{ digest, name, started: STARTED, completed: COMPLETED, error }] });
    if (line !== undefined)
      this.print(`Dockerfile:${line}`, '--------------------', `   ${line} | >>> ${name}`, '--------------------');
    this.print(`ERROR: failed to build: failed to solve: ${error}`);
  }

  warning({ message, line, url = '' }: CheckWarning): void {
    const range = [{ start: { line }, end: { line } }];
    this.say({ warnings: [{ vertex: sha256('Dockerfile'), level: 1, short: btoa(message), url, range }] });
  }

  /** @param manifests digests of what is written, children first */
  export(manifests: readonly string[], pushes: boolean): void {
    const [name, digest] = ['exporting to image', sha256(`exporting ${manifests.join()}`)];
    const started = this.now();
    this.say({ vertexes: [{ digest, name, started }] });
    this.seconds += STEP_SECONDS;
    const part = { vertex: digest, timestamp: started, started, completed: this.now() };
    const parts = ['exporting layers', ...manifests.map((one) => `exporting manifest ${one}`)];
    for (const id of [...parts, ...(pushes ? ['pushing layers'] : [])]) this.say({ statuses: [{ ...part, id }] });
    this.say({ vertexes: [{ digest, name, started, completed: this.now() }] });
  }

  private now(): string {
    return new Date(Date.parse(STARTED) + this.seconds * 1000).toISOString();
  }

  private say(status: object): void {
    this.print(JSON.stringify(status));
  }

  private print(...lines: readonly string[]): void {
    this.lines.push(...lines);
    for (const line of lines) this.onLine(line);
  }
}
