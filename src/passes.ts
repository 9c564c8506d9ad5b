// The two passes. Production comes first: its solve builds the builder stage that it copies from, then the builder pass
// has only to write an image. On the overlay2 store that saves pulling the builder image to push it as it was, and
// production's new layers are gzip although the builder's are zstd (docs/caching.md).
import type { BranchHead } from './branch-head.js';
import { type BuildxSession, PassFailedError, type PassResult, runPass } from './docker/buildx.js';
import { type BuildStep, type DockerfileWarning, type PassProgress, withEarlierSteps } from './progress/build-step.js';
import { type Attempt, insistOnPass } from './pass-attempts.js';
import type { Candidate } from './plan/candidate.js';
import { builderStages, listSharedInstructions, mayOverlap, needsOwnSource } from './plan/builder-image.js';
import { explainMiss, getInstruction, isShownAs } from './plan/cache-miss.js';
import { type Dockerfile, stagesOutside } from './plan/dockerfile.js';
import type { Engine } from './plan/engine.js';
import type { ImageName, Tag } from './plan/image-name.js';
import type { Inputs } from './plan/inputs.js';
import type { PassPlan, Plan } from './plan/plan.js';
import type { PassFigures } from './report/pass-report.js';
import type { RunResult } from './report/summary.js';
import type { World } from './world.js';

export interface PassesRequest {
  readonly world: World;
  readonly inputs: Inputs;
  readonly plan: Plan;
  readonly engine: Engine;
  readonly dockerfile: Dockerfile | null;
  /** Production in the local engine, where it is to be checked before it is pushed. */
  readonly candidate?: Candidate;
  /** The run's own folder. */
  readonly directory: string;
  readonly configDirectory: string;
  readonly branch: BranchHead;
  /** Looks once more whether another run has written the unique tag. */
  readonly onWriting: () => void;
  readonly warn: (message: string) => void;
  readonly seen: Seen;
  readonly note: (progress: Partial<RunResult>) => void;
  /** Called for each step of any pass that really ran. */
  readonly onStep?: (step: BuildStep) => void;
}

/** What the passes of this run have come by: they share steps, and each checks the Dockerfile. */
export interface Seen {
  /** Keys of what the first pass's log tells. */
  readonly steps: Set<string>;
  /** By their text. */
  readonly warnings: Map<string, DockerfileWarning>;
}

export interface BuiltProduction {
  readonly result: PassResult;
  /** The builder pass, when it has begun already. */
  readonly builder: StartedPass | null;
}

/** A pass whose output is held back until somebody waits for it, so that two logs do not mix. */
interface StartedPass {
  /**
   * @param options.tellFailure false where what fails there too has been said already
   * @returns `left`: the branch has moved on, and its builder tag is another run's
   */
  readonly finish: (options?: { readonly tellFailure: boolean }) => Promise<PassResult | null | 'left'>;
}

/**
 * Solves builder and production, and writes production. As soon as a step of the builder's stages has really run, the
 * builder image is known to be new, and is written meanwhile; where it is zstd and a step has run whose layer both have,
 * only once production's layers are being made: BuildKit makes all of an image's layers at once, and whoever asks first
 * for one decides how it is compressed (computeBlobChain in cache/blobs.go), so production's stay gzip.
 * @throws PassFailedError; when only production's own steps failed, the builder image is kept for the next run first
 */
export async function buildProduction(request: PassesRequest): Promise<BuiltProduction> {
  const { plan, dockerfile, note, candidate } = request;
  const stages = builderStages(plan, dockerfile);
  const overlap = mayOverlap(plan, dockerfile);
  const shared = plan.builder.exporter.zstd ? listSharedInstructions(plan, dockerfile) : [];
  const started: StartedPass[] = [];
  let isNew = false;
  let mustWait = false;
  const start = (): void => {
    if (overlap && isNew && started.length === 0) started.push(startBuilder(request));
  };
  const onStep = ({ name, stage }: BuildStep): void => {
    isNew ||= stages.has(stage);
    mustWait ||= shared.some((instruction) => isShownAs(instruction, getInstruction(name)));
    if (!mustWait) start();
  };
  try {
    const before = needsOwnSource(plan, dockerfile)
      ? await buildFirst(request, ({ stage }) => {
          isNew ||= stages.has(stage);
        })
      : null;
    const title = `Building ${before === null ? `${plan.builder.target}, then ` : ''}${plan.production.target}`;
    const hooks = { onStep, onWriting: request.onWriting, tellsSteps: before === null };
    const pass = candidate?.whole ?? candidate?.load ?? plan.production;
    const built = await runOnePass(request, pass, { title, ...hooks, onExporting: start });
    const loaded = candidate === undefined || candidate.whole === null ? built : await load(request, candidate, built);
    const result = before === null ? loaded : joinResults(before, loaded);
    note(toFigures(request, result));
    return { result, builder: started[0] ?? null };
  } catch (error) {
    if (error instanceof PassFailedError) note({ unfinished: error.progress.work });
    if (started[0] !== undefined) await started[0].finish({ tellFailure: false }).catch(() => null);
    else if (plan.builder.output === 'registry' && isOwnStepOfProduction(request, error)) await buildBuilder(request);
    throw error;
  }
}

/** Solves the builder's stages from the source that has their layers; nothing is written but the engine's cache. */
function buildFirst(request: PassesRequest, onStep: (step: BuildStep) => void): Promise<PassResult> {
  const { builder } = request.plan;
  const pass: PassPlan = { ...builder, output: 'cache', tag: null };
  return runOnePass(request, pass, { title: `Building ${builder.target}`, onStep, tellsSteps: true });
}

/** Loads one platform of what was built; its steps are told already. */
async function load(request: PassesRequest, candidate: Candidate, built: PassResult): Promise<PassResult> {
  const title = `Loading ${candidate.load.target} into the engine`;
  request.world.runner.log.info(title);
  const loaded = await runOnePass(request, candidate.load, { title, onLine: () => undefined });
  const seconds = built.seconds + loaded.seconds;
  const work = [...built.progress.work, ...loaded.progress.work.filter(({ kind }) => kind === 'export')];
  return { ...loaded, seconds, progress: { ...built.progress, work } };
}

/** Two solves as if they were one: what has run in the first is no cache in the second. */
function joinResults(first: PassResult, second: PassResult): PassResult {
  const { steps: later, ...progress } = withEarlierSteps(second.progress, first.progress.steps);
  const known = new Map(later.map((step) => [step.name, step]));
  const earlier = first.progress.steps.map((step) => known.get(step.name) ?? step);
  const steps = [...new Set([...earlier, ...later])];
  return {
    ...second,
    seconds: first.seconds + second.seconds,
    progress: { ...progress, steps, work: [...first.progress.work, ...progress.work] },
  };
}

/** Whether production failed in a step of its own: the builder's stages are built then. */
export function isOwnStepOfProduction({ plan, dockerfile }: PassesRequest, error: unknown): boolean {
  const failed = error instanceof PassFailedError ? error.progress.failed : null;
  return failed !== null && failed.stage !== '' && !builderStages(plan, dockerfile).has(failed.stage);
}

/**
 * After a failed check: the builder image is cache, and the next run starts from it.
 * @param stored tags of images that the registry has: what has not changed is not written again
 */
export async function keepBuilderOnly(
  request: PassesRequest,
  production: BuiltProduction,
  stored: readonly Tag[],
): Promise<void> {
  const { plan, dockerfile } = request;
  if (production.builder !== null) {
    await production.builder.finish();
    return;
  }
  const stages = builderStages(plan, dockerfile);
  const { tag, output } = plan.builder;
  const ran = production.result.progress.steps.some(({ stage, cached }) => stages.has(stage) && !cached);
  const isNew = ran || !stored.some((one) => one === tag);
  if (output === 'registry' && isNew) await buildBuilder(request);
}

/** @throws PassFailedError; nothing of it is shown, since it only writes out what was built */
export async function runLayerExport(request: PassesRequest, image: ImageName, pass: PassPlan): Promise<void> {
  const options = { title: `Writing out the layers of ${pass.target}`, onLine: () => undefined };
  const own = { ...request, plan: { ...request.plan, image } };
  await runWith(own, pass, options);
}

/** @returns null, with a warning, when the builder image was built and could not be written: it is only cache */
export async function buildBuilder(
  request: PassesRequest,
  onLine?: (line: string) => void,
): Promise<PassResult | null> {
  const { builder } = request.plan;
  try {
    const title = builder.output === 'registry' ? `Writing the ${builder.target} image` : `Building ${builder.target}`;
    return await runOnePass(request, builder, onLine === undefined ? { title } : { title, onLine });
  } catch (error) {
    if (!(error instanceof PassFailedError) || !error.exportOnly) throw error;
    request.warn(`The builder image was not kept for later runs. ${error.message}`);
    return null;
  }
}

function startBuilder(request: PassesRequest): StartedPass {
  const lines: string[] = [];
  const write = async (): Promise<PassResult | null | 'left'> => {
    if ((await request.branch.readNewer('before')) !== null) return 'left';
    return buildBuilder(request, (line) => lines.push(line));
  };
  const pass = write();
  // Whoever waits for it gets the error.
  pass.catch(() => undefined);
  return {
    finish: async ({ tellFailure } = { tellFailure: true }) => {
      const { log } = request.world.runner;
      const outcome = await pass.then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      );
      if ('result' in outcome && outcome.result === 'left') return 'left';
      if ('error' in outcome && !tellFailure) throw outcome.error;
      log.info(`Writing the ${request.plan.builder.target} image, meanwhile`);
      await log.foreign((print) => {
        lines.forEach(print);
        return Promise.resolve();
      });
      if ('error' in outcome) throw outcome.error;
      return outcome.result;
    },
  };
}

interface PassOptions {
  readonly title: string;
  /** Gets the pass's output instead of the log. */
  readonly onLine?: (line: string) => void;
  readonly onStep?: (step: BuildStep) => void;
  readonly onExporting?: () => void;
  readonly onWriting?: () => void;
  /** Whether its log tells the steps that passes share; the other passes' logs leave them out. */
  readonly tellsSteps?: boolean;
}

/** @throws PassFailedError */
export async function runOnePass(request: PassesRequest, pass: PassPlan, options: PassOptions): Promise<PassResult> {
  const { onLine } = options;
  const attempts = { name: pass.name, hasCache: pass.cacheFrom.length > 0, ...(onLine && { onLine }) };
  return repeatPass(request, attempts, ({ withCache, attempt }) => {
    const title = [
      options.title,
      ...(withCache ? [] : ['without cache']),
      ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ];
    return runWith(request, withCache ? pass : { ...pass, cacheFrom: [] }, { ...options, title: title.join(', ') });
  });
}

/** Runs again what failed for a reason that may pass. @throws PassFailedError */
export function repeatPass(
  { world: { wait, runner }, warn }: PassesRequest,
  { name, hasCache, onLine }: { name: string; hasCache: boolean; onLine?: (line: string) => void },
  run: (attempt: Attempt) => Promise<PassResult>,
): Promise<PassResult> {
  const say = onLine ?? ((line: string) => runner.log.info(line));
  return insistOnPass(run, { name, hasCache, wait, random: Math.random, now: () => performance.now(), say, warn });
}

function runWith(
  request: PassesRequest,
  pass: PassPlan,
  { title, onLine, tellsSteps = false, ...hooks }: PassOptions,
): Promise<PassResult> {
  const { world, inputs, plan, engine, dockerfile, directory, configDirectory, seen } = request;
  const { runner, run, signal } = world;
  // A refresh runs all stages once: what the first pass has just run, the second takes as it is.
  const outside = dockerfile === null ? [] : stagesOutside(dockerfile, plan.production.target);
  const refreshStages = pass.name === 'production' ? null : outside;
  const env = {
    ...runner.childEnv,
    ...inputs.secretEnvironment,
    DOCKER_CONFIG: configDirectory,
    // Only the digest is read from the metadata; looking provenance up for it costs a moment.
    BUILDX_METADATA_PROVENANCE: 'disabled',
  };
  const start = (print: (line: string) => void): Promise<PassResult> => {
    const session: BuildxSession = {
      run,
      env,
      signal,
      stallLimit: runner.stallLimit,
      onLine: print,
      // A pass whose lines are held back cannot draw.
      onTerminal: runner.hasTerminal && onLine === undefined,
      directory,
      ...hooks,
      ...(tellsSteps
        ? { knownSteps: seen.steps, hiddenSteps: new Set() }
        : { knownSteps: new Set(), hiddenSteps: seen.steps }),
      onStep: (step) => {
        hooks.onStep?.(step);
        request.onStep?.(step);
      },
    };
    const { context, file } = inputs;
    const sources = { context, file, refreshStages, dockerfile: dockerfile?.path ?? null };
    const keep = ({ warnings }: PassProgress): void => {
      for (const warning of warnings) seen.warnings.set(`${warning.line ?? 0} ${warning.message}`, warning);
    };
    return runPass(session, plan.image, pass, engine, sources).then(
      (result) => {
        keep(result.progress);
        return result;
      },
      (error: unknown) => {
        if (error instanceof PassFailedError) keep(error.progress);
        throw error;
      },
    );
  };
  if (onLine !== undefined) return start(onLine);
  runner.log.info(title);
  return runner.log.foreign(start);
}

/** One solve, told as two passes: steps of the builder's stages, and production's own. */
function toFigures(
  request: PassesRequest,
  { seconds, progress }: PassResult,
): { builder: PassFigures; production: PassFigures } {
  const { plan, inputs, dockerfile } = request;
  const stages = builderStages(plan, dockerfile);
  const context = {
    dockerfile,
    flags: inputs.flags,
    sha: plan.event.sha,
    hadSource: plan.production.cacheFrom.length > 0,
    noCache: plan.production.noCache,
  };
  const pick = (ofBuilder: boolean): Pick<PassFigures, 'steps' | 'missReason' | 'work'> => {
    const steps = progress.steps.filter(({ stage }) => stages.has(stage) === ofBuilder);
    const missed = steps.find(({ cached }) => !cached);
    const work = progress.work.filter(({ stage }) => stages.has(stage) === ofBuilder);
    return { steps, missReason: missed === undefined ? null : explainMiss(missed, context), work };
  };
  return {
    builder: { ...pick(true), seconds: null, outcome: null },
    production: { ...pick(false), seconds, outcome: null },
  };
}
