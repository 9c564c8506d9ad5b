// What a build did and when, as its progress tells it; and what the progress does not tell, so that a pass has no moment
// without a name. Pure.
import {
  type Work,
  type WorkKind,
  isCancelled,
  isDockerfileStep,
  isJoining,
  isPulledLayer,
  parseStage,
} from './build-progress.js';
import { listGaps, mergeStretches } from './stretches.js';

/** A vertex of the progress, with the times of everything that it was told to do. */
export interface TimedVertex {
  readonly name: string;
  readonly cached: boolean;
  readonly error: string | null;
  /** Start -> end, in milliseconds since 1970. BuildKit ends and restarts a vertex that it looks up first and pulls later. */
  readonly runs: ReadonlyMap<number, number | null>;
  readonly parts: ReadonlyMap<string, { readonly started: number; readonly completed: number | null }>;
}

/** The work of a vertex: that of its parts, and its own as far as no layer of it was unpacked at that time. */
export function listWork({ name, cached, error, runs, parts }: TimedVertex): Work[] {
  const stage = parseStage(name);
  const ofParts = [...parts].flatMap(([part, { started: start, completed: end }]): Work[] => {
    const kind = getPartKind(part);
    const own = kind === 'pull' || kind === 'unpack' ? name : part;
    return kind === null || end === null || end < start ? [] : [{ name: own, stage, kind, start, end }];
  });
  if (error !== null && isCancelled(error)) return ofParts;
  const kind = getKind(name, cached);
  const failed = kind === 'run' && error !== null ? ({ failed: true } as const) : {};
  const own = [...runs].flatMap(([start, end]) => (end === null || end < start ? [] : [{ start, end }]));
  const unpacked = mergeStretches(ofParts.filter((part) => part.kind === 'unpack'));
  const free = kind === 'pull' ? own.flatMap((run) => listGaps(unpacked, run)) : own;
  return [...free.map((stretch) => ({ name, stage, kind, ...failed, ...stretch })), ...ofParts];
}

function getKind(name: string, cached: boolean): WorkKind {
  if (isJoining(name)) return 'push';
  if (isDockerfileStep(name)) return cached ? 'pull' : 'run';
  if (/^\[[^\]]*\] FROM /.test(name)) return 'pull';
  return /^(?:exporting|preparing|writing|sending|copying)\b/.test(name) ? 'export' : 'prepare';
}

function getPartKind(part: string): WorkKind | null {
  if (isPulledLayer(part)) return part.startsWith('extracting ') ? 'unpack' : 'pull';
  if (part.startsWith('pushing ')) return 'push';
  return /^(?:exporting|writing|unpacking|naming|preparing|sending tarball)\b/.test(part) ? 'export' : null;
}

/** The process of a pass. */
export interface PassTime {
  /** Milliseconds from its start until it told of something. */
  readonly silent: number;
  /** Milliseconds from its start to its end. */
  readonly total: number;
}

/**
 * Adds what the progress does not tell of: the start and end of the process, and the time between two pieces of work. The
 * clocks of engine and process may differ, so only lengths are taken from the process.
 * @returns work that covers the pass from its first moment to its last; none when nothing is known of it
 */
export function coverPass(work: readonly Work[], { silent, total }: PassTime): Work[] {
  const told = mergeStretches(work);
  const [first, last] = [told[0]?.start, told.at(-1)?.end];
  if (first === undefined || last === undefined) return [];
  const untold = Math.max(0, total - (last - first));
  const start = first - Math.min(Math.max(0, silent), untold);
  const sorted = work.toSorted((one, other) => one.start - other.start);
  let index = 0;
  const added = listGaps(told, { start, end: Math.max(last, start + total) }).map((gap): Work => {
    while (index < sorted.length && (sorted[index]?.start ?? 0) < gap.end) index += 1;
    return { ...gap, ...(index === 0 ? STARTING : nameGap(sorted[index])) };
  });
  return [...work, ...added];
}

const STARTING = { name: 'starting', stage: '', kind: 'prepare' } as const;

/** Names a gap by what comes after it. */
function nameGap(next: Work | undefined): Pick<Work, 'name' | 'stage' | 'kind'> {
  if (next === undefined) return { name: 'ending', stage: '', kind: 'wait' };
  const { name, stage } = next;
  // Before a step that takes files from another stage BuildKit hashes them, to look the step up by their content, and says
  // nothing of that (`ComputeDigestFunc` in solver/llbsolver/ops/file.go and exec.go).
  return { name, stage, kind: isDockerfileStep(name) && TAKES_FILES.test(name) ? 'hash' : 'wait' };
}

/** `[production 3/4] COPY --from=builder …`, `RUN --mount=type=bind,from=builder …` */
const TAKES_FILES = /^\[[^\]]*\] (?:LINK )?[A-Z]+(?: +--\S+)* +--(?:from|mount=\S*\bfrom)=/;
