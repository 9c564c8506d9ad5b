// The Actions cache: the only importer of @actions/cache, which is loaded when a run asks for it and not before.
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '@actions/core';
import type { Env } from '../../shared/types.js';
import { withLimit } from '../process/with-limit.js';

export interface ActionsCache {
  /**
   * The folder that `restore` fills and `save` reads. Entries are found by its path too, so the path is the same in every
   * run; it is emptied before and after each use.
   */
  readonly folder: string;
  /** False when the run's event allows only reading. */
  readonly canSave: boolean;
  /**
   * @param keys prefixes of keys, nearest first
   * @returns the key of the entry that is in `folder` now; null when there is none, or, after a warning, it cannot be read
   * @throws Error when the service does not answer in time
   */
  restore(keys: readonly [string, ...string[]]): Promise<string | null>;
  /** @returns false when it was not saved; the log says why */
  save(key: string): Promise<boolean>;
}

/** The toolkit would try a service that is down five times, for half a minute. */
const ANSWER_WITHIN_MS = 10_000;
/** For each segment of 128 MB. */
const DOWNLOAD_WITHIN_MS = 120_000;

/** For a whole restore or save. */
const TRANSFER_WITHIN_MS = 600_000;

/**
 * @param cancel fires when the run is cancelled: the toolkit knows no signals, so nobody waits for it then
 * @returns null where there is no cache service: off GitHub, and on servers without it
 */
export async function openActionsCache(cancel: AbortSignal, env: Env = process.env): Promise<ActionsCache | null> {
  const get = (name: string): string => env[name] ?? '';
  if (get('ACTIONS_RESULTS_URL') === '' && get('ACTIONS_CACHE_URL') === '') return null;
  const { isFeatureAvailable, restoreCache, saveCache } = await import('@actions/cache');
  if (!isFeatureAvailable()) return null;
  const folder = join(get('RUNNER_TEMP') || tmpdir(), 'two-pass-build-layers');
  const empty = async (): Promise<void> => rm(folder, { recursive: true, force: true });
  return {
    folder,
    // Runners say it since 2026; with older ones a save may fail.
    canSave: !['none', 'read'].includes(get('ACTIONS_CACHE_MODE').trim().toLowerCase()),
    restore: ([first, ...others]) =>
      core.group('Looking into the Actions cache', async () => {
        await empty();
        const key = await withLimit(cancel, ANSWER_WITHIN_MS, () =>
          restoreCache([folder], first, others, { lookupOnly: true }),
        );
        if (key === undefined) return null;
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const restored = await withLimit(cancel, TRANSFER_WITHIN_MS, () =>
          restoreCache([folder], key, [], { segmentTimeoutInMs: DOWNLOAD_WITHIN_MS }),
        );
        if (restored === undefined) await empty();
        return restored ?? null;
      }),
    save: (key) =>
      core.group('Saving to the Actions cache', async () => {
        // -1: the toolkit has logged the error already.
        const id = await withLimit(cancel, TRANSFER_WITHIN_MS, () => saveCache([folder], key));
        return id !== -1;
      }),
  };
}
