import { expect, test } from '@jest/globals';
import { readNextPage } from '../../../src/shared/answer.js';

test.each<[string, string | null]>([
  ['</v2/owner/app/tags/list?last=v1&n=1000>; rel="next"', '/v2/owner/app/tags/list?last=v1&n=1000'],
  ['</v2/owner/app/tags/list?last=v1>;rel=next', '/v2/owner/app/tags/list?last=v1'],
  ['<https://api.test/x?page=1>; rel="prev", <https://api.test/x?page=3>; rel="next"', 'https://api.test/x?page=3'],
  ['<https://api.test/x?page=1>; rel="prev", <https://api.test/x?page=1>; rel="first"', null],
  ['', null],
])('%j leads to %j', (link, expected) => {
  expect(readNextPage(link)).toBe(expected);
});
