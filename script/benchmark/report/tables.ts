// Figures -> Markdown tables. Pure.
import type { ImageStore } from '../../../lab/engine/engine.js';
import type { Try } from '../place.js';
import { KINDS } from '../scenarios.js';
import { titleOf } from '../variants/catalog.js';
import { type MeasuredRun, type VariantFigures, median, toFigures } from './figures.js';

export function toTitle(store: ImageStore): string {
  return `### ${store} store`;
}

/** A row for each variant of each scenario. */
export function toComparisonTable(run: MeasuredRun): string {
  const header = [
    ...['Scenario', 'Variant', 'Time, action : it', 'Time, s', 'Unique tag served after, s'],
    ...['MB pulled', 'MB pushed', 'Steps re-run'],
  ];
  const rows = toFigures(run).flatMap(({ title, variants }) =>
    variants.map((figures, index) => [index === 0 ? title : '', ...toCells(figures)]),
  );
  return toTable([header, ...rows]);
}

function toCells(figures: VariantFigures): readonly string[] {
  const { variant, tries, failed, ratio } = figures;
  const isAction = variant === 'bundle';
  return [
    isAction ? `**${titleOf(variant)}**` : titleOf(variant),
    isAction ? '' : toFixed(ratio, 2),
    `${toRange(tries.map(({ seconds }) => seconds))}${failed === 0 ? '' : `, ${failed} failed`}`,
    toRange(tries.flatMap(({ tagSeconds }) => tagSeconds ?? [])),
    toMegabytes(tries.map(({ pulled }) => pulled)),
    toMegabytes(tries.map(({ pushed }) => pushed)),
    toCount(tries.map(({ rerun }) => rerun)),
  ];
}

/** Seconds of the action in which no child process ran. */
export function toOwnTime(run: MeasuredRun): string {
  const own = run.tries.filter(({ variant, code }) => variant === 'bundle' && code === 0);
  return `The action's own time, in which none of its child processes ran: ${toRange(own.map(({ ownSeconds }) => ownSeconds))} s.`;
}

/** A row per kind: how many tries found every step in the cache. */
export function toDeterminismTable(tries: readonly Try[]): string {
  const rows = Object.entries(KINDS).flatMap(([name, equal]) =>
    [...new Set(tries.map(({ variant }) => variant))].map((variant) => {
      const some = tries.filter((one) => one.name === name && one.variant === variant);
      const good = some.filter(({ code, steps, rerun }) => code === 0 && steps > 0 && rerun.length === 0);
      return [
        equal,
        titleOf(variant),
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

export function toFixed(value: number, digits: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(digits);
}

/** The median, and from where to where where there are several. */
function toRange(seconds: readonly number[]): string {
  const middle = toFixed(median(seconds), 1);
  const [least, most] = [Math.min(...seconds).toFixed(1), Math.max(...seconds).toFixed(1)];
  return seconds.length < 2 || least === most ? middle : `${middle} (${least}–${most})`;
}

/** Megabytes of layers; less than half a megabyte that is not nothing shows as `<1`. */
function toMegabytes(bytes: readonly number[]): string {
  const middle = median(bytes);
  if (Number.isNaN(middle)) return '–';
  return middle > 0 && middle < 500_000 ? '<1' : String(Math.round(middle / 1e6));
}

function toCount(counts: readonly number[]): string {
  if (counts.length === 0) return '–';
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? String(least) : `${median(counts)} (${least}–${most})`;
}

/** As wide as Prettier wants it, so that it can stand in a document as it is. */
export function toTable(rows: readonly (readonly string[])[]): string {
  const [header = [], ...body] = rows;
  const widths = header.map((_, column) => Math.max(3, ...rows.map((cells) => cells[column]!.length)));
  const lines = [
    header.map((cell, column) => cell.padEnd(widths[column]!)),
    widths.map((width) => '-'.repeat(width)),
    ...body.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column]!))),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
