import { expect, test } from '@jest/globals';
import { BuildLog, type LoggedVertex } from '../../../../src/adapters/progress/build-log.js';

test('a pull that BuildKit ends several times is told again only with new figures', () => {
  const log = new BuildLog();
  const layer = { bytes: 161_600_000, started: 0, completed: 1300 };
  const pulled = (seconds: number, bytes = layer.bytes): readonly string[] => {
    const vertex: LoggedVertex = {
      ...{ digest: 'one', name: '[builder 5/8] RUN x', cached: true, started: 0, done: true, seconds, error: null },
      parts: new Map([[`sha256:${'a'.repeat(64)}`, { ...layer, bytes }]]),
    };
    return log.ended(vertex);
  };
  expect(pulled(0, 0)).toEqual(['[builder 5/8] RUN x (cached)']);
  expect(pulled(1.3)).toEqual(['[builder 5/8] read from the cache: 161.6 MB in 1.3 s']);
  expect(pulled(2.6)).toEqual(['[builder 5/8] read from the cache: 161.6 MB in 2.6 s']);
  expect(pulled(2.6)).toEqual([]);
});
