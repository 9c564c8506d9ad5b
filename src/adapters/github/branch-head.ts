// Asks whether the run's branch has a newer commit: a slow run of an old commit must not move tags back.
import type { Plan } from '../../plan/plan.js';
import type { GitHubApi } from './run-api.js';

/** Both methods give the commit that the branch is at; null when that is the run's commit, or is not known. */
export interface BranchHead {
  /** Asks GitHub, unless a newer commit is known already. */
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
