// Chooses the cache sources of the passes.
import type { Platform } from '../image/platform.js';
import { type ImageName, type Tag, pinnedReference } from '../image/reference.js';
import type { Inputs } from '../inputs/inputs.js';
import type { RegistryState } from './context.js';
import type { WorkflowEvent } from './event/event.js';
import { isPullRequestOfMain } from './tags/main-tags.js';
import { type Scope, toScope } from './tags/tags.js';

/**
 * The branches to take layers from: own branch, head branch of the merged pull request, base branch, main branch; each
 * once. Main and git tags use no others, since anyone with write access can fill other branches' images. A fork's head
 * branch is never used, even if its name is that of a branch here.
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
  // A local run has no scope, as it may not write the branch's tags, but the branch's image has its layers.
  const own = event.kind === 'local' ? event.branch : (scope?.branch ?? null);
  const branches = event.kind === 'git-tag' ? [mainBranch] : [own, mergedBranch, base, mainBranch];
  const named = branches.filter((branch): branch is string => branch !== null && branch !== '');
  return [...new Set(named)].map((branch) => toScope(branch, part));
}

/** Whether to ask which pull request the commit merged: for pushes to main, which can take that branch's layers. */
export function mayHaveMerged(inputs: Inputs, event: WorkflowEvent, defaultBranch: string | null): boolean {
  const main = inputs.mainBranch ?? defaultBranch;
  const builds = inputs.reuseCache && inputs.indexOf.length === 0;
  return event.kind === 'branch' && event.name === 'push' && event.branch === main && builds;
}

/**
 * The merged cache for all passes; without it, for each pass its nearest image. A production image has cache records of
 * the builder's steps but not their layers, so a builder pass never uses one. Production uses a builder image when it
 * has none of its own: without a source it would run the steps again that the builder pass has found.
 * @param tags of the lineage's images of each builder stage, and of production, nearest first
 */
export function selectCacheSources(
  image: ImageName,
  tags: { readonly builders: readonly (readonly Tag[])[]; readonly production: readonly Tag[] },
  { images, mergedCache }: Pick<RegistryState, 'images' | 'mergedCache'>,
): { readonly builders: readonly (readonly string[])[]; readonly production: readonly string[] } {
  const nearest = (candidates: readonly Tag[]): readonly string[] => {
    const found = candidates
      .map((tag) => images.find((stored) => stored.tag === tag))
      .find((stored) => stored !== undefined);
    // By digest: the engine reads the image that was read here, wherever the tag leads by then.
    const reference = mergedCache ?? (found === undefined ? null : pinnedReference(image, found.tag, found.digest));
    return reference === null ? [] : [`type=registry,ref=${reference}`];
  };
  const builders = tags.builders.map(nearest);
  const production = nearest(tags.production);
  return {
    builders,
    production: production.length === 0 ? (builders.find((sources) => sources.length > 0) ?? []) : production,
  };
}
