// Lists as docker/build-push-action reads them.
import { describe, expect, test } from '@jest/globals';
import { parseBuildOptions } from '../../../src/inputs/build-options.js';
import { inputsOf, messageOf } from '../../support/fixtures.js';

describe('same list syntax as docker/build-push-action', () => {
  const secrets = (text: string) =>
    Object.values(parseBuildOptions((n) => (n === 'secrets' ? text : '')).secretEnvironment);
  test('an indented line', () => expect(secrets('A=1\n  B=2')).toEqual(['1', '2']));
  test('a line of spaces', () => expect(secrets('A=1\n   \nB=2')).toEqual(['1', '2']));
  test('white space between commas', () =>
    expect(parseBuildOptions((n) => (n === 'allow' ? 'a, ,b' : '')).flags.map(({ value }) => value)).toEqual([
      'a',
      'b',
    ]));
  test('a label without value', () => expect(inputsOf({ labels: 'foo' }).flags).toHaveLength(1));
  test.each(['yes', '1'])('provenance %s is junk', (text) =>
    expect(messageOf(() => inputsOf({ provenance: text }))).toContain('provenance'),
  );
});
