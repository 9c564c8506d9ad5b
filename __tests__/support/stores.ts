// The image stores that tests run on.
import { test } from '@jest/globals';
import type { ImageStore } from '../../lab/engine/engine.js';
import { sampleOf, testByNight } from './nightly.js';

export const STORES = ['containerd', 'overlay2'] as const satisfies readonly ImageStore[];

/** By day the store that hosted runners have, by night both: for what the action does in the same way on both. */
export const STORES_OF_THE_DAY: readonly ImageStore[] = sampleOf(STORES, (store) => store === 'containerd');

/** A test among those of a store, of something that is the same on both. */
export function testOn(store: ImageStore): (name: string, body: () => Promise<void>) => void {
  return STORES_OF_THE_DAY.includes(store) ? test : testByNight;
}
