import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { marked } from 'marked';
import { parseDigest } from '../../../src/image/digest.js';
import { parseTag } from '../../../src/image/reference.js';
import { planBuild } from '../../../src/plan/plan.js';
import { describePass } from '../../../src/report/figures.js';
import { toPassLines } from '../../../src/report/log-lines.js';
import type { RunResult } from '../../../src/report/result.js';
import { toSummary } from '../../../src/report/summary.js';
import { escapeMarkdown } from '../../../src/shared/markdown.js';
import {
  CONTEXT,
  FIGURES,
  SHA,
  fromFork,
  inputsOf,
  planOf,
  pushTo,
  registryWithUnique,
} from '../../support/fixtures.js';

const DIGEST = parseDigest(`sha256:${'a'.repeat(64)}`);
const HOSTILE = 'a|b `c` <img src=x onerror=y>\n\n# head\r\n| x | [l](http://e) ![i](u) @team **b** ~s~ \\| </td>';
const failure = (message: string, ...output: readonly string[]) => ({ message, output });
const STEP = { name: '[builder 2/3] RUN x', cached: false };

const resultOf = (change: Partial<RunResult> = {}): RunResult => ({
  plan: planOf(),
  builders: [{ seconds: null, steps: [{ ...STEP, cached: true }], missReason: null, outcome: 'unchanged', work: [] }],
  production: { seconds: 0.44, steps: [STEP], missReason: 'a file changed', outcome: null, work: [] },
  digest: DIGEST,
  pushedTags: [parseTag(SHA), parseTag('main')],
  warnings: [],
  error: null,
  unfinished: [],
  bytes: { image: null, main: null },
  cacheTags: [],
  ...change,
});

/** The rows of the one table: header, line, builder, production; each with five cells. */
function expectTable(summary: string): void {
  const rows = summary.split('\n').filter((line) => line.startsWith('|'));
  expect(rows).toHaveLength(4);
  for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(6);
}

describe('the summary', () => {
  test('of a push gives the pinned image to copy, both passes and the pushed tags', () => {
    const summary = toSummary(resultOf());
    expect(summary).toContain(`\`\`\`text\nghcr.io/owner/app:${SHA}@${DIGEST}\n\`\`\``);
    expect(summary).toMatch(/^\| builder \| `builder` \| 1 of 1 \| with production \| unchanged \|$/m);
    expect(summary).toMatch(/^\| production \| `production` \| 0 of 1 \| 0\.4 s \| pushed \|$/m);
    expect(summary).toContain('- `ghcr.io/owner/app:main`');
    expectTable(summary);
  });

  test('without a push gives the reason, and no digest', () => {
    const plan = planOf(fromFork());
    const summary = toSummary(resultOf({ plan, digest: null, pushedTags: [] }));
    expect(summary).toMatch(
      /^\*\*Not pushed:\*\* runs for the code of a fork never push, .* is from stranger\/app\. /m,
    );
    expect(summary).toContain(`have the image as \`ghcr.io/owner/app:${plan.tags.unique}\`.`);
    expect(summary).not.toMatch(/sha256|Pushed tags|pushed \|/);
  });

  test('of a failure says what failed and which pass did not end', () => {
    const error = failure('It broke');
    const summary = toSummary(resultOf({ error, production: null, digest: null, pushedTags: [] }));
    expect(summary).toContain('**Failed.** It broke');
    expect(summary).not.toMatch(/Not pushed|The last lines that it printed/);
    expect(summary).toMatch(/^\| production \| `production` \| not finished \|/m);
    expectTable(summary);
  });

  test('has each note and warning in a line of its own', () => {
    const plan = planBuild(inputsOf(), pushTo('main'), CONTEXT, registryWithUnique());
    const items = toSummary(resultOf({ plan, warnings: ['first\nwarning', 'second'] })).split('\n');
    expect(items).toContain('- first warning');
    expect(items).toContain('- second');
    expect(items.filter((line) => line.includes('never moved'))).toHaveLength(1);
  });

  test('has a section of advice, and none without', () => {
    const section = /\n\n#### What would make this build faster\n\n- Saves \*\*3\.0 s\*\* so\.\n\nPushed tags:/;
    expect(toSummary(resultOf({ advice: ['**3.0 s** so.'] }))).toMatch(section);
    expect(toSummary(resultOf())).not.toContain('faster');
  });

  test('text from a build, a branch or a fork stays text', () => {
    const hostile = { name: `[builder 2/3] RUN ${HOSTILE.replace(/[\r\n]+/g, ' ')}`, cached: false };
    const plan = planOf(fromFork({ headRepository: HOSTILE }));
    const figures = { ...FIGURES, steps: [{ ...STEP, cached: true }, hostile], outcome: 'a|b' };
    for (const error of [null, failure(HOSTILE)]) {
      const summary = toSummary(resultOf({ plan, builders: [figures], warnings: [HOSTILE], error, digest: null }));
      expectTable(summary);
      const outsideCode = summary.replace(/(?<!\\)`[^`\n]*(?<!\\)`/g, '');
      expect(outsideCode).not.toMatch(/<|@team|(?<!\\)(?:\*\*b|\[l|~s)|^# head/m);
    }
  });
});

describe('the summary of a failed build', () => {
  const failed = (change: Partial<RunResult>): string =>
    toSummary(resultOf({ builders: [], production: null, digest: null, pushedTags: [], ...change }));

  test('shows what the step printed last, and no table of passes that never ended', () => {
    const error = failure('The build failed at [builder 3/3] RUN x (Dockerfile:7): exit code: 1', 'not ok', '  at 12');
    expect(failed({ error })).toMatch(
      /^\*\*Failed\.\*\* .*builder 3\/3.*Dockerfile:7.*\n\nThe last lines that it printed:\n\n```text\nnot ok\n {2}at 12\n```\n\n- Commit [0-9a-f]{40}\n- Cache: /m,
    );
    expect(failed({ error })).not.toContain('|');
  });

  test('shows where the time went until then', () => {
    const unfinished = [{ name: '[builder 3/3] RUN x', stage: 'builder', kind: 'run', start: 0, end: 61_000 }] as const;
    const summary = failed({ error: failure('It broke'), unfinished });
    expect(summary).toContain('- Time: 61.0 s: steps 61.0');
    expect(summary).toContain('    section failed\n    3/3 RUN x 61.0 s :active,');
  });

  test('has what a terminal would colour as plain text', () =>
    expect(failed({ error: failure('It broke', '\u001b[1;31mnot ok\u001b[0m\u0007\t!') })).toContain('\nnot ok\t!\n'));

  test('what it printed stays in its block, whatever it is', () => {
    const unit = fc.constantFrom(
      '`',
      '```',
      '~~~',
      '````text',
      ' ',
      '\t',
      '<b>',
      '| a |',
      '# x',
      '\u001b[0m',
      '\u2028',
      'a',
    );
    fc.assert(
      fc.property(fc.array(fc.string({ unit, maxLength: 8 }), { minLength: 1, maxLength: 6 }), (output) => {
        const tokens = marked.lexer(failed({ error: failure('It broke', ...output, 'the end') }));
        const kinds = tokens.map(({ type }) => type).filter((type) => type !== 'space');
        expect(kinds).toEqual(['heading', 'paragraph', 'paragraph', 'code', 'list']);
        expect(tokens.find(({ type }) => type === 'code')).toMatchObject({ text: expect.stringMatching(/the end$/) });
      }),
    );
  });
});

describe('a summary of any size', () => {
  const LIMIT = 1024 * 1024;
  const steps = Array.from({ length: 5000 }, (_, index) => ({
    name: `[b ${index}/5000] RUN ${HOSTILE}`,
    cached: false,
  }));
  const work = steps.map(({ name }, index) => ({
    ...{ name, stage: 'b', kind: 'run', start: index * 1000, end: index * 1000 + 900 },
  })) as RunResult['unfinished'];
  const figures = { ...FIGURES, steps, work, missReason: HOSTILE, outcome: HOSTILE };
  const many = Array.from({ length: 1000 }, (_, index) => parseTag(`${index}-`.padEnd(128, 'x')));
  const megabyte = '€'.repeat(1_000_000);
  const huge = resultOf({
    builders: [figures],
    production: figures,
    pushedTags: many,
    cacheTags: many,
    warnings: Array.from({ length: 1000 }, () => '&'.repeat(5000)),
    unfinished: work,
  });

  test.each([
    ['pushed', huge],
    ['failed', { ...huge, error: failure(megabyte, ...Array.from({ length: 20 }, () => megabyte)) }],
  ])('%s: is below what GitHub takes, and whole', (_, result) => {
    const summary = toSummary(result);
    expect(Buffer.byteLength(summary)).toBeLessThan(LIMIT);
    expect(summary).toContain('and 950 more');
    const kinds = marked.lexer(summary).map(({ type }) => type);
    expect(kinds.filter((type) => type === 'table')).toHaveLength(1);
    // The pinned image, the chart, and either the commands to copy or what was printed.
    expect(kinds.filter((type) => type === 'code')).toHaveLength(3);
  });
});

describe('escaping', () => {
  test.each([
    ['plain text, 1.5 s: ok!', 'plain text, 1.5 s: ok!'],
    ['<img src=x>', '&lt;img src=x\\>'],
    ['&lt;b&gt;', '&amp;lt;b&amp;gt;'],
    ['a|b', 'a\\|b'],
    ['a\\|b', 'a\\\\\\|b'],
    ['`code`', '\\`code\\`'],
    ['[a](b)', '\\[a\\]\\(b\\)'],
    ['line 1\r\n  line 2\n\nline 3', 'line 1 line 2 line 3'],
    ['ask @team', 'ask &#64;&#8203;team'],
    ['see #12', 'see \\#&#8203;12'],
    ['see GH-12', 'see GH-&#8203;12'],
    ['at https://e.example/a?b=c', 'at https:&#8203;//e.example/a?b=c'],
    ['at WWW.e.example', 'at WWW&#8203;.e.example'],
  ])('%j', (text, expected) => expect(escapeMarkdown(text)).toBe(expected));

  test('leaves one line without live markup, whatever the text', () => {
    const unit = fc.constantFrom(...Array.from('\\`*_{}[]()#|~><&@\n\r ab'));
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        const escaped = escapeMarkdown(text);
        expect(escaped).not.toMatch(/[\r\n<@]/);
        // Whatever is left after the escaped characters has no special one.
        expect(escaped.replace(/\\[\\`*_{}[\]()#|~>]|&(?:amp|lt|#64|#8203);/g, '')).not.toMatch(/[\\`*_{}[\]()#|~>&]/);
      }),
    );
  });
});

describe('no address of a build becomes a link', () => {
  const ADDRESSES = ['https://e.example/x', 'HTTP://e', 'ftp://e.example', 'www.e.example', 'a.b@e.example'];
  const REFERENCES = ['mailto:a@e.example', 'xmpp:a@e.example/x', '@octo/team', '#12', 'o/r#12', 'GH-12', 'a@0123456'];

  test('whatever it stands in, wherever the summary has it', () => {
    const part = fc.constantFrom(...ADDRESSES, ...REFERENCES, ...' \n()[]<>`*_~|:./"\'-a'.split(/(?:)/u), '://', 'www');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const text = parts.join('');
        const plan = planOf(fromFork({ headRepository: text }));
        const report = { warnings: [text], builders: [{ ...FIGURES, steps: [{ ...STEP, name: text }] }], digest: null };
        for (const error of [null, failure(text, text)]) {
          const html = marked.parse(toSummary(resultOf({ ...report, plan, error })), { async: false });
          expect(html).not.toMatch(/<a\s/);
          expect(findLinks(html)).toEqual([]);
        }
      }),
      { numRuns: 500 },
    );
  });

  /** What GitHub finds in the text once Markdown is HTML; in code it looks for nothing. */
  function findLinks(html: string): string[] {
    const text = html
      .replace(/<(code|pre)\b[\s\S]*?<\/\1>/g, '')
      .replace(/<[^>]*>/g, '')
      .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
      .replace(/&lt;/g, '<')
      .replace(/&gt;/g, '>')
      .replace(/&amp;/g, '&');
    return text.match(/:\/\/|www\.\w|[#@]\w|GH-\d/gi) ?? [];
  }

  test('the check finds those that are none of the text', () => {
    expect(marked.parse('see https://e.example/x', { async: false })).toMatch(/<a\s/);
    expect(findLinks('<p>https:&#47;/e</p>'.replace('&#47;', '/'))).toEqual(['://']);
    expect(findLinks('<p>a&#64;b #1 <code>@c</code></p>')).toEqual(['@b', '#1']);
  });
});

describe('a pass in words', () => {
  const steps = (...cached: readonly boolean[]): { name: string; cached: boolean }[] =>
    cached.map((is, index) => ({ name: `[builder ${index + 2}/9] RUN ${'x'.repeat(80)}`, cached: is }));

  test.each([
    ['all cached', [true, true], '2 of 2 steps cached'],
    ['no step', [], '0 of 0 steps cached'],
  ])('%s', (_, cached, text) => expect(describePass({ ...FIGURES, steps: steps(...cached) })).toBe(text));

  test('names the step from which on the cache was of no use, shortened', () => {
    const text = describePass({ ...FIGURES, steps: steps(true, false, true) });
    expect(text).toMatch(/^2 of 3 steps cached; the first that was not: `\[builder 3\/9\] RUN x+\.\.\.`$/);
    expect(text.length).toBeLessThan(120);
  });

  test('names the first step of all where none was cached, and why people usually see that', () =>
    expect(
      describePass({
        ...FIGURES,
        steps: [STEP, { ...STEP, name: 'other' }],
        missReason: 'a file that it copies changed',
      }),
    ).toBe('0 of 2 steps cached; the first that was not: `[builder 2/3] RUN x` (a file that it copies changed)'));

  test('for the log: a line for each pass that came to its end, builder first', () => {
    expect(toPassLines(resultOf())).toEqual([
      'Builder: 1 of 1 steps cached',
      'Production: 0 of 1 steps cached; the first that was not: `[builder 2/3] RUN x` (a file changed)',
    ]);
    expect(toPassLines(resultOf({ production: null }))).toEqual(['Builder: 1 of 1 steps cached']);
  });
});
