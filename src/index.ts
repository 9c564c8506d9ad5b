// Starts the main phase; the only catch, the only exit code. The post phase has an entry of its own: post.ts.
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { runBuildPhase } from './build-phase.js';
import { describeFailure, findFailedPass } from './failure.js';
import { InputError } from './plan/input-error.js';
import { CancelledError, runProcess } from './process/process.js';
import { openActionsCache } from './runner/actions-cache.js';
import { type GitHubApi, createGitHubApi } from './runner/github-api.js';
import { reportFailure } from './runner/log.js';
import { isOnGitHub } from './runner/on-github.js';
import { createRunner } from './runner/runner.js';

/** GitHub kills what still runs 7.5 s after SIGINT; children get 4 s of it. */
const LEAVE_AFTER_MS = 6000;
/** Bad usage, or something else to be mended before a build starts; off GitHub, where codes tell shells more than failed or not. */
const BAD_USAGE = 2;

interface Cancellation {
  /** What cancelled the run. */
  by: 'SIGINT' | 'SIGTERM' | null;
}

async function main(cancelling: Cancellation): Promise<void> {
  const cancellation = new AbortController();
  const cancelled = new Promise<never>((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      // Not `once`: npm passes on a Ctrl-C that the terminal has sent already, and the second would leave the login behind.
      process.on(signal, () => {
        if (cancelling.by !== null) return;
        cancelling.by = signal;
        cancellation.abort();
        setTimeout(() => {
          reject(new CancelledError(`The run was cancelled (${signal}).`));
        }, LEAVE_AFTER_MS).unref();
      });
    }
  });
  const { signal } = cancellation;
  const wait = (milliseconds: number): Promise<void> =>
    sleep(milliseconds, undefined, { signal }).catch(() => {
      throw new CancelledError('The run was cancelled.');
    });
  const runner = createRunner();
  const connectGitHub = (token: string | null): GitHubApi => createGitHubApi(token, runner.repository);
  const world = { runner, run: runProcess, connectGitHub, openActionsCache, signal, now: new Date(), wait };
  await Promise.race([runBuildPhase(world), cancelled]);
  if (cancellation.signal.aborted) throw new CancelledError('The run was cancelled.');
}

function getExitCode(error: unknown, { by }: Cancellation): number {
  if (isOnGitHub()) return 1;
  if (by !== null) return 128 + constants.signals[by];
  return error instanceof InputError ? BAD_USAGE : 1;
}

const cancelling: Cancellation = { by: null };
main(cancelling).then(
  // Connections that are kept open for the next request must not keep the process.
  () => process.exit(),
  (error: unknown) => {
    reportFailure(describeFailure(error), findFailedPass(error)?.place ?? null);
    process.exit(getExitCode(error, cancelling));
  },
);
