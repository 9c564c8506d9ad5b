// Dockerfiles made to do harm: nothing crashes or hangs.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { builderStages, needsOwnSource } from '../../../src/build/pure/builder-decision.js';
import { isShownAs, parseDockerfile, stagesInside, stagesOutside } from '../../../src/build/pure/dockerfile.js';
import { planOf, builderOf } from '../../support/fixtures.js';
import { mayRefuse } from '../../support/hostile.js';
import { runsOf } from '../../support/nightly.js';

describe('Dockerfiles', () => {
  const read = (text: string): void =>
    mayRefuse(() => {
      const dockerfile = parseDockerfile(text);
      stagesInside(dockerfile, 'production');
      stagesOutside(dockerfile, ['production']);
      const plan = planOf();
      builderStages(plan, dockerfile);
      needsOwnSource(plan, builderOf(plan), dockerfile);
    });

  test('any text', () => {
    const words = fc.constantFrom(
      'FROM a AS builder',
      'FROM builder AS production',
      'RUN <<A <<"B C"',
      'A',
      'COPY --from=0 . .',
      'RUN --mount=from=x',
      '\\',
      '`',
      '# escape=`',
      '"',
      "'",
      '<<',
      '\t',
      '\r',
      '\0',
      '\u2028',
      'ARG A=$A',
      'ONBUILD RUN <<-E',
      'E',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(words, fc.string({ unit: 'binary' }))),
        fc.constantFrom('\n', '\r\n', ' ', ''),
        (parts, between) => read(parts.join(between)),
      ),
      { numRuns: runsOf(2000) },
    );
  });

  test.each([
    ['stages', 'FROM a AS b\n'.repeat(80_000)],
    ['stages of each other', Array.from({ length: 1000 }, (_, index) => `FROM s${index} AS s${index + 1}\n`).join('')],
    ['a stage that is made of itself', 'FROM production AS production\nCOPY --from=production . .\n'],
    ['continued lines', 'RUN \\\n'.repeat(150_000)],
    ['mounts', `FROM a AS production\nRUN --mount=${'from=x,'.repeat(140_000)} y\n`],
    ['flags', `FROM ${'--platform=x '.repeat(75_000)} a b c\n`],
    ['spaces', `FROM a${' '.repeat(1e6)}b\n`],
    ['heredocs', `RUN ${'<<A '.repeat(250_000)}\n`],
    ['one word', `RUN ${'a'.repeat(1e6)}\n`],
    ['backslashes', `RUN ${'\\'.repeat(1e6)}\n`],
    ['quotes', `RUN ${'"'.repeat(1e6)}\n`],
    ['an open quote', `RUN '${'a '.repeat(5e5)}\n`],
    ['comments', '# a=b\n'.repeat(160_000)],
  ])('1 MB of %s is read or refused', (_, text) => read(text));

  test('many variables in a step are compared with its progress', () => {
    const instruction = `RUN echo ${'$A '.repeat(1000)}end`;
    expect(isShownAs(instruction, `RUN echo ${'x '.repeat(20_000)}no`)).toBe(false);
    expect(isShownAs(instruction, `RUN echo ${'x '.repeat(20_000)}end`)).toBe(true);
  });

  test.each([
    ['RUN a $B c', 'RUN a x y c', true],
    ['RUN a ${B:-x} c', 'RUN a y c', true],
    ['RUN $A$B', 'RUN xy', true],
    ['RUN a${B}a', 'RUN a', false],
    ['RUN a $B c $D e', 'RUN a 1 e', false],
    ['run a', 'RUN a', true],
    ['RUN a', 'RUN ab', false],
  ])('%j shown as %j: %j', (instruction, shown, expected) => expect(isShownAs(instruction, shown)).toBe(expected));
});
