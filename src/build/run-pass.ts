// Runs one pass with Buildx, prints its log, and retries failures that are probably temporary.
import { type BuildxSession, PassFailedError, type PassResult, runCheck, runPass } from '../adapters/docker/buildx.js';
import type { BuildStep, DockerfileWarning } from '../adapters/progress/build-progress.js';
import type { World } from '../adapters/world.js';
import type { Digest } from '../image/digest.js';
import { type ImageName, taggedReference } from '../image/reference.js';
import type { Inputs } from '../inputs/inputs.js';
import type { Engine } from '../plan/engine.js';
import type { PassPlan } from '../plan/plan.js';
import { showTarget } from '../plan/targets.js';
import type { Warn } from '../shared/types.js';
import { type Attempt, retryPass } from './attempts.js';
import { toLocalEngine } from './build-request.js';
import { type Dockerfile, hideChecks, stagesOutside } from './pure/dockerfile.js';

export interface PassRunnerOptions {
  readonly world: Pick<World, 'runner' | 'run' | 'signal' | 'wait'>;
  readonly inputs: Pick<Inputs, 'context' | 'file' | 'secretEnvironment' | 'dockerfileChecks'>;
  readonly image: ImageName;
  /** In the order of the passes. With `reuse-cache: false` each runs only stages again that those before it have not. */
  readonly targets: readonly string[];
  readonly engine: Engine;
  /** Null for a remote context, which BuildKit fetches. */
  readonly dockerfile: Dockerfile | null;
  /** The run's own folder. */
  readonly directory: string;
  /** DOCKER_CONFIG of the docker client. */
  readonly configDirectory: string;
  readonly warn: Warn;
  /** Called for each step of any pass that really ran. */
  readonly onStep: (step: BuildStep) => void;
}

export interface PassOptions {
  /** Title of the pass in the log. */
  readonly title: string;
  /** Shows no output of the pass. */
  readonly silent?: boolean;
  /** Called whenever progress shows that the result is about to be written. */
  readonly onWriting?: () => void;
  /** Called with the digests of new manifests and indexes, before they are pushed. */
  readonly onExported?: (digests: readonly Digest[]) => void;
  /** Whether this pass logs the steps that the passes share; the logs of the others leave them out. */
  readonly tellsSteps?: boolean;
  /** Image name, if it is not the run's. */
  readonly image?: ImageName;
}

export class PassRunner {
  private readonly options: PassRunnerOptions;
  /** Keys of the steps that a pass with `tellsSteps` has logged. */
  private readonly toldSteps = new Set<string>();
  /** Warnings by line and text: BuildKit checks the Dockerfile in each pass, and repeats the same ones. */
  private readonly found = new Map<string, DockerfileWarning>();

  constructor(options: PassRunnerOptions) {
    this.options = options;
  }

  /** BuildKit's warnings on the Dockerfile in the passes so far, each once. */
  get warnings(): readonly DockerfileWarning[] {
    return [...this.found.values()];
  }

  /**
   * Runs a pass, with retries.
   * @throws PassFailedError; CancelledError on a signal
   */
  run(pass: PassPlan, options: PassOptions): Promise<PassResult> {
    return this.repeat({ name: pass.name, hasCache: pass.cacheFrom.length > 0 }, ({ withCache, attempt }) => {
      const remarks = [...(withCache ? [] : ['without cache']), ...(attempt > 1 ? [`attempt ${attempt}`] : [])];
      const title = [options.title, ...remarks].join(', ');
      return this.runOnce(withCache ? pass : { ...pass, cacheFrom: [] }, { ...options, title });
    });
  }

  /**
   * Runs `run`, with retries for failures that are probably temporary.
   * @throws PassFailedError; CancelledError on a signal
   */
  repeat<T extends PassResult>(
    { name, hasCache }: { readonly name: string; readonly hasCache: boolean },
    run: (attempt: Attempt) => Promise<T>,
  ): Promise<T> {
    const { world, warn } = this.options;
    const say = (line: string): void => world.runner.log.info(line);
    const { wait } = world;
    return retryPass(run, { name, hasCache, wait, random: Math.random, now: () => performance.now(), say, warn });
  }

  /**
   * Has BuildKit check the Dockerfile as far as this pass builds it, with retries. Nothing is built.
   * @returns what it finds, as a pass would warn of it
   * @throws PassFailedError; CancelledError on a signal; TimeLimitError
   */
  async check(pass: PassPlan): Promise<readonly DockerfileWarning[]> {
    const { world, inputs, engine, dockerfile } = this.options;
    const { log } = world.runner;
    const sources = { ...inputs, dockerfile: dockerfile?.path ?? null };
    log.info(`Checking the Dockerfile of ${showTarget(pass.target)}`);
    const { violations } = await this.repeat({ name: 'check', hasCache: false }, () =>
      log.relay((print) => runCheck(this.getSession({ title: '' }, print), pass, engine, sources)),
    );
    return violations;
  }

  /** @throws PassFailedError; CancelledError on a signal */
  async runOnce(pass: PassPlan, options: PassOptions): Promise<PassResult> {
    const { runner } = this.options.world;
    if (options.silent === true) return this.start(pass, options, () => undefined);
    runner.log.info(options.title);
    return runner.log.relay((print) => this.start(pass, options, print));
  }

  private async start(pass: PassPlan, options: PassOptions, print: (line: string) => void): Promise<PassResult> {
    const { inputs, engine, dockerfile, image, targets } = this.options;
    // With `reuse-cache: false` each stage runs once: a builder pass does not run again what production's has just run.
    const earlier = targets.slice(0, targets.indexOf(pass.target));
    const outside = dockerfile === null ? [] : stagesOutside(dockerfile, earlier);
    const refreshStages = pass.name === 'production' ? null : outside;
    const { context, file } = inputs;
    const sources = { context, file, refreshStages, dockerfile: dockerfile?.path ?? null };
    const flags = [...pass.flags, ...hideChecks(inputs, dockerfile)];
    const session = this.getSession(options, print);
    try {
      const result = await runPass(session, options.image ?? image, { ...pass, flags }, engine, sources);
      this.keepWarnings(result.progress.warnings);
      return await this.confirmDigest(pass, options.image ?? image, result);
    } catch (error) {
      if (error instanceof PassFailedError) this.keepWarnings(error.progress.warnings);
      throw error;
    }
  }

  /** Of an image that the engine has pushed from its own store, Buildx names what is under the tag after the push. */
  private async confirmDigest(pass: PassPlan, image: ImageName, result: PassResult): Promise<PassResult> {
    const { world, engine, configDirectory } = this.options;
    const throughEngine = engine.driver === 'docker' && engine.store === 'overlay2';
    if (!throughEngine || pass.output !== 'registry' || pass.tag === null) return result;
    const { readPushedDigest } = await import('../adapters/docker/local-image.js');
    const local = toLocalEngine({ world, engine, configDirectory });
    const digest = await readPushedDigest(local, image, taggedReference(image, pass.tag), result.digest);
    return { ...result, digest, ids: result.ids.filter((id) => id !== result.digest) };
  }

  private getSession(options: PassOptions, print: (line: string) => void): BuildxSession {
    const { world, inputs, directory, configDirectory, onStep } = this.options;
    const { runner, run, signal } = world;
    return {
      run,
      env: {
        ...runner.childEnv,
        ...inputs.secretEnvironment,
        DOCKER_CONFIG: configDirectory,
        // Only the digest is read from the metadata file; provenance in it would cost time.
        BUILDX_METADATA_PROVENANCE: 'disabled',
      },
      signal,
      stallLimit: runner.stallLimit,
      onLine: print,
      // A silent pass must not draw its progress on the terminal.
      onTerminal: runner.hasTerminal && options.silent !== true,
      directory,
      ...(options.onWriting && { onWriting: options.onWriting }),
      ...(options.onExported && { onExported: options.onExported }),
      ...(options.tellsSteps === true
        ? { knownSteps: this.toldSteps, hiddenSteps: new Set() }
        : { knownSteps: new Set(), hiddenSteps: this.toldSteps }),
      onStep,
    };
  }

  private keepWarnings(warnings: readonly DockerfileWarning[]): void {
    for (const warning of warnings) this.found.set(`${warning.line ?? 0} ${warning.message}`, warning);
  }
}
