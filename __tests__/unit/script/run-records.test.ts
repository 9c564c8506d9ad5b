// What records and checks the runs in docs/runs.
import { describe, expect, test } from '@jest/globals';
import { countBlocks, findFaults } from '../../../script/runs/page-faults.js';
import { toStableText } from '../../../script/runs/stable-text.js';

describe('the text of a record', () => {
  test('has the same value wherever a run has the same one, in log and summary', () => {
    const stable = toStableText('127.0.0.1:4711');
    const [one, other] = ['a1'.repeat(32), 'b2'.repeat(32)];
    expect(stable(`127.0.0.1:4711/octo/app@sha256:${one} ${other}`)).toBe(
      `registry.example.com/octo/app@sha256:${'1'.padStart(64, '0')} ${'2'.padStart(64, '0')}`,
    );
    expect(stable(`sha256:${other} of 127.0.0.1 4711/octo`)).toBe(
      `sha256:${'2'.padStart(64, '0')} of registry.example.com/octo`,
    );
  });

  test('has fixed times, identifiers and folders, and keeps what was measured', () =>
    expect(
      toStableText('127.0.0.1:1')(
        'review-pr-7-20260801121314 /var/tmp/tpb-run-x1Y/temp 2026-08-01T12:13:14+00:00 ' +
          '1b4e28ba-2fa1-41d2-883f-0016d3cca427 161.6 MB in 1.3 s, 2000-01-01 00:00:00.091',
      ),
    ).toBe(
      'review-pr-7-20260102030405 /runner/temp 2026-01-02T03:04:05Z ' +
        '00000000-0000-4000-8000-000000000000 161.6 MB in 1.3 s, 2000-01-01 00:00:00.091',
    ));
});

describe('the check of a rendered summary', () => {
  const BAR = '    a 1.0 s :active, 2000-01-01 00:00:00.000, 2000-01-01 00:00:01.000';
  const MARKDOWN = [
    ...['| a | b |', '| --- | --- |', '| 1 | 2 |', ''],
    ...['````text', '```', '| --- |', '````', '', '```mermaid', 'gantt', BAR, BAR, '```'],
  ].join('\n');
  const WHOLE = { tables: 1, codeBlocks: 1, charts: [{ error: null, bars: 2 }], removed: [], height: 100 };

  test('knows what is written', () => expect(countBlocks(MARKDOWN)).toEqual({ tables: 1, codeBlocks: 1, charts: [2] }));

  test.each([
    ['nothing', {}, []],
    ['a table that is text', { tables: 0 }, [/1 tables are written, 0 are shown/]],
    ['text that broke out of its block', { codeBlocks: 2 }, [/1 code blocks are written, 2 are shown/]],
    ['a missing chart', { charts: [] }, [/1 charts are written, 0 are drawn/]],
    ['a broken chart', { charts: [{ error: 'Parse error', bars: 0 }] }, [/cannot draw chart 1: Parse error/]],
    ['an empty chart', { charts: [{ error: null, bars: 0 }] }, [/Chart 1 has no bars/]],
    ['a lost bar', { charts: [{ error: null, bars: 1 }] }, [/should have 2 bars and has 1/]],
    ['a tag that GitHub does not show', { removed: ['onerror'] }, [/take out: onerror/]],
  ])('finds %s', (_, change, faults) =>
    expect(findFaults(countBlocks(MARKDOWN), { ...WHOLE, ...change })).toEqual(
      faults.map((fault) => expect.stringMatching(fault)),
    ),
  );
});
