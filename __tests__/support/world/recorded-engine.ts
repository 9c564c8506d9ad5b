// An engine that answers as recorded ones did, in memory: Buildx's progress and metadata file, images with an inline
// cache, pushes to the registry in memory. It knows one service of three steps and builds nothing.
import { readFile, writeFile } from 'node:fs/promises';
import {
  CancelledError,
  CommandNotFoundError,
  type ProcessOptions,
  type ProcessResult,
  type RunProcess,
} from '../../../src/adapters/process/process.js';
import { type MemoryRegistry, sha256 } from './memory-registry.js';
import { type CheckWarning, ProgressLines, type StepFailure } from './progress-lines.js';
import {
  type Image,
  type Step,
  digestOfContent,
  makeImage,
  readLayout,
  readRecords,
  readStoredImage,
  readStoredRecords,
  writeLayout,
} from './recorded-image.js';
import { type SeveralSources, listSeveralSteps } from './several-stages.js';

export const DOCKERFILE = `FROM scratch AS builder
RUN install
RUN make

FROM scratch AS production
COPY --from=builder /out /app
`;

/** Production is not made of the builder. */
export const DOCKERFILE_APART = DOCKERFILE.replace('COPY --from=builder /out /app', 'RUN touch /made');

/** One stage without a name. */
export const DOCKERFILE_SINGLE = `FROM scratch
RUN install
RUN make
`;

/** What another program than docker does: bash, git, a scanner. */
export type OtherCommand = (
  command: string,
  args: readonly string[],
  options: ProcessOptions,
) => Promise<ProcessResult>;

export const DONE: ProcessResult = { code: 0, stdout: '', stderr: '', leftovers: null };

export class RecordedEngine {
  store: 'containerd' | 'overlay2' = 'containerd';
  driver = 'docker';
  nodes = 1;
  /** Null: Docker has no such plugin. */
  buildxVersion: string | null = 'v0.36.0';
  /** False: the daemon is down. */
  running = true;
  /** Hosts that the engine may speak plain HTTP to. */
  insecureRegistries: readonly string[] = [];
  /** As DOCKERFILE_APART has it. */
  apart = false;
  /** As DOCKERFILE_SINGLE has it. */
  single = false;
  /** As DOCKERFILE_SEVERAL has it. */
  several: SeveralSources | null = null;
  /** Change one, and the steps that depend on it run again. */
  dependencies = 'd1';
  sources = 's1';
  /** The builder's last step, which depends on the sources. */
  lastStep = 'RUN make';
  /** Further steps of the builder, before its last one: each is a layer of its image, and depends on the one before. */
  furtherSteps = 0;
  /** By a part of the step's name. */
  readonly failing = new Map<string, StepFailure>();
  /** A base image whose metadata is loaded first, which `failing` may name. */
  baseImage: string | null = null;
  warnings: readonly CheckWarning[] = [];
  /** The next checks of the Dockerfile fail so, one after the other: without a report where `report` is false. */
  readonly checkFaults: { readonly error: string; readonly report: boolean }[] = [];
  /** The next builds with a cache source fail so, one after the other. */
  readonly cacheFaults: string[] = [];
  /** The next pushes fail so, one after the other. */
  readonly pushFaults: string[] = [];
  /** The next pulls fail so, one after the other. */
  readonly pullFaults: string[] = [];
  /** The same, after the registry has taken the image: only its answer is lost. */
  readonly lostAnswers: string[] = [];
  /** Builds that are under way. */
  building = 0;
  /** Every command line. */
  readonly calls: string[] = [];
  readonly images = new Map<string, Image>();
  /** False: neither Buildx nor the engine tells the digest of what was pushed. */
  tellsDigest = true;
  /** False: `docker push` prints no digest. */
  tellsPushed = true;
  /** What `docker image inspect` says of any image. */
  imageSize = 1000;
  /** Programs that the machine does not have. */
  readonly missing = new Set<string>();
  /** What `docker login` answers. */
  login: ProcessResult = DONE;
  other: OtherCommand = () => Promise.resolve(DONE);
  /** Called when a build begins, when it comes to writing its result, and when it has told so and pushes. */
  onBuild: (target: string) => void | Promise<void> = () => undefined;
  onWriting: (target: string) => void | Promise<void> = () => undefined;
  onPushing: (target: string) => void | Promise<void> = () => undefined;
  /** Called when an image is pushed, before Buildx tells its digest. */
  onPushed: (target: string) => void | Promise<void> = () => undefined;
  private readonly known = new Set<string>();
  /** Digests by the name that they were pushed under. */
  private readonly pushed = new Map<string, string>();
  private readonly registry: MemoryRegistry;

  constructor(registry: MemoryRegistry) {
    this.registry = registry;
  }

  /** Command lines of all builds. */
  get builds(): readonly string[] {
    return this.calls.filter((call) => call.startsWith('docker buildx build') && !call.includes(CHECK));
  }

  /** Command lines of all checks of the Dockerfile. */
  get checks(): readonly string[] {
    return this.calls.filter((call) => call.includes(CHECK));
  }

  readonly run: RunProcess = async (command, args, options) => {
    expectGoingOn(command, options);
    if (this.missing.has(command)) throw new CommandNotFoundError(`${command} cannot be started.`);
    this.calls.push([command, ...args].join(' '));
    const result = await (command === 'docker' ? this.docker(args, options) : this.other(command, args, options));
    expectGoingOn(command, options);
    return result;
  };

  private docker(args: readonly string[], options: ProcessOptions): Promise<ProcessResult> | ProcessResult {
    const words = args[0] === '--context' ? args.slice(2) : args;
    switch (words.slice(0, 2).join(' ')) {
      case 'buildx build':
        if (args.includes(CHECK)) return this.check(args);
        this.building += 1;
        return this.build(args, options).finally(() => {
          this.building -= 1;
        });
      case 'buildx inspect':
        return this.inspectBuilder(words[2]);
      case 'buildx version':
        return { ...DONE, code: 1, stderr: "docker: 'buildx' is not a docker command." };
      case 'image inspect':
      case 'image load':
      case 'image save':
      case 'image rm':
        return this.image(words);
    }
    if (words[0] === 'info') return ok(JSON.stringify(this.getInfo()));
    if (words[0] === 'push') return this.pushLoaded(words.at(-1) ?? '');
    if (words[0] === 'pull') return this.pull(words.at(-1) ?? '');
    if (words[0] === 'context') return ok('unix:///var/run/docker.sock\n');
    if (words[0] === 'login') return this.login;
    return this.other('docker', args, options);
  }

  private inspectBuilder(name: string | undefined): ProcessResult {
    if (name === 'unknown') return failed('ERROR: no builder "unknown" found');
    if (!this.running) return ok('Name: default\nDriver:\n\nError: Cannot connect to the Docker daemon\n');
    const nodes = Array.from({ length: this.nodes }, () => 'Name: default\nEndpoint: default\n');
    return ok(`Name: default\nDriver: ${this.driver}\n\nNodes:\n${nodes.join('\n')}`);
  }

  private getInfo(): object {
    const type = this.store === 'containerd' ? 'io.containerd.snapshotter.v1' : 'overlay2';
    const plugins = this.buildxVersion === null ? [] : [{ Name: 'buildx', Version: this.buildxVersion }];
    const insecure = this.insecureRegistries.map((host) => [host, { Secure: false }]);
    return {
      ...(this.running
        ? { ServerVersion: '29.4.0', DriverStatus: [['driver-type', type]] }
        : { ServerErrors: ['Cannot connect to the Docker daemon'] }),
      RegistryConfig: { IndexConfigs: Object.fromEntries(insecure) as object },
      ClientInfo: { Plugins: plugins },
    };
  }

  /** As BuildKit writes it: unit/adapters/progress/check-reports has recorded ones. */
  private check(args: readonly string[]): ProcessResult {
    const fault = this.checkFaults.shift();
    const warnings = this.listWarnings(args).map(({ message, line, url = '' }) => {
      const [, ruleName, detail] = /^(\w+): (.*?)(?: \(line \d+\))?$/.exec(message) ?? [];
      return { ruleName, detail, url, location: { ranges: [{ start: { line }, end: { line } }] } };
    });
    const report = { warnings, sources: [], ...(fault && { buildError: { message: fault.error, location: {} } }) };
    const code = warnings.length > 0 || fault !== undefined ? 1 : 0;
    const stdout = fault?.report === false ? '' : `${JSON.stringify(report)}\n`;
    return { ...DONE, code, stdout, stderr: fault === undefined ? '' : `ERROR: ${fault.error}\n` };
  }

  private listWarnings(args: readonly string[]): readonly CheckWarning[] {
    return args.includes('BUILDKIT_DOCKERFILE_CHECK=skip=all') ? [] : this.warnings;
  }

  private async build(args: readonly string[], options: ProcessOptions): Promise<ProcessResult> {
    // Without it the last stage is built, which has no name here.
    const target = args.includes('--target') ? valueOf(args, '--target') : '';
    await this.onBuild(target);
    expectGoingOn('docker', options);
    const lines = new ProgressLines((line) => options.onLine?.(line));
    for (const warning of this.listWarnings(args)) lines.warning(warning);
    const code = (await this.solve(args, target, lines)) && (await this.writeResult(args, target, lines)) ? 0 : 1;
    return { ...DONE, code, stderr: lines.lines.join('\n') };
  }

  /** @returns false when a step failed */
  private async solve(args: readonly string[], target: string, lines: ProgressLines): Promise<boolean> {
    const imported = await this.readImported(args);
    const fault = args.includes('--cache-from') ? this.cacheFaults.shift() : undefined;
    const metadata = this.baseImage === null ? [] : [`[internal] load metadata for ${this.baseImage}`];
    for (const name of metadata) {
      const failure = this.findFailure(name);
      if (failure !== undefined) {
        lines.failure(name, failure);
        return false;
      }
    }
    for (const step of this.listSteps(target)) {
      const fresh = args.includes('--no-cache') || valuesOf(args, '--no-cache-filter').includes(step.stage);
      const cached = !fresh && (this.known.has(step.key) || imported.has(sha256(step.key)));
      const failure = fault === undefined ? this.findFailure(step.name) : { error: fault };
      if (failure !== undefined && (!cached || fault !== undefined)) {
        lines.failure(step.name, failure);
        return false;
      }
      lines.step(step.name, cached);
      this.known.add(step.key);
    }
    return true;
  }

  private findFailure(name: string): StepFailure | undefined {
    return [...this.failing].find(([part]) => name.includes(part))?.[1];
  }

  /** @returns false when the result could not be written */
  private async writeResult(args: readonly string[], target: string, lines: ProgressLines): Promise<boolean> {
    const [, folder] = /type=local,dest=([^,]+)/.exec(valueOf(args, '--cache-to')) ?? [];
    if (folder !== undefined) await writeLayout(folder, this.listSteps(target));
    const output = args.includes('--output') ? valueOf(args, '--output') : '';
    if (output === 'type=cacheonly') return true;
    await this.onWriting(target);
    const image = this.makeImage(args, target);
    const reference = /(?:^|,)name=([^,@]+)/.exec(output)?.[1] ?? valueOf(args, '--tag');
    const digest = digestOfContent(image.content);
    lines.export([...image.children.map(digestOfContent), digest], !args.includes('--load'));
    if (args.includes('--load')) this.images.set(reference, image);
    else {
      await this.onPushing(target);
      const error = await this.push(reference, output.includes('push-by-digest=true') ? digest : null, image);
      if (error !== null) {
        lines.failure('exporting to image', { error });
        return false;
      }
      if (this.tellsDigest) this.pushed.set(reference, digest);
      await this.onPushed(target);
    }
    const config = image.children.length === 0 ? { 'containerimage.config.digest': configDigest(image) } : {};
    const told = { ...(this.tellsDigest && { 'containerimage.digest': this.lookUp(reference) ?? digest }), ...config };
    await writeFile(valueOf(args, '--metadata-file'), JSON.stringify(told));
    return true;
  }

  /** With the overlay2 store Buildx names what the registry has under the tag after the push. */
  private lookUp(reference: string): string | undefined {
    const [, repository = '', tag = ''] = /^[^/]+\/([^:@]+):(.+)$/.exec(reference) ?? [];
    return this.store === 'overlay2' ? this.registry.manifest(repository, tag)?.digest : undefined;
  }

  /** @returns why it was not pushed, or null */
  private async push(reference: string, digest: string | null, image: Image): Promise<string | null> {
    const fault = this.pushFaults.shift();
    if (fault !== undefined) return fault;
    const [, repository = '', tag = 'latest'] = /^[^/]+\/([^:@]+)(?::(.+))?$/.exec(reference) ?? [];
    const blobs = [...image.configs, ...image.layers];
    try {
      for (const child of image.children) await this.registry.push(repository, digestOfContent(child), child, blobs);
      await this.registry.push(repository, digest ?? tag, image.content, blobs);
      return this.lostAnswers.shift() ?? null;
    } catch (error) {
      return `failed to push ${reference}: ${error instanceof Error ? error.message : ''}`;
    }
  }

  private async pushLoaded(reference: string): Promise<ProcessResult> {
    const image = this.images.get(reference);
    if (image === undefined) return failed(`tag does not exist: ${reference}`);
    const fault = await this.push(reference, null, image);
    if (fault === null) this.pushed.set(reference, digestOfContent(image.content));
    const told = this.tellsPushed ? `main: digest: ${digestOfContent(image.content)} size: 1\n` : '';
    return fault === null ? ok(told) : failed(fault);
  }

  private pull(reference: string): ProcessResult {
    const fault = this.pullFaults.shift();
    if (fault !== undefined) return failed(`Error response from daemon: ${fault}`);
    const [, repository = '', digest = ''] = /^[^/]+\/([^:@]+)@(.+)$/.exec(reference) ?? [];
    const image = readStoredImage(this.registry, repository, digest);
    if (image === null) return failed(`Error response from daemon: manifest for ${reference} not found`);
    this.images.set(reference, image);
    return ok(`${reference}\n`);
  }

  private async image([, action, ...args]: readonly string[]): Promise<ProcessResult> {
    const reference = args.at(-1) ?? '';
    if (action === 'load') return this.loadImage(reference);
    const pushed = this.pushed.get(reference);
    if (args.includes('{{json .RepoDigests}}') && pushed !== undefined)
      return ok(`${JSON.stringify([`${reference.replace(/:[^:/]+$/, '')}@${pushed}`])}\n`);
    const image = this.images.get(reference);
    if (image === undefined) return failed(`Error: No such image: ${reference}`);
    if (action === 'rm') this.images.delete(reference);
    if (action === 'save') await writeFile(valueOf(args, '--output'), JSON.stringify({ [reference]: toSaved(image) }));
    if (action !== 'inspect') return DONE;
    if (args.includes('{{.Size}}')) return ok(`${this.imageSize}\n`);
    return ok(`${this.store === 'containerd' ? digestOfContent(image.content) : configDigest(image)}\n`);
  }

  /** A saved image is JSON here. */
  private async loadImage(file: string): Promise<ProcessResult> {
    const text = await readFile(file, 'utf8');
    if (!text.startsWith('{')) return failed('archive/tar: invalid tar header');
    const saved = Object.entries(JSON.parse(text) as Record<string, SavedImage>);
    for (const [reference, { content, configs }] of saved)
      this.images.set(reference, {
        content,
        children: [],
        configs: configs.map((one) => Buffer.from(one)),
        layers: [],
      });
    return ok(saved.map(([reference]) => `Loaded image: ${reference}\n`).join(''));
  }

  private listSteps(target: string): readonly Step[] {
    if (this.several !== null) return listSeveralSteps(this.several, target);
    if (this.single)
      return [
        { name: '[1/2] RUN install', stage: '', key: `install ${this.dependencies}` },
        { name: '[2/2] RUN make', stage: '', key: `make ${this.dependencies} ${this.sources}` },
      ];
    const own = this.apart ? 'RUN touch /made' : 'COPY --from=builder /out /app';
    const inner = this.apart ? 'alone' : `${this.dependencies} ${this.sources}`;
    const builder: readonly Step[] = [
      { name: '[builder 1/2] RUN install', stage: 'builder', key: `install ${this.dependencies}` },
      ...Array.from({ length: this.furtherSteps }, (_, index) => ({
        name: `[builder] RUN further ${index}`,
        stage: 'builder',
        key: `further ${index} ${this.dependencies}`,
      })),
      { name: `[builder 2/2] ${this.lastStep}`, stage: 'builder', key: `make ${this.dependencies} ${this.sources}` },
    ];
    if (target !== 'production') return builder;
    const production: Step = { name: `[production 1/1] ${own}`, stage: 'production', key: `${own} ${inner}` };
    return this.apart ? [production] : [...builder, production];
  }

  private makeImage(args: readonly string[], target: string): Image {
    const labels = valuesOf(args, '--label').map((label) => label.split(/=(.*)/s).slice(0, 2));
    const platforms = valuesOf(args, '--platform').flatMap((list) => list.split(','));
    return makeImage({
      steps: this.listSteps(target),
      target,
      labels: Object.fromEntries(labels) as Record<string, string>,
      platforms: platforms.length === 0 ? ['linux/amd64'] : platforms,
      attested: args.includes('--attest'),
    });
  }

  /** Digests of the records that the sources of --cache-from have. */
  private async readImported(args: readonly string[]): Promise<ReadonlySet<string>> {
    const records = await Promise.all(valuesOf(args, '--cache-from').map((source) => this.readSource(source)));
    return new Set(records.flat());
  }

  private async readSource(source: string): Promise<readonly string[]> {
    const [, folder] = /^type=local,src=(.+)$/.exec(source) ?? [];
    if (folder !== undefined) return readLayout(folder);
    const loaded = this.images.get(source.replace('type=registry,ref=', ''));
    if (loaded !== undefined) return readRecords(loaded.configs[0]);
    const [, repository = '', tag, digest] = /ref=[^/]+\/([^:@,]+)(?::([^@,]+))?(?:@([^,]+))?/.exec(source) ?? [];
    return readStoredRecords(this.registry, repository, digest ?? tag ?? '');
  }
}

/** Of BuildKit's checks of the Dockerfile. */
const CHECK = '--call=check,format=json';

interface SavedImage {
  readonly content: object;
  readonly configs: readonly string[];
}

function toSaved({ content, configs }: Image): SavedImage {
  return { content, configs: configs.map((config) => config.toString('utf8')) };
}

function configDigest({ configs }: Image): string {
  return sha256(configs[0] ?? '');
}

function expectGoingOn(command: string, { signal }: ProcessOptions): void {
  if (signal?.aborted === true) throw new CancelledError(`${command} was stopped: the run is cancelled.`);
}

function ok(stdout: string): ProcessResult {
  return { ...DONE, stdout };
}

function failed(stderr: string): ProcessResult {
  return { ...DONE, code: 1, stderr };
}

function valueOf(args: readonly string[], flag: string): string {
  return args[args.indexOf(flag) + 1] ?? '';
}

function valuesOf(args: readonly string[], flag: string): string[] {
  return args.flatMap((argument, index) => (args[index - 1] === flag ? [argument] : []));
}
