// The outcome of copying an image to its mirrors. Pure.
import type { Digest } from '../../image/digest.js';
import { type ImageName, type Tag, pinnedReference, taggedReference } from '../../image/reference.js';

export interface MirrorOutcome {
  readonly image: ImageName;
  /** Tags that the mirror has now, the unique one first. */
  readonly tags: readonly Tag[];
  /** Null when the mirror has all tags. */
  readonly error: string | null;
  /** For the log: blobs sent, bytes, seconds. */
  readonly effort: string;
}

/** Every reference that was written to a mirror. */
export function listReferences(outcomes: readonly MirrorOutcome[]): readonly string[] {
  return outcomes.flatMap(({ image, tags }) => tags.map((tag) => taggedReference(image, tag)));
}

/** `NAME:TAG@DIGEST` of each mirror that has the unique tag. */
export function listPinned(outcomes: readonly MirrorOutcome[], digest: Digest): readonly string[] {
  return outcomes.flatMap(({ image, tags: [unique] }) =>
    unique === undefined ? [] : [pinnedReference(image, unique, digest)],
  );
}

/** @throws Error when a mirror failed; it names the failed mirrors, and the registries that have the image */
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
