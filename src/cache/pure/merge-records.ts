// The layers of `COPY --link` steps whose cache record BuildKit has written without any. Such a step is a copy onto
// nothing and a merge, which only puts the copy's layer upon the layers below and reads none of them. An image that is
// pushed while these are still in the registry alone has no layers in the merge's record, so every later run would miss
// the step: `getAvailableBlobs` (cache/remote.go) names the engine's own store as the place of all layers, `addResult`
// (cache/remotecache/v1/chains.go) takes the right list for the same as that one, and `marshalRemote` (utils.go beside
// it) finds the layers not there. As of BuildKit 0.34.
import { digestOf } from '../../image/digest.js';

/** A cache record of an image, its inputs by key. */
export interface ImageRecord {
  readonly digest: string;
  /** Per input: the records that stand for it, any of which will do. */
  readonly inputs: readonly (readonly { readonly selector: string; readonly link: string }[])[];
  /** Each the image's layers up to `top`; where that is null, exactly `layers`. */
  readonly results: readonly {
    readonly layers: readonly { readonly digest: string }[];
    readonly top: number | null;
  }[];
}

/**
 * Digests of the record of a merge of two, the only merge that a Dockerfile makes: `CacheMap` in
 * solver/llbsolver/ops/merge.go and `outputKey` in cache/remotecache/v1/utils.go. The second is of BuildKit before 0.17.
 */
export const MERGE_DIGESTS: ReadonlySet<string> = new Set(
  ['[{},{"input":1}]', '[{"input":0},{"input":1}]'].map((inputs) =>
    digestOf(`${digestOf(`{"Type":"buildkit.merge.v0","Merge":{"inputs":${inputs}}}`)}@0`),
  ),
);

/**
 * Finds for merges without a result which layers of the image they are. A merge is its first input's layers and then its
 * second's, by definition: where two of the three are known, the third follows. What does not agree is left as it is.
 *
 * @param records of one image, each behind those that it links to
 * @param whole whether these are all records of the image
 * @returns by key, the index of the uppermost layer, with all below it
 */
export function findMergedLayers(
  records: ReadonlyMap<string, ImageRecord>,
  layers: readonly { readonly digest: string }[],
  whole: boolean,
): ReadonlyMap<string, number> {
  const known = new Map([...records].map(([key, record]) => [key, readExtent(record)]));
  const merges = [...records].flatMap(([key, record]) => {
    const merge = isMerge(record) ? readMerge(key, record, known) : null;
    return merge === null ? [] : [merge];
  });
  const lacking = new Set(merges.map(({ key }) => key).filter((key) => known.get(key) === null));
  // Null where two conclusions differ: then there is none.
  const found = new Map<string, number | null>();
  const conclude = (key: string, top: number): void => {
    if (lacking.has(key)) found.set(key, !found.has(key) || found.get(key) === top ? top : null);
  };
  const topOf = (key: string): number | null => found.get(key) ?? known.get(key)?.top ?? null;

  const last = findLast(records, merges, layers);
  if (whole && last !== null) conclude(last, layers.length - 1);
  // Downwards: what a merge of known layers was put upon has all of them but the uppermost.
  for (const { key, base, added } of merges.toReversed()) {
    const top = topOf(key);
    if (top === null || top === 0 || layers[top]?.digest !== added) continue;
    for (const link of base) conclude(link, top - 1);
  }
  // Upwards: what is put upon known layers has one more.
  for (const { key, base, added } of merges) {
    if (found.has(key)) continue;
    const tops = new Set(base.filter((link) => found.has(link) || known.get(link) !== null).map(topOf));
    const [top = null] = tops;
    if (tops.size === 1 && top !== null && layers[top + 1]?.digest === added) conclude(key, top + 1);
  }
  return new Map([...found].filter((entry): entry is [string, number] => entry[1] !== null));
}

interface Merge {
  readonly key: string;
  /** Keys of what it was put upon. */
  readonly base: readonly string[];
  /** Digest of the one layer that it adds. */
  readonly added: string;
}

function isMerge({ digest, inputs }: ImageRecord): boolean {
  return (
    MERGE_DIGESTS.has(digest) &&
    inputs.length === 2 &&
    inputs.every((links) => links.every(({ selector }) => selector === ''))
  );
}

/** @returns null unless what it adds is known to be one layer: a copy makes one */
function readMerge(
  key: string,
  { inputs: [base = [], copies = []] }: ImageRecord,
  known: ReadonlyMap<string, Extent | null>,
): Merge | null {
  const added = new Set(
    copies.flatMap(({ link }) => {
      const extent = known.get(link) ?? null;
      return extent === null ? [] : [extent.only];
    }),
  );
  const [layer = null] = added;
  return layer === null || added.size > 1 ? null : { key, base: base.map(({ link }) => link), added: layer };
}

/** What a record's results are, where all of them are the same; null in both where they are not. */
interface Extent {
  /** Index of the uppermost of the image's layers, with all below it. */
  readonly top: number | null;
  /** Digest of the only layer. */
  readonly only: string | null;
}

/** @returns null without a result; read once a record, since any number of merges may link to it */
function readExtent({ results }: ImageRecord): Extent | null {
  if (results.length === 0) return null;
  const tops = new Set(results.map(({ top }) => top));
  const only = new Set(
    results.map(({ layers, top }) =>
      top === 0 || (top === null && layers.length === 1) ? (layers[0]?.digest ?? null) : null,
    ),
  );
  const [[top = null], [layer = null]] = [tops, only];
  return { top: tops.size === 1 ? top : null, only: only.size === 1 ? layer : null };
}

/**
 * The record of the image itself. BuildKit writes an image's records from its own downwards, so nothing links to that
 * one. Where others are left too, or another layer than the one it adds is the image's last, it may be another.
 */
function findLast(
  records: ReadonlyMap<string, ImageRecord>,
  merges: readonly Merge[],
  layers: readonly { readonly digest: string }[],
): string | null {
  const linked = new Set([...records.values()].flatMap(({ inputs }) => inputs.flat().map(({ link }) => link)));
  const [leaf, ...others] = [...records.keys()].filter((key) => !linked.has(key));
  const merge = merges.find(({ key }) => key === leaf);
  if (merge === undefined || others.length > 0) return null;
  const same = layers.filter(({ digest }) => digest === merge.added);
  return same.length === 1 && layers.at(-1)?.digest === merge.added ? merge.key : null;
}
