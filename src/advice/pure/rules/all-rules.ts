// All rules together. Each tells only of what the build has shown; what is not certain gives no advice.
import { type Advice, toLines } from '../advice.js';
import { adviseOnEarlyCopy } from './early-copy.js';
import type { Manifests } from '../installers.js';
import { adviseOnLatePackages, adviseOnPruning } from './late-steps.js';
import { type CacheHabit, adviseOnNoCache } from './no-cache.js';
import type { ObservedBuild } from '../observed.js';
import { adviseOnOwnerChanges } from './owner-change.js';
import { adviseOnWholeTrees } from './whole-tree.js';

/**
 * @param manifests of those that `listWantedManifests` names, the files that there are
 * @returns at most three lines of Markdown
 */
export function adviseOnBuild(build: ObservedBuild, manifests: Manifests, habit: CacheHabit): string[] {
  const found: readonly Advice[] = [
    ...adviseOnEarlyCopy(build, manifests),
    ...adviseOnLatePackages(build),
    ...adviseOnPruning(build),
    ...adviseOnOwnerChanges(build),
    ...adviseOnNoCache(build, habit),
    ...adviseOnWholeTrees(build),
  ];
  return toLines(found);
}
