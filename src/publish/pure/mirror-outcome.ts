// What became of the copies of an image. Pure.
import type { Digest } from '../../image/digest.js';
import { type ImageName, type Tag, pinnedReference, taggedReference } from '../../image/reference.js';

export interface MirrorOutcome {
  readonly image: ImageName;
  /** The tags that it has now, the unique one first. */
  readonly tags: readonly Tag[];
  /** Null when it has all of them. */
  readonly error: string | null;
  /** For the log: what it took. */
  readonly effort: string;
}

/** Every reference that mirrors have now. */
export function listReferences(outcomes: readonly MirrorOutcome[]): readonly string[] {
  return outcomes.flatMap(({ image, tags }) => tags.map((tag) => taggedReference(image, tag)));
}

/** `NAME:TAG@DIGEST` of each mirror that has the unique tag. */
export function listPinned(outcomes: readonly MirrorOutcome[], digest: Digest): readonly string[] {
  return outcomes.flatMap(({ image, tags: [unique] }) =>
    unique === undefined ? [] : [pinnedReference(image, unique, digest)],
  );
}

/** @throws Error that says which mirrors failed, and what has the image */
export function expectMirrored(outcomes: readonly MirrorOutcome[], image: ImageName, unique: Tag): void {
  const failed = outcomes.filter(({ error }) => error !== null);
  if (failed.length === 0) return;
  const reasons = failed.map(({ image: mirror, tags, error }) => {
    const has = tags.length === 0 ? '' : ` (it has ${tags.join(', ')})`;
    return `${mirror.name}${has}: ${error ?? ''}`;
  });
  const complete = [image, ...outcomes.filter(({ error }) => error === null).map((outcome) => outcome.image)];
  throw new Error(
    `The image ${unique} is in ${complete.map(({ name }) => name).join(', ')}, but could not be copied to ${reasons.join('; ')}${/[.!?]$/.test(reasons.at(-1) ?? '') ? '' : '.'} Run the job again.`,
  );
}
