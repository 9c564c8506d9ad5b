// What a manifest names, whatever is in it.
import { expect, test } from '@jest/globals';
import { digestOf, isDigestOf, isHashOf, parseDigest, startHash } from '../../../src/image/digest.js';
import { isAttestation, isForeignLayer, listDigests, readDescriptors } from '../../../src/image/manifest.js';

const [ONE, TWO] = [digestOf('one'), digestOf('two')];
const OTHER = parseDigest(`sha512:${'0'.repeat(128)}`);

test('an index names its manifests, in order, and no layers', () => {
  const attestation = { digest: TWO, platform: { os: 'unknown', architecture: 'unknown' } };
  const { manifests, config, layers } = readDescriptors({ manifests: [{ digest: ONE }, null, 'x', attestation, {}] });
  expect(listDigests(manifests ?? [])).toEqual([ONE, TWO]);
  expect(manifests?.map(isAttestation)).toEqual([false, true, false]);
  expect([config, layers]).toEqual([null, []]);
});

test('an image names its config, its layers and what it is about, and is no index', () => {
  const layer = { digest: ONE, size: 7, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' };
  const read = readDescriptors({ config: { digest: TWO, size: -1 }, layers: [layer], subject: { digest: ONE } });
  expect(read).toEqual({
    manifests: null,
    config: { digest: TWO, size: null, mediaType: '', content: { digest: TWO, size: -1 } },
    layers: [{ ...layer, content: layer }],
    subject: { digest: ONE, size: null, mediaType: '', content: { digest: ONE } },
  });
});

test.each([null, 'text', [], { manifests: 3, config: [], layers: {}, subject: 'x' }])('%j names nothing', (content) => {
  expect(readDescriptors(content)).toEqual({ manifests: null, config: null, layers: [], subject: null });
});

test('a layer that registries do not hold has an address and the type for it', () => {
  const mediaType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
  const { layers } = readDescriptors({
    layers: [
      { mediaType, urls: ['https://example.test/layer'] },
      { mediaType, urls: [] },
      { mediaType: 'application/vnd.oci.image.layer.v1.tar', urls: ['https://example.test/layer'] },
    ],
  });
  expect(layers.map(isForeignLayer)).toEqual([true, false, false]);
});

test('a digest stands for its content alone, whole or piece by piece', () => {
  // `printf one | sha512sum`
  const long = parseDigest(
    'sha512:05f70341078acf6a06d423d21720f9643d5f953626d88a02636dc3a9e79582aeb0c820857fd3f8dc502aa8360d2c8fa97a985fda5b629b809cad18ffb62d3899',
  );
  for (const digest of [ONE, long]) {
    expect(isDigestOf(digest, Buffer.from('one'))).toBe(true);
    expect(isDigestOf(digest, Buffer.from('two'))).toBe(false);
    expect(isHashOf(startHash(digest).update('o').update('ne'), digest)).toBe(true);
    expect(isHashOf(startHash(digest).update('o'), digest)).toBe(false);
  }
  expect(isDigestOf(OTHER, Buffer.from('one'))).toBe(false);
});
