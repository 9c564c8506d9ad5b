// Trying again what failed, and looking again for what is not there yet. Waiting is handed in: it belongs to the run.

/** What came of an attempt. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** Ends when that many milliseconds are over; what it throws ends everything. */
export type Wait = (milliseconds: number) => Promise<unknown>;

/**
 * @param run gets the number of the attempt, from 1
 * @param getDelay milliseconds before the next attempt; 0: at once; null: the outcome stands
 * @returns the value that stands; @throws the error that stands, and what `wait` throws
 */
export async function retry<T>(
  run: (attempt: number) => Promise<T>,
  getDelay: (outcome: Outcome<T>, attempt: number) => number | null,
  wait: Wait,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await run(attempt).then(
      (value): Outcome<T> => ({ value }),
      (error: unknown): Outcome<T> => ({ error }),
    );
    const delay = getDelay(outcome, attempt);
    if (delay === null) {
      if ('value' in outcome) return outcome.value;
      throw outcome.error;
    }
    if (delay > 0) await wait(delay);
  }
}

/**
 * @param look gives undefined for "not yet"
 * @param delays milliseconds before each look; 0: at once
 * @param isLast asked before each look; true: there is no further one
 * @returns undefined when no look has found it; @throws what `look` and `wait` throw
 */
export async function poll<T>(
  look: () => Promise<T | undefined>,
  delays: readonly number[],
  wait: Wait,
  isLast: () => boolean = () => false,
): Promise<T | undefined> {
  for (const delay of delays) {
    if (delay > 0) await wait(delay);
    const last = isLast();
    const found = await look();
    if (found !== undefined || last) return found;
  }
  return undefined;
}
