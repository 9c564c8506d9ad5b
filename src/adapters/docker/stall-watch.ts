// Stops a build that waits for a registry which has accepted the connection and never answers: BuildKit has no time limit.
import { type BuildStep, isAtWork } from '../progress/build-progress.js';

export interface StallWatch {
  /** To be given to the process; fires when the run is cancelled, or the build has stalled. */
  readonly signal: AbortSignal;
  /** Must be called for each line of output. */
  heard(now: number): void;
  /** Checks the silence; must be called regularly. */
  check(now: number): void;
  /** The steps that were running when the build was stopped; null while it was not. */
  readonly stalled: readonly BuildStep[] | null;
}

/**
 * @param limit milliseconds of silence
 * @param listRunning lists the steps that have begun and not ended
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
      // A running step may be silent for any time, so the silence is counted from its end.
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
