// An image that a push to a branch has built may be released as it is: promoted. It cannot say then that the release's tag is
// its own, since its bytes stay as they are; a second tag beside that one says so, the mark. Pure.
// docs: reference.md, "Built once, promoted".
import { BUILT_BY_LABEL, readBuiltBy } from '../../image/origin-labels.js';
import { PLATFORM_ENDING } from '../../image/platform.js';
import { OWN_PREFIXES, type Tag, isTag, parseTag } from '../../image/reference.js';
import { type Labels, UNIQUE_TAG_LABEL } from '../../image/unique-label.js';
import type { WorkflowEvent } from '../event/event.js';
import { branchTag, toSlug, withHash } from './tags.js';

/** What an image says of the run that builds it, by a label: `push refs/heads/main`, `merge_group`. */
export function describeTrigger(event: WorkflowEvent): string {
  switch (event.kind) {
    case 'branch':
      return `${event.name} refs/heads/${event.branch}`;
    case 'git-tag':
      return `${event.name} refs/tags/${event.gitTag}`;
    case 'pull-request':
    case 'merge-group':
    case 'other':
    case 'checkout':
    case 'local':
      return event.name;
  }
}

/** A run that releases. Every other event builds as usual and says nothing of it: one job may be for pushes and releases. */
export function isRelease({ kind, name }: WorkflowEvent): boolean {
  return kind === 'git-tag' || name === 'release' || name === 'workflow_dispatch';
}

/** `push refs/heads/main` */
export function describePush(branch: string): string {
  return `push refs/heads/${branch}`;
}

/** `promoted-v1.2.3`: leads to the same image as `v1.2.3`, if that is the unique tag of a promoted image. */
export function promotedTag(unique: Tag): Tag {
  const tag = `${OWN_PREFIXES.promoted}${unique}`;
  return isTag(tag) ? tag : parseTag(withHash(toSlug(tag, LONGEST_TAG), unique));
}

const LONGEST_TAG = 128;

/**
 * The mark to look for where a tag may be the unique one of a promoted image, and the label that stands for it.
 * @param labels of the image under the tag
 * @returns null where it is not: no push to a branch has built the image, or the tag is that branch's own
 */
export function findMark(tag: Tag, labels: Labels): { readonly mark: Tag; readonly label: Labels } | null {
  const [, branch] = /^push refs\/heads\/(.+)$/s.exec(readBuiltBy(labels, null) ?? '') ?? [];
  const [name = ''] = labels[BUILT_BY_LABEL]?.split(': ', 1) ?? [];
  if (branch === undefined || tag.replace(PLATFORM_ENDING, '') === branchTag(branch)) return null;
  if (Object.values(OWN_PREFIXES).some((prefix) => tag.startsWith(prefix))) return null;
  return { mark: promotedTag(tag), label: { [UNIQUE_TAG_LABEL]: `${name}:${tag}` } };
}
