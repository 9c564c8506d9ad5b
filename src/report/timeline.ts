// Where the time of a build went, as figures and as a Mermaid Gantt chart: https://mermaid.js.org/syntax/gantt.html
import { WORK_KINDS, type Work, type WorkKind } from '../adapters/progress/build-progress.js';
import { type Stretch, listGaps, mergeStretches, toSeconds } from '../adapters/progress/stretches.js';
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

/** Seconds in which there was work of each kind; kinds overlap, so their sum may be more than the whole. */
export function sumWork(work: readonly Work[]): Seconds {
  return toRecord((kind) => toSeconds(work.filter((one) => one.kind === kind)));
}

/** Seconds of each kind, of what went on at once only the first: their sum is the time in which anything went on. */
export function shareTime(work: readonly Work[]): Seconds {
  let before = 0;
  return toRecord((kind) => {
    const first = WORK_KINDS.slice(0, WORK_KINDS.indexOf(kind) + 1);
    const until = toSeconds(work.filter((one) => first.includes(one.kind)));
    const own = until - before;
    before = until;
    return own;
  });
}

function toRecord(getSeconds: (kind: WorkKind) => number): Seconds {
  return Object.fromEntries(WORK_KINDS.map((kind) => [kind, getSeconds(kind)])) as Record<WorkKind, number>;
}

/**
 * A chart of everything that took at least as long as a label can say: the longest stretches of work, and what fills the
 * time between them.
 * @returns its lines; none when there is nothing to see
 */
export function toGantt(passes: readonly TimedPass[]): string[] {
  const all = passes.flatMap(({ name, work }) => toBars(work, name));
  const long = all.filter((bar) => getLength(bar) >= SHORTEST_BAR_MS);
  const [start, end] = [Math.min(...long.map((bar) => bar.start)), Math.max(...long.map((bar) => bar.end))];
  if (long.length === 0 || end - start < SHORTEST_CHART_MS) return [];
  const longest = long.toSorted((one, other) => getLength(other) - getLength(one)).slice(0, MOST_BARS);
  const bars = [...longest, ...fillGaps(longest, all, { start, end })];
  const lines = ['gantt', '    dateFormat YYYY-MM-DD HH:mm:ss.SSS', '    axisFormat %M:%S'];
  if (end - start < SHORT_CHART_MS) lines.push('    tickInterval 1second');
  for (const { name } of passes) {
    const own = bars.filter((bar) => bar.pass === name).sort((one, other) => one.start - other.start);
    if (own.length === 0) continue;
    lines.push(`    section ${toText(name)}`);
    for (const bar of own) {
      const took = formatSeconds(getLength(bar) / 1000);
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
  return kind === 'run' ? 'active, ' : kind === 'export' || kind === 'push' ? '' : 'done, ';
}

interface Bar extends Stretch {
  readonly label: string;
  readonly kind: WorkKind;
  readonly failed: boolean;
  readonly pass: string;
}

function getLength({ start, end }: Stretch): number {
  return end - start;
}

/** One bar for all layers that a step pulled in one go, one for all of an export or push. */
function toBars(work: readonly Work[], pass: string): Bar[] {
  const bars = new Map<string, Bar>();
  const ended: Bar[] = [];
  for (const { name, kind, failed = false, start, end } of work.toSorted((one, other) => one.start - other.start)) {
    const label = toLabel(name, kind);
    const before = bars.get(label);
    const joins = before !== undefined && start - before.end < SHORTEST_BAR_MS;
    if (before !== undefined && !joins) ended.push(before);
    bars.set(label, {
      ...{ label, kind, pass },
      failed: failed || (joins && before.failed),
      start: joins ? before.start : start,
      end: Math.max(end, joins ? before.end : end),
    });
  }
  return [...ended, ...bars.values()];
}

function toLabel(name: string, kind: WorkKind): string {
  switch (kind) {
    case 'run':
      return name;
    case 'pull':
      return /^\[[^\]]*\] FROM /.test(name) ? name : `cached ${name}`;
    case 'unpack':
      return `unpack ${name}`;
    case 'hash':
      return `hash for ${name}`;
    case 'prepare':
      return 'prepare';
    case 'wait':
      return 'wait';
    case 'export':
    case 'push':
      return kind;
  }
}

/** Bars for the time that none of these covers: what is too short or not among the longest, or what comes between passes. */
function fillGaps(shown: readonly Bar[], all: readonly Bar[], whole: Stretch): Bar[] {
  const gaps = listGaps(mergeStretches(shown), whole).filter((gap) => getLength(gap) >= SHORTEST_BAR_MS);
  return gaps.map((gap) => {
    const inside = all.filter(({ start, end }) => start < gap.end && end > gap.start);
    const [longest] = inside.toSorted((one, other) => getLength(other) - getLength(one));
    if (longest !== undefined && inside.length === 1) return { ...longest, ...gap };
    const label = longest === undefined ? 'between passes' : `${inside.length} short parts`;
    const before = shown.filter(({ end }) => end <= gap.start).toSorted((one, other) => other.end - one.end);
    const { pass = '' } = longest ?? before[0] ?? {};
    return { label, kind: 'wait', failed: false, pass, ...gap };
  });
}

const LONGEST_NAME = 1000;

/** Whatever could be syntax of Mermaid, or markup, is left out. */
function toText(text: string): string {
  // The command of a step may be a script; a chart has room for its beginning.
  const plain = text
    .slice(0, LONGEST_NAME)
    // A platform stays: it tells the bars of one step apart.
    .replace(/^(cached |unpack |hash for )?\[((?:linux|windows)\/\S+ )?[^\]]*?(\d+\/\d+)\]/, '$1$2$3')
    // BuildKit writes `linux/amd64->linux/arm64` for a step that compiles for another platform.
    .replace(/^((?:cached |unpack |hash for )?\S+)->(?=\S+ \d+\/\d+)/, '$1 to ')
    .replace(/[^\p{L}\p{N} ./_=-]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return plain.length > 48 ? `${plain.slice(0, 45)}...` : plain;
}

/** A local time, because Mermaid shows local times: the chart begins at midnight of a day without clock change. */
function toTime(milliseconds: number): string {
  return new Date(Date.UTC(2000, 0, 1) + milliseconds).toISOString().replace('T', ' ').replace('Z', '');
}
