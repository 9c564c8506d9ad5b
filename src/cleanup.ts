// Entry of the cleanup, the second action of this repository (cleanup/action.yml). Reports its error and sets the exit code.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRateLimitedClient } from './adapters/github/rate-limited-client.js';
import { listenForSignals } from './adapters/process/cancellation.js';
import { CancelledError } from './adapters/process/process.js';
import { reportFailure } from './adapters/runner/log.js';
import { createSender } from './adapters/registry/http.js';
import { Registry } from './adapters/registry/registry.js';
import { createRunner } from './adapters/runner/runner.js';
import { type CleanupWorld, runCleanupPhase } from './cleanup/cleanup-run.js';
import type { CleanupInputName, CleanupOutputName } from './cleanup/pure/inputs.js';

async function main(): Promise<void> {
  const { signal, overdue } = listenForSignals();
  // Ends at once when the run is cancelled, without an error: the removal that is under way is finished first.
  const wait = (milliseconds: number): Promise<void> =>
    sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  const runner = createRunner<CleanupInputName, CleanupOutputName>();
  const world: CleanupWorld = {
    ...{ runner, name: randomUUID(), wait, signal },
    connectGitHub: (token) => createRateLimitedClient(token, signal),
    // What has been started is brought to its end: nothing cancels a request.
    openRegistry: (image, access) =>
      new Registry(image, { ...access, send: createSender('two-pass-build', null), insecure: false }),
  };
  await Promise.race([runCleanupPhase(world), overdue]);
  if (signal.aborted)
    throw new CancelledError('The run was cancelled. Run the job again: it goes on where this one has ended.');
}

main().then(
  // Connections with keepAlive would keep the process running.
  () => process.exit(),
  (error: unknown) => {
    reportFailure(error instanceof Error ? error.message : String(error), null);
    process.exit(1);
  },
);
