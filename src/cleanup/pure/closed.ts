// Whether the tags of a branch may be removed, or are still in use. Pure.
import type { PullRequest } from '../../adapters/github/repository.js';
import { branchTag } from '../../plan/tags/tags.js';
import { quote } from '../../shared/text.js';

export interface BranchStatus {
  readonly branch: string;
  /** The branches whose tags always stay: the repository's default one, and the input main-branch. */
  readonly mainBranches: readonly string[];
  /** There is a branch of that name. */
  readonly exists: boolean;
  /** There is a git tag of that name, whose image has the same tag. */
  readonly isGitTag: boolean;
  /** Pull requests from this branch. */
  readonly pulls: readonly PullRequest[];
  /** Tags of the package. */
  readonly tags: ReadonlySet<string>;
  /** Milliseconds; a merge before that is not waited for: main has built it, or never will. */
  readonly oldBefore: number;
}

/**
 * Whether main has built the commit: under its unique tag, or under one of the forms of the input `tag` that
 * docs/migrating.md names, `sha-<7>` and `<branch>-<sha>`.
 */
function hasImageOf(commit: string, branch: string, tags: ReadonlySet<string>): boolean {
  return [commit, `sha-${commit.slice(0, 7)}`, `${branchTag(branch)}-${commit}`].some((tag) => tags.has(tag));
}

/**
 * Why the tags of a branch stay; null when they may be removed. After a merge they stay until there is an image of the
 * merge commit: the build of main that makes it takes layers from the branch's image.
 */
export function findReasonToStay(status: BranchStatus): string | null {
  const { branch, mainBranches, exists, isGitTag, pulls, tags, oldBefore } = status;
  if (mainBranches.includes(branch)) return `${quote(branch)} is the main branch`;
  if (exists) return `the branch ${quote(branch)} is still there`;
  if (isGitTag) return `there is a git tag ${quote(branch)}, too`;
  if (pulls.some(({ closedAt }) => closedAt === null)) return `a pull request of ${quote(branch)} is open`;
  const waiting = pulls.find(
    ({ merged, baseBranch }) =>
      merged !== null &&
      mainBranches.includes(baseBranch) &&
      merged.at >= oldBefore &&
      !hasImageOf(merged.commit, baseBranch, tags),
  );
  return waiting === undefined
    ? null
    : `the build of ${waiting.baseBranch} may still take layers from it: there is no image of ${waiting.merged?.commit ?? ''} yet`;
}
