// The unique tag where more than one writes it, against a registry in memory.
import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { listExported } from '../../../src/adapters/progress/exported.js';
import type { SendRequest } from '../../../src/adapters/registry/http.js';
import { Registry } from '../../../src/adapters/registry/registry.js';
import { type Digest, parseDigest } from '../../../src/image/digest.js';
import { parseImageName, parseTag } from '../../../src/image/reference.js';
import { settleUniqueTag, watchUniqueTag, writeUniqueTag } from '../../../src/publish/unique-tag.js';

const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const TAGS = ['unique', 'unique-1', 'unique-2'].map((tag) => parseTag(tag));
const shaOf = (content: string): Digest => parseDigest(`sha256:${createHash('sha256').update(content).digest('hex')}`);

function startRegistry() {
  const manifests = new Map<string, string>();
  const put = (reference: string, content: string): Digest => {
    const digest = shaOf(content);
    manifests.set(digest, content).set(reference, content);
    return digest;
  };
  const writes: string[] = [];
  const send: SendRequest = ({ method, url, body = '' }) => {
    const answer = (status: number, content = '') =>
      Promise.resolve({ status, headers: new Map([['content-type', INDEX_TYPE]]), body: Buffer.from(content) });
    const reference = url.split('/manifests/')[1];
    if (reference === undefined) return answer(200);
    if (method === 'PUT') {
      writes.push(reference);
      put(reference, body);
      return answer(201);
    }
    const content = manifests.get(reference);
    return content === undefined ? answer(404) : answer(200, content);
  };
  const registry = new Registry(parseImageName('registry.example/owner/app'), {
    send,
    login: null,
    insecure: false,
    write: true,
  });
  const serves = (tag: string): Digest | null => {
    const content = manifests.get(tag);
    return content === undefined ? null : shaOf(content);
  };
  return { registry, put, serves, writes };
}

const manifestOf = (content: string) => ({
  digest: shaOf(content),
  mediaType: INDEX_TYPE,
  bytes: Buffer.from(content),
});
const indexOf = (...digests: readonly Digest[]): string =>
  JSON.stringify({ manifests: digests.map((digest) => ({ digest })) });
const IMAGE = shaOf('image');
/** Provenance has the time of the attempt in it. */
const indexAt = (time: string): string => indexOf(IMAGE, shaOf(`provenance of ${time}`));
const EXPORTED = (digest: Digest, what = ''): readonly Digest[] =>
  listExported(`{"statuses":[{"id":"exporting ${what}${digest}","vertex":"${shaOf('export')}"}]}`);

test('a second attempt does not take what the first has pushed for the image of another run', async () => {
  const { registry, put, serves } = startRegistry();
  const unique = watchUniqueTag(registry, TAGS[0]!, () => TAGS);
  await unique.look();
  unique.addOwn(EXPORTED(shaOf(indexAt('10:00')), 'manifest list '));
  put('unique', indexAt('10:00'));
  // Its answer was lost.
  await unique.look();
  unique.addOwn(EXPORTED(shaOf(indexAt('10:01')), 'manifest list '));
  const own = put('unique', indexAt('10:01'));

  expect(await settleUniqueTag(registry, unique, { digest: own, ids: [] })).toMatchObject({
    tag: 'unique',
    manifest: { digest: own },
  });
  expect(serves('unique')).toBe(own);
});

test('nor an index that Buildx has put together of what the first has made', async () => {
  const { registry, put } = startRegistry();
  const unique = watchUniqueTag(registry, TAGS[0]!, () => TAGS);
  unique.addOwn(EXPORTED(IMAGE, 'manifest '));
  unique.addOwn(EXPORTED(shaOf('provenance of 10:00'), 'attestation manifest '));
  put('unique', indexAt('10:00'));
  await unique.look();
  const own = put('unique', indexAt('10:01'));
  expect(await settleUniqueTag(registry, unique, { digest: own, ids: [] })).toMatchObject({ tag: 'unique' });
});

test.each([
  ['before the first attempt', ['other', 'first', 'second']],
  ['between the attempts', ['first', 'other', 'second']],
])('another run that has written %s keeps the tag', async (_, order) => {
  const { registry, put, serves } = startRegistry();
  const unique = watchUniqueTag(registry, TAGS[0]!, () => TAGS);
  for (const who of order) {
    await unique.look();
    // The same image, fully cached, with provenance of its own: only the attestation tells whose it is.
    if (who !== 'other')
      for (const digest of [IMAGE, shaOf(indexAt(who))]) unique.addOwn(EXPORTED(digest, 'manifest '));
    put('unique', indexAt(who));
  }
  const own = shaOf(indexAt('second'));
  expect(await settleUniqueTag(registry, unique, { digest: own, ids: [] })).toMatchObject({
    tag: 'unique-1',
    manifest: { digest: own },
  });
  expect(serves('unique')).toBe(shaOf(indexAt('other')));
});

test('what is there when a manifest is about to be written is not written over', async () => {
  const { registry, put, serves, writes } = startRegistry();
  const unique = watchUniqueTag(registry, TAGS[0]!, () => TAGS);
  const other = put('unique', indexAt('10:00'));
  const own = manifestOf(indexAt('10:01'));
  await writeUniqueTag(registry, unique, own);
  expect(await settleUniqueTag(registry, unique, { digest: own.digest, ids: [] })).toMatchObject({ tag: 'unique-1' });
  expect(serves('unique')).toBe(other);
  expect(writes).toEqual([own.digest, 'unique-1']);
});

test('a free tag is written at once', async () => {
  const { registry, writes } = startRegistry();
  const unique = watchUniqueTag(registry, TAGS[0]!, () => TAGS);
  const own = manifestOf(indexAt('10:00'));
  await writeUniqueTag(registry, unique, own);
  expect(await settleUniqueTag(registry, unique, { digest: own.digest, ids: [] })).toMatchObject({ tag: 'unique' });
  expect(writes).toEqual(['unique']);
});

test('what a step of the Dockerfile prints or is called is nothing that the build has made', () => {
  const words = `exporting manifest ${IMAGE}`;
  expect(listExported(`#8 ${words} 0.0s done`)).toEqual([]);
  expect(listExported(`#8 0.123 ${words}`)).toEqual([]);
  expect(listExported(words)).toEqual([]);
  const step = { digest: shaOf('step'), name: `[builder 2/2] RUN echo '"id":"${words}'` };
  expect(listExported(JSON.stringify({ vertexes: [step] }))).toEqual([]);
  expect(listExported(JSON.stringify({ logs: [{ data: Buffer.from(`#8 ${words}`).toString('base64') }] }))).toEqual([]);
});
