// Reads the inline cache of an image: BuildKit's records of the steps that the image was built by, and of their layers. Pure.
// Format: https://github.com/moby/buildkit/blob/master/cache/remotecache/v1/doc.go
import { hashText } from '../../shared/hash.js';
import { type JsonRecord, asList, isCount, isRecord } from '../../shared/json.js';
import { isDigest } from '../digest.js';
import type { CachedImage, ImageLayer } from '../stored-image.js';
import { findMergedLayers } from './merge-records.js';

/** The layers of a record's result, all of one image, bottom first. */
export interface LayerChain {
  readonly layers: readonly ImageLayer[];
  /** Index of the topmost layer, all below it are its parents (`layers` of a record); null for exactly these (`chains`). */
  readonly top: number | null;
  readonly createdAt: string | null;
}

/** A record whose inputs are named by identity instead of by index. */
export interface CacheRecord {
  readonly digest: string;
  readonly inputs: readonly (readonly { readonly selector: string; readonly link: string }[])[];
  readonly results: readonly LayerChain[];
}

/** Identity of a record: its digest and, per input, the selectors and identities of the linked records. */
export function identify({ digest, inputs }: CacheRecord): string {
  const sets = inputs.map((links) => links.map(({ selector, link }) => [selector, link]));
  return hashText(JSON.stringify([digest, sets]));
}

/** The steps that an image was built by, each by the identity of its record. */
export interface ImageSteps {
  readonly all: ReadonlySet<string>;
  /** Those whose result is the whole image: the last step, by each of its records. */
  readonly last: readonly string[];
}

export function readSteps(image: CachedImage): ImageSteps {
  const { nodes } = readNodes(image);
  const topmost = image.layers.length - 1;
  const last = [...nodes].filter(([, { results }]) => results.some(({ top }) => top !== null && top === topmost));
  return { all: new Set(nodes.keys()), last: last.map(([identity]) => identity) };
}

/** Longest chain of records: far more steps than a Dockerfile has, few enough for recursion. */
const DEEPEST_CHAIN = 500;

/** Reads one image's records. A record that cannot be read is left out, with all that link to it. */
export function readNodes(image: CachedImage): { nodes: Map<string, CacheRecord>; skipped: number } {
  const records = asList(image.records);
  const nodes = new Map<string, CacheRecord>();
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
  nodes: ReadonlyMap<string, CacheRecord>,
  layers: readonly ImageLayer[],
  whole: boolean,
): Map<string, CacheRecord> {
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
): CacheRecord | null {
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
export function toSet(
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
