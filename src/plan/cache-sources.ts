// Where the passes may find layers that were built before.
import type { Platform } from '../image/platform.js';
import { type ImageName, type Tag, taggedReference } from '../image/reference.js';
import type { Inputs } from '../inputs/inputs.js';
import type { RegistryState } from './context.js';
import type { WorkflowEvent } from './event/event.js';
import { isPullRequestOfMain } from './tags/main-tags.js';
import { type Scope, builderTag, toScope } from './tags/tags.js';

/**
 * Own branch, head branch of the pull request that the commit merged, base branch, main branch; each once. Main and git
 * tags take nothing else, since anyone with write access may have filled other branches' images, and a fork's head
 * branch is never in it, whatever its name.
 */
export function getLineage(
  event: WorkflowEvent,
  scope: Scope | null,
  mainBranch: string | null,
  mergedBranch: string | null,
  part: Platform | null,
): readonly Scope[] {
  const onMain = (scope !== null && scope.branch === mainBranch) || isPullRequestOfMain(event, mainBranch);
  const hasBase = (event.kind === 'pull-request' || event.kind === 'merge-group') && !onMain;
  const base = hasBase ? event.baseBranch : null;
  // Without a scope where it may not write, a developer's branch is still where its layers are.
  const own = event.kind === 'local' ? event.branch : (scope?.branch ?? null);
  const branches = event.kind === 'git-tag' ? [mainBranch] : [own, mergedBranch, base, mainBranch];
  const named = branches.filter((branch): branch is string => branch !== null && branch !== '');
  return [...new Set(named)].map((branch) => toScope(branch, part));
}

/** True for runs that ask which pull request their commit merged: pushes to main, where the answer saves a build. */
export function mayHaveMerged(inputs: Inputs, event: WorkflowEvent, defaultBranch: string | null): boolean {
  const main = inputs.mainBranch ?? defaultBranch;
  const builds = inputs.reuseCache && inputs.indexOf.length === 0;
  return event.kind === 'branch' && event.name === 'push' && event.branch === main && builds;
}

/**
 * The merged cache for both passes, or else for each pass the nearest image that exists. A production image has the
 * builder's keys but not its layers, and a pass with no source at all would run steps again that the other has found.
 */
export function selectCacheSources(
  image: ImageName,
  lineage: readonly Scope[],
  { images, mergedCache }: Pick<RegistryState, 'images' | 'mergedCache'>,
): { readonly builder: readonly string[]; readonly production: readonly string[] } {
  const from = (reference: string): string => `type=registry,ref=${reference}`;
  if (mergedCache !== null) return { builder: [from(mergedCache)], production: [from(mergedCache)] };
  const nearest = (tags: readonly Tag[]): readonly string[] => {
    const tag = tags.find((one) => images.some((stored) => stored.tag === one));
    return tag === undefined ? [] : [from(taggedReference(image, tag))];
  };
  const builder = nearest(lineage.map(({ tag }) => builderTag(tag)));
  const production = nearest(lineage.map(({ tag }) => tag));
  return { builder, production: production.length === 0 ? builder : production };
}
