// The unique tag of a run that was not alone: two runs of one commit may both have found it free. It stays with the
// first that has written it, and the other takes a tag of its own.
import { readChildren } from '../adapters/registry/read-image.js';
import type { Manifest, Registry } from '../adapters/registry/registry.js';
import type { Digest } from '../image/digest.js';
import type { Tag } from '../image/reference.js';
import { InputError } from '../shared/errors.js';

export interface UniqueTag {
  readonly tag: Tag;
  /** What to take instead, from the first on. */
  readonly candidates: () => Iterable<Tag>;
  /** Looks once more what is there: before the tag is written, or while the image is on its way. Never rejects. */
  readonly look: () => Promise<void>;
  /** What the build says that it has made: an attempt whose answer was lost may have pushed it all the same. */
  readonly addOwn: (digests: readonly Digest[]) => void;
  /** What others have written before this run did, as far as it was seen. */
  readonly readOther: (own: Digest) => Promise<Digest | null>;
}

export function watchUniqueTag(registry: Registry, tag: Tag, candidates: () => Iterable<Tag>): UniqueTag {
  const looks: Promise<Digest | null>[] = [];
  const made = new Set<Digest>();
  return {
    tag,
    candidates,
    look: async () => {
      const looking = registry.readDigest(tag).catch(() => null);
      looks.push(looking);
      await looking;
    },
    addOwn: (digests) => {
      for (const digest of digests) made.add(digest);
    },
    readOther: async (own) => {
      const seen = new Set((await Promise.all(looks)).filter((digest) => digest !== null).reverse());
      for (const digest of seen) {
        if (digest !== own && !(await isMadeOf(registry, digest, made))) return digest;
      }
      return null;
    },
  };
}

/** True for an image that this run has made, and for an index of such images, which Buildx puts together itself. */
async function isMadeOf(registry: Registry, digest: Digest, made: ReadonlySet<Digest>): Promise<boolean> {
  if (made.has(digest)) return true;
  if (made.size === 0) return false;
  const children = await readChildren(registry, digest).catch(() => []);
  return children.length > 0 && children.every((child) => made.has(child));
}

/**
 * Writes a manifest under the unique tag, or, where another run has been there first, under its digest alone:
 * `settleUniqueTag` then finds another tag for it.
 * @throws RegistryError or ConnectionError; also when it cannot be found out whether the tag is free
 */
export async function writeUniqueTag(registry: Registry, { tag }: UniqueTag, manifest: Manifest): Promise<void> {
  const there = await registry.readDigest(tag);
  await registry.writeManifest(there === null || there === manifest.digest ? tag : manifest.digest, manifest);
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

/**
 * The first candidate that does not exist, in none of the registries.
 * @throws InputError when there is none; RegistryError or ConnectionError when it cannot be found out
 */
export async function findFreeTag(registries: readonly Registry[], candidates: Iterable<Tag>): Promise<Tag> {
  for (const tag of candidates) {
    const digests = await Promise.all(registries.map((registry) => registry.readDigest(tag)));
    if (digests.every((digest) => digest === null)) return tag;
  }
  throw new InputError(
    'All tags that this build could have exist in the registry already, and such a tag is never moved. Set the input tag.',
  );
}

/** A run that does not push need not know; for one that does, not knowing could overwrite an image that is deployed. */
export async function findUniqueTag(
  registries: readonly Registry[],
  candidates: Iterable<Tag>,
  write: boolean,
): Promise<Tag | null> {
  try {
    return await findFreeTag(registries, candidates);
  } catch (error) {
    if (write || error instanceof InputError) throw error;
    return null;
  }
}
