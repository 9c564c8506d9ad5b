import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { WORK_KINDS, type Work, type WorkKind } from '../../../src/adapters/progress/build-progress.js';
import { shareTime, sumWork, toGantt } from '../../../src/report/timeline.js';
import { mergeStretches } from '../../../src/adapters/progress/stretches.js';

const work = (kind: WorkKind, start: number, end: number, name = '[builder 3/6] RUN npm ci'): Work => ({
  ...{ name, stage: 'builder', kind, start, end },
});
/** The chart of one pass. */
const ganttOf = (...all: readonly Work[]) => toGantt([{ name: 'builder', work: all }]);
const NOTHING = Object.fromEntries(WORK_KINDS.map((kind) => [kind, 0]));
const anyWork = fc
  .record({ kind: fc.constantFrom(...WORK_KINDS), start: fc.nat(10_000), length: fc.nat(5000), name: fc.string() })
  .map(({ kind, start, length, name }) => work(kind, start, start + length, name));

describe('where the time went', () => {
  test('what goes on at once counts once, and each kind for itself', () =>
    expect(
      sumWork([
        work('run', 1000, 3000),
        work('run', 2000, 4000),
        work('run', 2500, 2600),
        work('run', 6000, 6500),
        work('pull', 0, 1500),
      ]),
    ).toEqual({ ...NOTHING, run: 3.5, pull: 1.5 }));

  test('shared out, of what goes on at once the step that runs counts', () =>
    expect(
      shareTime([work('run', 1000, 3000), work('pull', 0, 1500), work('unpack', 2500, 4000), work('wait', 4000, 4500)]),
    ).toEqual({ ...NOTHING, run: 2, pull: 1, unpack: 1, wait: 0.5 }));

  test('is never more than the whole, whatever the order', () =>
    fc.assert(
      fc.property(fc.array(anyWork), (all) => {
        const sums = sumWork(all);
        expect(sumWork(all.toReversed())).toEqual(sums);
        for (const kind of WORK_KINDS) {
          const own = all.filter((one) => one.kind === kind);
          const length = Math.max(0, ...own.map(({ end }) => end)) - Math.min(20_000, ...own.map(({ start }) => start));
          expect(sums[kind]).toBeLessThanOrEqual(Math.max(0, length / 1000) + 1e-9);
        }
      }),
    ));
});

describe('the chart', () => {
  test('marks the step that failed', () => {
    const failed: Work = { ...work('run', 0, 2000, '[builder 4/6] RUN npm test'), failed: true };
    const lines = toGantt([{ name: 'failed', work: [work('run', 0, 1500), failed] }]);
    expect(lines.filter((line) => line.includes('crit'))).toEqual([
      '    4/6 RUN npm test 2.0 s :crit, 2000-01-01 00:00:00.000, 2000-01-01 00:00:02.000',
    ]);
  });

  test('tells the platforms of a step apart', () => {
    const steps = ['linux/amd64', 'linux/arm64', 'linux/amd64->arm/v7'].map((platform) =>
      work('run', 0, 2000, `[${platform} builder 4/6] RUN make`),
    );
    expect(ganttOf(...steps).filter((line) => line.includes('make'))).toEqual([
      expect.stringContaining('linux/amd64 4/6 RUN make 2.0 s :active'),
      expect.stringContaining('linux/arm64 4/6 RUN make 2.0 s :active'),
      expect.stringContaining('linux/amd64 to arm/v7 4/6 RUN make 2.0 s :active'),
    ]);
  });

  test('has a section for each pass and a bar for each stretch, from its first moment on', () =>
    expect(
      toGantt([
        {
          name: 'builder',
          work: [
            work('pull', 1_000_500, 1_001_500, '[builder 2/6] COPY a b'),
            work('pull', 1_000_000, 1_001_000, '[builder 2/6] COPY a b'),
            work('run', 1_001_500, 1_073_500),
          ],
        },
        {
          name: 'production',
          work: [
            work('export', 1_073_500, 1_074_000, 'exporting layers'),
            work('push', 1_074_000, 1_074_250, 'pushing layers'),
          ],
        },
      ]),
    ).toEqual([
      'gantt',
      '    dateFormat YYYY-MM-DD HH:mm:ss.SSS',
      '    axisFormat %M:%S',
      '    section builder',
      '    cached 2/6 COPY a b 1.5 s :done, 2000-01-01 00:00:00.000, 2000-01-01 00:00:01.500',
      '    3/6 RUN npm ci 72.0 s :active, 2000-01-01 00:00:01.500, 2000-01-01 00:01:13.500',
      '    section production',
      '    export 0.5 s :2000-01-01 00:01:13.500, 2000-01-01 00:01:14.000',
      '    push 0.3 s :2000-01-01 00:01:14.000, 2000-01-01 00:01:14.250',
    ]));

  test('is left out where there is nothing to see', () => {
    expect(toGantt([])).toEqual([]);
    expect(ganttOf(work('run', 0, 999))).toEqual([]);
  });

  test('has no bar that is too short to be told, and calls no base image cached', () =>
    expect(
      ganttOf(
        work('pull', 0, 1500, '[builder 1/3] FROM registry.example.com/base:1'),
        work('run', 1500, 1549, '[builder 2/3] WORKDIR /a'),
        work('run', 1549, 1599, '[builder 3/3] RUN x'),
      ).slice(3),
    ).toEqual([
      '    tickInterval 1second',
      '    section builder',
      '    1/3 FROM registry.example.com/base 1 1.5 s :done, 2000-01-01 00:00:00.000, 2000-01-01 00:00:01.500',
      '    3/3 RUN x 0.1 s :active, 2000-01-01 00:00:01.549, 2000-01-01 00:00:01.599',
    ]));

  test('shows the longest of many, and what is left between them together', () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      work('run', index * 1000, index * 1000 + 900 + index, `[b ${index}/40] RUN x`),
    );
    const waits = many.map(({ end }, index) => work('wait', end, index * 1000 + 1000));
    const bars = ganttOf(...many, ...waits).filter((line) => line.includes(' :'));
    expect(bars[0]).toMatch(/^ {4}\d+ short parts 28\.0 s :done, /);
    expect(bars.filter((line) => line.includes('RUN x'))).toHaveLength(12);
    expect(bars[1]).toContain('28/40');
    expect(bars.filter((line) => line.includes('wait 0.1 s'))).toHaveLength(12);
  });

  test('has a bar for each stretch of a step that something else has parted, and one for the time between passes', () =>
    expect(
      toGantt([
        {
          name: 'production',
          work: [
            work('pull', 0, 1000, '[a 2/3] RUN x'),
            work('run', 1000, 2000, '[a 3/3] RUN y'),
            work('unpack', 2000, 3000, '[a 2/3] RUN x'),
            work('pull', 3000, 3500, '[a 2/3] RUN x'),
            work('hash', 3500, 4000, '[b 2/2] COPY --from=a /x /x'),
          ],
        },
        { name: 'builder', work: [work('export', 4300, 5300, 'exporting layers')] },
      ])
        .slice(4)
        .map((line) => line.replace(/ :.*/, '')),
    ).toEqual([
      '    section production',
      '    cached 2/3 RUN x 1.0 s',
      '    3/3 RUN y 1.0 s',
      '    unpack 2/3 RUN x 1.0 s',
      '    cached 2/3 RUN x 0.5 s',
      '    hash for 2/2 COPY --from=a /x /x 0.5 s',
      '    between passes 0.3 s',
      '    section builder',
      '    export 1.0 s',
    ]));

  test('leaves out no time that a label can say', () =>
    fc.assert(
      fc.property(fc.array(anyWork, { minLength: 1, maxLength: 40 }), (all) => {
        const bars = ganttOf(...all).flatMap((line) => {
          const [, start, end] =
            /, (2000-01-01 [\d:.]+), (2000-01-01 [\d:.]+)$|^$/.exec(line.replace(' :', ' :, ')) ?? [];
          return start === undefined ? [] : [{ start: Date.parse(`${start}Z`), end: Date.parse(`${end}Z`) }];
        });
        const merged = mergeStretches(bars);
        for (const [index, { end }] of merged.slice(0, -1).entries())
          expect(merged[index + 1]!.start - end).toBeLessThan(50);
      }),
    ));

  test('text of a Dockerfile stays text', () =>
    fc.assert(
      fc.property(fc.array(anyWork, { maxLength: 5 }), fc.string(), (all, name) => {
        const lines = toGantt([{ name, work: all }]);
        for (const line of lines.slice(lines.includes('    tickInterval 1second') ? 4 : 3)) {
          expect(line).toMatch(
            /^ {4}(?:section [^:;#,<>`%]*|[^:;#,<>`%]* \d+\.\d s :(?:active, |done, )?[\d\- :.]+, [\d\- :.]+)$/,
          );
        }
      }),
    ));
});
