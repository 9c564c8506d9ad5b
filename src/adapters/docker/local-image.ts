// Commands on an image of the local engine: ID, size, push, save, load, remove.
import { type Digest, isDigest } from '../../image/digest.js';
import { type ImageName, isSameImage, parseImageName } from '../../image/reference.js';
import { getLastLine } from '../../shared/text.js';
import type { Env } from '../../shared/types.js';
import type { ProcessOptions, ProcessResult, RunProcess, TimeLimit } from '../process/process.js';
import type { BuildStep } from '../progress/build-progress.js';
import { PassFailedError } from './buildx.js';
import { ANSWER_LIMIT, FILE_LIMIT } from './limits.js';
import { classifyFailure } from './pass-failure.js';
import { watchForStall } from './stall-watch.js';

export interface LocalEngine {
  readonly run: RunProcess;
  readonly env: Env;
  /** Name of the Buildx builder, which for the docker driver is that of a Docker context. Null: the current one. */
  readonly builder: string | null;
  /** Fires when the run is cancelled. */
  readonly signal: AbortSignal;
}

/** Size in bytes, uncompressed, as the engine counts it. @throws Error when there is no such image */
export async function readImageSize(engine: LocalEngine, reference: string): Promise<number> {
  const size = Number(await docker(engine, ['image', 'inspect', '--format', '{{.Size}}', reference]));
  if (!Number.isSafeInteger(size)) throw new Error(`the engine does not tell the size of ${reference}`);
  return size;
}

/** Its ID: the digest of its manifest or index on the containerd store, of its config on others. @throws Error when there is no such image */
export async function readImageId(engine: LocalEngine, reference: string): Promise<string> {
  return docker(engine, ['image', 'inspect', '--format', '{{.Id}}', reference]);
}

/**
 * Digest of what the engine itself has pushed under the name; Buildx looks the tag up instead, and so may name what somebody
 * has put there since.
 * @param hint which one to take where the image was pushed in several forms
 * @returns null when the engine does not tell
 */
export async function readPushedDigest(
  engine: LocalEngine,
  image: ImageName,
  reference: string,
  hint: Digest | null,
): Promise<Digest | null> {
  const list = await docker(engine, ['image', 'inspect', '--format', '{{json .RepoDigests}}', reference]).catch(
    () => '',
  );
  const digests = [...list.matchAll(/"([^"@]+)@(sha256:[0-9a-f]{64})"/g)]
    .filter(([, name = '']) => isSameImage(parseImageName(name), image))
    .map(([, , digest]) => digest)
    .filter(isDigest);
  return digests.length === 1 ? (digests[0] ?? null) : (digests.find((digest) => digest === hint) ?? null);
}

/**
 * Pushes the image as it is.
 * @param stallLimit milliseconds that the push may be silent
 * @returns the digest that the docker client prints, or null when it prints none
 * @throws PassFailedError when it cannot be pushed; CancelledError on a signal
 */
export async function pushImage(
  engine: LocalEngine,
  reference: string,
  { signal, stallLimit }: { readonly signal: AbortSignal; readonly stallLimit: number },
): Promise<Digest | null> {
  const stall = watchForStall(signal, stallLimit, () => [], Date.now());
  const timer = setInterval(() => stall.check(Date.now()), LOOK_EVERY_MS);
  const onLine = (): void => {
    stall.heard(Date.now());
  };
  const { code, stdout, stderr } = await call(engine, ['push', reference], {
    signal: stall.signal,
    onLine,
    limit: 'none',
  })
    .catch((error: unknown) => {
      if (stall.stalled === null) throw error;
      return { code: 1, stdout: '', stderr: `i/o timeout: no sign of life for ${stallLimit / 1000} s` };
    })
    .finally(() => {
      clearInterval(timer);
    });
  if (code === 0) {
    const digest = /\bdigest: (sha256:[0-9a-f]{64})\b/.exec(stdout)?.[1];
    return isDigest(digest) ? digest : null;
  }
  const reason = getLastLine(stderr) || getLastLine(stdout) || `docker push ended with exit code ${code}`;
  const failed: BuildStep = { ...NO_STEP, name: `pushing ${reference}`, error: reason };
  const progress = { steps: [], failed, errors: [`${failed.name}: ${reason}`], warnings: [], work: [] };
  const { transient } = classifyFailure([`ERROR: failed to push ${reference}: ${reason}`]);
  const message = `The checked image could not be pushed: ${reason}`;
  throw new PassFailedError(message, progress, { cacheFault: false, transient }, null);
}

const LOOK_EVERY_MS = 5000;
const NO_STEP = { stage: '', cached: false, seconds: 0, output: [] };

/**
 * Pulls an image; the engine takes its own platform of several.
 * @throws Error when it cannot be pulled, with the last line that docker printed; CancelledError on a signal
 */
export async function pullImage(engine: LocalEngine, reference: string): Promise<void> {
  await docker(engine, ['pull', '--quiet', reference], FILE_LIMIT);
}

/** Writes the image to a file. @throws Error when that fails */
export async function saveImage(engine: LocalEngine, reference: string, file: string): Promise<void> {
  await docker(engine, ['image', 'save', '--output', file, reference], FILE_LIMIT);
}

/**
 * Loads an image file that must have exactly this reference: another one could replace a base image in the engine.
 * @throws Error when it cannot be loaded, or has other references, which are removed again
 */
export async function loadImage(engine: LocalEngine, file: string, reference: string): Promise<void> {
  const printed = await docker(engine, ['image', 'load', '--input', file], FILE_LIMIT);
  const loaded = [...printed.matchAll(/^Loaded image(?: ID)?: (.+)$/gm)].map(([, name = '']) => name);
  if (loaded.length === 1 && loaded[0] === reference) return;
  for (const name of loaded) await removeImage(engine, name);
  throw new Error(`it holds ${loaded.join(', ') || 'nothing'} instead of ${reference}`);
}

/** Does nothing when there is no such image. @throws Error when the engine refuses */
export async function removeImage(engine: LocalEngine, reference: string): Promise<void> {
  // Without the run's signal: the image is removed after a cancelled run too.
  const { code, stderr } = await call(engine, ['image', 'rm', reference], { signal: null, limit: ANSWER_LIMIT });
  if (code !== 0 && !/no such image/i.test(stderr)) throw new Error(getLastLine(stderr));
}

async function docker(engine: LocalEngine, args: readonly string[], limit: TimeLimit = ANSWER_LIMIT): Promise<string> {
  const { code, stdout, stderr } = await call(engine, args, { signal: engine.signal, limit });
  if (code !== 0) throw new Error(getLastLine(stderr) || `docker ${args.join(' ')} ended with exit code ${code}`);
  return stdout.trim();
}

function call(
  { run, env, builder }: LocalEngine,
  args: readonly string[],
  options: Pick<ProcessOptions, 'signal' | 'limit' | 'onLine'>,
): Promise<ProcessResult> {
  return run('docker', [...(builder === null ? [] : ['--context', builder]), ...args], { env, ...options });
}
