import { describe, expect, test } from '@jest/globals';
import type { PullRequestComment } from '../../../src/adapters/github/run-api.js';
import { parseDigest } from '../../../src/image/digest.js';
import { parseTag } from '../../../src/image/reference.js';
import { type CommentContext, chooseComment, toComment, toMarker } from '../../../src/report/comment.js';
import type { RunResult } from '../../../src/report/result.js';
import { FIGURES, SHA, planOf, pullRequest } from '../../support/fixtures.js';

const IMAGE = 'ghcr.io/owner/app';
const RUN = { id: 1658821493, attempt: 1 };
const DIGEST = parseDigest(`sha256:${'a'.repeat(64)}`);
const MISSED = { name: '[builder 4/5] COPY src ./', cached: false };

const plan = planOf(pullRequest());
const failure = (message: string) => ({ message, output: [] });
const resultOf = (change: Partial<RunResult> = {}): RunResult => ({
  plan,
  builders: [{ ...FIGURES, steps: [{ ...MISSED, cached: true }, MISSED], missReason: 'a file that it copies changed' }],
  production: { ...FIGURES, steps: [{ ...MISSED, cached: true }] },
  digest: DIGEST,
  pushedTags: [parseTag('review')],
  warnings: [],
  error: null,
  bytes: { image: 12_300_000, main: 11_900_000 },
  cacheTags: [],
  unfinished: [],
  ...change,
});
const commentOf = (change: Partial<RunResult> = {}, context: Partial<CommentContext> = {}): string =>
  toComment(resultOf(change), {
    run: RUN,
    runUrl: 'https://github.com/owner/app/actions/runs/1',
    secrets: [],
    ...context,
  });

describe('the text', () => {
  test('of a pushed image, whole', () =>
    expect(commentOf()).toBe(
      [
        '<!-- two-pass-build:ghcr.io/owner/app --><!-- run=1658821493 attempt=1 -->',
        '### Image `ghcr.io/owner/app`',
        '',
        '```text',
        `${IMAGE}:${plan.tags.unique}@${DIGEST}`,
        '```',
        '',
        '- Size: 12.3 MB compressed, 0.4 MB more than on the main branch',
        '- Builder: 1 of 2 steps cached; the first that was not: `[builder 4/5] COPY src ./` (a file that it copies changed)',
        '- Production: 1 of 1 steps cached',
        '',
        `Commit ${SHA}, [log of the run](https://github.com/owner/app/actions/runs/1)`,
        '',
      ].join('\n'),
    ));

  test('of an image with several platforms says which one is measured', () => {
    const text = commentOf({ bytes: { image: 12_300_000, platforms: 2, main: 11_900_000 } });
    expect(text).toContain(
      '- Size: 12.3 MB compressed (the first of 2 platforms), 0.4 MB more than on the main branch\n',
    );
  });

  test('of a run that pushed nothing says why, and has no digest', () => {
    const local = planOf(pullRequest(), { push: 'false' });
    const text = commentOf({ plan: local, digest: null, pushedTags: [], bytes: { image: null, main: null } });
    expect(text).toContain('\nNot pushed: the input push is false.\n');
    expect(text).not.toMatch(/sha256|Size/);
  });

  test('of a failed build says so, with what is known', () => {
    const text = commentOf({
      error: failure('The builder pass failed'),
      builders: [],
      production: null,
      digest: null,
    });
    expect(text).toMatch(/^\*\*Failed\.\*\* The builder pass failed$/m);
    expect(text).not.toMatch(/Not pushed|Builder:|Production:/);
    expect(text).toMatch(new RegExp(`^Commit ${SHA}, `, 'm'));
  });

  test('of a failure after the push has the image too', () => {
    const text = commentOf({ error: failure('The registry refused a tag') });
    expect(text).toContain('**Failed.** The registry refused a tag');
    expect(text).toContain(`@${DIGEST}`);
  });

  test('stays far below what GitHub takes', () => {
    const steps = Array.from({ length: 500 }, () => ({ name: `[builder 1/9] RUN ${'x'.repeat(5000)}`, cached: false }));
    expect(commentOf({ error: failure('e'.repeat(100_000)), builders: [{ ...FIGURES, steps }] }).length).toBeLessThan(
      4000,
    );
  });
});

describe('hostile text', () => {
  const HOSTILE = 'a|b `c` <img src=x> @team #12 [l](http://e) **b**\n\n# head\n--> <!-- two-pass-build:x -->';

  test('stays text: no markup, nobody is mentioned, no issue is linked, no comment is closed', () => {
    const steps = [{ name: `[builder 2/3] RUN ${HOSTILE.replace(/\s+/g, ' ')}`, cached: false }];
    for (const error of [null, failure(HOSTILE)]) {
      const reason = { push: false, reason: HOSTILE };
      const text = commentOf({
        plan: { ...plan, push: reason },
        digest: null,
        error,
        builders: [{ ...FIGURES, steps }],
      });
      const [marker, ...lines] = text.split('\n');
      expect(marker).toBe(toMarker(IMAGE, RUN));
      const outsideCode = lines.join('\n').replace(/(?<!\\)`[^`\n]*(?<!\\)`/g, '');
      expect(outsideCode).not.toMatch(/<|@|(?<!&)#\d|(?<!\\)(?:\*\*b|\[l\])|^# head|-->/m);
    }
  });

  test.each([
    ['in the error', { error: failure('fetching https://x:s3cr3t-value@host failed') }],
    [
      'in a step',
      { builders: [{ ...FIGURES, steps: [{ name: '[builder 2/3] COPY s3cr3t-value ./', cached: false }] }] },
    ],
    [
      'where a step is cut off',
      {
        builders: [
          { ...FIGURES, steps: [{ name: `[builder 2/3] COPY ${'x'.repeat(30)} s3cr3t-value ./`, cached: false }] },
        ],
      },
    ],
    [
      'in the reason for no push',
      { digest: null, plan: { ...plan, push: { push: false, reason: 'no s3cr3t-value' } } },
    ],
  ] as const)('a secret %s is hidden', (_, change) => {
    const text = commentOf(change, { secrets: ['', 'other', 's3cr3t-value'] });
    expect(text).toMatch(/(?:\\?\*){3}/);
    expect(text).not.toContain('s3cr');
  });

  test('so are the lines of a secret, the longest first', () => {
    const text = commentOf(
      { error: failure('key-line-1 and key-line-12') },
      { secrets: ['key-line-1\r\nkey-line-12\n'] },
    );
    expect(text).toContain('**Failed.** \\*\\*\\* and \\*\\*\\*\n');
  });
});

test('what is too short to be a secret hides nothing else', () => {
  const error = failure('COPY {a} 1 line: the-key-itself');
  const secrets = ['{\n  the-key-itself\n}\n', '1\n', '}'];
  expect(commentOf({ error }, { secrets })).toContain('COPY \\{a\\} 1 line: \\*\\*\\*');
});

describe('the comment to write', () => {
  const OWN = 'github-actions[bot]';
  const comment = (id: number, body: string, author: string | null = OWN): PullRequestComment => ({ id, author, body });
  const by = (id: number, attempt = 1): string => `${toMarker(IMAGE, { id, attempt })}\n### Image`;
  const choose = (...comments: readonly PullRequestComment[]) =>
    chooseComment(comments, { author: OWN, imageName: IMAGE, run: { id: 100, attempt: 2 } });

  test.each<[string, readonly PullRequestComment[]]>([
    ['there is none', []],
    ['a stranger wrote the marker', [comment(1, by(5), 'mallory')]],
    ['its author is gone', [comment(1, by(5), null)]],
    [
      'it is that of another image',
      [comment(1, toMarker(`${IMAGE}-web`, RUN)), comment(2, toMarker('ghcr.io/owner', RUN))],
    ],
    ['it quotes the marker', [comment(1, `> ${by(5)}`), comment(2, `said:\n${by(5)}`)]],
    ['its marker is broken', [comment(1, `<!-- two-pass-build:${IMAGE} -->`)]],
  ])('a new one where %s', (_, comments) => expect(choose(...comments)).toEqual({ kind: 'create' }));

  test.each([
    ['an earlier run', by(99, 7)],
    ['an earlier run whose number is shorter', by(9)],
    ['an earlier attempt', by(100, 1)],
    ['this very run', by(100, 2)],
  ])('the same again after %s', (_, body) =>
    expect(choose(comment(1, 'hello', 'alice'), comment(2, by(5), 'mallory'), comment(3, body))).toEqual({
      kind: 'update',
      id: 3,
    }),
  );

  test.each([
    ['a later run', [comment(3, by(101))]],
    ['a later attempt', [comment(3, by(100, 3))]],
    ['a later run, where two runs had made one each', [comment(3, by(99)), comment(4, by(101))]],
  ])('none after %s', (_, comments) => expect(choose(...comments)).toEqual({ kind: 'leave' }));

  test('a stranger cannot stop it with a later number', () =>
    expect(choose(comment(1, by(999), 'mallory'), comment(2, by(99)))).toEqual({ kind: 'update', id: 2 }));
});
