// Inputs made to do harm: nothing crashes, hangs, or is taken for something that it is not.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseList, redactAttributes } from '../../../src/inputs/syntax.js';
import { escapeMarkdown } from '../../../src/shared/markdown.js';
import { quote } from '../../../src/shared/text.js';
import { inputsOf, messageOf } from '../../support/fixtures.js';
import { mayRefuse } from '../../support/hostile.js';
import { runsOf } from '../../support/nightly.js';

describe('inputs', () => {
  test.each([
    ['builder', '--bootstrap'],
    ['builder', '-D'],
    ['context', '--output=x'],
    ['context', '-'],
    ['builder-target', '--push'],
    ['production-target', '-x'],
    ['tag', '--x'],
    ['extra-tags', 'a,-x'],
    ['image', '--all'],
    ['platforms', '--output=x'],
    ['build-args', '--output=x'],
    ['ulimit', '--x=1'],
    ['shm-size', '--x'],
  ])('%s: %s is refused', (name, value) =>
    expect(messageOf(() => inputsOf({ [name]: value }))).toMatch(new RegExp(`^InputError: ${name}`)),
  );

  const NAMES = [
    'image',
    'username',
    'password',
    'context',
    'file',
    'builder-target',
    'platforms',
    'build-args',
    'secrets',
    'secret-envs',
    'secret-files',
    'labels',
    'ulimit',
    'provenance',
    'cache-from',
    'tag',
    'extra-tags',
    'builder',
    'push',
    'ssh',
    'add-hosts',
    'shm-size',
    'allow',
  ] as const;
  test('any text in any input is read or refused', () =>
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), fc.string({ unit: 'binary', maxLength: 200 }), (name, text) =>
        mayRefuse(() => inputsOf({ [name]: text })),
      ),
      { numRuns: runsOf(3000) },
    ));

  // The kernel takes 128 kB for an environment variable, and inputs are such. How the time grows: script/bench --parsers.
  const LONG: Readonly<Record<string, (size: number) => string>> = {
    letters: (size) => 'a'.repeat(size),
    spaces: (size) => `x${' '.repeat(size)}x`,
    breaks: (size) => `x${'\n'.repeat(size)}x`,
    commas: (size) => ','.repeat(size),
    pairs: (size) => 'a=b\n'.repeat(size / 4),
    quotes: (size) => '"'.repeat(size),
    slashes: (size) => '/'.repeat(size),
    hyphens: (size) => `a${'-'.repeat(size)}`,
  };
  test.each(Object.entries(LONG))('much of one thing is read or refused: %s', (_, repeat) => {
    for (const name of NAMES) mayRefuse(() => inputsOf({ [name]: repeat(8_000) }));
    for (const shorten of [quote, redactAttributes, escapeMarkdown]) expect(typeof shorten(repeat(1e6))).toBe('string');
    for (const separator of ['item', 'line'] as const) mayRefuse(() => parseList('x', repeat(128_000), { separator }));
  });

  test('a credential with a comma in a quoted field of a cache source is hidden as a whole', () =>
    expect(redactAttributes('type=s3,"secret_access_key=one,two",region=x')).toBe(
      'type=s3,secret_access_key=***,region=x',
    ));
});
