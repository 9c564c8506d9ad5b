// The tags that follow the unique one: none of them goes back.
import type { BranchHead } from './branch-head.js';
import { type Tag, taggedReference } from './plan/image-name.js';
import type { Plan } from './plan/plan.js';
import { withoutOlderVersions } from './plan/tags.js';
import { describeFault } from './plan/words.js';

import type { Registry } from './registry/registry.js';
import type { Runner } from './runner/runner.js';
import type { SettledTag } from './unique-tag.js';

export interface MovingTagsRequest {
  readonly runner: Runner;
  readonly plan: Plan;
  readonly registry: Registry;
  readonly branch: BranchHead;
  readonly warn: (message: string) => void;
}

export interface Moved {
  /** Tags that the image has now, the unique one first. */
  readonly tags: readonly Tag[];
  /** Why the others could not be moved; null when all were. */
  readonly failure: Error | null;
}

/** Gives the image the selected tags, one after the other. */
export async function moveTags(
  { runner, plan, registry }: Pick<MovingTagsRequest, 'runner' | 'plan' | 'registry'>,
  { tag: unique, manifest }: SettledTag,
  selected: readonly Tag[],
): Promise<Moved> {
  const written: Tag[] = [unique];
  for (const tag of selected) {
    try {
      // The bytes that were just confirmed, so every tag is the same image.
      await registry.writeManifest(tag, manifest);
    } catch (error) {
      return { tags: written, failure: explainMovingTag(tag, written, selected, error) };
    }
    written.push(tag);
    runner.log.info(`Pushed ${taggedReference(plan.image, tag)}`);
  }
  return { tags: written, failure: null };
}

function explainMovingTag(tag: Tag, written: readonly Tag[], selected: readonly Tag[], cause: unknown): Error {
  const missing = selected.filter((one) => !written.includes(one));
  const reason = describeFault(cause);
  return new Error(
    `The image is pushed as ${written.join(', ')}, but the tag ${tag} could not be moved to it: ${reason} Not moved: ${missing.join(', ')}. Run the job again.`,
    { cause },
  );
}

/** The branch tag follows only while the branch is still at this commit: an older run that ends last changes nothing. */
export async function selectMovingTags(request: MovingTagsRequest): Promise<readonly Tag[]> {
  const { runner, plan, branch } = request;
  const { scope, event, tags } = plan;
  if (event.kind === 'git-tag') return selectVersionTags(request, event.gitTag);
  const newer = await branch.askNewerCommit();
  if (scope === null || newer === null) return tags.moving;
  runner.log.notice(`${scope.branch} is at ${newer} by now, so ${scope.tag} is left to that commit's run.`);
  return tags.moving.filter((tag) => tag !== scope.tag);
}

/** `1` and `1.2` stay with a newer release that has them. */
async function selectVersionTags(
  { runner, plan, registry, warn }: MovingTagsRequest,
  gitTag: string,
): Promise<readonly Tag[]> {
  const { moving } = plan.tags;
  if (moving.length === 0) return moving;
  const existing = await registry.listTags().catch((error: unknown) => {
    const reason = describeFault(error);
    warn(
      `The tags of the registry cannot be listed, so nobody knows whether ${gitTag} is the newest version: ${reason}`,
    );
    return [];
  });
  const selected = withoutOlderVersions(moving, gitTag, existing);
  const left = moving.filter((tag) => !selected.includes(tag));
  if (left.length > 0)
    runner.log.notice(`A newer version than ${gitTag} exists, so ${left.join(', ')} is left where it is.`);
  return selected;
}
