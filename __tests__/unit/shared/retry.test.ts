import { describe, expect, test } from '@jest/globals';
import { poll, retry } from '../../../src/shared/retry.js';

/** Waits that are over at once, and are written down. */
function createClock(): { waits: number[]; wait: (milliseconds: number) => Promise<void> } {
  const waits: number[] = [];
  return {
    waits,
    wait: (milliseconds) => {
      waits.push(milliseconds);
      return Promise.resolve();
    },
  };
}

describe('trying again', () => {
  test('as long as there is a delay, and then the value stands', async () => {
    const { waits, wait } = createClock();
    const attempts: number[] = [];
    const run = (attempt: number): Promise<string> => {
      attempts.push(attempt);
      return attempt === 2 ? Promise.reject(new Error('broken')) : Promise.resolve(`value ${attempt}`);
    };
    const result = await retry(run, (outcome, attempt) => ('error' in outcome ? 0 : attempt < 3 ? 100 : null), wait);
    expect(result).toBe('value 3');
    expect(attempts).toEqual([1, 2, 3]);
    expect(waits).toEqual([100]);
  });

  test('an error that stands is thrown as it is', async () => {
    const error = new Error('final');
    const { waits, wait } = createClock();
    await expect(
      retry(
        () => Promise.reject(error),
        () => null,
        wait,
      ),
    ).rejects.toBe(error);
    expect(waits).toEqual([]);
  });

  test('a wait that is broken off ends it', async () => {
    let attempts = 0;
    const run = (): Promise<never> => {
      attempts += 1;
      return Promise.reject(new Error('broken'));
    };
    const cancelled = (): Promise<void> => Promise.reject(new Error('cancelled'));
    await expect(retry(run, () => 1, cancelled)).rejects.toThrow('cancelled');
    expect(attempts).toBe(1);
  });
});

describe('looking again', () => {
  const lookAt = (answers: readonly (string | null | undefined)[]): (() => Promise<string | null | undefined>) => {
    const left = [...answers];
    return () => Promise.resolve(left.shift());
  };

  test('until there is an answer, which may be that there is nothing', async () => {
    const { waits, wait } = createClock();
    expect(await poll(lookAt([undefined, 'there', 'never seen']), [0, 10, 20], wait)).toBe('there');
    expect(await poll(lookAt([null, 'never seen']), [5], wait)).toBeNull();
    expect(waits).toEqual([10, 5]);
  });

  test('no more often than there are delays', async () => {
    const { waits, wait } = createClock();
    expect(await poll(lookAt([undefined, undefined, 'too late']), [1, 2], wait)).toBeUndefined();
    expect(waits).toEqual([1, 2]);
  });

  test('once, when it is the last time', async () => {
    const { waits, wait } = createClock();
    expect(await poll(lookAt([undefined, 'too late']), [1, 2], wait, () => true)).toBeUndefined();
    expect(waits).toEqual([1]);
  });
});
