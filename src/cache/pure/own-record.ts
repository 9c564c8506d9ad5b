// A record of the images that a run of the main branch has written, by tag and digest, and what is trusted by it. Pure.
import { type Digest, isDigest } from '../../image/digest.js';
import { type Tag, isTag } from '../../image/reference.js';
import { asRecord, asText, parseObject } from '../../shared/json.js';

export interface OwnRecord {
  /** The commit whose run has written it. */
  readonly commit: string;
  /** Production of that commit; null where the run has kept builder images only. */
  readonly built: Digest | null;
  /** What the next run may take layers from. */
  readonly images: ReadonlyMap<Tag, Digest>;
}

export function toRecordText({ commit, built, images }: OwnRecord): string {
  return `${JSON.stringify({ commit, built, images: Object.fromEntries(images) })}\n`;
}

/** @returns null for what is no record */
export function parseRecord(text: string): OwnRecord | null {
  const content = parseObject(Buffer.from(text, 'utf8'));
  if (content === null) return null;
  const entries = Object.entries(asRecord(content.images));
  const images = entries.filter((entry): entry is [Tag, Digest] => isTag(entry[0]) && isDigest(entry[1]));
  if (images.length < entries.length) return null;
  return {
    commit: asText(content.commit),
    built: isDigest(content.built) ? content.built : null,
    images: new Map(images),
  };
}

/** A tag of the lineage, and what is known of it. */
export interface KnownTag {
  readonly tag: Tag;
  /** Where it leads now; null: nowhere, or nobody knows. */
  readonly digest: Digest | null;
  /** Where it led when a run of main recorded it; null: none has. */
  readonly recorded: Digest | null;
  /** The registry has the recorded image, and it is taken. */
  readonly taken: boolean;
}

/**
 * One notice of all that is left out.
 * @param why there is no record, as a clause; null where there is one, or could be
 * @param hasOthers whether the input cache-from names sources
 * @returns null where nothing is
 */
export function describeLeftOut(tags: readonly KnownTag[], why: string | null, hasOthers: boolean): string | null {
  const foreign = tags.filter(({ digest, recorded }) => digest !== null && digest !== recorded);
  const replaced = foreign.filter(({ taken }) => taken).map(({ tag }) => tag);
  const gone = tags.filter(({ recorded, taken }) => recorded !== null && !taken);
  const left = [
    ...foreign.map(({ tag, digest }) => `${tag} (${shorten(digest)})`),
    ...(hasOthers ? ['the sources of the input cache-from'] : []),
  ];
  if (left.length === 0 && gone.length === 0 && why === null) return null;
  const reason = why ?? 'no run of main has recorded that it wrote this';
  const sentences = [
    left.length === 0
      ? `trust-cache: own. There is no record of what main has written: ${reason}.`
      : `trust-cache: own. Not taken as cache: ${left.join(', ')}, since ${reason}.`,
    ...(replaced.length === 0 ? [] : [`Of ${replaced.join(', ')} the image that main has recorded is taken instead.`]),
    ...(gone.length === 0
      ? []
      : [
          `The registry does not show what main has recorded of ${gone.map(({ tag, recorded }) => `${tag} (${shorten(recorded)})`).join(', ')}.`,
        ]),
  ];
  return (left.length === 0 && why === null ? ['trust-cache: own.', ...sentences.slice(1)] : sentences).join(' ');
}

/** Enough to tell two digests apart. */
function shorten(digest: Digest | null): string {
  return digest?.slice(0, 'sha256:'.length + 12) ?? '';
}
