// Everything of the outside world that a run touches, handed in as one object.
import type { GitHubApi } from './github/run-api.js';
import type { RunProcess } from './process/process.js';
import type { ActionsCache } from './runner/actions-cache.js';
import type { Runner } from './runner/runner.js';

export interface World {
  readonly runner: Runner;
  readonly run: RunProcess;
  /** @param token null: nothing is asked */
  readonly connectGitHub: (token: string | null) => GitHubApi;
  /** Null where there is no cache service. @throws Error when it cannot be used */
  readonly openActionsCache: () => Promise<ActionsCache | null>;
  /** Fires when the run is cancelled. */
  readonly signal: AbortSignal;
  /** The one clock reading of a run. */
  readonly now: Date;
  /** @throws CancelledError as soon as the run is cancelled */
  readonly wait: (milliseconds: number) => Promise<void>;
}
