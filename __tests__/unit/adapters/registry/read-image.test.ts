import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { readConfigDigests, readStoredImage } from '../../../../src/adapters/registry/read-image.js';
import type { Manifest, Registry } from '../../../../src/adapters/registry/registry.js';
import type { Digest } from '../../../../src/image/digest.js';
import { parseTag } from '../../../../src/image/reference.js';
import type { StoredImage } from '../../../../src/image/stored-image.js';
import { digestOf } from '../../../support/fixtures.js';

const TAG = parseTag('main');
const MANIFEST = digestOf(1);
const CONFIG = digestOf(2);
const AMD64 = digestOf(3);
const ARM64 = digestOf(4);
const RECORDS = [{ digest: digestOf(5), layers: [{ layer: 0 }] }];
const encode = (content: unknown): string => Buffer.from(JSON.stringify(content)).toString('base64');

const layerOf = (number: number): Record<string, unknown> => ({
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  digest: digestOf(10 + number),
  size: 100 + number,
});
const manifestOf = (config: string = CONFIG, layers: unknown = [layerOf(1), layerOf(2)]): unknown => ({
  config: { digest: config },
  layers,
});
const configOf = (change: Record<string, unknown> = {}): Record<string, unknown> => ({
  rootfs: { type: 'layers', diff_ids: ['sha256:one', 'sha256:two'] },
  history: [
    { created: '2026-01-01T00:00:00Z', created_by: 'COPY a' },
    { created: '2026-01-02T00:00:00Z', created_by: 'RUN b' },
  ],
  'moby.buildkit.cache.v0': encode(RECORDS),
  ...change,
});

/** A registry that has these and nothing else. */
function registryOf(manifests: Record<string, unknown>, blobs: Record<string, unknown>): Registry {
  const toBytes = (content: unknown): Buffer =>
    Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
  const stub: Pick<Registry, 'readManifest' | 'readBlob'> = {
    readManifest: (reference) => {
      const content = manifests[reference];
      if (content === undefined) return Promise.resolve(null);
      const digest = reference === TAG ? MANIFEST : (reference as Digest);
      return Promise.resolve<Manifest>({ digest, mediaType: 'x', bytes: toBytes(content) });
    },
    readBlob: (digest) => Promise.resolve(blobs[digest] === undefined ? null : toBytes(blobs[digest])),
  };
  return stub as Registry;
}

const read = (manifests: Record<string, unknown>, blobs: Record<string, unknown>): Promise<StoredImage | null> =>
  readStoredImage(registryOf(manifests, blobs), TAG);

const readOne = async (manifest: unknown, config?: unknown) => {
  const stored = await read({ main: manifest }, config === undefined ? {} : { [CONFIG]: config });
  expect(stored).toMatchObject({ tag: 'main', digest: MANIFEST });
  expect(stored?.images).toHaveLength(1);
  return stored?.images[0];
};
const NOTHING = { name: 'main', layers: [], records: [] };

describe('an image', () => {
  test('has the layers of its manifest, what its config says of each, and its records', async () =>
    expect(await readOne(manifestOf(), configOf())).toEqual({
      content: { platform: '', diffIds: ['sha256:one', 'sha256:two'], config: {} },
      name: 'main',
      layers: [
        { ...layerOf(1), diffId: 'sha256:one', createdAt: '2026-01-01T00:00:00Z', createdBy: 'COPY a' },
        { ...layerOf(2), diffId: 'sha256:two', createdAt: '2026-01-02T00:00:00Z', createdBy: 'RUN b' },
      ],
      records: RECORDS,
    }));

  test('that is not there is none', async () => expect(await read({}, {})).toBeNull());

  test('entries of the history without a layer do not count', async () => {
    const history = [
      { created: 'a', created_by: 'ENV', empty_layer: true },
      { created: 'b', created_by: 'COPY', empty_layer: false },
      { created: 'c', created_by: 'CMD', empty_layer: true },
      { created: 'd', created_by: 'RUN' },
      { created: 'e', created_by: 'USER', empty_layer: true },
    ];
    const image = await readOne(manifestOf(), configOf({ history }));
    expect(image?.layers.map(({ createdAt, createdBy }) => `${createdAt} ${createdBy}`)).toEqual(['b COPY', 'd RUN']);
  });

  test.each<[string, unknown]>([
    ['no history', undefined],
    ['a history of something else', 'x'],
    ['one that says nothing', [{}, { created: 1, created_by: null }]],
  ])('with %s has its layers and records all the same', async (_, history) => {
    const image = await readOne(manifestOf(), configOf({ history }));
    expect(image?.layers.map(({ createdAt, createdBy }) => [createdAt, createdBy])).toEqual([
      ['', ''],
      ['', ''],
    ]);
    expect(image?.records).toEqual(RECORDS);
  });

  test.each<[string, unknown]>([
    ['no cache', undefined],
    ['a cache that is no text', [1]],
    ['a cache that is no base64', '%%%'],
    ['a cache that is no JSON', Buffer.from('{"a').toString('base64')],
  ])('with %s has its layers and no records', async (_, cache) => {
    const image = await readOne(manifestOf(), configOf({ 'moby.buildkit.cache.v0': cache }));
    expect(image?.layers).toHaveLength(2);
    expect(image?.records).toEqual([]);
  });

  test('records are handed on unread', async () => {
    const cache = { 'moby.buildkit.cache.v0': encode({ any: 'thing' }) };
    expect((await readOne(manifestOf(), configOf(cache)))?.records).toEqual({ any: 'thing' });
  });

  test.each<[string, unknown, unknown]>([
    ['the config has a layer less', manifestOf(), configOf({ rootfs: { diff_ids: ['sha256:one'] } })],
    ['the config has a layer more', manifestOf(CONFIG, [layerOf(1)]), configOf()],
    ['the config has no layers', manifestOf(), configOf({ rootfs: null })],
    ['a layer has no digest', manifestOf(CONFIG, [layerOf(1), { ...layerOf(2), digest: 'x' }]), configOf()],
    ['a layer has no size', manifestOf(CONFIG, [layerOf(1), { ...layerOf(2), size: '2' }]), configOf()],
    ['a layer has no media type', manifestOf(CONFIG, [layerOf(1), { ...layerOf(2), mediaType: null }]), configOf()],
    ['the config is gone', manifestOf(), undefined],
    ['the config is no JSON', manifestOf(), '{"rootfs'],
    ['the config is a list', manifestOf(), []],
    ['the manifest names no config', { layers: [layerOf(1)] }, configOf()],
    ['the manifest names junk as config', { config: { digest: '../x' }, layers: [layerOf(1)] }, configOf()],
    ['the manifest is no JSON', '<html>', configOf()],
  ])('is of no use for the cache where %s', async (_, manifest, config) =>
    expect(await readOne(manifest, config)).toEqual(NOTHING),
  );
});

describe('an index', () => {
  const platform = (digest: string, architecture: string, os = 'linux') => ({ digest, platform: { architecture, os } });
  const OTHER_CONFIG = digestOf(6);
  const manifests = {
    [AMD64]: manifestOf(CONFIG),
    [ARM64]: manifestOf(OTHER_CONFIG, [layerOf(3)]),
  };
  const blobs = { [CONFIG]: configOf(), [OTHER_CONFIG]: configOf({ rootfs: { diff_ids: ['sha256:three'] } }) };

  test('has an image for each platform, and attestations are none', async () => {
    const index = {
      manifests: [
        platform(AMD64, 'amd64'),
        platform(ARM64, 'arm64'),
        {
          ...platform(digestOf(7), 'unknown', 'unknown'),
          annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
        },
      ],
    };
    const stored = await read({ ...manifests, main: index, [digestOf(7)]: manifestOf() }, blobs);
    expect(stored?.digest).toBe(MANIFEST);
    expect(stored?.images.map(({ name, layers }) => [name, layers.map(({ diffId }) => diffId)])).toEqual([
      [`main@${AMD64}`, ['sha256:one', 'sha256:two']],
      [`main@${ARM64}`, ['sha256:three']],
    ]);
  });

  test('of which a part is gone has the rest', async () => {
    const index = { manifests: [platform(digestOf(8), 'amd64'), { digest: ARM64 }, { digest: 'junk' }, 'junk'] };
    const stored = await read({ ...manifests, main: index }, blobs);
    expect(stored?.images).toMatchObject([
      { name: `main@${digestOf(8)}`, layers: [], records: [] },
      { name: `main@${ARM64}`, layers: [{ diffId: 'sha256:three' }], records: RECORDS },
    ]);
  });

  test('with thousands of entries is not read to its end', async () => {
    const index = { manifests: Array.from({ length: 5000 }, () => platform(AMD64, 'amd64')) };
    expect((await read({ ...manifests, main: index }, blobs))?.images).toHaveLength(64);
  });

  test('has the digests of its configs, each as it is and without its inline cache', async () => {
    // As BuildKit writes them: keys in order, and some characters escaped in a way that JavaScript would not keep.
    const plain = (user: string) => `{"architecture":"amd64","config":{"User":"${user}\\u0026"},"os":"linux"}`;
    const cached = (user: string) => plain(user).replace('"os"', '"moby.buildkit.cache.v0":"W10=","os"');
    const configs = { [CONFIG]: cached('one'), [OTHER_CONFIG]: plain('two') };
    const index = { manifests: [platform(AMD64, 'amd64'), platform(ARM64, 'arm64'), platform(digestOf(8), 'arm')] };
    const registry = registryOf({ ...manifests, main: index }, configs);
    const manifest = await registry.readManifest(TAG);
    const digest = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;
    expect(await readConfigDigests(registry, manifest!)).toEqual([
      ...[CONFIG, digest(plain('one'))],
      ...[OTHER_CONFIG, digest(plain('two'))],
    ]);
  });
});
