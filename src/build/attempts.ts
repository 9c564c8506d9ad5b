// Retries a failed pass. That is safe and cheap: a build is idempotent, and its finished steps are in the engine's cache.
import { PassFailedError, type PassResult } from '../adapters/docker/buildx.js';
import { withEarlierSteps } from '../adapters/progress/build-progress.js';
import { type Outcome, retry } from '../shared/retry.js';
import { formatSeconds } from '../shared/text.js';
import type { Warn } from '../shared/types.js';

/** One attempt; `attempt` counts from 1. */
export interface Attempt {
  readonly withCache: boolean;
  readonly attempt: number;
}

export interface AttemptsOptions {
  /** For messages: "production". */
  readonly name: string;
  readonly hasCache: boolean;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** At least 0 and below 1, as Math.random. */
  readonly random: () => number;
  /** Milliseconds since any fixed point. */
  readonly now: () => number;
  readonly say: (line: string) => void;
  readonly warn: Warn;
}

/** Milliseconds before each retry, plus or minus a quarter, so that runs that failed together do not retry together. */
const WAITS = [2000, 5000, 10_000] as const;
/** No retry later than this after the first failure: such a fault is not temporary. */
const LONGEST_MS = 5 * 60_000;

/**
 * Retries a pass up to three times when its failure is probably temporary. A cache that cannot be read is tried once more
 * if that may help, then the pass runs without cache. Any other failure, such as of a RUN step, is thrown at once.
 * @throws the error of the last attempt, and whatever `wait` throws
 */
export async function retryPass<T extends PassResult>(
  run: (attempt: Attempt) => Promise<T>,
  options: AttemptsOptions,
): Promise<T> {
  const failures: PassFailedError[] = [];
  let withCache = options.hasCache;
  let waits = 0;
  let firstFailure: number | null = null;
  const getDelay = (outcome: Outcome<T>): number | null => {
    if (!('error' in outcome) || !(outcome.error instanceof PassFailedError)) return null;
    const { message, cacheFault, transient } = outcome.error;
    failures.push(outcome.error);
    firstFailure ??= options.now();
    const wait = WAITS[waits];
    const mayRepeat = transient !== null && wait !== undefined && options.now() - firstFailure < LONGEST_MS;
    if (cacheFault && withCache && (!mayRepeat || waits > 0)) {
      withCache = false;
      const why = `A layer of the cache could not be read, so the ${options.name} pass runs once more without it.`;
      options.warn(`${why} ${message}`);
      return 0;
    }
    if (!mayRepeat) return null;
    waits += 1;
    const milliseconds = Math.round(wait * (0.75 + options.random() / 2));
    options.say(
      `The ${options.name} pass failed for a reason that may pass (${transient}); it runs again in ${formatSeconds(milliseconds / 1000)}, ${waits} of at most ${WAITS.length} times.`,
    );
    return milliseconds;
  };
  const attemptPass = (attempt: number): Promise<T> => run({ withCache: withCache || !options.hasCache, attempt });
  const result = await retry(attemptPass, getDelay, options.wait);
  const earlier = failures.flatMap(({ progress }) => progress.steps);
  return { ...result, progress: withEarlierSteps(result.progress, earlier) };
}
