// The stand-in of the Actions cache beside the lab of a test file.
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { type ActionsCacheStandIn, startActionsCache } from '../../lab/github/actions-cache.js';
import type { Fixture } from './e2e.js';

interface UsedCache {
  readonly cache: () => ActionsCacheStandIn;
  /** The runner's folder: the same in all runs of a repository, since the toolkit finds entries by it. */
  readonly temp: () => string;
}

/** Starts it after the lab, for all tests of the file. */
export function useActionsCache(fixture: Fixture): UsedCache {
  let cache: ActionsCacheStandIn | undefined;
  const temp = () => join(fixture.lab().directory, 'runner-temp');
  beforeAll(async () => {
    cache = await startActionsCache(await mkdtemp(join(fixture.lab().directory, 'azurite-')));
    await mkdir(temp());
  });
  afterAll(() => cache?.stop());
  return {
    cache: () => {
      if (cache === undefined) throw new Error('The stand-in of the Actions cache is not open.');
      return cache;
    },
    temp,
  };
}
