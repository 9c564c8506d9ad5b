// Removes tags from versions that stay: moves them to a copy of the manifest, and deletes the copy. If the run stops midway,
// each tag is gone or still serves its image.
import type { PackageVersion, PackagesApi } from '../adapters/github/packages.js';
import type { Manifest, Registry } from '../adapters/registry/registry.js';
import type { Tag } from '../image/reference.js';
import { poll } from '../shared/retry.js';
import { errorMessage } from '../shared/text.js';
import type { Freed } from './pure/cleanup-plan.js';
import { makeManifestCopy } from './pure/manifest-copy.js';

export interface TagRemovalRequest {
  /** May write. */
  readonly registry: Registry;
  readonly packages: PackagesApi;
  /** Makes the copy's digest different from that of every other run. */
  readonly name: string;
  /** Ends at once when the run is cancelled. */
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Cancels: no further tag is moved; tags that have been moved are deleted, or moved back. */
  readonly signal: AbortSignal;
}

export interface TagRemovalResult {
  readonly freed: readonly Tag[];
  /** Tag -> why it stays, though nothing failed. */
  readonly kept: ReadonlyMap<Tag, string>;
}

/** Reason for everything that a cancelled run did not get to. */
export const CANCELLED = 'the run was cancelled before its turn';
const MOVED = 'it was moved just now';
/** Milliseconds before each look: GitHub's list shows a change of the registry after a moment. */
const LOOKS = [0, 1000, 2000, 4000];

/**
 * Tags that somebody else has moved meanwhile stay as they are.
 * @throws Error when the tags cannot be removed; they are moved back, or the message says where they are
 */
export async function removeTags(request: TagRemovalRequest, { version, tags }: Freed): Promise<TagRemovalResult> {
  const { registry, packages, signal } = request;
  const original = await registry.readManifest(version.digest);
  if (original === null) throw new Error(`the registry does not show ${version.digest}`);
  const copy = makeManifestCopy(original, `${request.name} ${version.digest}`);
  const kept = new Map<Tag, string>();
  const moved: Tag[] = [];
  try {
    for (const tag of tags) {
      const digest = signal.aborted ? null : await registry.readDigest(tag);
      if (signal.aborted || digest !== version.digest) {
        kept.set(tag, signal.aborted ? CANCELLED : MOVED);
        continue;
      }
      moved.push(tag);
      await registry.writeManifest(tag, copy);
    }
    const found = moved.length === 0 ? null : await findCopy(request, copy, moved);
    for (const tag of moved) if (found?.tags.includes(tag) !== true) kept.set(tag, MOVED);
    if (found === null) return { freed: [], kept };
    await packages.deleteVersion(found.id);
    return { freed: moved.filter((tag) => !kept.has(tag)), kept };
  } catch (error) {
    throw await restore(registry, original, copy, moved, error);
  }
}

/**
 * Finds the copy in GitHub's list of versions.
 * @returns null when it has no tag left: somebody else, such as another cleanup, has moved them all
 * @throws Error when GitHub does not list it, or lists it with other tags, which would be deleted too
 */
async function findCopy(
  { registry, packages, wait, signal }: TagRemovalRequest,
  { digest }: Manifest,
  moved: readonly Tag[],
): Promise<PackageVersion | null> {
  const look = async (): Promise<PackageVersion | null | undefined> => {
    const found = await packages.findVersion(digest);
    const digests = await Promise.all(moved.map((tag) => registry.readDigest(tag)));
    const own = moved.filter((_, index) => digests[index] === digest);
    // A copy without tags is removed later, by a sweep.
    if (own.length === 0) return null;
    if (found === null || !own.every((tag) => found.tags.includes(tag))) return undefined;
    const others = found.tags.filter((tag) => !own.some((one) => one === tag));
    if (others.length === 0) return found;
    throw new Error(`their copy ${digest} has other tags, too: ${others.join(', ')}`);
  };
  const twin = await poll(look, LOOKS, wait, () => signal.aborted);
  if (twin === undefined) throw new Error(`GitHub does not list the copy ${digest} that they were moved to`);
  return twin;
}

/** Moves the tags back: a tag that stayed at the copy would never be removed, since no later run looks for the copy. */
async function restore(
  registry: Registry,
  original: Manifest,
  copy: Manifest,
  moved: readonly Tag[],
  cause: unknown,
): Promise<Error> {
  const lost: Tag[] = [];
  for (const tag of moved) {
    try {
      if ((await registry.readDigest(tag)) === copy.digest) await registry.writeManifest(tag, original);
    } catch {
      lost.push(tag);
    }
  }
  const state =
    lost.length === 0
      ? ''
      : `; ${lost.join(', ')} may be at a copy of the image now, ${copy.digest}, until the job runs again`;
  return new Error(`${errorMessage(cause)}${state}`, { cause });
}
