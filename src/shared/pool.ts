// The same work on many things, a few at a time.

/**
 * @param atOnce how many are worked on at the same time, at most
 * @returns the results, in the order of the items
 * @throws what the first that failed threw, when those have ended that were begun by then; no further one is begun
 */
export async function inPool<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const waiting = [...items.entries()];
  const results = new Map<number, R>();
  const errors: unknown[] = [];
  const workOn = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, item] = next;
      try {
        results.set(index, await work(item));
      } catch (error) {
        errors.push(error);
        waiting.length = 0;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, workOn));
  if (errors.length > 0) throw errors[0];
  return [...results].sort(([one], [other]) => one - other).map(([, result]) => result);
}
