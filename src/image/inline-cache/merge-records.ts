// Restores layers that BuildKit leaves out of the cache records of `COPY --link` steps.
// Such a step is a copy and a merge, which puts the copied layer on top of the layers below without reading them. When an
// image is pushed while the layers below are only in the registry and not in the engine, BuildKit writes the merge's
// record without layers, and every later run would miss the step. In BuildKit 0.34: `getAvailableBlobs` (cache/remote.go)
// says that all layers are in the engine's store, `addResult` (cache/remotecache/v1/chains.go) drops the right list as a
// duplicate of that one, and `marshalRemote` (utils.go beside it) does not find the layers there.
import { digestOf } from '../digest.js';

/** A cache record of an image, its inputs by key. */
export interface ImageRecord {
  readonly digest: string;
  /** Per input: alternative records, any one of which satisfies it. */
  readonly inputs: readonly (readonly { readonly selector: string; readonly link: string }[])[];
  /** Each result is the image's layers from the bottom up to index `top`; when `top` is null, exactly `layers`. */
  readonly results: readonly {
    readonly layers: readonly { readonly digest: string }[];
    readonly top: number | null;
  }[];
}

/**
 * Digests of a merge record with two inputs, the only merge that a Dockerfile makes: `CacheMap` in
 * solver/llbsolver/ops/merge.go and `outputKey` in cache/remotecache/v1/utils.go. The second: BuildKit before 0.17.
 */
export const MERGE_DIGESTS: ReadonlySet<string> = new Set(
  ['[{},{"input":1}]', '[{"input":0},{"input":1}]'].map((inputs) =>
    digestOf(`${digestOf(`{"Type":"buildkit.merge.v0","Merge":{"inputs":${inputs}}}`)}@0`),
  ),
);

/**
 * Finds the layers of merges that have no result. The layers of a merge are those of its first input, then those of its
 * second: when two of the three are known, the third follows. Records that contradict this are left as they are.
 *
 * @param records of one image, each after the records that it links to
 * @param whole whether these are all records of the image
 * @returns by key, the index of the topmost layer; the merge has all layers up to it
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
  // Null when two conclusions contradict each other: then neither counts.
  const found = new Map<string, number | null>();
  const conclude = (key: string, top: number): void => {
    if (lacking.has(key)) found.set(key, !found.has(key) || found.get(key) === top ? top : null);
  };
  const topOf = (key: string): number | null => found.get(key) ?? known.get(key)?.top ?? null;

  const last = findLast(records, merges, layers);
  if (whole && last !== null) conclude(last, layers.length - 1);
  // Downwards: the first input of a merge with known layers has all of them but the topmost.
  for (const { key, base, added } of merges.toReversed()) {
    const top = topOf(key);
    if (top === null || top === 0 || layers[top]?.digest !== added) continue;
    for (const link of base) conclude(link, top - 1);
  }
  // Upwards: a merge whose first input has known layers has one more.
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
  /** Keys of the alternatives for the first input, the layers below. */
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

/** @returns null unless the second input is known to be exactly one layer, as of a copy */
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

/** The layers of a record's results; null in a member in which the results differ. */
interface Extent {
  /** Index of the topmost layer; the result has all of the image's layers up to it. */
  readonly top: number | null;
  /** Digest of the only layer. */
  readonly only: string | null;
}

/** @returns null without a result. Called once for each record: any number of merges may link to it. */
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
 * The merge that is the image's last step: the only record that no other links to. Null when there are several such
 * records, or when the layer that it adds is not the image's last: then it may be another step.
 */
function findLast(
  records: ReadonlyMap<string, ImageRecord>,
  merges: readonly Merge[],
  layers: readonly { readonly digest: string }[],
): string | null {
  // A merge has the layers below and its own: an image of one layer ends with a copy onto nothing, whose record is missing.
  if (layers.length < 2) return null;
  const linked = new Set([...records.values()].flatMap(({ inputs }) => inputs.flat().map(({ link }) => link)));
  const [leaf, ...others] = [...records.keys()].filter((key) => !linked.has(key));
  const merge = merges.find(({ key }) => key === leaf);
  if (merge === undefined || others.length > 0) return null;
  const same = layers.filter(({ digest }) => digest === merge.added);
  return same.length === 1 && layers.at(-1)?.digest === merge.added ? merge.key : null;
}
