// Moves the moving tags to the pushed image, and says why a tag is not moved.
import type { BranchHead } from '../adapters/github/branch-head.js';
import { readStoredImage } from '../adapters/registry/read-image.js';
import { type Registry, RegistryError } from '../adapters/registry/registry.js';
import type { Runner } from '../adapters/runner/runner.js';
import { type Tag, taggedReference } from '../image/reference.js';
import type { StoredImage } from '../image/stored-image.js';
import type { Plan } from '../plan/plan.js';
import {
  describeLeft,
  explainStay,
  getOrderingTime,
  mayGoBack,
  withoutOlderVersions,
} from '../plan/tags/moving-tags.js';
import { explainOtherBuild } from '../plan/tags/other-build.js';
import { errorMessage } from '../shared/text.js';
import type { Warn } from '../shared/types.js';
import type { SettledTag } from './unique-tag.js';

export interface MovingTagsRequest {
  readonly runner: Runner;
  readonly plan: Plan;
  readonly registry: Registry;
  readonly branch: BranchHead;
  /** The images under the moving tags before the build. */
  readonly targets: readonly StoredImage[];
  readonly warn: Warn;
}

export interface Moved {
  /** Tags that the image has now, the unique one first. */
  readonly tags: readonly Tag[];
  /** The error that ended the moving; null when there was none. */
  readonly failure: Error | null;
}

/**
 * Moves the selected tags to the image, one after the other. A tag that must not be moved stays, with a notice.
 * @param readTarget of `readTargets`
 */
export async function moveTags(
  { runner, plan, registry }: Pick<MovingTagsRequest, 'runner' | 'plan' | 'registry'>,
  { tag: unique, manifest }: SettledTag,
  selected: readonly Tag[],
  readTarget: ReadTarget,
): Promise<Moved> {
  const time = getOrderingTime(plan.scope, plan.event, plan.production.labels);
  const written: Tag[] = [unique];
  for (const [index, tag] of selected.entries()) {
    try {
      const { labels = {} } = (await readTarget(tag)) ?? {};
      // Of two builds that began at the same time, the second finds the image of the first only now.
      const other = explainOtherBuild(plan.own, { at: plan.image, tag, labels });
      if (other !== null) return { tags: written, failure: explainTaken(written, other) };
      const stay = explainStay(plan.image, tag, labels, time);
      if (stay !== null) {
        runner.log.notice(stay);
        continue;
      }
      // The manifest as the registry served it under the unique tag, so that every tag has the same digest.
      await registry.writeManifest(tag, manifest);
    } catch (error) {
      return { tags: written, failure: explainMovingTag(written, selected.slice(index), error) };
    }
    written.push(tag);
    runner.log.info(`Pushed ${taggedReference(plan.image, tag)}`);
  }
  return { tags: written, failure: null };
}

function explainTaken(written: readonly Tag[], reason: string): Error {
  return new Error(`The image is pushed as ${written.join(', ')}, and no further tag is moved to it: ${reason}`);
}

/** @param missing the tag that failed, and the tags after it */
function explainMovingTag(written: readonly Tag[], missing: readonly Tag[], cause: unknown): Error {
  const reason = errorMessage(cause);
  return new Error(
    `The image is pushed as ${written.join(', ')}, but the tag ${missing[0] ?? ''} could not be moved to it: ${reason} Not moved: ${missing.join(', ')}. Run the job again.`,
    { cause },
  );
}

/**
 * The moving tags that this run may move: none when the branch has a newer commit, and none that a newer version has.
 * So a slow run of an old commit moves no tag back. The tags that are left alone are named in the log.
 */
export async function selectMovingTags(request: MovingTagsRequest): Promise<readonly Tag[]> {
  const { runner, plan, branch } = request;
  const { scope, event, tags } = plan;
  if (event.kind === 'git-tag') return selectReleaseTags(request, event.gitTag);
  const newer = await branch.askNewerCommit();
  if (scope === null || newer === null) return tags.moving;
  if (tags.moving.length > 0)
    runner.log.notice(
      `${scope.branch} is at ${newer} by now, so ${tags.moving.join(', ')} ${tags.moving.length === 1 ? 'is' : 'are'} left to that commit's run.`,
    );
  return [];
}

async function selectReleaseTags(
  { runner, plan, registry, warn }: MovingTagsRequest,
  gitTag: string,
): Promise<readonly Tag[]> {
  const { moving } = plan.tags;
  if (!moving.some((tag) => mayGoBack(tag, gitTag))) return moving;
  const { existing, fault } = await listTags(registry);
  const selected = withoutOlderVersions(moving, gitTag, existing);
  const left = moving.filter((tag) => !selected.includes(tag));
  if (existing === null)
    warn(
      `The tags of the registry cannot be listed, so nobody knows whether ${gitTag} is the newest version, and ${describeLeft(left)}: ${fault}`,
    );
  else if (left.length > 0) runner.log.notice(`A newer version than ${gitTag} exists, so ${describeLeft(left)}.`);
  return selected;
}

export type Listed =
  { readonly existing: readonly Tag[]; readonly fault: null } | { readonly existing: null; readonly fault: string };

/** An empty list counts as a fault: there is an image. */
export async function listTags(registry: Registry): Promise<Listed> {
  try {
    const existing = await registry.listTags();
    if (existing.length > 0) return { existing, fault: null };
    return { existing: null, fault: `The registry gave an empty list. ${PERMISSION}` };
  } catch (error) {
    const refused = error instanceof RegistryError && [401, 403, 404].includes(error.status);
    return { existing: null, fault: `${errorMessage(error)} ${refused ? PERMISSION : 'Run the job again.'}` };
  }
}

const PERMISSION =
  'Give the login the right to list tags, and run the job again: on ghcr.io "permissions: packages: write" and Actions access to the package, elsewhere the right to read the repository and its metadata.';

type ReadTarget = (tag: Tag) => Promise<StoredImage | null>;

/**
 * Begins to read the image under each tag.
 * @param known images that were read before the build; one is read again only if its tag has another digest now
 * @returns a function that gives the image under a tag; null when there is none
 */
export function readTargets(registry: Registry, tags: readonly Tag[], known: readonly StoredImage[]): ReadTarget {
  const reading = new Map(tags.map((tag) => [tag, readTarget(registry, tag, known)]));
  // A tag that is not selected is never awaited: its failure must not become an unhandled rejection.
  for (const target of reading.values()) target.catch(() => undefined);
  return async (tag) => (await reading.get(tag)) ?? null;
}

async function readTarget(registry: Registry, tag: Tag, known: readonly StoredImage[]): Promise<StoredImage | null> {
  const digest = await registry.readDigest(tag);
  if (digest === null) return null;
  const before = known.find((stored) => stored.tag === tag && stored.digest === digest);
  return before ?? readStoredImage(registry, tag, digest);
}
