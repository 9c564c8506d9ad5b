// Stretches of time, in milliseconds: joined, and what is between them.

export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** The time in which at least one of these was going on, as stretches that do not touch, in their order. */
export function mergeStretches(all: readonly Stretch[]): Stretch[] {
  const merged: Stretch[] = [];
  for (const { start, end } of all.toSorted((one, other) => one.start - other.start)) {
    const last = merged.at(-1);
    if (last === undefined || start > last.end) merged.push({ start, end });
    else merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, end) };
  }
  return merged;
}

/** The parts of a stretch that none of these covers. */
export function listGaps(merged: readonly Stretch[], { start, end }: Stretch): Stretch[] {
  const gaps: Stretch[] = [];
  let from = start;
  for (const one of merged) {
    if (one.start > from) gaps.push({ start: from, end: Math.min(one.start, end) });
    from = Math.max(from, one.end);
    if (from >= end) break;
  }
  if (from < end) gaps.push({ start: from, end });
  return gaps.filter((gap) => gap.end > gap.start);
}

/** Seconds in which at least one of these was going on. */
export function toSeconds(all: readonly Stretch[]): number {
  return mergeStretches(all).reduce((sum, { start, end }) => sum + end - start, 0) / 1000;
}
