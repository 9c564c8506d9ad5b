// Where the run's branch is by now: an older run that ends last must not move its tags back.
import type { Plan } from '../../plan/plan.js';
import type { GitHubApi } from './run-api.js';

/** Both answer with the commit that the branch has moved on to; null when it has not, or nobody can tell. */
export interface BranchHead {
  /** Asks GitHub; a branch that has moved on is not asked about again. */
  askNewerCommit(): Promise<string | null>;
  /** The last answer; asks only when there is none yet. */
  lastNewerCommit(): Promise<string | null>;
}

export function watchBranch({ scope, event }: Pick<Plan, 'scope' | 'event'>, github: GitHubApi): BranchHead {
  const nobody = (): Promise<null> => Promise.resolve(null);
  if (scope === null || event.kind === 'local') return { askNewerCommit: nobody, lastNewerCommit: nobody };
  const ask = async (): Promise<string | null> => {
    const head = await github.readBranchHead(scope.branch);
    return head === event.sha ? null : head;
  };
  let answer: Promise<string | null> | null = null;
  const askNewerCommit = async (): Promise<string | null> => {
    const before = await answer;
    if (before !== null) return before;
    answer = ask();
    return answer;
  };
  return { askNewerCommit, lastNewerCommit: () => answer ?? askNewerCommit() };
}
