// Takes tags off versions that stay: moves them to a placeholder, and deletes that.
import type { Freed, PackageVersion } from './plan/cleanup.js';
import type { Tag } from './plan/image-name.js';
import { describeFault } from './plan/words.js';
import { preparePlaceholder } from './registry/placeholder.js';
import type { Manifest, Registry } from './registry/registry.js';
import type { PackagesApi } from './runner/packages-api.js';

export interface FreeRequest {
  /** May write. */
  readonly registry: Registry;
  readonly packages: PackagesApi;
  /** Makes the placeholder one of this run alone. */
  readonly name: string;
  readonly wait: (milliseconds: number) => Promise<void>;
}

export interface FreeResult {
  readonly freed: readonly Tag[];
  /** Tag -> why it stays, without anything having gone wrong. */
  readonly kept: ReadonlyMap<Tag, string>;
}

const MOVED = 'it was moved just now';
/** GitHub's list follows the registry after a moment. Milliseconds before each look. */
const LOOKS = [0, 1000, 2000, 4000];

/**
 * Tags that have been moved by somebody else meanwhile stay as they are.
 * @throws Error when they cannot be freed; then they are what they were, or the message says what they are
 */
export async function freeTags(request: FreeRequest, { version, tags }: Freed): Promise<FreeResult> {
  const { registry, packages } = request;
  const original = await registry.readManifest(version.digest);
  if (original === null) throw new Error(`the registry does not show ${version.digest}`);
  const placeholder = await preparePlaceholder(registry, `${request.name} ${version.digest}`);
  const kept = new Map<Tag, string>();
  const moved: Tag[] = [];
  try {
    for (const tag of tags) {
      if ((await registry.readDigest(tag)) !== version.digest) {
        kept.set(tag, MOVED);
        continue;
      }
      moved.push(tag);
      await registry.writeManifest(tag, placeholder);
    }
    const found = moved.length === 0 ? null : await findPlaceholder(request, placeholder, moved);
    for (const tag of moved) if (found?.tags.includes(tag) !== true) kept.set(tag, MOVED);
    if (found === null) return { freed: [], kept };
    await packages.deleteVersion(found.id);
    return { freed: moved.filter((tag) => !kept.has(tag)), kept };
  } catch (error) {
    throw await restore(registry, original, placeholder, moved, error);
  }
}

/**
 * @returns null when nothing is left to delete: others have moved all of the tags on, such as another cleanup
 * @throws Error unless GitHub lists it with the tags that it has, and no others: a version is deleted with all of them
 */
async function findPlaceholder(
  { registry, packages, wait }: FreeRequest,
  { digest }: Manifest,
  moved: readonly Tag[],
): Promise<PackageVersion | null> {
  for (const delay of LOOKS) {
    if (delay > 0) await wait(delay);
    const versions = (await packages.listVersions()) ?? [];
    const found = versions.find((version) => version.digest === digest);
    const digests = await Promise.all(moved.map((tag) => registry.readDigest(tag)));
    const own = moved.filter((_, index) => digests[index] === digest);
    // Without a tag it is one of the leftovers that go later.
    if (own.length === 0) return null;
    if (found === undefined || !own.every((tag) => found.tags.includes(tag))) continue;
    if (found.tags.every((tag) => own.some((one) => one === tag))) return found;
    const others = found.tags.filter((tag) => !own.some((one) => one === tag));
    throw new Error(`the empty image ${digest} has other tags, too: ${others.join(', ')}`);
  }
  throw new Error(`GitHub does not list the empty image ${digest} that they were moved to`);
}

/** A tag that serves an empty image would be worse than one that is left over. */
async function restore(
  registry: Registry,
  original: Manifest,
  placeholder: Manifest,
  moved: readonly Tag[],
  cause: unknown,
): Promise<Error> {
  const lost: Tag[] = [];
  for (const tag of moved) {
    try {
      if ((await registry.readDigest(tag)) === placeholder.digest) await registry.writeManifest(tag, original);
    } catch {
      lost.push(tag);
    }
  }
  const state = lost.length === 0 ? '' : `; ${lost.join(', ')} may serve an empty image now, ${placeholder.digest}`;
  return new Error(`${describeFault(cause)}${state}`, { cause });
}
