// The only place that starts processes: argv arrays, no shell, and a signal that reaches the whole family. Why not with
// @actions/exec: CONTRIBUTING.md, "Dependencies".
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { LastLines, LineBuffer, shortenLine } from '../../shared/long-line.js';
import type { Env } from '../../shared/types.js';
import { signalFamily } from './family.js';
import { KILL_AFTER_MS, type Leftovers, endLeftovers } from './leftovers.js';

/** How long a command may take, and advice for the error when it takes longer. */
export interface TimeLimit {
  readonly milliseconds: number;
  /** A sentence. */
  readonly advice: string;
}

export interface ProcessOptions {
  readonly env: Env;
  /** Written to standard input, which is then closed; nothing else ever carries a password. */
  readonly input?: string;
  readonly cwd?: string;
  /** Each line of standard output and standard error as it comes, without its line break. */
  readonly onLine?: (line: string) => void;
  /** The output goes to the terminal as it is, and is not read. */
  readonly onTerminal?: boolean;
  /** Also looks for processes left running in other process groups; takes a few milliseconds after the command's end. */
  readonly sweep?: true;
  /**
   * Ends the process and its children: SIGTERM, and SIGKILL after `KILL_AFTER_MS`. Null for commands that clean up after a
   * cancelled run: only their limit ends them.
   */
  readonly signal: AbortSignal | null;
  /** `none` only for builds and pushes, which are watched for silence, and for the script of the input verify. */
  readonly limit: TimeLimit | 'none';
}

export interface ProcessResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Processes that the command left running, and that were ended; null when there were none. */
  readonly leftovers: Leftovers | null;
}

export type RunProcess = (command: string, args: readonly string[], options: ProcessOptions) => Promise<ProcessResult>;

/** The program is not on PATH, or not executable. */
export class CommandNotFoundError extends Error {
  override readonly name = 'CommandNotFoundError';
}

export class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

/** The command did not end within its limit, and was stopped. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError';
}

/** Characters that are kept of each stream, and of one line; a build may print far more. */
const KEPT_CHARACTERS = 4_000_000;
/** Milliseconds to wait after SIGKILL, which a process in a hanging system call does not react to. */
const GIVE_UP_AFTER_MS = 1000;

/**
 * Runs a command to its end and returns its exit code. Processes that the command leaves running are ended.
 * @throws CommandNotFoundError when there is no such program
 * @throws CancelledError when `signal` fires, after the process has ended
 * @throws TimeLimitError when it takes longer than `limit`, after it has ended
 */
export const runProcess: RunProcess = async (command, args, options) => {
  const { signal, limit } = options;
  if (signal?.aborted === true) throw new CancelledError(`${command} was not started: the run is cancelled.`);
  const output = options.onTerminal === true ? 'inherit' : 'pipe';
  const child = spawn(command, args, {
    env: options.env,
    cwd: options.cwd,
    stdio: ['pipe', output, output],
    // A session of its own: Buildx is a child of the docker client, and a signal must reach both. A terminal's Ctrl-C
    // does not come here by itself: this process gets it, and `signal` passes it on.
    detached: true,
  });
  const stop = createStop(child);
  const cancel = (): void => stop.now('cancel');
  signal?.addEventListener('abort', cancel, { once: true });
  const timer = limit === 'none' ? undefined : setTimeout(() => stop.now('limit'), limit.milliseconds);
  child.once('exit', () => clearTimeout(timer));
  // No error when a process ends without reading its input: its exit code decides.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  try {
    const { code, stdout, stderr, leftovers } = await watch(child, options, stop);
    if (stop.reason === 'limit' && limit !== 'none') throw new TimeLimitError(describeLimit(command, args, limit));
    if (stop.reason !== null) throw new CancelledError(`${command} was stopped: the run is cancelled.`);
    return { code, stdout, stderr, leftovers };
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES')) {
      throw new CommandNotFoundError(`${command} cannot be started.`, { cause: error });
    }
    throw error;
  } finally {
    clearTimeout(timer);
    stop.clear();
    signal?.removeEventListener('abort', cancel);
  }
};

/** The arguments hold no secrets: no command line does. */
function describeLimit(command: string, args: readonly string[], { milliseconds, advice }: TimeLimit): string {
  const line = shortenLine([command, ...args].join(' '), 500);
  return `"${line}" gave no answer within ${milliseconds / 1000} s, and was stopped. ${advice}`;
}

interface Stop {
  /** Ends the process and its family. */
  now(reason: 'cancel' | 'limit'): void;
  readonly reason: 'cancel' | 'limit' | null;
  /** In milliseconds of `performance`. */
  readonly at: number | null;
  /** Fulfilled when not even SIGKILL has ended it. */
  readonly inVain: Promise<void>;
  clear(): void;
}

function createStop({ pid }: ChildProcess): Stop {
  const timers: NodeJS.Timeout[] = [];
  let reason: Stop['reason'] = null;
  let at: number | null = null;
  let giveUp = (): void => undefined;
  const inVain = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  return {
    now: (why) => {
      if (reason !== null || pid === undefined) return;
      reason = why;
      at = performance.now();
      signalFamily(pid, 'SIGTERM');
      timers.push(
        setTimeout(() => signalFamily(pid, 'SIGKILL'), KILL_AFTER_MS),
        setTimeout(giveUp, KILL_AFTER_MS + GIVE_UP_AFTER_MS),
      );
    },
    get reason() {
      return reason;
    },
    get at() {
      return at;
    },
    inVain,
    clear: () => timers.forEach(clearTimeout),
  };
}

/** Waits until the process has ended and its output is read. @throws the error of a process that could not be started */
async function watch(child: ChildProcess, options: ProcessOptions, stop: Stop): Promise<ProcessResult> {
  const streams = [child.stdout, child.stderr].map((stream) => collect(stream, options.onLine));
  let isClosed = false;
  const closed = once(child, 'close').then(() => {
    isClosed = true;
  });
  // The error is thrown where the exit is awaited.
  closed.catch(() => undefined);
  const exited: Promise<readonly unknown[]> = once(child, 'exit');
  const [code] = await Promise.race([exited, stop.inVain.then(() => [null])]);
  const { pid } = child;
  if (pid === undefined) throw new Error('A process that was not started has ended.');
  const leftovers = await endLeftovers({
    pid,
    everywhere: options.sweep === true,
    closed,
    isClosed: () => isClosed,
    get stoppedAt() {
      return stop.at;
    },
  });
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
  const [stdout = '', stderr = ''] = streams.map((read) => read());
  // A child that was killed by a signal has no code.
  return { code: typeof code === 'number' ? code : 128, stdout, stderr, leftovers };
}

/** @returns a function that gives the last lines so far; it throws what `onLine` has thrown */
function collect(stream: Readable | null, onLine: ((line: string) => void) | undefined): () => string {
  const buffer = new LineBuffer(KEPT_CHARACTERS);
  const kept = new LastLines(KEPT_CHARACTERS);
  let fault: { readonly error: unknown } | null = null;
  const take = (lines: readonly string[]): void => {
    for (const line of lines) {
      kept.push(line);
      try {
        onLine?.(line);
      } catch (error) {
        fault ??= { error };
      }
    }
  };
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => take(buffer.push(text)));
  return () => {
    take(buffer.flush());
    if (fault !== null) throw fault.error;
    return kept.text;
  };
}
