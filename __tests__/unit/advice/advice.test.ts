// The lines of advice: which are worth one, and in what order.
import { describe, expect, test } from '@jest/globals';
import { showInstruction, toLines } from '../../../src/advice/pure/advice.js';
import { type TimedStep, adviceOn, observe } from '../../support/timed-build.js';

const of = (seconds: number, bytes: number | null = null) => ({ seconds, bytes, text: 'so.' });

describe('lines', () => {
  test('at most three, those that save most first', () => {
    expect(toLines([of(2), of(1, 9e6), of(30), of(3, 1e6), of(0, 5e6)])).toEqual([
      '**30.0 s** so.',
      '**3.0 s and 1.0 MB** so.',
      '**2.0 s** so.',
    ]);
    expect(toLines([of(0, 5e6), of(1, 9e6), of(2)])).toEqual([
      '**2.0 s** so.',
      '**1.0 s and 9.0 MB** so.',
      '**5.0 MB** so.',
    ]);
  });

  test('none for less than two seconds and five megabytes', () => {
    expect(toLines([of(1.99), of(1.9, 4.9e6), of(0, null)])).toEqual([]);
  });
});

test('an instruction stays code, whatever is in it', () => {
  const text = `RUN echo \`x\` | a ${'y'.repeat(100)}`;
  const build = observe({ dockerfile: `FROM a\n\n# comment\n${text}`, steps: [] });
  const shown = showInstruction(build.stages[0]!.own[0]!);
  expect(shown).toMatch(/^`RUN echo  x    a y+\.\.\.` \(line 4\)$/);
});

// In jest's own time: an expression that tries every way there is would take minutes.
test('whatever a Dockerfile and a manifest have in them, advice ends', () => {
  const long = 100_000;
  const endings = [
    ' ',
    '\n',
    '"',
    "'a",
    '\\',
    ',',
    ' -r',
    '$(',
    '=> ',
    'requirements',
    ', require',
    '&&',
    '[',
    '--x ',
  ].map((one) => one.repeat(long / one.length));
  for (const ending of endings) {
    const dockerfile = `FROM a\nWORKDIR /app\nCOPY . ${ending.replaceAll('\n', '')}.\nRUN pip install -r r.txt ${ending.replaceAll('\n', '')}\nRUN bundle install`;
    const steps: TimedStep[] = [
      { name: '[2/5] WORKDIR /app', cached: true },
      { name: '[3/5] COPY . .' },
      { name: '[4/5] RUN pip', seconds: 3, output: `removed 1 package${ending} in 3s\n` },
      { name: '[5/5] RUN bundle install', seconds: 3 },
    ];
    expect(
      adviceOn({ dockerfile, steps, files: { 'r.txt': `a${ending}`, Gemfile: `gem${ending}` } }).length,
    ).toBeLessThan(2);
  }
});

test('the first line of an instruction counts, whatever stands between', () => {
  const dockerfile = [
    'FROM a',
    'RUN x \\',
    '  # comment',
    '',
    '  && y',
    'COPY <<EOF /z',
    'FROM b',
    'EOF',
    'RUN z',
  ].join('\n');
  expect(observe({ dockerfile, steps: [] }).stages[0]!.own.map(({ line }) => line)).toEqual([2, 6, 9]);
});

describe('what the progress tells of an instruction', () => {
  const dockerfile = ['FROM scratch AS a', 'ENV B=c', 'COPY --link x /x', 'FROM a AS b', 'RUN y'].join('\n');
  const stagesOf = (...steps: Parameters<typeof observe>[0]['steps']) =>
    observe({ dockerfile, steps }).stages.map(({ own }) => own);

  test('neither scratch nor a stage is a step of its own, and a link has two', () => {
    const [first, second] = stagesOf(
      { name: '[a 1/1] COPY --link x /x', cached: true },
      { name: '[a 1/1] LINK COPY --link x /x' },
      { name: '[b 1/1] RUN y', cached: true },
    );
    expect(first).toMatchObject([{ kind: 'other' }, { kind: 'step', cached: false, ran: true }]);
    expect(second).toMatchObject([{ kind: 'step', cached: true, ran: false }]);
  });

  test('a step that two stages share is named after one of them, and is known in both', () => {
    const text = [
      'FROM a AS b',
      'WORKDIR /app',
      'RUN x',
      'FROM a AS c',
      'ENV D=e',
      'WORKDIR /app',
      'RUN x',
      'RUN y',
    ].join('\n');
    const steps = [
      { name: '[b 2/3] WORKDIR /app', cached: true },
      { name: '[b 3/3] RUN x' },
      { name: '[c 4/4] RUN y' },
    ] as const;
    const [, stage] = observe({ dockerfile: text, steps }).stages;
    // ENV makes another step of the RUN, of which nothing is known here.
    expect(stage!.own.map(({ cached, ran }) => [cached, ran])).toEqual([
      [false, false],
      [true, false],
      [false, false],
      [false, true],
    ]);
  });

  test('of several platforms one is enough to have run', () => {
    const [first] = stagesOf(
      { name: '[linux/amd64 a 1/1] COPY --link x /x', cached: true },
      { name: '[linux/arm64 a 1/1] COPY --link x /x' },
    );
    expect(first![1]).toMatchObject({ cached: false, ran: true });
  });

  test('steps that the Dockerfile does not have, as those of ONBUILD, make the stage unknown', () => {
    expect(stagesOf({ name: '[b 1/2] COPY z /z' }, { name: '[b 2/2] RUN y' })[1]).toEqual([]);
    expect(stagesOf({ name: '[b 2/3] RUN y' })[1]).toEqual([]);
  });
});
