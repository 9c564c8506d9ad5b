// Where the time of a build went, as figures and as a Mermaid Gantt chart: https://mermaid.js.org/syntax/gantt.html
import type { Work, WorkKind } from '../adapters/progress/build-progress.js';
import { formatSeconds } from '../shared/text.js';

export interface TimedPass {
  /** `builder` */
  readonly name: string;
  readonly work: readonly Work[];
}

export type Seconds = Readonly<Record<WorkKind, number>>;

/** More bars than people read. */
const MOST_BARS = 12;
/** A chart of a shorter build shows nothing that the table does not. */
const SHORTEST_CHART_MS = 1000;
/** Shorter ones would be labelled 0.0 s. */
const SHORTEST_BAR_MS = 50;
/** Below this Mermaid would write the same second at several lines of the axis. */
const SHORT_CHART_MS = 10_000;
const KINDS: readonly WorkKind[] = ['run', 'pull', 'export', 'push'];

/** Seconds in which there was work of each kind; kinds overlap, so their sum may be more than the whole. */
export function sumWork(work: readonly Work[]): Seconds {
  const sum = (kind: WorkKind): number => toSeconds(work.filter((one) => one.kind === kind));
  return Object.fromEntries(KINDS.map((kind) => [kind, sum(kind)])) as Record<WorkKind, number>;
}

/** Seconds in which at least one of these was going on. */
export function toSeconds(work: readonly Work[]): number {
  let [total, until] = [0, Number.NEGATIVE_INFINITY];
  for (const { start, end } of work.toSorted((one, other) => one.start - other.start)) {
    total += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return total / 1000;
}

/** @returns the lines of a chart with the longest stretches of work; none when there is nothing to see */
export function toGantt(passes: readonly TimedPass[]): string[] {
  const bars = passes
    .flatMap(({ name, work }) => toBars(work).map((bar) => ({ ...bar, pass: name })))
    .filter((bar) => bar.end - bar.start >= SHORTEST_BAR_MS);
  const start = Math.min(...bars.map((bar) => bar.start));
  const end = Math.max(...bars.map((bar) => bar.end));
  if (bars.length === 0 || end - start < SHORTEST_CHART_MS) return [];
  const longest = new Set(
    bars.toSorted((one, other) => other.end - other.start - (one.end - one.start)).slice(0, MOST_BARS),
  );
  const lines = ['gantt', '    dateFormat YYYY-MM-DD HH:mm:ss.SSS', '    axisFormat %M:%S'];
  if (end - start < SHORT_CHART_MS) lines.push('    tickInterval 1second');
  for (const { name } of passes) {
    const own = bars
      .filter((bar) => bar.pass === name && longest.has(bar))
      .sort((one, other) => one.start - other.start);
    if (own.length === 0) continue;
    lines.push(`    section ${toText(name)}`);
    for (const bar of own) {
      const took = formatSeconds((bar.end - bar.start) / 1000);
      lines.push(
        `    ${toText(bar.label)} ${took} :${getState(bar)}${toTime(bar.start - start)}, ${toTime(bar.end - start)}`,
      );
    }
  }
  return lines;
}

/** Mermaid colours bars by their state. */
function getState({ kind, failed }: Bar): string {
  if (failed) return 'crit, ';
  return kind === 'run' ? 'active, ' : kind === 'pull' ? 'done, ' : '';
}

interface Bar {
  readonly label: string;
  readonly kind: WorkKind;
  readonly failed: boolean;
  readonly start: number;
  readonly end: number;
}

/** One bar for all layers that a step pulled, one for all of an export or push. */
function toBars(work: readonly Work[]): Bar[] {
  const bars = new Map<string, Bar>();
  for (const { name, kind, failed = false, start, end } of work) {
    const isBase = /^\[[^\]]*\] FROM /.test(name);
    const label = { run: name, pull: isBase ? name : `cached ${name}`, export: 'export', push: 'push' }[kind];
    const before = bars.get(label);
    bars.set(label, {
      label,
      kind,
      failed: failed || before?.failed === true,
      start: Math.min(start, before?.start ?? start),
      end: Math.max(end, before?.end ?? end),
    });
  }
  return [...bars.values()];
}

const LONGEST_NAME = 1000;

/** Whatever could be syntax of Mermaid, or markup, is left out. */
function toText(text: string): string {
  // The command of a step may be a script; a chart has room for its beginning.
  const plain = text
    .slice(0, LONGEST_NAME)
    // A platform stays: it tells the bars of one step apart.
    .replace(/^(cached )?\[((?:linux|windows)\/\S+ )?[^\]]*?(\d+\/\d+)\]/, '$1$2$3')
    // BuildKit writes `linux/amd64->linux/arm64` for a step that compiles for another platform.
    .replace(/^((?:cached )?\S+)->(?=\S+ \d+\/\d+)/, '$1 to ')
    .replace(/[^\p{L}\p{N} ./_=-]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return plain.length > 48 ? `${plain.slice(0, 45)}...` : plain;
}

/** A local time, because Mermaid shows local times: the chart begins at midnight of a day without clock change. */
function toTime(milliseconds: number): string {
  return new Date(Date.UTC(2000, 0, 1) + milliseconds).toISOString().replace('T', ' ').replace('Z', '');
}
