// Lines of any length: shortened alike however they come, in bounded memory, and in time that grows with their length.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PARSER_CASES } from '../../../script/benchmark/parser-cases.js';
import { measure } from '../../../script/benchmark/parsers.js';
import { RawProgressReader } from '../../../src/adapters/progress/raw.js';
import { LONGEST_PRINTED, LONGEST_QUOTED, LastLines, LineBuffer, shortenLine } from '../../../src/shared/long-line.js';

const MOST = 500;

describe('a line that is too long', () => {
  test('keeps its beginning and its end, and says how much is left out', () => {
    const short = shortenLine(`begin${'x'.repeat(1_000_000)}end`, MOST);
    expect(short).toMatch(/^beginx+ … 999558 characters left out … x+end$/);
    expect(short.length).toBeLessThanOrEqual(MOST);
    expect(shortenLine(short, MOST)).toBe(short);
    expect(shortenLine('x'.repeat(MOST), MOST)).toBe('x'.repeat(MOST));
  });

  /** As a terminal shows the whole text. */
  const show = (text: string): string[] =>
    text.split('\n').map((line) => shortenLine(line.replace(/\r+$/, '').split('\r').at(-1) ?? '', MOST));

  test('is the same whatever pieces it comes in', () => {
    const words = fc.constantFrom('a', '\r', '\n', '\r\n', 'word ', '"', 'x'.repeat(300), 'y'.repeat(2000));
    fc.assert(
      fc.property(fc.array(words), fc.array(fc.nat(700)), (parts, cuts) => {
        const text = parts.join('');
        const buffer = new LineBuffer(MOST);
        const lines: string[] = [];
        let rest = text;
        for (const cut of cuts) {
          lines.push(...buffer.push(rest.slice(0, cut)));
          rest = rest.slice(cut);
        }
        lines.push(...buffer.push(rest));
        const whole = show(text);
        expect([...lines, ...buffer.flush()]).toEqual(whole.at(-1) === '' ? whole.slice(0, -1) : whole);
      }),
    );
  });

  test('of a step is shorter in the log, and shorter still in the message of its failure', () => {
    const reader = new RawProgressReader();
    const [digest, started] = ['sha256:1', '2026-01-01T00:00:00Z'];
    const vertex = { digest, name: '[builder 2/2] RUN make', started };
    const data = Buffer.from(`${'x'.repeat(1_000_000)}\n`).toString('base64');
    const lines = [
      { vertexes: [vertex] },
      { logs: [{ vertex: digest, stream: 1, data }] },
      { vertexes: [{ ...vertex, completed: started, error: `process "${'y'.repeat(80_000)}": exit code: 1` }] },
    ].flatMap((line) => reader.read(JSON.stringify(line), 0).lines);
    const longest = Math.max(...lines.map((line) => line.length));
    expect(longest).toBeGreaterThan(LONGEST_PRINTED * 0.9);
    expect(longest).toBeLessThan(LONGEST_PRINTED + 100);
    const { failed } = reader.progress;
    expect(failed?.output[0]?.length).toBeLessThanOrEqual(LONGEST_QUOTED);
    expect(failed?.error).toMatch(/^process "y+ … \d+ characters left out … y+": exit code: 1$/);
  });
});

test('the last lines of an output are those that fit', () => {
  const lines = new LastLines(10);
  for (const line of ['one', 'two', 'three', 'four']) lines.push(line);
  expect(lines.text).toBe('four');
  lines.push('x');
  expect(lines.text).toBe('four\nx');
  lines.push('longer than all of it');
  expect(lines.text).toBe('longer than all of it');
});

// No limit in seconds, which a busy machine would break: four times the input against the input, both measured here and
// now, the best of several tries. Linear is 4, the square is 16.
const TOO_STEEP = 10;

/** As often as it takes for the clock to see it. A disturbed measurement is repeated; a square stays one. */
function measureGrowth(small: () => void, large: () => void): number {
  let times = 1;
  const repeat = (work: () => void) => () => {
    for (let count = 0; count < times; count += 1) work();
  };
  while (measure(repeat(small), 1) < 3 && times < 10_000) times *= 2;
  const ratios: number[] = [];
  do ratios.push(measure(repeat(large), 5) / measure(repeat(small), 5));
  while (ratios.at(-1)! > TOO_STEEP && ratios.length < 5);
  return Math.min(...ratios);
}

test.each(PARSER_CASES)('$name: time grows with the length', ({ size, prepare }) => {
  // From small to large: a square is seen before it takes minutes.
  for (const base of [size / 256, size / 64, size / 16]) {
    const [small, large] = [prepare(base), prepare(base * 4)];
    const isSlow = measure(large, 1) > 20;
    if (isSlow || base === size / 16) expect(measureGrowth(small, large)).toBeLessThan(TOO_STEEP);
  }
});
