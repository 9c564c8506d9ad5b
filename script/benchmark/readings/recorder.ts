// A folder for PATH whose `docker` and `git` note when they ran, so that a variant's own time can be told from theirs.
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '../../../lab/command.js';
import type { Tools } from '../../../lab/tools.js';

/** When a program ran, in seconds of the clock. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

export interface Recorder {
  /** Goes first on PATH. */
  readonly folder: string;
  /** What ran since the last call. */
  readonly take: () => Promise<readonly Interval[]>;
}

export async function openRecorder(folder: string, tools: Tools): Promise<Recorder> {
  await mkdir(join(folder, 'real'), { recursive: true });
  const git = (await runOrThrow('sh', ['-c', 'command -v git'])).trim();
  for (const [name, path] of [
    ['docker', tools.docker],
    ['git', git],
  ] as const) {
    await symlink(path, join(folder, 'real', name));
    await symlink(join(import.meta.dirname, 'record-program'), join(folder, name));
  }
  const log = join(folder, 'log');
  await writeFile(log, '');
  return {
    folder,
    take: async () => {
      const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
      await writeFile(log, '');
      return lines.map((line) => {
        const [start, end] = line.split(' ').map(Number);
        return { start: start!, end: end! };
      });
    },
  };
}

/** Seconds in which at least one of the programs ran: those that ran at the same time count once. */
export function sumIntervals(intervals: readonly Interval[]): number {
  let seconds = 0;
  let until = 0;
  for (const { start, end } of intervals.toSorted((one, other) => one.start - other.start)) {
    seconds += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return seconds;
}
