// Ends a build that waits for a registry which accepts and then says nothing: BuildKit itself would wait for ever.
import { type BuildStep, isAtWork } from '../progress/build-progress.js';

export interface StallWatch {
  /** For the process: fires when the run is cancelled, and when the build has stalled. */
  readonly signal: AbortSignal;
  /** To be called with each sign of life. */
  heard(now: number): void;
  /** To be called now and then. */
  check(now: number): void;
  /** What had begun and not ended when it was given up; null as long as it was not. */
  readonly stalled: readonly BuildStep[] | null;
}

/**
 * @param limit milliseconds of silence
 * @param listRunning what has begun and not ended
 * @param now milliseconds since any fixed point, as for the other calls
 */
export function watchForStall(
  cancel: AbortSignal,
  limit: number,
  listRunning: () => readonly BuildStep[],
  now: number,
): StallWatch {
  const stall = new AbortController();
  let heardAt = now;
  let stalled: readonly BuildStep[] | null = null;
  return {
    signal: AbortSignal.any([cancel, stall.signal]),
    heard: (at) => {
      heardAt = at;
    },
    check: (at) => {
      const running = listRunning();
      // The silence begins when the step has ended.
      if (isAtWork(running)) heardAt = at;
      if (at - heardAt < limit || stalled !== null || cancel.aborted) return;
      stalled = running;
      stall.abort();
    },
    get stalled() {
      return stalled;
    },
  };
}
