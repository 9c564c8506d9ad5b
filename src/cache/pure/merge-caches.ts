// Inline cache records of many images -> one cache config. BuildKit does not rank several cache sources, it merges them
// and may pick a record whose layers it cannot load (moby/buildkit#6418); one source is stable.
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
  /** JSON of an OCI image manifest whose config is the above. */
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

/** Where a record's result is: layers of one image, bottom first. */
interface LayerChain {
  readonly layers: readonly ImageLayer[];
  /** Index of the last one, with all below it as parents (`layers` of a record); null for exactly these (`chains`). */
  readonly top: number | null;
  readonly createdAt: string | null;
}

/** A record with its inputs by identity instead of by index. */
interface Node {
  readonly digest: string;
  readonly inputs: readonly (readonly { readonly selector: string; readonly link: string }[])[];
  readonly results: readonly LayerChain[];
}

/**
 * Merges the caches of images, nearest first: equal records become one, with the result of the nearest image. What is
 * too large is trimmed by leaving out the farthest images.
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

/** Identity of a record: its digest and, per input, the set of selectors and identities of what it links to. */
function identify({ digest, inputs }: Node): string {
  const sets = inputs.map((links) => links.map(({ selector, link }) => [selector, link]));
  return hashText(JSON.stringify([digest, sets]));
}

/** Steps upon steps: far more than a Dockerfile has, and few enough for the stack. */
const DEEPEST_CHAIN = 500;

/** Reads one image's records; what cannot be read is left out, with all that depends on it. */
function readNodes(image: CachedImage): { nodes: Map<string, Node>; skipped: number } {
  const records = asList(image.records);
  const nodes = new Map<string, Node>();
  // Identity by index; null while a record is being read, or when it cannot be: a loop finds null too.
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

/** The same records, with the layers that BuildKit has left out of those of `COPY --link`. */
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
 * In an image every layer's parent is the one before it. A result whose layers the image does not have is none. The
 * image's own list serves all its results: a copy for each would make gigabytes of a large and hostile config.
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

/** Of equal records the first image's results count, unless it has none. */
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

/** Digest of the record that joins all others; no step ever asks for it. */
export const JOINING_RECORD = digestOf('two-pass-build: joins the leaves of a merged cache');

/**
 * Adds one record that links to every record that nothing links to. BuildKit stores a cache config leaf by leaf, and
 * where a leaf comes twice to a record that an earlier leaf has stored, it drops the second link (`addItemToStorage` in
 * cache/remotecache/v1/cachestorage.go: `visited` is set to nil before `byItem` answers). Its order of leaves is that of
 * a Go map, so steps would be missed by chance. With one leaf no record is stored by an earlier one.
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

/** Sorted by identity, so that the order of images changes nothing but whose results are taken. */
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
  // By image: where its layers are, as far up as they were asked for.
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
