// Runs one pass and tells what came of it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { redactAttributes } from '../plan/build-options.js';
import type { Engine } from '../plan/engine.js';
import { type Digest, type ImageName, isDigest } from '../plan/image-name.js';
import { isRecord } from '../plan/json.js';
import type { PassPlan } from '../plan/plan.js';
import type { RunProcess } from '../process/process.js';
import { type PassSources, getBuildxArgs } from './buildx-args.js';
import { type BuildStep, type PassProgress, ProgressReader, isExportFailure } from './progress.js';

export interface PassResult {
  readonly seconds: number;
  readonly progress: PassProgress;
  /**
   * The manifest digest that Buildx reports, or null. On the overlay2 store it may be an image ID when Buildx could not
   * look the tag up; then it equals the config digest and is no manifest digest.
   */
  readonly digest: Digest | null;
}

/** A pass that did not succeed. */
export class PassFailedError extends Error {
  override readonly name = 'PassFailedError';
  /** Every step ran, and only writing the result failed. */
  readonly exportOnly: boolean;
  /** A layer of a cache source could not be read; without the source the pass may succeed. */
  readonly cacheFault: boolean;
  readonly progress: PassProgress;

  constructor(message: string, progress: PassProgress, cacheFault: boolean) {
    super(message);
    this.exportOnly = isExportFailure(progress) && !cacheFault;
    this.cacheFault = cacheFault;
    this.progress = progress;
  }
}

export interface BuildxSession {
  readonly run: RunProcess;
  /** Environment of the docker client: DOCKER_CONFIG, and the values of the input `secrets`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
  /** Called for each step of the Dockerfile that really ran, when it is done. */
  readonly onStep?: (step: BuildStep) => void;
  /** Called when the image's layers begin to be made: from then on how each is compressed is settled. */
  readonly onExporting?: () => void;
  /** A folder of this run's own, removed afterwards. */
  readonly directory: string;
}

/** @throws PassFailedError when Buildx exits with anything but 0; CancelledError on a signal */
export async function runPass(
  session: BuildxSession,
  image: ImageName,
  pass: PassPlan,
  engine: Engine,
  sources: Omit<PassSources, 'metadataFile'>,
): Promise<PassResult> {
  const metadataFile = join(session.directory, `${pass.name}.json`);
  const args = getBuildxArgs(image, pass, engine, { ...sources, metadataFile });
  const started = performance.now();
  session.onLine(
    `docker ${args.map((argument) => showArgument(pass.cacheFrom.includes(argument) ? redactAttributes(argument) : argument)).join(' ')}`,
  );
  const reader = new ProgressReader();
  const onLine = (line: string): void => {
    session.onLine(line);
    const step = reader.add(line);
    if (step !== null) session.onStep?.(step);
    if (/^#\d+ exporting layers\b/.test(line)) session.onExporting?.();
  };
  const { code, stderr } = await session.run('docker', args, { env: session.env, signal: session.signal, onLine });
  const { progress } = reader;
  if (code !== 0)
    throw new PassFailedError(explainFailure(pass, progress, stderr, code), progress, isCacheFault(stderr));
  return { seconds: (performance.now() - started) / 1000, progress, digest: await readDigest(metadataFile) };
}

/** For people to read and to paste; the process gets the arguments as they are, without a shell. */
function showArgument(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

function explainFailure(pass: PassPlan, { failed }: PassProgress, stderr: string, code: number): string {
  if (failed !== null) return `The build failed at ${failed.name}: ${failed.error ?? ''}`;
  const last = stderr.split('\n').findLast((line) => line.startsWith('ERROR: '));
  return `The build of ${pass.target} failed: ${last?.slice('ERROR: '.length) ?? `docker buildx build ended with exit code ${code}`}`;
}

/**
 * A blob that cannot be read after BuildKit has found it in a cache source fails the build (moby/buildkit#2836). Failing
 * RUN steps are never taken for one, whatever they print: only BuildKit's own error lines count.
 */
function isCacheFault(stderr: string): boolean {
  const errors = stderr.split('\n').filter((line) => /^(?:ERROR: |#\d+ ERROR: )/.test(line));
  return errors.some((line) => !line.includes('did not complete successfully') && CACHE_FAULT.test(line));
}

const CACHE_FAULT =
  /failed to (?:load|get) (?:cache key|ref|result)|failed to copy|httpReadSeeker|blob unknown|content (?:descriptor|digest) .*not found|sha256:[0-9a-f]{64}: not found|could not fetch content|failed to (?:extract|register|download) layer|unexpected status .*blobs/i;

async function readDigest(metadataFile: string): Promise<Digest | null> {
  let metadata: unknown;
  try {
    metadata = JSON.parse(await readFile(metadataFile, 'utf8'));
  } catch {
    // Buildx writes no file for some outputs; the registry is asked in any case.
    return null;
  }
  if (!isRecord(metadata)) return null;
  const digest = metadata['containerimage.digest'];
  return isDigest(digest) && digest !== metadata['containerimage.config.digest'] ? digest : null;
}
