// The Actions cache: the only importer of @actions/cache, which is loaded when a run asks for it and not before.
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '@actions/core';
import type { Env } from '../../shared/types.js';
import { withLimit } from '../process/with-limit.js';

export interface ActionsCache {
  /**
   * What `restore` fills and `save` reads. Its path is part of what an entry is found by, so it is the same in every run,
   * and is emptied before and after each use.
   */
  readonly folder: string;
  /** False where the run may only read, by the event that started it. */
  readonly canSave: boolean;
  /**
   * @param keys beginnings of keys, nearest first
   * @returns the key of what is in `folder` now; null when there is no such entry, or, after a warning, it cannot be read
   * @throws Error when the service does not answer in time
   */
  restore(keys: readonly [string, ...string[]]): Promise<string | null>;
  /** @returns false, after a warning or a line that says why, when it was not kept */
  save(key: string): Promise<boolean>;
}

/** A service that is down answers the toolkit's five attempts for half a minute; a cache is not worth that. */
const ANSWER_WITHIN_MS = 10_000;
/** For each 128 MB. */
const DOWNLOAD_WITHIN_MS = 120_000;

/** For all of it, whichever way: a cache is not worth more. */
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
    // The runner tells it since 2026; without, the service has the last word.
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
        // The toolkit says itself what went wrong, and gives -1.
        const id = await withLimit(cancel, TRANSFER_WITHIN_MS, () => saveCache([folder], key));
        return id !== -1;
      }),
  };
}
