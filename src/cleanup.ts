// Starts the cleanup, the second action of this repository (cleanup/action.yml); the only catch, the only exit code.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { listenForSignals } from './adapters/process/cancellation.js';
import { CancelledError } from './adapters/process/process.js';
import { reportFailure } from './adapters/runner/log.js';
import { createRunner } from './adapters/runner/runner.js';
import { runCleanupPhase } from './cleanup/cleanup-run.js';
import type { CleanupInputName, CleanupOutputName } from './cleanup/pure/inputs.js';

async function main(): Promise<void> {
  const { signal, overdue } = listenForSignals();
  // Short when the run is cancelled: whoever waits then has something to bring to its end.
  const wait = (milliseconds: number): Promise<void> =>
    sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  const runner = createRunner<CleanupInputName, CleanupOutputName>();
  await Promise.race([runCleanupPhase({ runner, name: randomUUID(), wait, signal }), overdue]);
  if (signal.aborted)
    throw new CancelledError('The run was cancelled. Run the job again: it goes on where this one has ended.');
}

main().then(
  // Connections that are kept open for the next request must not keep the process.
  () => process.exit(),
  (error: unknown) => {
    reportFailure(error instanceof Error ? error.message : String(error), null);
    process.exit(1);
  },
);
