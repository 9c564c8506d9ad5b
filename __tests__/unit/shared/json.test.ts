import { expect, test } from '@jest/globals';
import { asList, asRecord, asRecords, asText, asTime, at, isCount, parseObject } from '../../../src/shared/json.js';

test.each<[string | Buffer, unknown]>([
  ['{"a":1}', { a: 1 }],
  [Buffer.from('{"a":"é"}', 'utf8'), { a: 'é' }],
  ['[]', null],
  ['null', null],
  ['"text"', null],
  ['{"a":', null],
  ['', null],
])('%j is an object, or nothing', (text, expected) => {
  expect(parseObject(text)).toEqual(expected);
});

test.each<[unknown, boolean]>([
  [0, true],
  [7, true],
  [2 ** 53 - 1, true],
  [2 ** 53, false],
  [-1, false],
  [1.5, false],
  [Number.NaN, false],
  ['7', false],
  [null, false],
])('%p is a count: %p', (value, expected) => {
  expect(isCount(value)).toBe(expected);
});

test('a member is found by its path, and nothing that an object inherits', () => {
  const value = { a: { b: [1] }, n: null };
  expect(at(value)).toBe(value);
  expect(at(value, 'a', 'b')).toEqual([1]);
  expect(at(value, 'n')).toBeNull();
  for (const path of [['x'], ['n', 'x'], ['a', 'b', '0'], ['toString'], ['a', 'constructor', 'name']])
    expect(at(value, ...path)).toBeUndefined();
  expect(at(undefined, 'a')).toBeUndefined();
});

test.each([undefined, null, 7, true])('%p is nothing of any type', (value) => {
  expect([asRecord(value), asList(value), asRecords(value), asText(value), asTime(value)]).toEqual([
    {},
    [],
    [],
    '',
    null,
  ]);
});

test('what has the type stays as it is', () => {
  const list = [{ a: 1 }, 'text', null, [1], { b: 2 }];
  expect(asList(list)).toBe(list);
  expect(asRecords(list)).toEqual([{ a: 1 }, { b: 2 }]);
  expect(asRecord(list)).toEqual({});
  expect(asText('text')).toBe('text');
});

test.each<[unknown, number | null]>([
  ['1970-01-01T00:00:01Z', 1000],
  ['Thu, 01 Jan 1970 00:00:02 GMT', 2000],
  ['soon', null],
  [1000, null],
])('%p -> %p', (value, expected) => {
  expect(asTime(value)).toBe(expected);
});
