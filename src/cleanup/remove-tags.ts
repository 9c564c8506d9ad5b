// Takes tags off versions that stay: moves them to a twin of the image, and deletes that. Wherever the run ends, each tag is
// gone or serves the image that it served.
import type { PackageVersion, PackagesApi } from '../adapters/github/packages.js';
import type { Manifest, Registry } from '../adapters/registry/registry.js';
import type { Tag } from '../image/reference.js';
import { poll } from '../shared/retry.js';
import { errorMessage } from '../shared/text.js';
import type { Freed } from './pure/cleanup-plan.js';
import { makeTwin } from './pure/twin.js';

export interface TagRemovalRequest {
  /** May write. */
  readonly registry: Registry;
  readonly packages: PackagesApi;
  /** Makes the twin one of this run alone. */
  readonly name: string;
  /** Ends at once when the run is cancelled. */
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Cancels: no further tag is moved, and those that are go, or are put back. */
  readonly signal: AbortSignal;
}

export interface TagRemovalResult {
  readonly freed: readonly Tag[];
  /** Tag -> why it stays, without anything having gone wrong. */
  readonly kept: ReadonlyMap<Tag, string>;
}

/** Why something stays that the run has not come to. */
export const CANCELLED = 'the run was cancelled before its turn';
const MOVED = 'it was moved just now';
/** GitHub's list follows the registry after a moment. Milliseconds before each look. */
const LOOKS = [0, 1000, 2000, 4000];

/**
 * Tags that have been moved by somebody else meanwhile stay as they are.
 * @throws Error when they cannot be freed; then they are what they were, or the message says what they are
 */
export async function removeTags(request: TagRemovalRequest, { version, tags }: Freed): Promise<TagRemovalResult> {
  const { registry, packages, signal } = request;
  const original = await registry.readManifest(version.digest);
  if (original === null) throw new Error(`the registry does not show ${version.digest}`);
  const twin = makeTwin(original, `${request.name} ${version.digest}`);
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
      await registry.writeManifest(tag, twin);
    }
    const found = moved.length === 0 ? null : await findTwin(request, twin, moved);
    for (const tag of moved) if (found?.tags.includes(tag) !== true) kept.set(tag, MOVED);
    if (found === null) return { freed: [], kept };
    await packages.deleteVersion(found.id);
    return { freed: moved.filter((tag) => !kept.has(tag)), kept };
  } catch (error) {
    throw await restore(registry, original, twin, moved, error);
  }
}

/**
 * @returns null when nothing is left to delete: others have moved all of the tags on, such as another cleanup
 * @throws Error unless GitHub lists it with the tags that it has, and no others: a version is deleted with all of them
 */
async function findTwin(
  { registry, packages, wait, signal }: TagRemovalRequest,
  { digest }: Manifest,
  moved: readonly Tag[],
): Promise<PackageVersion | null> {
  const look = async (): Promise<PackageVersion | null | undefined> => {
    const versions = (await packages.listVersions()) ?? [];
    const found = versions.find((version) => version.digest === digest);
    const digests = await Promise.all(moved.map((tag) => registry.readDigest(tag)));
    const own = moved.filter((_, index) => digests[index] === digest);
    // Without a tag it is one of the leftovers that go later.
    if (own.length === 0) return null;
    if (found === undefined || !own.every((tag) => found.tags.includes(tag))) return undefined;
    const others = found.tags.filter((tag) => !own.some((one) => one === tag));
    if (others.length === 0) return found;
    throw new Error(`their copy ${digest} has other tags, too: ${others.join(', ')}`);
  };
  const twin = await poll(look, LOOKS, wait, () => signal.aborted);
  if (twin === undefined) throw new Error(`GitHub does not list the copy ${digest} that they were moved to`);
  return twin;
}

/** Nobody would look for the copy, and with it a tag would be left over for ever. */
async function restore(
  registry: Registry,
  original: Manifest,
  twin: Manifest,
  moved: readonly Tag[],
  cause: unknown,
): Promise<Error> {
  const lost: Tag[] = [];
  for (const tag of moved) {
    try {
      if ((await registry.readDigest(tag)) === twin.digest) await registry.writeManifest(tag, original);
    } catch {
      lost.push(tag);
    }
  }
  const state =
    lost.length === 0
      ? ''
      : `; ${lost.join(', ')} may be at a copy of the image now, ${twin.digest}, until the job runs again`;
  return new Error(`${errorMessage(cause)}${state}`, { cause });
}
