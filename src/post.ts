// Entry of the post phase: removes the folder of a main phase that was killed. It never fails the job, it only warns.
import { rm } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { Warn } from './shared/types.js';
import { printWarning, readSavedDirectory } from './adapters/runner/saved-state.js';

await runPostPhase(readSavedDirectory(), printWarning);

async function runPostPhase(directory: string, warn: Warn): Promise<void> {
  if (directory === '' || !isAbsolute(directory)) return;
  try {
    await rm(directory, { recursive: true, force: true });
  } catch (error) {
    warn(
      `The folder ${directory} with this run's registry login could not be removed: ${error instanceof Error ? error.message : 'unknown reason'}`,
    );
  }
}
