// The manifest that takes tags off another: the same image for everybody who pulls it, with a digest of its own.
import { expect, test } from '@jest/globals';
import type { Manifest } from '../../../src/adapters/registry/registry.js';
import { makeManifestCopy } from '../../../src/cleanup/pure/manifest-copy.js';
import { digestOf } from '../../../src/image/digest.js';

const manifestOf = (mediaType: string, content: string): Manifest => ({
  mediaType,
  digest: digestOf(content),
  bytes: Buffer.from(content),
});

test.each([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
])('of %s: the same content, another digest', (mediaType) => {
  const original = manifestOf(mediaType, '{ "schemaVersion": 2,\n  "annotations": { "é": "\\u0000" } }');
  const copy = makeManifestCopy(original, 'run 1');
  expect(JSON.parse(copy.bytes.toString('utf8'))).toEqual(JSON.parse(original.bytes.toString('utf8')));
  expect(copy.mediaType).toBe(mediaType);
  expect(copy.digest).toBe(digestOf(copy.bytes.toString('utf8')));
  expect(copy.digest).not.toBe(original.digest);
});

test('no other run has it', () => {
  const original = manifestOf('application/vnd.oci.image.manifest.v1+json', '{}');
  const digests = Array.from({ length: 100 }, (_, index) => makeManifestCopy(original, `run ${index}`).digest);
  expect(new Set(digests).size).toBe(100);
  expect(makeManifestCopy(original, 'run 1').digest).toBe(digests[1]);
});
