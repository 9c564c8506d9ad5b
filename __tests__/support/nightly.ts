// What script/test does a sample of, and script/check-nightly all of: one list, one way through it.

import { test } from '@jest/globals';

/** Set by script/check-nightly. */
export const IS_NIGHTLY = process.env.TWO_PASS_BUILD_NIGHTLY === 'true';

/** The whole list in the night, else those that are chosen: at least one. */
export function sampleOf<T>(all: readonly T[], isChosen: (one: T) => boolean): readonly T[] {
  const sample = IS_NIGHTLY ? all : all.filter(isChosen);
  if (sample.length === 0) throw new Error('The sample is empty.');
  return sample;
}

/** A test that has nothing to be a sample of: it says something that takes long, and nothing else by day. */
export function testByNight(name: string, body: () => Promise<void>): void {
  if (IS_NIGHTLY) test(name, body);
}

/** How often a property is tried: a fifth by day of what it is by night. */
export function runsOf(byNight: number): number {
  return IS_NIGHTLY ? byNight : Math.ceil(byNight / 5);
}
