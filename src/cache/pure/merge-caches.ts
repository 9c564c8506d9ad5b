// Inline cache records of several images -> one cache config. Given several cache sources, BuildKit does not prefer the
// first but merges them, and may pick a record whose layers it cannot load (moby/buildkit#6418). With one source that cannot happen.
// Format: https://github.com/moby/buildkit/blob/master/cache/remotecache/v1/doc.go
import { type Digest, digestOf } from '../../image/digest.js';
import { type CacheRecord, type LayerChain, identify, readNodes, toSet } from '../../image/inline-cache/records.js';
import { CACHE_CONFIG, OCI_MANIFEST, toOciMediaType } from '../../image/media-types.js';
import type { CachedImage, ImageLayer } from '../../image/stored-image.js';

/** A cache config and what a manifest must list for it. */
export interface MergedCache {
  /** JSON of media type `application/vnd.buildkit.cacheconfig.v0`. */
  readonly config: string;
  /** JSON of an OCI image manifest with this config. */
  readonly manifest: string;
  readonly configDigest: Digest;
  readonly manifestDigest: Digest;
}

export interface MergeResult {
  /** Null when no image has a usable record. */
  readonly cache: MergedCache | null;
  readonly warnings: readonly string[];
}
/** BuildKit refuses to read a larger config (`readBlob` in cache/remotecache/import.go). */
export const LARGEST_CONFIG = 1 << 20;

/**
 * Merges the caches of images, given nearest first: equal records become one, with the result of the nearest image. If
 * the config is too large, the farthest images are left out.
 */
export function mergeCaches(images: readonly CachedImage[], largest = LARGEST_CONFIG): MergeResult {
  const warnings: string[] = [];
  const nodes = images.map((image) => {
    const { nodes: own, skipped } = readNodes(image);
    if (skipped > 0) warnings.push(`Cache records of ${image.name} that cannot be read are left out: ${skipped}.`);
    return own;
  });
  for (let count = images.length; count > 0; count -= 1) {
    const merged = mergeNodes(nodes.slice(0, count));
    if (merged.size === 0) return { cache: null, warnings };
    const { config, layers } = writeConfig(joinLeaves(merged));
    if (Buffer.byteLength(config) > largest) continue;
    if (count < images.length) {
      const left = images.slice(count).map(({ name }) => name);
      warnings.push(`The merged cache would be too large for BuildKit, so ${left.join(', ')} is not part of it.`);
    }
    return { cache: { ...toManifest(config, layers), config }, warnings };
  }
  if (images.length > 0) warnings.push('The cache of a single image is too large for BuildKit, so there is none.');
  return { cache: null, warnings };
}

/** Of equal records, takes the results of the first image that has some. */
function mergeNodes(images: readonly ReadonlyMap<string, CacheRecord>[]): Map<string, CacheRecord> {
  const merged = new Map<string, CacheRecord>();
  for (const nodes of images) {
    for (const [identity, node] of nodes) {
      const before = merged.get(identity);
      if (before === undefined || (before.results.length === 0 && node.results.length > 0)) merged.set(identity, node);
    }
  }
  return merged;
}

/** Digest of the record that `joinLeaves` adds; no step has this digest. */
export const JOINING_RECORD = digestOf('two-pass-build: joins the leaves of a merged cache');

/**
 * Adds one record that links to every leaf, that is, every record that nothing links to. BuildKit stores a cache config
 * leaf by leaf; when a leaf reaches a record twice that an earlier leaf has stored, the second link is lost
 * (`addItemToStorage` in cache/remotecache/v1/cachestorage.go: `visited` is set to nil before `byItem` answers). The
 * order of leaves is that of a Go map, so steps would be missed at random. With a single leaf this cannot happen.
 */
function joinLeaves(nodes: ReadonlyMap<string, CacheRecord>): Map<string, CacheRecord> {
  const linked = new Set(
    [...nodes.values()].flatMap(({ inputs }) => inputs.flatMap((links) => links.map(({ link }) => link))),
  );
  const leaves = [...nodes.keys()].filter((identity) => !linked.has(identity));
  const joining: CacheRecord = {
    digest: JOINING_RECORD,
    inputs: [toSet(leaves.map((link) => ({ selector: '', link })))],
    results: [],
  };
  return new Map([...nodes, [identify(joining), joining]]);
}

/** Sorted by identity, so that the config does not depend on the order of the images. */
function writeConfig(nodes: ReadonlyMap<string, CacheRecord>): { config: string; layers: ImageLayer[] } {
  const sorted = [...nodes].sort(([one], [other]) => (one < other ? -1 : 1));
  const indexes = new Map(sorted.map(([identity], index) => [identity, index]));
  const table: { blob: Digest; parent: number }[] = [];
  const positions = new Map<string, number>();
  const layers = new Map<Digest, ImageLayer>();
  const place = (layer: ImageLayer, parent: number): number => {
    if (!layers.has(layer.digest)) layers.set(layer.digest, layer);
    const key = `${parent} ${layer.digest}`;
    const position = positions.get(key) ?? table.push({ blob: layer.digest, parent }) - 1;
    positions.set(key, position);
    return position;
  };
  // For each image the positions of its layers in the table, as far up as needed so far.
  const stacks = new Map<readonly ImageLayer[], number[]>();
  const placeStack = (stack: readonly ImageLayer[], top: number): number => {
    const placed = stacks.get(stack) ?? [];
    stacks.set(stack, placed);
    for (const layer of stack.slice(placed.length, top + 1)) placed.push(place(layer, placed.at(-1) ?? -1));
    return placed[top] ?? -1;
  };
  const records = sorted.map(([, node]) => {
    const time = (chain: LayerChain): object => (chain.createdAt === null ? {} : { createdAt: chain.createdAt });
    const chains = node.results.filter(({ top }) => top === null);
    const whole = node.results.filter(({ top }) => top !== null);
    return {
      ...(whole.length === 0
        ? {}
        : {
            layers: whole.map((chain) => ({
              layer: placeStack(chain.layers, chain.top ?? 0),
              ...time(chain),
            })),
          }),
      // "All layers are loaded in specified order without parents": each is an entry of its own.
      ...(chains.length === 0
        ? {}
        : {
            chains: chains.map((chain) => ({ layers: chain.layers.map((layer) => place(layer, -1)), ...time(chain) })),
          }),
      digest: node.digest,
      ...(node.inputs.length === 0
        ? {}
        : {
            inputs: node.inputs.map((links) =>
              links.map(({ selector, link }) => ({
                ...(selector === '' ? {} : { selector }),
                link: indexes.get(link) ?? 0,
              })),
            ),
          }),
    };
  });
  return { config: JSON.stringify({ layers: table, records }), layers: [...layers.values()] };
}

function toManifest(
  config: string,
  layers: readonly ImageLayer[],
): Pick<MergedCache, 'manifest' | 'configDigest' | 'manifestDigest'> {
  const configDigest = digestOf(config);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: CACHE_CONFIG, digest: configDigest, size: Buffer.byteLength(config) },
    layers: layers.map((layer) => ({
      mediaType: toOciMediaType(layer.mediaType),
      digest: layer.digest,
      size: layer.size,
      annotations: {
        'containerd.io/uncompressed': layer.diffId,
        ...(layer.createdAt === '' ? {} : { 'buildkit/createdat': layer.createdAt }),
        ...(layer.createdBy === '' ? {} : { 'buildkit/description': layer.createdBy }),
      },
    })),
  });
  return { manifest, configDigest, manifestDigest: digestOf(manifest) };
}
