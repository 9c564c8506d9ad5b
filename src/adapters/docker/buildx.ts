// Runs `docker buildx build` for one pass and reads its result from its progress and metadata.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, isDigest } from '../../image/digest.js';
import type { ImageName } from '../../image/reference.js';
import { redactAttributes } from '../../inputs/syntax.js';
import type { Engine } from '../../plan/engine.js';
import type { PassPlan } from '../../plan/plan.js';
import { showTarget } from '../../plan/targets.js';
import { asRecord, parseObject } from '../../shared/json.js';
import { LONGEST_QUOTED, shortenLine } from '../../shared/long-line.js';
import type { Env, SourcePlace } from '../../shared/types.js';
import { describeLeftovers } from '../process/leftovers.js';
import type { ProcessResult, RunProcess } from '../process/process.js';
import { BuildLog } from '../progress/build-log.js';
import {
  type BuildStep,
  type DockerfileWarning,
  type PassProgress,
  isExportFailure,
} from '../progress/build-progress.js';
import { parseCheckReport } from '../progress/check-report.js';
import { listExported } from '../progress/exported.js';
import { findFailedPlace } from '../progress/failed-place.js';
import { RawProgressReader } from '../progress/raw.js';
import { type PassSources, getBuildxArgs, getCheckArgs } from './buildx-args.js';
import { CHECK_LIMIT } from './limits.js';
import { type PassFailure, classifyFailure } from './pass-failure.js';
import { watchForStall } from './stall-watch.js';

export interface PassResult {
  readonly seconds: number;
  readonly progress: PassProgress;
  /** Of the manifest or index that was pushed; null when nothing names it. */
  readonly digest: Digest | null;
  /** Digests of manifest or index, and of config, as they were made: one of them is the image's ID in the engine. */
  readonly ids: readonly Digest[];
}

/** A pass that did not succeed. */
export class PassFailedError extends Error {
  override readonly name = 'PassFailedError';
  /** Every step ran, and only writing the result failed. */
  readonly exportOnly: boolean;
  /** A layer of a cache source could not be read; without the source the pass may succeed. */
  readonly cacheFault: boolean;
  /** The temporary fault in a few words; null when a retry is no use. */
  readonly transient: string | null;
  readonly progress: PassProgress;
  /** The line of the Dockerfile that failed; null for other failures. */
  readonly place: SourcePlace | null;
  /** The last lines that the failed step printed. */
  readonly output: readonly string[];

  constructor(
    message: string,
    progress: PassProgress,
    { cacheFault, transient }: PassFailure,
    place: SourcePlace | null,
  ) {
    super(message);
    this.exportOnly = isExportFailure(progress) && !cacheFault;
    this.cacheFault = cacheFault;
    this.transient = transient;
    this.progress = progress;
    this.place = place;
    this.output = progress.failed?.output.slice(-SHOWN_LINES) ?? [];
  }
}

/** Lines of the failed step's output in the annotation. */
const SHOWN_LINES = 10;

export interface BuildxSession {
  readonly run: RunProcess;
  /** Environment of the docker client: DOCKER_CONFIG, and the values of the input `secrets`. */
  readonly env: Env;
  readonly signal: AbortSignal;
  /** Milliseconds that a build may be silent while none of its steps runs. */
  readonly stallLimit: number;
  readonly onLine: (line: string) => void;
  /** Buildx draws its own display on the terminal, and the steps are not known. */
  readonly onTerminal: boolean;
  /** Called for each step of the Dockerfile that really ran, when it is done; a step may come more than once. */
  readonly onStep?: (step: BuildStep) => void;
  /** Called when the result is about to be written: the last moment to read which image it would replace. */
  readonly onWriting?: () => void;
  /** Called with the digests of new manifests and indexes, before they are pushed. */
  readonly onExported?: (digests: readonly Digest[]) => void;
  /** A folder of this run's own, removed afterwards. */
  readonly directory: string;
  /** `hiddenSteps`: keys of steps that another pass has logged. `knownSteps`: a set that gets the keys of this pass. */
  readonly hiddenSteps: ReadonlySet<string>;
  readonly knownSteps: Set<string>;
}

/** Milliseconds between checks for a silent build. */
const HEARTBEAT_EVERY_MS = 5000;

/** @throws PassFailedError when Buildx exits with anything but 0, or stalls; CancelledError on a signal */
export async function runPass(
  session: BuildxSession,
  image: ImageName,
  pass: PassPlan,
  engine: Engine,
  sources: Omit<PassSources, 'metadataFile' | 'onTerminal'> & {
    /** Path of the Dockerfile as annotations name it; null where it is not in the workspace. */
    readonly dockerfile: string | null;
  },
): Promise<PassResult> {
  const metadataFile = join(session.directory, `${pass.name}.json`);
  const { onTerminal } = session;
  const args = getBuildxArgs(image, pass, engine, { ...sources, metadataFile, onTerminal });
  const [started, startedAt] = [performance.now(), Date.now()];
  session.onLine(
    `docker ${args.map((argument) => showArgument(pass.cacheFrom.includes(argument) ? redactAttributes(argument) : argument)).join(' ')}`,
  );
  const reader = new RawProgressReader(new BuildLog(session.knownSteps, session.hiddenSteps));
  // Buildx's own display on a terminal cannot be watched, but the user sees it.
  const stallLimit = onTerminal ? Number.POSITIVE_INFINITY : session.stallLimit;
  const stall = watchForStall(session.signal, stallLimit, () => reader.running, startedAt);
  const getProgress = (): PassProgress => reader.toWholeProgress(startedAt, Date.now());
  const onLine = (line: string): void => {
    stall.heard(Date.now());
    const { lines, ran, exporting, pushing } = reader.read(line, Date.now());
    lines.forEach(session.onLine);
    for (const step of ran) session.onStep?.(step);
    const exported = listExported(line);
    if (exported.length > 0) session.onExported?.(exported);
    if (exporting || pushing) session.onWriting?.();
  };
  const heartbeat = setInterval(() => {
    reader.heartbeat(Date.now()).forEach(session.onLine);
    stall.check(Date.now());
  }, HEARTBEAT_EVERY_MS);
  const { code, stderr, leftovers } = await session
    .run('docker', args, { env: session.env, signal: stall.signal, limit: 'none', onLine, onTerminal })
    .catch((error: unknown) => {
      throw stall.stalled === null ? error : explainStall(pass, getProgress(), stall.stalled, session.stallLimit);
    })
    .finally(() => {
      clearInterval(heartbeat);
    });
  const progress = getProgress();
  reader.end().forEach(session.onLine);
  if (leftovers !== null) session.onLine(describeLeftovers('docker buildx build', leftovers));
  if (code !== 0) throw toPassError(pass, progress, { code, stderr }, sources.dockerfile);
  return { seconds: (performance.now() - started) / 1000, progress, ...(await readDigests(metadataFile)) };
}

/** The result of a check of the Dockerfile, in the form of that of a pass. */
export interface CheckResult extends PassResult {
  readonly violations: readonly DockerfileWarning[];
}

/**
 * Has BuildKit check the Dockerfile as far as a pass builds it; nothing is built. A `# check=` in the Dockerfile counts.
 * @throws PassFailedError when Dockerfile or base images cannot be read, or there is no such check; CancelledError on a
 *   signal; TimeLimitError
 */
export async function runCheck(
  { run, env, signal, onLine }: Pick<BuildxSession, 'run' | 'env' | 'signal' | 'onLine'>,
  pass: PassPlan,
  engine: Engine,
  sources: Pick<PassSources, 'context' | 'file'> & { readonly dockerfile: string | null },
): Promise<CheckResult> {
  const args = getCheckArgs(pass, engine, sources);
  onLine(`docker ${args.map(showArgument).join(' ')}`);
  const started = performance.now();
  const { code, stdout, stderr } = await run('docker', args, { env, signal, limit: CHECK_LIMIT });
  const reader = new RawProgressReader(new BuildLog(new Set(), new Set()));
  for (const line of stderr.split('\n')) reader.read(line, 0);
  const { progress } = reader;
  const report = parseCheckReport(stdout);
  // It exits with 1 for violations too: the report tells.
  if (report?.complete !== true || (code !== 0 && report.violations.length === 0))
    throw toPassError(pass, progress, { code, stderr }, sources.dockerfile);
  const seconds = (performance.now() - started) / 1000;
  return { seconds, progress, digest: null, ids: [], violations: report.violations };
}

/** @param dockerfile path of the Dockerfile as annotations name it; null where it is not in the workspace */
function toPassError(
  pass: PassPlan,
  progress: PassProgress,
  { code, stderr }: Pick<ProcessResult, 'code' | 'stderr'>,
  dockerfile: string | null,
): PassFailedError {
  const lines = stderr.split('\n');
  // Lines of Buildx and BuildKit only, never output of a step.
  const errors = [...progress.errors, ...listFatal(lines)];
  const place = dockerfile === null ? null : findFailedPlace(lines, dockerfile);
  const message = explainFailure(pass, progress, errors, code, place);
  const said = isExportFailure(progress) ? (progress.failed?.output ?? []) : [];
  return new PassFailedError(message, progress, classifyFailure(errors, said), place);
}

function listFatal(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith('ERROR: ')).map((line) => shortenLine(line, LONGEST_QUOTED));
}

/** The command line for the log, quoted so that it can be pasted into a shell. No shell is used to run it. */
function showArgument(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

function explainFailure(
  pass: PassPlan,
  { failed }: PassProgress,
  errors: readonly string[],
  code: number,
  place: SourcePlace | null,
): string {
  const where = place === null ? '' : ` (${place.file}:${place.line})`;
  if (failed !== null) return `The build failed at ${failed.name}${where}: ${failed.error ?? ''}`;
  const last = errors.findLast((line) => line.startsWith('ERROR: '));
  return `The build of ${showTarget(pass.target)} failed${where}: ${last?.slice('ERROR: '.length) ?? `docker buildx build ended with exit code ${code}`}`;
}

/** @param waiting parts of the build that had begun and not ended; none of them is a RUN step */
function explainStall(
  pass: PassPlan,
  progress: PassProgress,
  waiting: readonly BuildStep[],
  limit: number,
): PassFailedError {
  const silence = `no sign of life for ${limit / 1000} s`;
  const names = waiting.map(({ name }) => name);
  const message = `The build of ${showTarget(pass.target)} was stopped: ${silence}, waiting for ${names.join(' and ') || 'the builder'}. A registry accepts connections and does not answer, or TWO_PASS_BUILD_STALL_SECONDS is too short for this line.`;
  const cacheFault = waiting.some(({ name, cached }) => cached || name.startsWith('importing cache manifest'));
  const [first] = waiting;
  const failed = first === undefined ? null : { ...first, error: silence };
  return new PassFailedError(message, { ...progress, failed }, { cacheFault, transient: silence }, null);
}

async function readDigests(metadataFile: string): Promise<Pick<PassResult, 'digest' | 'ids'>> {
  // Buildx writes no file for some outputs; the registry is asked in any case.
  const metadata = asRecord(parseObject(await readFile(metadataFile, 'utf8').catch(() => '')));
  const { 'containerimage.digest': digest, 'containerimage.config.digest': config } = metadata;
  return {
    // On the overlay2 store it is the image ID where Buildx could not look the tag up: no digest of a manifest.
    digest: isDigest(digest) && digest !== config ? digest : null,
    ids: [...new Set([digest, config].filter(isDigest))],
  };
}
