// Everything of the outside world that a run touches, handed in as one object.
import type { RunProcess } from './process/process.js';
import type { Runner } from './runner/runner.js';

export interface World {
  readonly runner: Runner;
  readonly run: RunProcess;
  /** Fires when the run is cancelled. */
  readonly signal: AbortSignal;
  /** The one clock reading of a run. */
  readonly now: Date;
  /** @throws CancelledError as soon as the run is cancelled */
  readonly wait: (milliseconds: number) => Promise<void>;
}
