// Lines of any length: shortened alike however they come, and in bounded memory.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PARSER_CASES } from '../../../script/benchmark/parsers/parser-cases.js';
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

// How the time grows with the input is measured by script/bench --parsers.
test.each(PARSER_CASES)('$name: is read whatever its length', ({ size, prepare }) => {
  for (const length of [size / 256, size]) prepare(length)();
});
