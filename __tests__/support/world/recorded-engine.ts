// An engine that answers as recorded ones did, in memory: Buildx's progress and metadata file, images with an inline
// cache, pushes to the registry in memory. It knows one service of three steps and builds nothing.
import { writeFile } from 'node:fs/promises';
import type { ProcessOptions, ProcessResult, RunProcess } from '../../../src/adapters/process/process.js';
import { type MemoryRegistry, sha256 } from './memory-registry.js';

export const DOCKERFILE = `FROM scratch AS builder
RUN install
RUN make

FROM scratch AS production
COPY --from=builder /out /app
`;

interface Step {
  readonly name: string;
  readonly stage: 'builder' | 'production';
  /** What its result depends on, as BuildKit's cache keys do. */
  readonly key: string;
}

interface Image {
  readonly manifest: object;
  readonly config: Buffer;
  readonly layers: readonly Buffer[];
}

export interface StepFailure {
  readonly error: string;
  readonly output?: string;
}

/** What another program than docker does: bash, a scanner. */
export type OtherCommand = (
  command: string,
  args: readonly string[],
  options: ProcessOptions,
) => Promise<ProcessResult>;

export const DONE: ProcessResult = { code: 0, stdout: '', stderr: '', leftovers: null };

export class RecordedEngine {
  store: 'containerd' | 'overlay2' = 'containerd';
  driver = 'docker';
  buildxVersion = 'v0.36.0';
  /** Change one, and the steps that depend on it run again. */
  dependencies = 'd1';
  sources = 's1';
  /** By a part of the step's name. */
  readonly failing = new Map<string, StepFailure>();
  /** The next pushes fail so, one after the other. */
  readonly pushFaults: string[] = [];
  /** Every command line. */
  readonly calls: string[] = [];
  readonly images = new Map<string, Image>();
  other: OtherCommand = () => Promise.resolve(DONE);
  /** Called when a build begins. */
  onBuild: (target: string) => void | Promise<void> = () => undefined;
  private readonly known = new Set<string>();
  private readonly registry: MemoryRegistry;

  constructor(registry: MemoryRegistry) {
    this.registry = registry;
  }

  readonly run: RunProcess = async (command, args, options) => {
    this.calls.push([command, ...args].join(' '));
    if (command !== 'docker') return this.other(command, args, options);
    const [first = '', second = ''] = args[0] === '--context' ? args.slice(2) : args;
    switch (`${first} ${second}`) {
      case 'buildx build':
        return this.build(args, options);
      case 'buildx inspect':
        return ok(`Name: default\nDriver: ${this.driver}\n\nNodes:\nName: default\nEndpoint: default\n`);
      case 'image inspect':
        return this.inspectImage(args.at(-1) ?? '');
      default:
        return this.answer(first, args);
    }
  };

  private answer(first: string, args: readonly string[]): Promise<ProcessResult> | ProcessResult {
    if (first === 'info') return ok(JSON.stringify(this.getInfo()));
    if (first === 'push') return this.pushLoaded(args.at(-1) ?? '');
    if (first === 'context') return ok('unix:///var/run/docker.sock\n');
    return DONE;
  }

  private getInfo(): object {
    const type = this.store === 'containerd' ? 'io.containerd.snapshotter.v1' : 'overlay2';
    return {
      ServerVersion: '29.4.0',
      DriverStatus: [['driver-type', type]],
      RegistryConfig: { IndexConfigs: {} },
      ClientInfo: { Plugins: [{ Name: 'buildx', Version: this.buildxVersion }] },
    };
  }

  private async build(args: readonly string[], options: ProcessOptions): Promise<ProcessResult> {
    const target = valueOf(args, '--target');
    await this.onBuild(target);
    if (options.signal?.aborted === true) return { ...DONE, code: 1 };
    const imported = this.readImported(args);
    const lines: string[] = [];
    const say = (line: object | string): void => {
      lines.push(typeof line === 'string' ? line : JSON.stringify(line));
    };
    for (const step of this.listSteps(target)) {
      const cached = !args.includes('--no-cache') && (this.known.has(step.key) || imported.has(sha256(step.key)));
      const failure = [...this.failing].find(([part]) => step.name.includes(part))?.[1];
      if (failure !== undefined && !cached) {
        tellFailure(say, step.name, failure);
        return finish(lines, options, 1);
      }
      tellStep(say, step.name, cached);
      this.known.add(step.key);
    }
    const error = await this.write(args, target, say);
    if (error !== null) {
      tellFailure(say, 'exporting to image', { error });
      return finish([...lines, `ERROR: failed to solve: ${error}`], options, 1);
    }
    return finish(lines, options, 0);
  }

  /** @returns why the result could not be written, or null */
  private async write(args: readonly string[], target: string, say: (line: object) => void): Promise<string | null> {
    const output = args.includes('--output') ? valueOf(args, '--output') : '';
    if (output === 'type=cacheonly') return null;
    const image = this.makeImage(args, target);
    const reference = /(?:^|,)name=([^,]+)/.exec(output)?.[1] ?? valueOf(args, '--tag');
    const digest = sha256(JSON.stringify(image.manifest));
    tellExport(say);
    if (args.includes('--load')) this.images.set(reference, image);
    else {
      const fault = this.pushFaults.shift();
      if (fault !== undefined) return fault;
      const error = await this.push(reference, output.includes('push-by-digest=true') ? digest : null, image);
      if (error !== null) return error;
    }
    const metadata = { 'containerimage.digest': digest, 'containerimage.config.digest': sha256(image.config) };
    await writeFile(valueOf(args, '--metadata-file'), JSON.stringify(metadata));
    return null;
  }

  private async push(reference: string, digest: string | null, image: Image): Promise<string | null> {
    const [, repository = '', tag = 'latest'] = /^[^/]+\/([^:@]+)(?::(.+))?$/.exec(reference) ?? [];
    try {
      await this.registry.push(repository, digest ?? tag, image.manifest, [image.config, ...image.layers]);
      return null;
    } catch (error) {
      return `failed to push ${reference}: ${error instanceof Error ? error.message : ''}`;
    }
  }

  private async pushLoaded(reference: string): Promise<ProcessResult> {
    const image = this.images.get(reference);
    if (image === undefined) return { ...DONE, code: 1, stderr: `tag does not exist: ${reference}` };
    const fault = this.pushFaults.shift() ?? (await this.push(reference, null, image));
    if (fault !== null) return { ...DONE, code: 1, stderr: fault };
    return ok(`main: digest: ${sha256(JSON.stringify(image.manifest))} size: 1\n`);
  }

  private inspectImage(reference: string): ProcessResult {
    const image = this.images.get(reference);
    if (image === undefined) return { ...DONE, code: 1, stderr: `Error: No such image: ${reference}` };
    return ok(`${sha256(this.store === 'containerd' ? JSON.stringify(image.manifest) : image.config)}\n`);
  }

  private listSteps(target: string): readonly Step[] {
    const all: readonly Step[] = [
      { name: '[builder 1/2] RUN install', stage: 'builder', key: `install ${this.dependencies}` },
      { name: '[builder 2/2] RUN make', stage: 'builder', key: `make ${this.dependencies} ${this.sources}` },
      {
        name: '[production 1/1] COPY --from=builder /out /app',
        stage: 'production',
        key: `copy ${this.dependencies} ${this.sources}`,
      },
    ];
    return all.filter(({ stage }) => stage === 'builder' || target === 'production');
  }

  private makeImage(args: readonly string[], target: string): Image {
    const steps = this.listSteps(target);
    const layers = steps.filter(({ stage }) => stage === target).map(({ key }) => Buffer.from(`layer of ${key}`));
    const labels = args.flatMap((argument, index) => (args[index - 1] === '--label' ? [argument.split(/=(.*)/s)] : []));
    const config = Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        config: { Labels: Object.fromEntries(labels) as object },
        rootfs: { type: 'layers', diff_ids: layers.map(sha256) },
        history: layers.map(() => ({ created: '2026-01-01T00:00:00Z' })),
        'moby.buildkit.cache.v0': Buffer.from(JSON.stringify(toRecords(steps, target))).toString('base64'),
      }),
    );
    const descriptor = (mediaType: string, blob: Buffer): object => ({
      mediaType,
      digest: sha256(blob),
      size: blob.length,
    });
    const manifest = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: layers.map((blob) => descriptor('application/vnd.oci.image.layer.v1.tar+gzip', blob)),
    };
    return { manifest, config, layers };
  }

  /** Digests of the records that the sources of --cache-from have. */
  private readImported(args: readonly string[]): ReadonlySet<string> {
    const references = args.flatMap((argument, index) => (args[index - 1] === '--cache-from' ? [argument] : []));
    return new Set(references.flatMap((source) => this.readRecords(source)));
  }

  private readRecords(source: string): readonly string[] {
    const [, repository = '', tag, digest] = /ref=[^/]+\/([^:@,]+)(?::([^@,]+))?(?:@([^,]+))?/.exec(source) ?? [];
    const manifest = this.registry.manifest(repository, digest ?? tag ?? '');
    if (manifest === undefined) return [];
    const { config } = JSON.parse(manifest.bytes.toString('utf8')) as { config: { digest: string } };
    const content = JSON.parse(this.registry.blob(config.digest)?.toString('utf8') ?? '{}') as CacheContent;
    const inline = content['moby.buildkit.cache.v0'];
    const records =
      inline === undefined ? (content.records ?? []) : (JSON.parse(atob(inline)) as CacheContent['records']);
    return (records ?? []).map((record) => record.digest);
  }
}

interface CacheContent {
  readonly records?: readonly { readonly digest: string }[];
  readonly 'moby.buildkit.cache.v0'?: string;
}

/** As BuildKit writes an inline cache: a chain of records, each with its layer where this image has it. */
function toRecords(steps: readonly Step[], target: string): object {
  const own = steps.filter(({ stage }) => stage === target);
  return steps.map((step, index) => {
    const layer = own.indexOf(step);
    return {
      digest: sha256(step.key),
      ...(index > 0 && { inputs: [[{ link: index - 1 }]] }),
      ...(layer >= 0 && { layers: [{ layer, createdAt: '2026-01-01T00:00:00Z' }] }),
    };
  });
}

const [STARTED, COMPLETED] = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'];

type Say = (line: object) => void;

function tellStep(say: Say, name: string, cached: boolean): void {
  const digest = sha256(name);
  say({ vertexes: [{ digest, name }] });
  if (!cached) say({ vertexes: [{ digest, name, started: STARTED }] });
  say({ vertexes: [{ digest, name, started: STARTED, completed: COMPLETED, ...(cached && { cached }) }] });
}

function tellFailure(say: Say, name: string, { error, output = '' }: StepFailure): void {
  const digest = sha256(name);
  say({ vertexes: [{ digest, name, started: STARTED }] });
  if (output !== '') say({ logs: [{ vertex: digest, stream: 1, data: btoa(output), timestamp: STARTED }] });
  say({ vertexes: [{ digest, name, started: STARTED, completed: COMPLETED, error }] });
}

function tellExport(say: Say): void {
  const [name, digest] = ['exporting to image', sha256('exporting to image')];
  const part = { vertex: digest, name: '', timestamp: STARTED, started: STARTED };
  say({ vertexes: [{ digest, name, started: STARTED }] });
  for (const id of ['exporting layers', 'pushing layers']) say({ statuses: [{ ...part, id, completed: COMPLETED }] });
  say({ vertexes: [{ digest, name, started: STARTED, completed: COMPLETED }] });
}

function finish(lines: readonly string[], options: ProcessOptions, code: number): ProcessResult {
  for (const line of lines) options.onLine?.(line);
  return { ...DONE, code, stderr: lines.join('\n') };
}

function ok(stdout: string): ProcessResult {
  return { ...DONE, stdout };
}

function valueOf(args: readonly string[], flag: string): string {
  return args[args.indexOf(flag) + 1] ?? '';
}
