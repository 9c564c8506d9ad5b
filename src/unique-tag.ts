// The unique tag of a run that was not alone: two runs of one commit may both have found it free. It stays with the
// first that has written it, and the other takes a tag of its own.
import { type Digest, type Tag } from './plan/image-name.js';
import { findFreeTag } from './registry-session.js';
import type { Manifest, Registry } from './registry/registry.js';

export interface UniqueTag {
  readonly tag: Tag;
  /** What to take instead, from the first on. */
  readonly candidates: () => Iterable<Tag>;
  /** Looks what is there, without waiting: once more while the image is on its way. */
  readonly look: () => void;
  /** What others have written before this run did, as far as it was seen. */
  readonly readOther: (own: Digest) => Promise<Digest | null>;
}

export function watchUniqueTag(registry: Registry, tag: Tag, candidates: () => Iterable<Tag>): UniqueTag {
  const looks: Promise<Digest | null>[] = [];
  return {
    tag,
    candidates,
    look: () => {
      looks.push(registry.readDigest(tag).catch(() => null));
    },
    readOther: async (own) => (await Promise.all(looks)).findLast((seen) => seen !== null && seen !== own) ?? null,
  };
}

export interface SettledTag {
  readonly tag: Tag;
  readonly manifest: Manifest;
}

/**
 * Asks the registry what it serves after the push. Where another run was first, its image gets the tag back.
 * @param reported what Buildx says that it has pushed; null when it does not know
 * @throws Error when the registry does not serve what was pushed
 */
export async function settleUniqueTag(
  registry: Registry,
  unique: UniqueTag,
  reported: Digest | null,
): Promise<SettledTag> {
  const { tag } = unique;
  const served = await registry.readManifest(tag);
  if (served === null) throw new Error(`The registry does not serve ${tag}, although the push succeeded.`);
  const own = reported === null || reported === served.digest ? served : await registry.readManifest(reported);
  if (own === null)
    throw new Error(
      `The registry serves ${served.digest} for ${tag}, and not ${reported ?? ''}, which was pushed: another run wrote the same tag. Run the job again.`,
    );
  // Written over since: the other run finds out what it has done, or was too close behind to see.
  if (own.digest !== served.digest) return writeFreeTag(registry, unique, own);
  const other = await unique.readOther(own.digest);
  const first = other === null ? null : await registry.readManifest(other);
  if (first === null) return { tag, manifest: own };
  await registry.writeManifest(tag, first);
  return writeFreeTag(registry, unique, own);
}

/** @throws Error when all candidates are taken */
async function writeFreeTag(registry: Registry, { candidates }: UniqueTag, own: Manifest): Promise<SettledTag> {
  // Each once, whatever the registry says of one that was just written.
  const tried = new Set<Tag>();
  for (;;) {
    const tag = await findFreeTag(
      [registry],
      [...candidates()].filter((candidate) => !tried.has(candidate)),
    );
    tried.add(tag);
    await registry.writeManifest(tag, own);
    if ((await registry.readDigest(tag)) === own.digest) return { tag, manifest: own };
  }
}
