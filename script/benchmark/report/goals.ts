// What the action is meant to reach, compared with what was measured. Pure.
import { type MeasuredRun, type VariantFigures, toFigures } from './figures.js';
import { toFixed } from './tables.js';

export interface Goal {
  /** What is compared, with service, store and scenario. */
  readonly what: string;
  readonly value: number;
  readonly most: number;
}

const REAL = { limit: 1.1, source: 1.05 } as const;
const RANDOM: Readonly<Record<string, number>> = { cold: 2, dependencies: 2, source: 1.3 };
const TAG = 1.05;
const UNCHANGED = 0.1;

/** Those that the run can tell of. */
export function toGoals(run: MeasuredRun): readonly Goal[] {
  return toFigures(run).flatMap(({ scenario, variants }) => {
    const of = (name: string): VariantFigures | undefined => variants.find(({ variant }) => variant === name);
    const [action, limit, chain] = [of('bundle'), of('limit'), of('docker-actions')];
    const where = `${run.service}, ${run.store}, ${scenario}`;
    const time = run.service === 'random' ? RANDOM[scenario] : scenario === 'source' ? REAL.source : REAL.limit;
    const goals: Goal[] = [];
    if (limit !== undefined && time !== undefined) {
      goals.push({ what: `${where}: time, action : limit`, value: limit.ratio, most: time });
    }
    if (limit !== undefined) {
      goals.push({ what: `${where}: time to the unique tag, action : limit`, value: limit.tagRatio, most: TAG });
    }
    if (scenario === 'unchanged' && chain !== undefined) {
      goals.push({ what: `${where}: time, action : docker actions`, value: chain.ratio, most: UNCHANGED });
    }
    if (scenario === 'unchanged' && action !== undefined) {
      goals.push({ what: `${where}: MB moved`, value: (action.pulled + action.pushed) / 1e6, most: 0 });
    }
    return goals;
  });
}

/** A goal without a figure is not reached. */
export function isReached({ value, most }: Goal): boolean {
  return value <= most;
}

export function toGoalLines(goals: readonly Goal[]): readonly string[] {
  return goals.map(
    (goal) =>
      `${isReached(goal) ? 'reached' : 'missed '}  ${goal.what}: ${toFixed(goal.value, 2)}, at most ${goal.most}`,
  );
}
