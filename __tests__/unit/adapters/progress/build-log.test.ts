import { expect, test } from '@jest/globals';
import { BuildLog, type LoggedVertex } from '../../../../src/adapters/progress/build-log.js';

test('a pull that BuildKit ends several times is told once, with the time of all of it, when something else begins', () => {
  const log = new BuildLog();
  const step = (name: string, runs: readonly (readonly [number, number])[], bytes = 0): LoggedVertex => ({
    ...{ digest: name, name, cached: bytes > 0, started: 0, done: true, seconds: 0, error: null, runs: new Map(runs) },
    parts: new Map([[`sha256:${'a'.repeat(64)}`, { bytes, started: 0, completed: 1300 }]]),
  });
  const pulled = (...runs: readonly (readonly [number, number])[]) => step('[builder 5/8] RUN x', runs, 161_600_000);
  expect(log.ended({ ...pulled(), parts: new Map() })).toEqual(['[builder 5/8] RUN x (cached)']);
  expect(log.ended(pulled([0, 1300]))).toEqual([]);
  expect(log.ended({ ...pulled([0, 1300], [1300, 9000]), done: false })).toEqual([]);
  // Still going on.
  expect(log.started(step('[other 2/2] RUN y', []), 0)).toEqual(['[other 2/2] RUN y']);
  expect(log.ended(pulled([0, 1300], [1300, 9000]))).toEqual([]);
  expect(log.started(step('[builder 6/8] COPY . .', []), 0)).toEqual([
    '[builder 5/8] read from the cache: 161.6 MB in 9.0 s',
    '[builder 6/8] COPY . .',
  ]);
  expect(log.ended(pulled([0, 1300], [1300, 9000], [9500, 9600]))).toEqual([]);
  expect(log.endPulls()).toEqual(['[builder 5/8] read from the cache: 161.6 MB in 9.1 s']);
  expect(log.endPulls()).toEqual([]);
});
