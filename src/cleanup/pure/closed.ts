// Whether a pull request or branch is over, and whether anybody may still take layers from it. Pure.
import type { PullRequest } from '../../adapters/github/repository.js';
import { quote } from '../../shared/text.js';

export interface BranchFacts {
  readonly branch: string;
  /** The branches whose tags always stay: the repository's default one, and the input main-branch. */
  readonly mainBranches: readonly string[];
  /** There is a branch of that name. */
  readonly exists: boolean;
  /** There is a git tag of that name, whose image has the same tag. */
  readonly isGitTag: boolean;
  /** Pull requests that it was the head of. */
  readonly pulls: readonly PullRequest[];
  /** Tags of the package. */
  readonly tags: ReadonlySet<string>;
  /** Milliseconds; whoever merged before that has built, or never will. */
  readonly oldBefore: number;
}

/**
 * Why the tags of a branch stay; null when they may go. The build of main that follows a merge takes its layers from the
 * tags of the branch that was merged, and has ended when the image of the merged commit is there.
 */
export function findReasonToStay(facts: BranchFacts): string | null {
  const { branch, mainBranches, exists, isGitTag, pulls, tags, oldBefore } = facts;
  if (mainBranches.includes(branch)) return `${quote(branch)} is the main branch`;
  if (exists) return `the branch ${quote(branch)} is still there`;
  if (isGitTag) return `there is a git tag ${quote(branch)}, too`;
  if (pulls.some(({ closedAt }) => closedAt === null)) return `a pull request of ${quote(branch)} is open`;
  const waiting = pulls.find(
    ({ merged, baseBranch }) =>
      merged !== null && mainBranches.includes(baseBranch) && merged.at >= oldBefore && !tags.has(merged.commit),
  );
  return waiting === undefined
    ? null
    : `the build of ${waiting.baseBranch} may still take layers from it: there is no image of ${waiting.merged?.commit ?? ''} yet`;
}
