import { describe, expect, test } from '@jest/globals';
import { watchForStall } from '../../../../src/adapters/docker/stall-watch.js';
import type { BuildStep } from '../../../../src/adapters/progress/build-progress.js';
import { RawProgressReader } from '../../../../src/adapters/progress/raw.js';

const step = (name: string, cached = false): BuildStep => ({
  ...{ name, stage: '', cached, seconds: 0, error: null, output: [] },
});
const EXPORT = step('exporting to image');
const RUN = step('[builder 2/6] RUN npm ci');

function watch(running: readonly BuildStep[] = [EXPORT]) {
  const cancel = new AbortController();
  let now = running;
  const stall = watchForStall(cancel.signal, 1000, () => now, 0);
  return { stall, cancel, set: (steps: readonly BuildStep[]) => void (now = steps) };
}

describe('a build is given up', () => {
  test('after the limit without a sign of life, and not before; what it waited for is known', () => {
    const { stall } = watch();
    stall.check(999);
    expect(stall.stalled).toBeNull();
    stall.check(1000);
    expect(stall.stalled).toEqual([EXPORT]);
    expect(stall.signal.aborted).toBe(true);
  });

  test('each sign of life begins the silence anew', () => {
    const { stall } = watch();
    stall.heard(900);
    stall.check(1899);
    expect(stall.stalled).toBeNull();
    stall.check(1900);
    expect(stall.stalled).not.toBeNull();
  });

  test('never while a step runs, and after it only by the silence since', () => {
    const { stall, set } = watch([RUN, EXPORT]);
    stall.check(100_000);
    set([EXPORT]);
    stall.check(100_999);
    expect(stall.stalled).toBeNull();
    stall.check(101_000);
    expect(stall.stalled).toEqual([EXPORT]);
  });

  test('while a cached step is pulled, and where nothing has begun', () => {
    for (const running of [[step(RUN.name, true)], []]) {
      const { stall } = watch(running);
      stall.check(1000);
      expect(stall.stalled).toEqual(running);
    }
  });

  test('not when the run is cancelled, which ends the build too', () => {
    const { stall, cancel } = watch();
    cancel.abort();
    stall.check(5000);
    expect(stall.stalled).toBeNull();
    expect(stall.signal.aborted).toBe(true);
  });
});

test('what is running has started and not ended', () => {
  const START = '2026-01-01T00:00:00Z';
  const vertex = (digest: string, name: string, more: object = {}) =>
    JSON.stringify({ vertexes: [{ digest, name, ...more }] });
  const reader = new RawProgressReader();
  for (const line of [
    vertex('a', RUN.name),
    vertex('b', 'importing cache manifest from x', { started: START }),
    vertex('c', '[builder 3/6] RUN make', { started: START, cached: true }),
    vertex('d', EXPORT.name, { started: START, completed: START }),
  ])
    reader.read(line, 0);
  expect(reader.running.map(({ name, cached }) => ({ name, cached }))).toEqual([
    { name: 'importing cache manifest from x', cached: false },
    { name: '[builder 3/6] RUN make', cached: true },
  ]);
});
