import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  JOINING_RECORD,
  LARGEST_CONFIG,
  type MergeResult,
  type MergedCache,
  mergeCaches,
} from '../../../src/cache/pure/merge-caches.js';
import { MERGE_DIGESTS } from '../../../src/image/inline-cache/merge-records.js';
import { CACHE_CONFIG } from '../../../src/image/media-types.js';
import type { CachedImage, ImageLayer } from '../../../src/image/stored-image.js';
import { digestOf } from '../../support/fixtures.js';

/** What BuildKit writes and reads, as its Go structs say. */
interface Config {
  readonly layers: readonly { readonly blob: string; readonly parent: number }[];
  readonly records: readonly ConfigRecord[];
}
interface ConfigRecord {
  readonly digest: string;
  readonly layers?: readonly { readonly layer: number; readonly createdAt?: string }[];
  readonly chains?: readonly { readonly layers: readonly number[]; readonly createdAt?: string }[];
  readonly inputs?: readonly (readonly { readonly selector?: string; readonly link: number }[])[];
}
interface CacheManifest {
  readonly config: { readonly digest: string; readonly size: number };
  readonly layers: readonly { readonly digest: string }[];
}

const TIME = '2026-01-02T03:04:05Z';
const MEDIA_TYPES: readonly (readonly [said: string, oci: string])[] = [
  ['application/vnd.oci.image.layer.v1.tar+zstd', 'application/vnd.oci.image.layer.v1.tar+zstd'],
  ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'application/vnd.oci.image.layer.v1.tar+gzip'],
  ['application/vnd.docker.image.rootfs.diff.tar', 'application/vnd.oci.image.layer.v1.tar'],
  ['application/vnd.docker.image.rootfs.diff.tar.zstd', 'application/vnd.oci.image.layer.v1.tar+zstd'],
];

/** Layer 1, 2, …: its number tells all about it. Every fourth has neither time nor instruction. */
const layerOf = (number: number): ImageLayer => ({
  digest: digestOf(0xb10b00 + number),
  mediaType: MEDIA_TYPES[number % 4]?.[0] ?? '',
  size: 1000 + number,
  diffId: digestOf(0xd1ff00 + number),
  createdAt: number % 4 === 3 ? '' : TIME,
  createdBy: number % 4 === 3 ? '' : `RUN ${number}`,
});
const expectedDescriptor = (number: number): unknown => ({
  mediaType: MEDIA_TYPES[number % 4]?.[1],
  digest: digestOf(0xb10b00 + number),
  size: 1000 + number,
  annotations: {
    'containerd.io/uncompressed': digestOf(0xd1ff00 + number),
    ...(number % 4 === 3 ? {} : { 'buildkit/createdat': TIME, 'buildkit/description': `RUN ${number}` }),
  },
});

const imageOf = (name: string, records: unknown, ...layers: readonly number[]): CachedImage => ({
  name,
  layers: layers.map(layerOf),
  records,
});
const configOf = (merged: MergedCache): Config => JSON.parse(merged.config) as Config;
/** Without the one that joins them. */
const countRecords = (merged: MergedCache): number => configOf(merged).records.length - 1;
const manifestOf = (merged: MergedCache): CacheManifest => JSON.parse(merged.manifest) as CacheManifest;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

type Merged = MergedCache & Pick<MergeResult, 'warnings'>;

function merge(images: readonly CachedImage[], largest?: number): Merged {
  const { cache, warnings } = mergeCaches(images, largest);
  if (cache === null) throw new Error('No usable record.');
  return { ...cache, warnings };
}

/** The identity of each record by its index: its digest and, per input, the set of selector and link. */
function identitiesOf(records: readonly ConfigRecord[]): readonly string[] {
  const known = new Map<number, string>();
  const identify = (index: number, path: readonly number[]): string => {
    const before = known.get(index);
    if (before !== undefined) return before;
    const record = records[index];
    if (record === undefined || path.includes(index)) throw new Error(`Link to ${index} is out of range or a loop.`);
    const inputs = (record.inputs ?? []).map((links) =>
      [...new Set(links.map(({ selector = '', link }) => `${selector}<-${identify(link, [...path, index])}`))].sort(),
    );
    const identity = sha256(`${record.digest} ${JSON.stringify(inputs)}`);
    known.set(index, identity);
    return identity;
  };
  return records.map((_, index) => identify(index, []));
}

/** The records of a merged config without the one that joins them. */
const recordsOf = (merged: MergedCache): Map<string, ConfigRecord> => {
  const { records } = configOf(merged);
  const identities = identitiesOf(records);
  expect(new Set(identities).size).toBe(records.length);
  return new Map(
    records.flatMap((record, index) => (record.digest === JOINING_RECORD ? [] : [[identities[index] ?? '', record]])),
  );
};

/** Results as lists of blobs, bottom first, for an image's own records or for those of a config. */
const resultsOf = (
  record: ConfigRecord,
  chainOf: (layer: number) => readonly string[],
  blobOf: (layer: number) => string,
) =>
  JSON.stringify([
    (record.layers ?? []).map(({ layer, createdAt }) => [chainOf(layer), createdAt]),
    (record.chains ?? []).map(({ layers, createdAt }) => [layers.map(blobOf), createdAt]),
  ]);
const NO_RESULTS = JSON.stringify([[], []]);

function resultsInImage(image: CachedImage, record: ConfigRecord): string {
  const blobs = image.layers.map(({ digest }) => digest);
  return resultsOf(
    record,
    (layer) => blobs.slice(0, layer + 1),
    (layer) => blobs[layer] ?? '?',
  );
}

function resultsInConfig({ layers }: Config, record: ConfigRecord): string {
  const chainOf = (position: number): string[] => {
    const entry = layers[position];
    if (entry === undefined || entry.parent >= position) throw new Error(`Layer ${position} is not in the table.`);
    return [...(entry.parent === -1 ? [] : chainOf(entry.parent)), entry.blob];
  };
  const blobOf = (position: number): string => {
    const [blob = '', ...more] = chainOf(position);
    if (more.length > 0) throw new Error(`Layer ${position} of a chain has parents.`);
    return blob;
  };
  return resultsOf(record, chainOf, blobOf);
}

/** What BuildKit needs of any merged cache, whatever went in. */
function expectSound(merged: MergedCache, largest = LARGEST_CONFIG): void {
  const config = configOf(merged);
  const manifest = manifestOf(merged);
  expect(Buffer.byteLength(merged.config)).toBeLessThanOrEqual(largest);
  expect(manifest.config).toMatchObject({
    mediaType: CACHE_CONFIG,
    digest: `sha256:${sha256(merged.config)}`,
    size: Buffer.byteLength(merged.config),
  });
  expect([merged.configDigest, merged.manifestDigest]).toEqual([
    `sha256:${sha256(merged.config)}`,
    `sha256:${sha256(merged.manifest)}`,
  ]);
  // Links in range and no loops, or this throws; every result's layers are in the table, or that does.
  identitiesOf(config.records);
  config.records.forEach((record) => resultsInConfig(config, record));
  const linked = new Set(config.records.flatMap(({ inputs = [] }) => inputs.flat().map(({ link }) => link)));
  const leaves = config.records.filter((_, index) => !linked.has(index));
  expect(leaves.map(({ digest }) => digest)).toEqual([JOINING_RECORD]);
  const blobs = manifest.layers.map(({ digest }) => digest);
  expect(blobs).toEqual([...new Set(blobs)]);
  expect([...blobs].sort()).toEqual([...new Set(config.layers.map(({ blob }) => blob))].sort());
}

/** Steps of a Dockerfile's history: few digests, so that different steps share one, and equal steps come about. */
const history = fc
  .array(
    fc.record({
      digest: fc.nat(3),
      inputs: fc.array(
        fc.array(fc.record({ selector: fc.constantFrom('', '/app', 'x"y'), link: fc.nat() }), {
          minLength: 1,
          maxLength: 3,
        }),
        { maxLength: 2 },
      ),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((steps) =>
    steps.map(({ digest, inputs }, index) => ({
      digest,
      inputs: index === 0 ? [] : inputs.map((links) => links.map((link) => ({ ...link, link: link.link % index }))),
    })),
  );
type History = readonly { digest: number; inputs: { selector: string; link: number }[][] }[];

const result = fc.record({ at: fc.nat(), createdAt: fc.constantFrom(undefined, TIME) });
const chain = fc.record({
  at: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
  createdAt: fc.constantFrom(undefined, TIME),
});

/** An image that knows some of the history with all that it needs, in an order of its own, as BuildKit writes it. */
const imageWith = (steps: History): fc.Arbitrary<Omit<CachedImage, 'name'>> =>
  fc
    .record({
      tips: fc.subarray(
        steps.map((_, index) => index),
        { minLength: 1 },
      ),
      order: fc.array(fc.nat(), { minLength: steps.length, maxLength: steps.length }),
      layers: fc.array(fc.nat(7), { maxLength: 4 }),
      results: fc.array(
        fc.record({ layers: fc.array(result, { maxLength: 2 }), chains: fc.array(chain, { maxLength: 2 }) }),
        { minLength: steps.length, maxLength: steps.length },
      ),
    })
    .map(({ tips, order, layers, results }) => {
      const known = new Set<number>();
      const visit = (index: number): void => {
        known.add(index);
        steps[index]?.inputs.flat().forEach(({ link }) => visit(link));
      };
      tips.forEach(visit);
      const sorted = [...known].sort((one, other) => (order[one] ?? 0) - (order[other] ?? 0));
      const records = sorted.map((index): unknown => {
        const { digest, inputs } = steps[index] ?? { digest: 0, inputs: [] };
        const own = layers.length === 0 ? { layers: [], chains: [] } : (results[index] ?? { layers: [], chains: [] });
        return {
          layers: own.layers.map(({ at, createdAt }) => ({ layer: at % layers.length, createdAt })),
          chains: own.chains.map(({ at, createdAt }) => ({ layers: at.map((one) => one % layers.length), createdAt })),
          digest: digestOf(digest),
          inputs: inputs.map((links) =>
            links.map(({ selector, link }) => ({
              ...(selector === '' ? {} : { selector }),
              link: sorted.indexOf(link),
            })),
          ),
        };
      });
      // As it comes out of a registry: text.
      return { layers: layers.map(layerOf), records: JSON.parse(JSON.stringify(records)) as unknown };
    });

const images = history.chain((steps) =>
  fc
    .array(imageWith(steps), { minLength: 1, maxLength: 4 })
    .map((list): CachedImage[] => list.map((image, index) => ({ ...image, name: `image-${index}` }))),
);
const ownRecords = (image: CachedImage): readonly ConfigRecord[] => image.records as readonly ConfigRecord[];

describe('whatever images of one history are merged', () => {
  test('the result is sound, and says nothing', () =>
    fc.assert(
      fc.property(images, (list) => {
        const merged = merge(list);
        expectSound(merged);
        expect(merged.warnings).toEqual([]);
      }),
    ));

  test('every record of every image is in it, and no other', () =>
    fc.assert(
      fc.property(images, (list) => {
        const wanted = new Set(list.flatMap((image) => identitiesOf(ownRecords(image))));
        expect([...recordsOf(merge(list)).keys()].sort()).toEqual([...wanted].sort());
      }),
    ));

  test('the order of images changes no record', () =>
    fc.assert(
      fc.property(
        images.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) =>
          expect([...recordsOf(merge(shuffled)).keys()].sort()).toEqual([...recordsOf(merge(list)).keys()].sort()),
      ),
    ));

  test('merging them twice changes nothing', () =>
    fc.assert(
      fc.property(images, (list) => {
        const { config, manifest } = merge(list);
        expect(merge([...list, ...list])).toMatchObject({ config, manifest });
        expect(merge(list.flatMap((image) => [image, image]))).toMatchObject({ config, manifest });
      }),
    ));

  test('a record has the results of the nearest image that has any', () =>
    fc.assert(
      fc.property(images, (list) => {
        const merged = merge(list);
        const identities = list.map((image) => identitiesOf(ownRecords(image)));
        for (const [identity, record] of recordsOf(merged)) {
          const candidates = list.map((image, position) =>
            ownRecords(image)
              .filter((_, index) => identities[position]?.[index] === identity)
              .map((own) => resultsInImage(image, own))
              .filter((own) => own !== NO_RESULTS),
          );
          const nearest = candidates.find((results) => results.length > 0) ?? [NO_RESULTS];
          expect(nearest).toContain(resultsInConfig(configOf(merged), record));
        }
      }),
    ));

  test('the manifest lists each blob as the image that has it does, with OCI media types', () =>
    fc.assert(
      fc.property(images, (list) => {
        const { layers } = manifestOf(merge(list));
        const known = new Map(Array.from({ length: 8 }, (_, number) => [layerOf(number).digest as string, number]));
        expect(layers).toEqual(layers.map(({ digest }) => expectedDescriptor(known.get(digest) ?? -1)));
      }),
    ));

  test('a config that is too large loses the farthest images, with a warning that names them', () =>
    fc.assert(
      fc.property(images, fc.nat(), (list, seed) => {
        const whole = Buffer.byteLength(merge(list).config);
        const largest = seed % (whole + 1);
        const { cache, warnings } = mergeCaches(list, largest);
        const kept =
          list.findLastIndex((_, index) => Buffer.byteLength(merge(list.slice(0, index + 1)).config) <= largest) + 1;
        expect(warnings).toHaveLength(kept === list.length ? 0 : 1);
        if (cache === null) {
          expect(kept).toBe(0);
          return;
        }
        expectSound(cache, largest);
        expect(cache.config).toBe(merge(list.slice(0, kept)).config);
        for (const [index, { name }] of list.entries()) expect(warnings.join().includes(name)).toBe(index >= kept);
      }),
    ));
});

describe('two small images', () => {
  // FROM, COPY package.json, RUN npm ci; the branch has a COPY src of its own, main another.
  const [BASE, FILES, SOURCE, COPY, INSTALL] = [1, 2, 3, 4, 5].map(digestOf);
  const branch = imageOf(
    'builder-topic',
    [
      { layers: [{ layer: 0, createdAt: TIME }], digest: BASE },
      { digest: FILES },
      {
        layers: [{ layer: 1, createdAt: TIME }],
        digest: COPY,
        inputs: [[{ link: 0 }], [{ selector: 'sel', link: 1 }]],
      },
      { digest: INSTALL, inputs: [[{ link: 2 }]] },
    ],
    1,
    2,
  );
  const main = imageOf(
    'builder-main',
    [
      // In another order, with another layer for the step that both have, and with layers for the last one.
      { layers: [{ layer: 2, createdAt: TIME }], digest: INSTALL, inputs: [[{ link: 1 }]] },
      { layers: [{ layer: 1 }], digest: COPY, inputs: [[{ link: 3 }], [{ selector: 'sel', link: 2 }]] },
      { digest: FILES },
      { layers: [{ layer: 0 }], digest: BASE },
      { chains: [{ layers: [0, 2] }], digest: SOURCE, inputs: [[{ link: 0 }, { link: 3 }]] },
    ],
    1,
    3,
    4,
  );
  const merged = merge([branch, main]);
  const blob = (number: number): string => layerOf(number).digest;

  test('give this config', () => {
    // Records stand in the order of their identities, which are hashes.
    expect(JSON.parse(merged.config)).toEqual({
      layers: [
        { blob: blob(1), parent: -1 },
        { blob: blob(2), parent: 0 },
        { blob: blob(3), parent: 0 },
        { blob: blob(4), parent: 2 },
        { blob: blob(4), parent: -1 },
      ],
      records: [
        { digest: JOINING_RECORD, inputs: [[{ link: 5 }]] },
        {
          // The branch's layer, since it is nearest.
          layers: [{ layer: 1, createdAt: TIME }],
          digest: COPY,
          inputs: [[{ link: 2 }], [{ selector: 'sel', link: 4 }]],
        },
        { layers: [{ layer: 0, createdAt: TIME }], digest: BASE },
        // Main's layers, since the branch has none.
        { layers: [{ layer: 3, createdAt: TIME }], digest: INSTALL, inputs: [[{ link: 1 }]] },
        { digest: FILES },
        { chains: [{ layers: [0, 4] }], digest: SOURCE, inputs: [[{ link: 2 }, { link: 3 }]] },
      ],
    });
    expect(merged).toMatchObject({ warnings: [] });
  });

  test('give this manifest', () =>
    expect(JSON.parse(merged.manifest)).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: {
        mediaType: 'application/vnd.buildkit.cacheconfig.v0',
        digest: merged.configDigest,
        size: merged.config.length,
      },
      layers: [1, 2, 3, 4].map(expectedDescriptor),
    }));
});

describe('the merge of a COPY --link that has no layers in its image', () => {
  const [BASE, COPY] = [1, 2].map(digestOf);
  const [MERGE] = MERGE_DIGESTS;
  const records = (...layers: readonly number[]) => [
    { digest: BASE },
    { chains: [{ layers: [1] }], digest: COPY, inputs: [[{ selector: '/app', link: 0 }]] },
    { layers: layers.map((layer) => ({ layer })), digest: MERGE, inputs: [[{ link: 0 }], [{ link: 1 }]] },
  ];
  const resultOf = (merged: Merged) => {
    const config = configOf(merged);
    return resultsInConfig(
      config,
      config.records.find(({ digest }) => digest === MERGE)!,
    );
  };
  const chain = (...numbers: readonly number[]) =>
    JSON.stringify([[[numbers.map((number) => layerOf(number).digest), undefined]], []]);

  test('gets those that it must have', () =>
    expect(resultOf(merge([imageOf('main', records(), 1, 2)]))).toBe(chain(1, 2)));

  test('keeps those that it has, and of several images the nearest’s', () => {
    expect(resultOf(merge([imageOf('main', records(0), 1, 2)]))).toBe(chain(1));
    expect(resultOf(merge([imageOf('topic', records(), 1, 3), imageOf('main', records(1), 1, 2)]))).toBe(chain(1, 3));
  });

  test('has none where a record of the image cannot be read: it may be the image’s own', () =>
    expect(resultOf(merge([imageOf('main', [...records(), { digest: 7 }], 1, 2)]))).toBe(NO_RESULTS));
});

describe('records that cannot be read', () => {
  const GOOD = { layers: [{ layer: 0 }], digest: digestOf(1) };
  const link = (...links: readonly unknown[]): unknown => ({ digest: digestOf(2), inputs: [links] });
  /** One usable record first, then these. */
  const mergeWith = (...records: readonly unknown[]): Merged => merge([imageOf('main', [GOOD, ...records], 1, 2)]);

  test.each<[string, readonly unknown[], number]>([
    ['no object', [null, 1, 'x', []], 4],
    ['no digest', [{}, { digest: 1 }, { digest: 'sha256:abc' }], 3],
    ['a digest that BuildKit made up for one build', [{ digest: 'random:abc' }], 1],
    ['a link out of range', [link({ link: 9 })], 1],
    [
      'a link that is no index',
      [link({ link: -1 }), link({ link: 0.5 }), link({ link: '0' }), link({ link: null })],
      3,
    ],
    ['a link that is no object', [link(0), link(null), link([])], 3],
    ['a selector that is no text', [link({ selector: 1, link: 0 })], 1],
    ['an input without links', [link(), { digest: digestOf(2), inputs: [null] }], 2],
    ['one good link beside a bad one', [link({ link: 0 }, { link: 9 })], 1],
    ['a record that links to itself', [link({ link: 1 })], 1],
    ['two that link to each other', [link({ link: 2 }), link({ link: 1 })], 2],
    [
      'all that depends on one',
      [link({ link: 2 }), link({ link: 3 }), { digest: 'random:abc' }, link({ link: 0 }, { link: 1 })],
      4,
    ],
  ])('are left out, and that is said: %s', (_, records, skipped) => {
    const merged = mergeWith(...records);
    expectSound(merged);
    expect(merged.warnings).toEqual([`Cache records of main that cannot be read are left out: ${skipped}.`]);
    expect(countRecords(merged)).toBe(1 + records.length - skipped);
  });

  test.each<[string, unknown]>([
    ['no list', 'x'],
    ['no object', [1, null]],
    ['a layer out of range', [{ layer: 2 }]],
    ['no index', [{ layer: -1 }, { layer: 0.5 }, { layer: '0' }, { layer: 1e15 }]],
  ])('a result that the image does not have is none, and the record stays: layers with %s', (_, layers) => {
    const merged = mergeWith({ layers, digest: digestOf(2) });
    expectSound(merged);
    expect(configOf(merged).records).toContainEqual({ digest: digestOf(2) });
  });

  test.each<[string, unknown]>([
    ['no list', 'x'],
    ['no layers', [{}, { layers: [] }, { layers: 0 }, null]],
    ['a layer out of range', [{ layers: [0, 2] }, { layers: [-1] }, { layers: ['0'] }]],
  ])('a result that the image does not have is none, and the record stays: chains with %s', (_, chains) => {
    const merged = mergeWith({ chains, digest: digestOf(2) });
    expectSound(merged);
    expect(configOf(merged).records).toContainEqual({ digest: digestOf(2) });
  });

  test('a link without an index is one to the first record, as Go reads it', () => {
    const merged = mergeWith(link({ selector: 'x' }));
    expect(merged.warnings).toEqual([]);
    expect([...recordsOf(merged).keys()].sort()).toEqual(
      [...identitiesOf([GOOD, { digest: digestOf(2), inputs: [[{ selector: 'x', link: 0 }]] }])].sort(),
    );
  });

  test('records without images, or images without records, are no cache', () => {
    const nothing = { cache: null, warnings: [] };
    expect(mergeCaches([])).toEqual(nothing);
    expect(mergeCaches([imageOf('a', []), imageOf('b', null), imageOf('c', { 0: GOOD })])).toEqual(nothing);
  });

  test('what cannot be read is said even when nothing is left', () => {
    const { cache, warnings } = mergeCaches([imageOf('main', [{ digest: 'x' }])]);
    expect(cache).toBeNull();
    expect(warnings).toEqual(['Cache records of main that cannot be read are left out: 1.']);
  });

  /** JSON that is nearly right. */
  const index = fc.oneof(fc.nat(4), fc.constantFrom(-1, 0.5, 1e300, '0', null));
  const list = (item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 4, arbitrary: fc.array(item, { maxLength: 3 }) }, { weight: 1, arbitrary: fc.jsonValue() });
  const nearRecord = fc.record(
    {
      digest: fc.oneof(fc.nat(2).map(digestOf), fc.constantFrom('random:x', 'sha256:x', null)),
      layers: list(fc.record({ layer: index }, { requiredKeys: [] })),
      chains: list(fc.record({ layers: list(index) }, { requiredKeys: [] })),
      inputs: list(list(fc.record({ link: index, selector: fc.constantFrom('', 'a', 1) }, { requiredKeys: [] }))),
    },
    { requiredKeys: [] },
  );

  test('whatever JSON an image has, nothing is thrown and the rest is merged', () =>
    fc.assert(
      fc.property(fc.array(fc.oneof(list(nearRecord), fc.jsonValue()), { maxLength: 3 }), (junk) => {
        const merged = merge([
          ...junk.map((records, position) => imageOf(`junk-${position}`, records, 1, 2)),
          imageOf('good', [GOOD], 1),
        ]);
        expectSound(merged);
        expect(identitiesOf([GOOD]).filter((identity) => !recordsOf(merged).has(identity))).toEqual([]);
        expect(merged.warnings.join()).not.toContain('good');
      }),
      { numRuns: 500 },
    ));

  test('a chain of 20,000 records, each behind what it needs, is read', () => {
    const records = Array.from({ length: 20_000 }, (_, position) => ({
      digest: digestOf(position),
      ...(position === 0 ? {} : { inputs: [[{ link: position - 1 }]] }),
    }));
    expect(countRecords(merge([imageOf('main', records)], Infinity))).toBe(20_000);
  });
});

describe('the size of the config', () => {
  const large = (name: string, first: number): CachedImage =>
    imageOf(
      name,
      Array.from({ length: 8000 }, (_, position) => ({ digest: digestOf(first + position) })),
    );

  test('stays below what BuildKit reads without being told', () => {
    const merged = merge([large('own', 0), large('base', 10_000), large('main', 20_000)]);
    expectSound(merged, 1_048_576);
    expect(countRecords(merged)).toBe(8000);
    expect(merged.warnings).toHaveLength(1);
    expect(merged.warnings[0]).toContain('base, main');
  });

  test('exactly at the limit is small enough', () => {
    const list = [imageOf('own', [{ digest: digestOf(1) }]), imageOf('main', [{ digest: digestOf(2) }])];
    const size = Buffer.byteLength(merge(list).config);
    expect(merge(list, size).warnings).toEqual([]);
    expect(countRecords(merge(list, size))).toBe(2);
    expect(countRecords(merge(list, size - 1))).toBe(1);
  });

  test('counts bytes, not characters', () => {
    const selector = 'é'.repeat(100);
    const list = [
      imageOf('own', [{ digest: digestOf(1) }, { digest: digestOf(2), inputs: [[{ selector, link: 0 }]] }]),
    ];
    const { length } = merge(list).config;
    const small = mergeCaches(list, length);
    expect(small.cache).toBeNull();
    expect(small.warnings).toEqual(['The cache of a single image is too large for BuildKit, so there is none.']);
    expect(mergeCaches(list, length + 100).cache).not.toBeNull();
  });
});

test('the images of several platforms are merged like those of several tags', () => {
  const platform = (name: string, digest: number, layer: number): CachedImage =>
    imageOf(
      name,
      [{ digest: digestOf(digest) }, { layers: [{ layer: 0 }], digest: digestOf(9), inputs: [[{ link: 0 }]] }],
      layer,
    );
  const merged = merge([platform('main@amd64', 1, 1), platform('main@arm64', 2, 2)]);
  expectSound(merged);
  // The same step on two platforms is two records: each with the layer of its own.
  const results = configOf(merged).records.filter(({ digest }) => digest === digestOf(9));
  expect(results.map((record) => resultsInConfig(configOf(merged), record)).sort()).toEqual(
    [1, 2].map((number) => JSON.stringify([[[[layerOf(number).digest], null]], []])).sort(),
  );
  expect(countRecords(merged)).toBe(4);
});
