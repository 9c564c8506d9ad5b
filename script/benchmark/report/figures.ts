// What one run of the benchmark has measured, and the figures that are made of it. Pure.
import type { ImageStore } from '../../../lab/engine/engine.js';
import { SCENARIOS, type ScenarioName } from '../scenarios.js';
import { VARIANT_NAMES, type VariantName } from '../variants/catalog.js';

/** A try, as it is kept. */
export interface MeasuredTry {
  readonly scenario: string;
  readonly variant: VariantName;
  readonly round: number;
  readonly code: number;
  readonly seconds: number;
  readonly tagSeconds: number | null;
  readonly ownSeconds: number;
  /** Bytes of layers. */
  readonly pulled: number;
  readonly pushed: number;
  readonly rerun: number;
  readonly steps: number;
}

/** One service on one image store. */
export interface MeasuredRun {
  readonly service: string;
  readonly store: ImageStore;
  /** Machine and versions. */
  readonly where: string;
  readonly tries: readonly MeasuredTry[];
}

export interface ScenarioFigures {
  readonly scenario: ScenarioName;
  readonly title: string;
  readonly variants: readonly VariantFigures[];
}

/** All of the tries that succeeded. */
export interface VariantFigures {
  readonly variant: VariantName;
  readonly tries: readonly MeasuredTry[];
  readonly failed: number;
  readonly seconds: number;
  readonly tagSeconds: number;
  /** The action's time divided by this variant's, as the median of the rounds' ratios; NaN where a side is missing. */
  readonly ratio: number;
  /** The same of the times until the unique tag is served. */
  readonly tagRatio: number;
  readonly pulled: number;
  readonly pushed: number;
}

/** The scenarios and variants that the run has, in their usual order. */
export function toFigures({ tries }: MeasuredRun): readonly ScenarioFigures[] {
  return SCENARIOS.flatMap(({ name, title }) => {
    const some = tries.filter(({ scenario }) => scenario === name);
    const action = some.filter(({ variant, code }) => variant === 'bundle' && code === 0);
    const variants = VARIANT_NAMES.filter((one) => some.some(({ variant }) => variant === one)).map((variant) => {
      const all = some.filter((one) => one.variant === variant);
      const good = all.filter(({ code }) => code === 0);
      return {
        variant,
        tries: good,
        failed: all.length - good.length,
        seconds: median(good.map(({ seconds }) => seconds)),
        tagSeconds: median(good.flatMap(({ tagSeconds }) => tagSeconds ?? [])),
        ratio: median(pairRatios(action, good, ({ seconds }) => seconds)),
        tagRatio: median(pairRatios(action, good, ({ tagSeconds }) => tagSeconds ?? NaN)),
        pulled: median(good.map(({ pulled }) => pulled)),
        pushed: median(good.map(({ pushed }) => pushed)),
      };
    });
    return variants.length === 0 ? [] : [{ scenario: name, title, variants }];
  });
}

/** Of tries of the same round, since times drift. */
function pairRatios(
  action: readonly MeasuredTry[],
  others: readonly MeasuredTry[],
  of: (one: MeasuredTry) => number,
): readonly number[] {
  return action.flatMap((one) => {
    const other = others.find(({ round }) => round === one.round);
    const ratio = other === undefined ? NaN : of(one) / of(other);
    return Number.isNaN(ratio) ? [] : [ratio];
  });
}

/** NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return sorted.length === 0 ? NaN : (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}
