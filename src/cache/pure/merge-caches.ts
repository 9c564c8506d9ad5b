// Inline cache records of several images -> one cache config. Given several cache sources, BuildKit does not prefer the
// first but merges them, and may pick a record whose layers it cannot load (moby/buildkit#6418). With one source that cannot happen.
// Format: https://github.com/moby/buildkit/blob/master/cache/remotecache/v1/doc.go
import { type Digest, digestOf, isDigest } from '../../image/digest.js';
import { CACHE_CONFIG, OCI_MANIFEST, toOciMediaType } from '../../image/media-types.js';
import type { CachedImage, ImageLayer } from '../../image/stored-image.js';
import { hashText } from '../../shared/hash.js';
import { type JsonRecord, asList, isCount, isRecord } from '../../shared/json.js';
import { findMergedLayers } from './merge-records.js';

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

/** The layers of a record's result, all of one image, bottom first. */
interface LayerChain {
  readonly layers: readonly ImageLayer[];
  /** Index of the topmost layer, all below it are its parents (`layers` of a record); null for exactly these (`chains`). */
  readonly top: number | null;
  readonly createdAt: string | null;
}

/** A record whose inputs are named by identity instead of by index. */
interface Node {
  readonly digest: string;
  readonly inputs: readonly (readonly { readonly selector: string; readonly link: string }[])[];
  readonly results: readonly LayerChain[];
}

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

/** Identity of a record: its digest and, per input, the selectors and identities of the linked records. */
function identify({ digest, inputs }: Node): string {
  const sets = inputs.map((links) => links.map(({ selector, link }) => [selector, link]));
  return hashText(JSON.stringify([digest, sets]));
}

/** Longest chain of records: far more steps than a Dockerfile has, few enough for recursion. */
const DEEPEST_CHAIN = 500;

/** Reads one image's records. A record that cannot be read is left out, with all that link to it. */
function readNodes(image: CachedImage): { nodes: Map<string, Node>; skipped: number } {
  const records = asList(image.records);
  const nodes = new Map<string, Node>();
  // Identity by index. Null for a record that cannot be read, and while it is being read, which ends loops.
  const identities = new Map<number, string | null>();
  const read = (index: number, depth: number): string | null => {
    const known = identities.get(index);
    if (known !== undefined) return known;
    if (depth > DEEPEST_CHAIN) return null;
    identities.set(index, null);
    const record = records[index];
    const parsed = isRecord(record) ? parseNode(record, image.layers, (link) => read(link, depth + 1)) : null;
    if (parsed === null) return null;
    const identity = identify(parsed);
    identities.set(index, identity);
    const before = nodes.get(identity);
    nodes.set(identity, before === undefined || before.results.length === 0 ? parsed : before);
    return identity;
  };
  records.forEach((_, index) => read(index, 0));
  const skipped = [...identities].filter(([index, identity]) => identity === null && index < records.length).length;
  return { nodes: completeMerges(nodes, image.layers, skipped === 0), skipped };
}

/** Adds the layers that BuildKit leaves out of records of `COPY --link`: merge-records.ts. */
function completeMerges(
  nodes: ReadonlyMap<string, Node>,
  layers: readonly ImageLayer[],
  whole: boolean,
): Map<string, Node> {
  const tops = findMergedLayers(nodes, layers, whole);
  return new Map(
    [...nodes].map(([identity, node]) => {
      const top = tops.get(identity);
      return [identity, top === undefined ? node : { ...node, results: [{ layers, top, createdAt: null }] }];
    }),
  );
}

function parseNode(
  record: JsonRecord,
  layers: readonly ImageLayer[],
  read: (index: number) => string | null,
): Node | null {
  const { digest } = record;
  if (!isDigest(digest) || !(Array.isArray(record.inputs) || (record.inputs ?? null) === null)) return null;
  const inputs: { selector: string; link: string }[][] = [];
  for (const links of asList(record.inputs)) {
    const parsed = asList(links).map((link) => parseLink(link, read));
    const usable = parsed.filter((link) => link !== null);
    if (usable.length === 0 || usable.length < parsed.length) return null;
    inputs.push(toSet(usable));
  }
  const results = [
    ...asList(record.layers).map((result) => parseStack(result, layers)),
    ...asList(record.chains).map((result) => parseChain(result, layers)),
  ].filter((result) => result !== null);
  return { digest, inputs, results };
}

/** Each link once, in an order that does not depend on the image. */
function toSet(
  links: readonly { readonly selector: string; readonly link: string }[],
): { selector: string; link: string }[] {
  const byKey = new Map(links.map((link) => [`${link.link} ${link.selector}`, link]));
  return [...byKey].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, link]) => link);
}

function parseLink(link: unknown, read: (index: number) => string | null): { selector: string; link: string } | null {
  if (!isRecord(link) || (link.selector !== undefined && typeof link.selector !== 'string')) return null;
  const index = link.link ?? 0;
  const identity = isCount(index) ? read(index) : null;
  return identity === null ? null : { selector: link.selector ?? '', link: identity };
}

/**
 * Null for a result whose layers the image does not have. In an image every layer's parent is the one before it. All
 * results share the image's list: a copy for each could take gigabytes for a large, malicious config.
 */
function parseStack(result: unknown, layers: readonly ImageLayer[]): LayerChain | null {
  if (!isRecord(result)) return null;
  const top = result.layer ?? 0;
  return isCount(top) && top < layers.length ? { layers, top, createdAt: readTime(result) } : null;
}

function parseChain(result: unknown, layers: readonly ImageLayer[]): LayerChain | null {
  if (!isRecord(result)) return null;
  const indexes = asList(result.layers);
  const chain = indexes
    .map((index) => (isCount(index) ? layers[index] : undefined))
    .filter((layer) => layer !== undefined);
  if (chain.length === 0 || chain.length < indexes.length) return null;
  return { layers: chain, top: null, createdAt: readTime(result) };
}

function readTime({ createdAt }: JsonRecord): string | null {
  return typeof createdAt === 'string' ? createdAt : null;
}

/** Of equal records, takes the results of the first image that has some. */
function mergeNodes(images: readonly ReadonlyMap<string, Node>[]): Map<string, Node> {
  const merged = new Map<string, Node>();
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
function joinLeaves(nodes: ReadonlyMap<string, Node>): Map<string, Node> {
  const linked = new Set(
    [...nodes.values()].flatMap(({ inputs }) => inputs.flatMap((links) => links.map(({ link }) => link))),
  );
  const leaves = [...nodes.keys()].filter((identity) => !linked.has(identity));
  const joining: Node = {
    digest: JOINING_RECORD,
    inputs: [toSet(leaves.map((link) => ({ selector: '', link })))],
    results: [],
  };
  return new Map([...nodes, [identify(joining), joining]]);
}

/** Sorted by identity, so that the config does not depend on the order of the images. */
function writeConfig(nodes: ReadonlyMap<string, Node>): { config: string; layers: ImageLayer[] } {
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
