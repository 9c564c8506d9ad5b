import { describe, expect, test } from '@jest/globals';
import { findNearest, formatSeconds, isMadeOf } from '../../../src/shared/text.js';

test.each([
  [0, '0.0 s'],
  [1.25, '1.3 s'],
  [61, '61.0 s'],
])('%d seconds are %j', (seconds, expected) => {
  expect(formatSeconds(seconds)).toBe(expected);
});

describe('a text made of parts', () => {
  test.each<[string, string[], boolean]>([
    ['main', ['main'], true],
    ['main-1', ['main'], false],
    ['main-1', ['main', ''], true],
    ['review-pr-7', ['', 'pr', ''], true],
    ['review-pr-7', ['review', '7'], true],
    ['review-pr-7', ['review', '8'], false],
    ['review-pr-7', ['pr', '7'], false],
    ['abcab', ['ab', 'c', 'ab'], true],
    // No character counts for two parts.
    ['aba', ['ab', 'ba'], false],
    ['ab', ['a', 'b', 'b'], false],
    ['', [''], true],
    ['', [], true],
  ])('%j of %j: %p', (text, parts, expected) => {
    expect(isMadeOf(text, parts)).toBe(expected);
  });

  test('in time that grows with the text', () => {
    const started = performance.now();
    expect(isMadeOf('a'.repeat(100_000), [...Array.from({ length: 1000 }, () => 'a'), 'b'])).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('the nearest name', () => {
  test.each([
    ['COMMIT', 'COMMIT_SHA'],
    ['commit_sah', 'COMMIT_SHA'],
    ['npm_rc', 'npmrc'],
    ['PORT', null],
    ['', null],
  ])('of %j is %j', (word, nearest) =>
    expect(findNearest(word, ['npmrc', 'COMMIT_SHA', 'COMMIT_SHA_SHORT'])).toBe(nearest),
  );
});
