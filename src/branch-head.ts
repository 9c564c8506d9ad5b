// Where the run's branch is by now: an older run that ends last must not move its tags back.
import type { Plan } from './plan/plan.js';
import type { GitHubApi } from './runner/github-api.js';

export interface BranchHead {
  /**
   * @param when `now` asks again; `before` takes the answer that is there. A branch that has moved on is not asked about
   *   again
   * @returns the commit that the branch has moved on to; null when it has not, or nobody can tell
   */
  readonly readNewer: (when: 'now' | 'before') => Promise<string | null>;
}

export function watchBranch({ scope, event }: Plan, github: GitHubApi): BranchHead {
  if (scope === null || event.kind === 'local') return { readNewer: () => Promise.resolve(null) };
  const ask = async (): Promise<string | null> => {
    const head = await github.readBranchHead(scope.branch);
    return head === event.sha ? null : head;
  };
  let answer: Promise<string | null> | null = null;
  return {
    readNewer: async (when) => {
      const before = await answer;
      if (before !== null || (answer !== null && when === 'before')) return before;
      answer = ask();
      return answer;
    },
  };
}
