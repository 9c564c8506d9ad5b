import { expect, test } from '@jest/globals';
import { PassFailedError, type PassResult } from '../../../src/adapters/docker/buildx.js';
import { type Attempt, retryPass } from '../../../src/build/attempts.js';
import { progressOf } from '../../support/fixtures.js';

const CACHED = progressOf({ name: '[builder 2/2] RUN make', cached: true });
const RAN = progressOf({ name: '[builder 2/2] RUN make' }, { name: 'pushing layers', error: 'EOF' });
const DONE: PassResult = { seconds: 1, digest: null, ids: [], progress: CACHED };
const PASSING = { cacheFault: false, transient: 'EOF' };
const FINAL = { cacheFault: false, transient: null };
const LOST = { cacheFault: true, transient: null };
const SLOW_CACHE = { cacheFault: true, transient: '503 Service Unavailable' };
type Failure = typeof FINAL | typeof PASSING;

/** Fails as told, one attempt after another, then succeeds. */
async function insist(failures: readonly Failure[], { hasCache = true, minutesEach = 0 } = {}) {
  const attempts: Attempt[] = [];
  const waits: number[] = [];
  const lines: string[] = [];
  const warnings: string[] = [];
  let clock = 0;
  const outcome = await retryPass(
    (attempt) => {
      const failure = failures[attempts.length];
      attempts.push(attempt);
      clock += minutesEach * 60_000;
      return failure === undefined
        ? Promise.resolve(DONE)
        : Promise.reject(new PassFailedError('broken', RAN, failure, null));
    },
    {
      name: 'production',
      hasCache,
      wait: (milliseconds) => Promise.resolve(void waits.push(milliseconds)),
      random: () => 0.5,
      now: () => clock,
      say: (line) => lines.push(line),
      warn: (message) => warnings.push(message),
    },
  ).catch((error: unknown) => error);
  return { outcome, caches: attempts.map(({ withCache }) => withCache), waits, lines, warnings };
}

test('what may pass is repeated three times, with growing waits, each in one line with its reason', async () => {
  const { outcome, waits, lines, warnings } = await insist([PASSING, PASSING, PASSING]);
  expect(outcome).toMatchObject({ seconds: 1 });
  expect(waits).toEqual([2000, 5000, 10_000]);
  expect(lines).toHaveLength(3);
  expect(lines[1]).toBe(
    'The production pass failed for a reason that may pass (EOF); it runs again in 5.0 s, 2 of at most 3 times.',
  );
  expect(warnings).toEqual([]);
});

test('and is final after that', async () => {
  const { outcome, caches } = await insist([PASSING, PASSING, PASSING, PASSING]);
  expect(outcome).toBeInstanceOf(PassFailedError);
  expect(caches).toHaveLength(4);
});

test('repeating ends five minutes after the first failure', async () =>
  expect((await insist([PASSING, PASSING, PASSING], { minutesEach: 4 })).caches).toHaveLength(3));

test('everything else is final at once', async () => {
  const { outcome, waits } = await insist([FINAL]);
  expect(outcome).toBeInstanceOf(PassFailedError);
  expect(waits).toEqual([]);
});

test('a lost layer of the cache costs the cache, at once and only once', async () => {
  const { caches, waits, warnings } = await insist([LOST, LOST]);
  expect(caches).toEqual([true, false]);
  expect(waits).toEqual([]);
  expect(warnings).toEqual([expect.stringMatching(/^A layer of the cache could not be read.*production.*broken$/)]);
});

test('a cache that cannot be read for a moment gets one more try', async () =>
  expect((await insist([SLOW_CACHE, SLOW_CACHE, PASSING])).caches).toEqual([true, true, false, false]));

test('without any cache a layer that cannot be read is a matter of time or final', async () => {
  expect((await insist([SLOW_CACHE, SLOW_CACHE], { hasCache: false })).caches).toHaveLength(3);
  expect((await insist([LOST], { hasCache: false })).caches).toHaveLength(1);
});

test('a step that ran before the fault is still new to this run, although the engine has it by now', async () => {
  const steps = async (failures: readonly Failure[]) => ((await insist(failures)).outcome as PassResult).progress.steps;
  expect((await steps([PASSING])).map(({ cached }) => cached)).toEqual([false]);
  expect((await steps([])).map(({ cached }) => cached)).toEqual([true]);
});

test('a cancelled run does not begin again', async () => {
  const cancelled = new Error('cancelled');
  let attempts = 0;
  await expect(
    retryPass(
      () => {
        attempts += 1;
        return Promise.reject(new PassFailedError('broken', RAN, PASSING, null));
      },
      {
        name: 'production',
        hasCache: true,
        wait: () => Promise.reject(cancelled),
        random: () => 0,
        now: () => 0,
        say: () => undefined,
        warn: () => undefined,
      },
    ),
  ).rejects.toBe(cancelled);
  expect(attempts).toBe(1);
});
