// What script/test does a sample of, and script/check-nightly all of: one list, one way through it.

/** Set by script/check-nightly. */
export const IS_NIGHTLY = process.env.TWO_PASS_BUILD_NIGHTLY === 'true';

/** The whole list in the night, else those that are chosen: at least one. */
export function sampleOf<T>(
  all: readonly T[],
  isChosen: (one: T, index: number) => boolean,
  isNightly = IS_NIGHTLY,
): readonly T[] {
  const sample = isNightly ? all : all.filter(isChosen);
  if (sample.length === 0) throw new Error('The sample is empty.');
  return sample;
}
