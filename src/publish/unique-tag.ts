// The unique tag of a run. Two runs of one commit may both find the same tag free: the first that writes it keeps it,
// and the other takes another tag.
import { type Pushed, findPushed, readChildren } from '../adapters/registry/read-image.js';
import type { Manifest, Registry } from '../adapters/registry/registry.js';
import type { Digest } from '../image/digest.js';
import type { Tag } from '../image/reference.js';
import { InputError } from '../shared/errors.js';

export interface UniqueTag {
  readonly tag: Tag;
  /** Tags to try, in this order, when another run has the tag. */
  readonly candidates: () => Iterable<Tag>;
  /** Reads the digest under the tag, just before this run writes it. Never rejects. */
  readonly look: () => Promise<void>;
  /** Digests that this run's build has made: a failed attempt may have pushed one of them under the tag. */
  readonly addOwn: (digests: readonly Digest[]) => void;
  /** The digest of another run's image that `look` has found under the tag; null when there was none. */
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

/** True for an image that this run has made, and for an index of such images, which Buildx makes without naming it. */
async function isMadeOf(registry: Registry, digest: Digest, made: ReadonlySet<Digest>): Promise<boolean> {
  if (made.has(digest)) return true;
  if (made.size === 0) return false;
  const children = await readChildren(registry, digest).catch(() => []);
  return children.length > 0 && children.every((child) => made.has(child));
}

/**
 * Writes a manifest under the unique tag; when another run has that tag, under its digest alone: `settleUniqueTag` then
 * gives it another tag.
 * @throws RegistryError or ConnectionError, also when the registry does not say whether the tag is free
 */
export async function writeUniqueTag(registry: Registry, { tag }: UniqueTag, manifest: Manifest): Promise<void> {
  const there = await registry.readDigest(tag);
  if (there === manifest.digest) return;
  await registry.writeManifest(there === null ? tag : manifest.digest, manifest);
}

export interface SettledTag {
  readonly tag: Tag;
  readonly manifest: Manifest;
}

/**
 * Reads from the registry what it serves after the push. When another run had the tag first, its image gets the tag back
 * and this run's image gets another tag.
 * @throws Error when the registry does not serve what was pushed
 */
export async function settleUniqueTag(registry: Registry, unique: UniqueTag, pushed: Pushed): Promise<SettledTag> {
  const { tag } = unique;
  const served = await registry.readManifest(tag);
  if (served === null) throw new Error(`The registry does not serve ${tag}, although the push succeeded.`);
  const own = await findPushed(registry, served, pushed);
  if (own === null) {
    const wanted = pushed.digest ?? pushed.ids.join(', ');
    throw new Error(
      `The registry serves ${served.digest} for ${tag}, and not ${wanted}, which was pushed: another run wrote the same tag. Run the job again.`,
    );
  }
  // Another run has written the tag after this one, and keeps it: one of two runs must take another tag, and that run
  // may not have seen this one.
  if (own.digest !== served.digest) return writeFreeTag(registry, unique, own);
  const other = await unique.readOther(own.digest);
  const first = other === null ? null : await registry.readManifest(other);
  if (first === null) return { tag, manifest: own };
  await registry.writeManifest(tag, first);
  return writeFreeTag(registry, unique, own);
}

/** @throws Error when all candidates are taken */
async function writeFreeTag(registry: Registry, { candidates }: UniqueTag, own: Manifest): Promise<SettledTag> {
  // Each candidate is tried once, even if the registry still calls a tag free that was just written.
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
 * The first candidate that is free in all of the registries.
 * @param isFree whether what a registry has under a tag leaves it free; the place of the registry in the list counts from 0
 * @throws InputError when none is free; RegistryError or ConnectionError when a registry does not say
 */
export async function findFreeTag(
  registries: readonly Registry[],
  candidates: Iterable<Tag>,
  isFree: (digest: Digest | null, place: number, tag: Tag) => Promise<boolean> = (digest) =>
    Promise.resolve(digest === null),
): Promise<Tag> {
  for (const tag of candidates) {
    const digests = await Promise.all(registries.map((registry) => registry.readDigest(tag)));
    const free = await Promise.all(digests.map((digest, place) => isFree(digest, place, tag)));
    if (!free.includes(false)) return tag;
  }
  throw new InputError(
    'All tags that this build could have exist in the registry already, and such a tag is never moved. Set the input tag.',
  );
}

/**
 * A registry that does not answer matters only to a run that pushes: it could overwrite an image that is deployed.
 * @returns null when the run does not push, and the registry did not answer
 * @throws as `findFreeTag`
 */
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
