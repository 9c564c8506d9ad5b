// The first step that was not cached is the first to those who read the Dockerfile, whatever BuildKit announces first.
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { RawProgressReader } from '../../../../src/adapters/progress/raw.js';

const at = (seconds: number): string => `2026-05-04T03:02:${String(seconds).padStart(2, '0')}.000000001Z`;

test('steps of a recorded cold build come in the order of the Dockerfile', () => {
  const reader = new RawProgressReader();
  const recorded = readFileSync(new URL('rawjson/containerd-cold.jsonl', import.meta.url), 'utf8');
  for (const line of recorded.split('\n').filter((one) => one !== '')) reader.read(line, 0);
  expect(reader.progress.steps.map(({ name }) => /^\[\S+ \d\/\d\]/.exec(name)?.[0])).toEqual([
    '[builder 2/6]',
    '[builder 3/6]',
    '[builder 4/6]',
    '[builder 5/6]',
    '[builder 6/6]',
    '[production 3/3]',
  ]);
});

test('steps that did not end come last, as they were announced', () => {
  const reader = new RawProgressReader();
  const vertexes = [
    { digest: 'sha256:a', name: '[a 4/4] RUN d' },
    { digest: 'sha256:b', name: '[a 3/4] RUN c', started: at(3) },
    { digest: 'sha256:c', name: '[a 2/4] RUN b', started: at(2), completed: at(3), error: 'exit code: 1' },
    { digest: 'sha256:d', name: '[a 1/4] RUN a', started: at(1), completed: at(2) },
  ];
  reader.read(JSON.stringify({ vertexes }), 0);
  expect(reader.progress.steps.map(({ name }) => name.slice(-1))).toEqual(['a', 'b', 'd', 'c']);
});
