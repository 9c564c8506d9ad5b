// Tries -> Markdown. Pure.
import type { ImageStore } from '../../lab/engine/engine.js';
import { KINDS } from './determinism.js';
import type { BenchOptions, VariantName } from './options.js';
import type { Try } from './place.js';
import { SCENARIOS } from './scenarios.js';

export function toTitle(store: ImageStore): string {
  return `### ${store} store`;
}

/** A row per scenario; medians, of steps also the range where the tries differ. */
export function toPairsTable(tries: readonly Try[], options: BenchOptions): string {
  const { variants } = options;
  const isPair = variants.length === 2;
  const header = [
    'Scenario',
    ...(isPair ? ['Time, action : recipe'] : []),
    ...variants.map((variant) => `${NAMES[variant]}, s`),
    ...['MB pulled', 'MB pushed', 'Steps re-run'].map((what) => `${what}, ${variants.map(toShortName).join(' / ')}`),
    ...(variants.includes('bundle') ? ["Action's own time, s"] : []),
  ];
  const rows = SCENARIOS.filter(({ name }) => options.scenarios.includes(name)).map(({ name, title }) => {
    const of = (variant: VariantName) =>
      tries.filter((one) => one.name === name && one.variant === variant && one.code === 0);
    const each = (show: (some: readonly Try[]) => string) => variants.map((variant) => show(of(variant))).join(' / ');
    return [
      title,
      ...(isPair ? [toFixed(median(pairRatios(of('bundle'), of('recipe'))), 2)] : []),
      ...variants.map((variant) => toFixed(median(of(variant).map(({ seconds }) => seconds)), 1)),
      each((some) => toMegabytes(some.map(({ layersPulled }) => layersPulled))),
      each((some) => toMegabytes(some.map(({ layersPushed }) => layersPushed))),
      each((some) => toCount(some.map(({ rerun }) => rerun.length))),
      ...(variants.includes('bundle') ? [toFixed(median(of('bundle').map(({ ownSeconds }) => ownSeconds)), 2)] : []),
    ];
  });
  return toTable([header, ...rows]);
}

/** A row per kind: how many tries found every step in the cache. */
export function toDeterminismTable(tries: readonly Try[]): string {
  const rows = Object.entries(KINDS).flatMap(([name, equal]) =>
    [...new Set(tries.map(({ variant }) => variant))].map((variant) => {
      const some = tries.filter((one) => one.name === name && one.variant === variant);
      const good = some.filter(({ code, steps, rerun }) => code === 0 && steps > 0 && rerun.length === 0);
      return [
        equal,
        NAMES[variant],
        `${good.length} of ${some.length}`,
        toCount(some.map(({ rerun }) => rerun.length)),
        toMegabytes(some.map(({ layersPulled }) => layersPulled)),
        toMegabytes(some.map(({ layersPushed }) => layersPushed)),
        toFixed(median(some.map(({ seconds }) => seconds)), 1),
      ];
    }),
  );
  const header = ['Commit equals', '', 'Nothing re-run', 'Steps re-run', 'MB pulled', 'MB pushed', 'Median, s'];
  return toTable([header, ...rows]);
}

const NAMES: Readonly<Record<VariantName, string>> = { bundle: 'Action', recipe: 'Recipe' };

function toShortName(variant: VariantName): string {
  return NAMES[variant].toLowerCase();
}

function pairRatios(bundle: readonly Try[], recipe: readonly Try[]): readonly number[] {
  return bundle.flatMap(({ round, seconds }) => {
    const other = recipe.find((one) => one.round === round);
    return other === undefined ? [] : [seconds / other.seconds];
  });
}

/** NaN of nothing. */
/** NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return sorted.length === 0 ? NaN : (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

function toFixed(value: number, digits: number): string {
  return Number.isNaN(value) ? 'failed' : value.toFixed(digits);
}

/** Megabytes of layers; less than half a megabyte that is not nothing shows as `<1`. */
function toMegabytes(bytes: readonly number[]): string {
  const middle = median(bytes);
  if (Number.isNaN(middle)) return 'failed';
  return middle > 0 && middle < 500_000 ? '<1' : String(Math.round(middle / 1e6));
}

function toCount(counts: readonly number[]): string {
  if (counts.length === 0) return 'failed';
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? String(least) : `${median(counts)} (${least}–${most})`;
}

/** As wide as Prettier wants it, so that it can stand in a document as it is. */
function toTable(rows: readonly (readonly string[])[]): string {
  const [header = [], ...body] = rows;
  const widths = header.map((_, column) => Math.max(3, ...rows.map((cells) => cells[column]!.length)));
  const lines = [
    header.map((cell, column) => cell.padEnd(widths[column]!)),
    widths.map((width) => '-'.repeat(width)),
    ...body.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column]!))),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
