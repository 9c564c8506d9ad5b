import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Work, WorkKind } from '../../../src/adapters/progress/build-progress.js';
import { sumWork, toGantt } from '../../../src/report/timeline.js';

const work = (kind: WorkKind, start: number, end: number, name = '[builder 3/6] RUN npm ci'): Work => ({
  ...{ name, stage: 'builder', kind, start, end },
});
/** The chart of one pass. */
const ganttOf = (...all: readonly Work[]) => toGantt([{ name: 'builder', work: all }]);
const KINDS = ['run', 'pull', 'export', 'push'] as const;
const anyWork = fc
  .record({ kind: fc.constantFrom(...KINDS), start: fc.nat(10_000), length: fc.nat(5000), name: fc.string() })
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
    ).toEqual({ run: 3.5, pull: 1.5, export: 0, push: 0 }));

  test('is never more than the whole, whatever the order', () =>
    fc.assert(
      fc.property(fc.array(anyWork), (all) => {
        const sums = sumWork(all);
        expect(sumWork(all.toReversed())).toEqual(sums);
        for (const kind of KINDS) {
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

  test('shows the longest of many', () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      work('run', index * 1000, index * 1000 + index * 10, `[b ${index}/40] RUN x`),
    );
    const bars = ganttOf(...many).filter((line) => line.includes(' :'));
    expect(bars).toHaveLength(12);
    expect(bars[0]).toContain('28/40');
    expect(bars.at(-1)).toContain('39/40');
  });

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
