import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { WORK_KINDS, type Work } from '../../../../src/adapters/progress/build-progress.js';
import { RawProgressReader } from '../../../../src/adapters/progress/raw.js';
import { coverPass } from '../../../../src/adapters/progress/work.js';
import { shareTime } from '../../../../src/report/timeline.js';
import { mergeStretches, toSeconds } from '../../../../src/adapters/progress/stretches.js';

/** Of a process that starts 300 ms before its first line and ends 200 ms after its last. */
function readWork(name: string): readonly Work[] {
  const lines = readFileSync(new URL(`rawjson/${name}`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  const reader = new RawProgressReader();
  for (const line of lines) reader.read(line, 1300);
  const told = mergeStretches(reader.progress.work);
  const length = told.at(-1)!.end - told[0]!.start;
  return reader.toWholeProgress(1000, 1000 + 300 + length + 200).work;
}

/** `5/8 unpack 14.1`: step, kind and seconds of everything of at least a tenth of a second. */
function toLines(work: readonly Work[]): readonly string[] {
  const groups = new Map<string, Work[]>();
  for (const one of work.toSorted((before, after) => before.start - after.start)) {
    const label = `${/\d+\/\d+(?=\])/.exec(one.name)?.[0] ?? one.name} ${one.kind}`;
    groups.set(label, [...(groups.get(label) ?? []), one]);
  }
  return [...groups].flatMap(([label, all]) => {
    const seconds = toSeconds(all);
    return seconds < 0.1 ? [] : [`${label} ${seconds.toFixed(1)}`];
  });
}

const sum = (seconds: Readonly<Record<string, number>>): number =>
  Object.values(seconds).reduce((all, one) => all + one, 0);

describe('the work of a pass', () => {
  test('whose source changed: layers are read and unpacked, files are hashed, each under the step that needs them', () =>
    expect(toLines(readWork('containerd-source-changed.jsonl'))).toEqual([
      'starting prepare 0.3',
      '5/8 pull 0.5',
      '5/8 unpack 14.1',
      '7/8 run 1.0',
      '8/8 run 0.4',
      '3/4 hash 1.5',
      '3/4 pull 0.3',
      '3/4 unpack 9.1',
      '4/4 run 0.3',
      'exporting to image export 0.1',
      'ending wait 0.2',
    ]));

  test.each(readdirSync(new URL('rawjson', import.meta.url)))(
    'covers all of it, and shared out sums up to it (%s)',
    (name) => {
      const work = readWork(name);
      const [whole, ...others] = mergeStretches(work);
      expect(others).toEqual([]);
      expect(sum(shareTime(work))).toBeCloseTo((whole!.end - whole!.start) / 1000, 3);
    },
  );

  test('covers the pass once and without a gap, whatever is told of it', () => {
    const anyWork = fc
      .record({
        kind: fc.constantFrom(...WORK_KINDS),
        start: fc.nat(10_000),
        length: fc.nat(5000),
        name: fc.constantFrom('[a 2/3] RUN x', '[b 2/3] COPY --from=a /x /x', 'exporting to image'),
      })
      .map(({ length, ...one }): Work => ({ ...one, stage: '', end: one.start + length }));
    fc.assert(
      fc.property(
        fc.array(anyWork, { minLength: 1 }),
        fc.integer({ min: -100 }),
        fc.nat(50_000),
        (told, silent, total) => {
          const work = coverPass(told, { silent, total });
          const before = mergeStretches(told);
          const [whole, ...others] = mergeStretches(work);
          const length = before.at(-1)!.end - before[0]!.start;
          expect(others).toEqual([]);
          expect(whole!.end - whole!.start).toBe(Math.max(total, length));
          expect(work.slice(0, told.length)).toEqual(told);
          // What is added overlaps nothing.
          const added = work.slice(told.length).reduce((all, { start, end }) => all + end - start, 0);
          expect(added + before.reduce((all, { start, end }) => all + end - start, 0)).toBe(Math.max(total, length));
          expect(sum(shareTime(work))).toBeCloseTo(Math.max(total, length) / 1000, 6);
        },
      ),
    );
  });

  test('of which nothing is told is none', () => expect(coverPass([], { silent: 100, total: 5000 })).toEqual([]));

  test.each([
    ['[production 3/4] COPY --from=builder /venv /venv', 'hash'],
    ['[production 3/4] LINK COPY --link --from=builder /venv /venv', 'hash'],
    ['[linux/amd64 a 3/4] RUN --mount=type=cache,target=/c --mount=type=bind,from=builder,target=/b make', 'hash'],
    ['[a 3/4] RUN curl --from=nowhere', 'wait'],
    ['[a 3/4] COPY . .', 'wait'],
    ['exporting to image', 'wait'],
  ])('before %s is %s', (name, kind) => {
    const [first, next] = [
      { name: '[a 2/4] RUN x', stage: 'a', kind: 'run', start: 0, end: 1000 },
      { name, stage: 'b', kind: 'run', start: 2000, end: 3000 },
    ] as const;
    expect(coverPass([first, next], { silent: 0, total: 3000 })).toEqual([
      first,
      next,
      { name, stage: 'b', kind, start: 1000, end: 2000 },
    ]);
  });
});
