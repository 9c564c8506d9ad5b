// Starts the cleanup, the second action of this repository (cleanup/action.yml); the only catch, the only exit code.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCleanupPhase } from './cleanup-phase.js';
import type { CleanupInputName, CleanupOutputName } from './plan/cleanup-inputs.js';
import { reportFailure } from './runner/log.js';
import { createRunner } from './runner/runner.js';

const runner = createRunner<CleanupInputName, CleanupOutputName>();

runCleanupPhase({ runner, now: new Date(), name: randomUUID(), wait: (milliseconds) => sleep(milliseconds) }).then(
  // Connections that are kept open for the next request must not keep the process.
  () => process.exit(),
  (error: unknown) => {
    reportFailure(error instanceof Error ? error.message : String(error), null);
    process.exit(1);
  },
);
