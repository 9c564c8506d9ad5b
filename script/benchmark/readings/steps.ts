// Counts steps of a Dockerfile in a log: BuildKit's plain progress, or the action's own. Pure.

export interface StepCount {
  /** Steps that were looked at, of all builds in the log together. */
  readonly steps: number;
  readonly cached: number;
  /** Names of the steps that ran. */
  readonly rerun: readonly string[];
}

interface Step {
  readonly name: string;
  done: boolean;
  cached: boolean;
  ran: boolean;
}

const FIRST_LINE = '#0 building with ';
const LINE = /^#(\d+) (.*)$/;
const STEP = /^\[(?:[^\]]*\s)?\d+\/\d+\] (?!FROM\b)/;
/** What a RUN instruction printed, after the time since its start. */
const PRINTED = /^\d+\.\d+ /;
/**
 * Layers are pulled under the name of the step whose result they are, so that step came from cache. With the overlay2
 * store such lines start with "pulling".
 */
const PULLED_LAYER = /^(?:pulling )?sha256:[0-9a-f]{64} /;

/** Counts over all builds in a log; other lines may stand between. */
export function countSteps(log: string): StepCount {
  return log.includes(FIRST_LINE) ? countPlain(log) : countOwn(log);
}

/** In the action's log a step has one line when it was cached, and one more when it has run. */
function countOwn(log: string): StepCount {
  const names = new Map<string, string>();
  const rerun: string[] = [];
  let cached = 0;
  for (const line of log.split('\n')) {
    const [, label, text] = /^(\[[^\]]*\d+\/\d+\]) (.*)$/.exec(line) ?? [];
    if (label === undefined || text === undefined || text.startsWith('| ')) continue;
    if (/ \(cached(?:, read .*)?\)$/.test(text)) cached += 1;
    else if (/^done in [\d.]+ s$/.test(text)) rerun.push(names.get(label) ?? label);
    else names.set(label, line);
  }
  return { steps: cached + rerun.length, cached, rerun };
}

function countPlain(log: string): StepCount {
  const builds: Map<string, Step>[] = [];
  for (const line of log.split('\n')) {
    if (line.startsWith(FIRST_LINE)) builds.push(new Map());
    const [, number, text] = LINE.exec(line) ?? [];
    const build = builds.at(-1);
    if (number === undefined || text === undefined || build === undefined) continue;
    const step = build.get(number);
    if (step !== undefined) note(step, text);
    else if (STEP.test(text)) build.set(number, { name: text, done: false, cached: false, ran: false });
  }
  const steps = builds.flatMap((build) => [...build.values()]).filter(({ done, cached, ran }) => done || cached || ran);
  // Two builds at once share a step that runs, and both name it: it ran once.
  const rerun = [...new Set(steps.filter(({ cached, ran }) => ran || !cached).map(({ name }) => name))];
  return { steps: steps.length, cached: steps.length - rerun.length, rerun };
}

function note(step: Step, text: string): void {
  if (text === 'CACHED' || PULLED_LAYER.test(text)) step.cached = true;
  else if (PRINTED.test(text)) step.ran = true;
  else if (text.startsWith('DONE ')) step.done = true;
}
