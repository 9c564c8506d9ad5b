// Entry of the main phase. Reports its error and sets the exit code. The entry of the post phase is post.ts.
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GitHubApi, createGitHubApi } from './adapters/github/run-api.js';
import { type Cancellation, listenForSignals } from './adapters/process/cancellation.js';
import { CancelledError, runProcess } from './adapters/process/process.js';
import { type ActionsCache, openActionsCache } from './adapters/runner/actions-cache.js';
import { reportFailure } from './adapters/runner/log.js';
import { isOnGitHub } from './adapters/runner/on-github.js';
import { createRunner } from './adapters/runner/runner.js';
import { runBuildPhase } from './run/build-run.js';
import { describeFailure, findPlace } from './run/failure.js';
import { InputError } from './shared/errors.js';

/** Exit code off GitHub for errors that are found before the build: a flag, an input, a login. */
const BAD_USAGE = 2;

async function main({ signal, overdue }: Cancellation): Promise<void> {
  const wait = (milliseconds: number): Promise<void> =>
    sleep(milliseconds, undefined, { signal }).catch(() => {
      throw new CancelledError('The run was cancelled.');
    });
  const runner = createRunner();
  const connectGitHub = (token: string | null): GitHubApi => createGitHubApi(token, runner.repository, signal);
  const openCache = (): Promise<ActionsCache | null> => openActionsCache(signal);
  const world = { runner, run: runProcess, connectGitHub, openActionsCache: openCache, signal, now: new Date(), wait };
  await Promise.race([runBuildPhase(world), overdue]);
  if (signal.aborted) throw new CancelledError('The run was cancelled.');
}

function getExitCode(error: unknown, { readCause }: Cancellation): number {
  if (isOnGitHub()) return 1;
  const by = readCause();
  if (by !== null) return 128 + constants.signals[by];
  return error instanceof InputError ? BAD_USAGE : 1;
}

const cancellation = listenForSignals();
main(cancellation).then(
  // Connections with keepAlive would keep the process running.
  () => process.exit(),
  (error: unknown) => {
    reportFailure(describeFailure(error), findPlace(error));
    process.exit(getExitCode(error, cancellation));
  },
);
