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
import { type PassProgress, isExportFailure, parsePlainProgress } from './progress.js';

export interface PassResult {
  readonly seconds: number;
  readonly progress: PassProgress;
  /**
   * The manifest digest that Buildx reports, or null. On the overlay2 store it may be an image ID when Buildx could not
   * look the tag up; then it equals the config digest and is no manifest digest.
   */
  readonly digest: Digest | null;
}

/** A pass that did not succeed; `exportOnly` when every step ran and only writing the result failed. */
export class PassFailedError extends Error {
  override readonly name = 'PassFailedError';
  readonly exportOnly: boolean;
  readonly progress: PassProgress;

  constructor(message: string, exportOnly: boolean, progress: PassProgress) {
    super(message);
    this.exportOnly = exportOnly;
    this.progress = progress;
  }
}

export interface BuildxSession {
  readonly run: RunProcess;
  /** Environment of the docker client: DOCKER_CONFIG, and the values of the input `secrets`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
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
  const { code, stderr } = await session.run('docker', args, {
    env: session.env,
    signal: session.signal,
    onLine: session.onLine,
  });
  const progress = parsePlainProgress(stderr.split('\n'));
  if (code !== 0)
    throw new PassFailedError(explainFailure(pass, progress, stderr, code), isExportFailure(progress), progress);
  return { seconds: (performance.now() - started) / 1000, progress, digest: await readDigest(metadataFile) };
}

/** For people to read and to paste; the process gets the arguments as they are, without a shell. */
function showArgument(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

function explainFailure(pass: PassPlan, { failed }: PassProgress, stderr: string, code: number): string {
  if (failed !== null) return `The ${pass.name} pass failed at ${failed.name}: ${failed.error ?? ''}`;
  const last = stderr.split('\n').findLast((line) => line.startsWith('ERROR: '));
  return `The ${pass.name} pass failed: ${last?.slice('ERROR: '.length) ?? `docker buildx build ended with exit code ${code}`}`;
}

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
