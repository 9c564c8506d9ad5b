// chown and chmod of files that a COPY has brought.
import { describe, expect, test } from '@jest/globals';
import { type TimedStep, adviceOn } from '../../support/timed-build.js';

function changeBehind(...instructions: readonly string[]) {
  const named = instructions.filter((one) => /^(?:RUN|COPY|WORKDIR) /.test(one));
  const steps = named.map((instruction, index): TimedStep => {
    const name = `[production ${index + 2}/${named.length + 1}] ${instruction}`;
    return /^RUN .*ch(?:own|mod)/.test(instruction) ? { name, seconds: 3, megabytes: 61 } : { name };
  });
  return adviceOn({
    dockerfile: ['FROM scratch AS builder', 'FROM node:24 AS production', ...instructions].join('\n'),
    steps,
  });
}
const COPY = 'COPY --from=builder /app ./';

test('the option of COPY instead of the RUN, with the layer that it writes', () => {
  expect(changeBehind('WORKDIR /app', COPY, 'RUN chown -R node:node /app')).toEqual([
    '**3.0 s and 61.0 MB** in each run that copies again: `RUN chown -R node:node /app` (line 5) writes the same files into a layer of its own. Give `COPY --from=builder /app ./` (line 4) the option `--chown=node:node` instead.',
  ]);
});

test('a user that the same RUN makes has to be there before', () => {
  const lines = changeBehind('WORKDIR /app', COPY, 'RUN adduser -D app && chown -R app /app');
  expect(lines).toEqual([expect.stringMatching(/ `--chown=app` instead, and make the user above\.$/)]);
});

test('the bytes alone are worth a line', () => {
  const name = '[production 2/3] COPY --from=builder /app /app';
  const change = { name: '[production 3/3] RUN chmod -R 755 /app', seconds: 0.4, megabytes: 5 };
  const dockerfile =
    'FROM scratch AS builder\nFROM a AS production\nCOPY --from=builder /app /app\nRUN chmod -R 755 /app';
  const line = expect.stringMatching(/^\*\*0\.4 s and 5\.0 MB\*\* .* `--chmod=755` instead/);
  expect(adviceOn({ dockerfile, steps: [{ name }, change] })).toEqual([line]);
  expect(adviceOn({ dockerfile, steps: [{ name }, { ...change, megabytes: 4.9 }] })).toEqual([]);
});

describe('said too', () => {
  test.each([
    [['WORKDIR /app', COPY, 'RUN addgroup -S app && adduser -S app -G app && chown -R app:app .']],
    [['WORKDIR /app', COPY, 'COPY a /app/b', 'RUN apk add curl', 'RUN chown -R 1000 /app']],
    [['WORKDIR /app', 'COPY b /elsewhere', 'COPY a /app/b', 'RUN chown -R 1000 /app/b']],
  ])('%j', (instructions) => expect(changeBehind(...instructions)).toHaveLength(1));
});

describe('not said', () => {
  test.each<[string, readonly string[]]>([
    ['when another RUN has made files', ['WORKDIR /app', COPY, 'RUN npm ci', 'RUN chown -R node /app']],
    ['when nothing was copied there', ['WORKDIR /app', 'COPY a /other', 'RUN chown -R node /app']],
    ['when a COPY brings other files too', ['WORKDIR /', 'COPY rootfs /', 'COPY a /app', 'RUN chown -R node /app']],
    ['when the RUN does more', ['WORKDIR /app', COPY, 'RUN ./setup && chown -R node /app']],
    ['when the owner is in a variable', ['WORKDIR /app', COPY, 'RUN chown -R $USER /app']],
    ['of a mode in letters', ['WORKDIR /app', COPY, 'RUN chmod -R u+x /app']],
    [
      'when the COPY has the option',
      ['WORKDIR /app', COPY.replace('--from', '--chown=root --from'), 'RUN chown -R node /app'],
    ],
    ['of two changes', ['WORKDIR /app', COPY, 'RUN chown -R node /app && chmod -R 755 /app']],
  ])('%s', (_, instructions) => expect(changeBehind(...instructions)).toEqual([]));

  test('when the step came from the cache', () => {
    const dockerfile = 'FROM a\nCOPY a /app\nRUN chown -R node /app';
    const steps: TimedStep[] = [
      { name: '[2/3] COPY a /app', cached: true },
      { name: '[3/3] RUN chown -R node /app', cached: true, megabytes: 61 },
    ];
    expect(adviceOn({ dockerfile, steps })).toEqual([]);
  });
});
