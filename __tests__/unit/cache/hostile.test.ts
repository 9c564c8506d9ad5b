// Inline caches made to do harm: nothing crashes, hangs, or takes more memory than there is.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readStoredImage } from '../../../src/adapters/registry/read-image.js';
import { LARGEST_CONFIG, mergeCaches } from '../../../src/cache/pure/merge-caches.js';
import { isDigest } from '../../../src/image/digest.js';
import type { CachedImage } from '../../../src/image/stored-image.js';
import { digestOf } from '../../support/fixtures.js';
import { PRINTABLE, TAG, deep, open, shaOf, someOf, text, wrong } from '../../support/hostile-registry.js';

describe('hostile inline cache', () => {
  const encode = (content: string): string => Buffer.from(content).toString('base64');
  /** Behind good digests: a registry can make these of anything. */
  const readHostile = async (manifest: object, config: object) => {
    const blob = JSON.stringify(config);
    const content = JSON.stringify({ ...manifest, config: { digest: shaOf(blob) } });
    const { registry } = open(({ url }) => ({ status: 200, body: url.includes('/blobs/') ? blob : content }));
    return (await readStoredImage(registry, TAG))?.images ?? [];
  };
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digestOf(1), size: 1 };

  const expectSound = (images: readonly CachedImage[]): void => {
    const { cache, warnings } = mergeCaches(images);
    for (const warning of warnings) expect(warning).toMatch(PRINTABLE);
    if (cache === null) return;
    expect(Buffer.byteLength(cache.config)).toBeLessThanOrEqual(LARGEST_CONFIG);
    const { layers } = JSON.parse(cache.manifest) as { layers: { size: unknown; digest: unknown }[] };
    for (const { size, digest } of layers) {
      expect(Number.isSafeInteger(size)).toBe(true);
      expect(isDigest(digest)).toBe(true);
    }
    const config = JSON.parse(cache.config) as { records: { inputs?: { link: number }[][] }[] };
    for (const { inputs = [] } of config.records)
      for (const { link: index } of inputs.flat()) expect(config.records[index]).toBeDefined();
  };

  test('of any form is merged or left out', () => {
    const index = fc.oneof(fc.nat(4), fc.constantFrom(-1, 0.5, 1e9, Number.MAX_SAFE_INTEGER, '0', null));
    const result = fc.oneof(
      fc.record({ layer: index, layers: fc.oneof(fc.array(index), wrong), createdAt: fc.oneof(text, wrong) }),
      wrong,
    );
    const record = fc.record(
      {
        digest: fc.oneof(fc.nat(5).map(digestOf), wrong),
        layers: fc.oneof(fc.array(result), wrong),
        chains: fc.oneof(fc.array(result), wrong),
        inputs: fc.oneof(fc.array(fc.array(fc.record({ link: index, selector: fc.oneof(text, wrong) }))), wrong),
      },
      { requiredKeys: ['digest'] },
    );
    const size = fc.oneof(fc.constantFrom(0, 1, 2 ** 40, -1, 0.5, 2 ** 60, Infinity, '1'), wrong);
    return fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.array(fc.oneof(record, wrong)), wrong),
        fc.array(fc.record({ digest: fc.nat(3).map(digestOf), mediaType: text, size }), { maxLength: 4 }),
        fc.array(fc.oneof(text, wrong), { maxLength: 4 }),
        fc.oneof(fc.array(someOf(['created', 'created_by', 'empty_layer'])), wrong),
        async (records, layers, extra, history) => {
          const diffIds = [...layers.map((_, position) => `sha256:${position}`), ...(extra.length > 2 ? extra : [])];
          const cache = encode(JSON.stringify(records));
          const config = { rootfs: { diff_ids: diffIds }, history, 'moby.buildkit.cache.v0': cache };
          const images = await readHostile({ layers }, config);
          expectSound([...images, ...images]);
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each(['1e999', '-1', '0.5', '1e300', '"1"', 'null', '{}'])('a layer of %s bytes is none', async (size) => {
    const images = await readHostile(
      { layers: [{ ...layer, size: JSON.parse(size) as unknown }] },
      { rootfs: { diff_ids: ['sha256:x'] }, 'moby.buildkit.cache.v0': encode(`[{"digest":"${digestOf(2)}"}]`) },
    );
    expect(images).toMatchObject([{ layers: [], records: [] }]);
    // What no JSON can say reaches the reader as well.
    const content = `{"config":{"digest":"${shaOf('{"rootfs":{"diff_ids":["x"]}}')}"},"layers":[{"mediaType":"x","digest":"${digestOf(1)}","size":${size}}]}`;
    const { registry } = open(({ url }) => ({
      status: 200,
      body: url.includes('/blobs/') ? '{"rootfs":{"diff_ids":["x"]}}' : content,
    }));
    expect((await readStoredImage(registry, TAG))?.images).toMatchObject([{ layers: [] }]);
  });

  test.each([
    ['nested lists', deep('[', ']')],
    ['nested records', `[${deep('{"digest":', '}')}]`],
    ['nested links', `[{"digest":"${digestOf(1)}","inputs":[[{"link":${deep('[', ']')}}]]}]`],
    ['nested results', `[{"digest":"${digestOf(1)}","layers":${deep('[', ']')},"chains":${deep('[', ']')}}]`],
  ])('of %s', async (_, records) => {
    const images = await readHostile(
      { layers: [layer] },
      { rootfs: { diff_ids: ['sha256:x'] }, 'moby.buildkit.cache.v0': encode(records) },
    );
    expect(images[0]?.layers).toHaveLength(1);
    expectSound(images);
  });

  test('whose records are a chain backwards, or all links to each other, is read or refused', () => {
    const records = Array.from({ length: 20_000 }, (_, position) => ({
      digest: digestOf(position),
      inputs: [[{ link: (position + 1) % 20_000 }, { link: position }, { link: 19_999 - position }]],
    }));
    expectSound([{ name: 'main', layers: [], records }]);
  });

  test('with a hundred thousand results at the top of ten thousand layers is left out as too large', () => {
    const layers = Array.from({ length: 9000 }, (_, position) => ({
      ...layer,
      digest: digestOf(position),
      diffId: 'x',
      createdAt: '',
      createdBy: '',
    }));
    const results = Array.from({ length: 100_000 }, (_, position) => ({ layer: 8999 - (position % 2) }));
    const images = [{ name: 'main', layers, records: [{ digest: digestOf(1), layers: results }] }];
    expect(mergeCaches(images).warnings).toEqual([expect.stringContaining('too large')]);
  });
});
