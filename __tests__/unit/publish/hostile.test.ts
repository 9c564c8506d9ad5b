// A registry that does not do what it says.
import { expect, test } from '@jest/globals';
import { parseTag } from '../../../src/image/reference.js';
import { settleUniqueTag, watchUniqueTag } from '../../../src/publish/unique-tag.js';
import { TAG, open, shaOf } from '../../support/hostile-registry.js';

test('a registry that forgets every tag that is written is not written to without end', async () => {
  const other = shaOf('other');
  const { registry, requests } = open(({ method, url }) => {
    if (method === 'PUT') return { status: 201 };
    if (url.endsWith(shaOf('own'))) return { status: 200, body: 'own' };
    return method === 'GET' ? { status: 200, body: 'other' } : { status: 404 };
  });
  const names = ['a', 'b', 'c'].map((name) => parseTag(name));
  const unique = { ...watchUniqueTag(registry, TAG, () => names), readOther: () => Promise.resolve(other) };
  await expect(settleUniqueTag(registry, unique, { digest: shaOf('own'), ids: [] })).rejects.toThrow(
    'exist in the registry already',
  );
  expect(requests.filter(({ method }) => method === 'PUT')).toHaveLength(3);
});
