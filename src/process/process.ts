// The only place that starts processes: argv arrays, no shell, and a signal that reaches the whole family.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface ProcessOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Written to standard input, which is then closed; nothing else ever carries a password. */
  readonly input?: string;
  readonly cwd?: string;
  /** Each line of standard output and standard error as it comes, without its line break. */
  readonly onLine?: (line: string) => void;
  /** Its output goes to the terminal as it is, and nothing of it is read. */
  readonly onTerminal?: boolean;
  /** Ends the process and its children: SIGTERM, and SIGKILL after `KILL_AFTER_MS`. */
  readonly signal?: AbortSignal;
}

export interface ProcessResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type RunProcess = (command: string, args: readonly string[], options: ProcessOptions) => Promise<ProcessResult>;

/** The program is not there: not on PATH, or not executable. */
export class CommandNotFoundError extends Error {
  override readonly name = 'CommandNotFoundError';
}

export class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

const KILL_AFTER_MS = 4000;
/** What is kept of each stream for messages and parsers; a build may print far more. */
const KEPT_CHARACTERS = 4_000_000;

/**
 * Runs a command to its end; the exit code is data.
 * @throws CommandNotFoundError when there is no such program
 * @throws CancelledError when `signal` fires, after the process has ended
 */
export const runProcess: RunProcess = async (command, args, options) => {
  if (isAborted(options.signal)) throw new CancelledError(`${command} was not started: the run is cancelled.`);
  const output = options.onTerminal === true ? 'inherit' : 'pipe';
  const child = spawn(command, args, {
    env: options.env,
    cwd: options.cwd,
    stdio: ['pipe', output, output],
    // A process group of its own: Buildx is a child of the docker client, and a signal must reach both.
    detached: true,
  });
  const killGroup = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  };
  let killTimer: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    killGroup('SIGTERM');
    killTimer = setTimeout(() => killGroup('SIGKILL'), KILL_AFTER_MS);
  };
  options.signal?.addEventListener('abort', cancel, { once: true });
  // A process that ends without reading its input is judged by its exit code.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  try {
    const closed: Promise<readonly unknown[]> = once(child, 'close');
    const [stdout, stderr, [code]] = await Promise.all([
      collect(child.stdout, options.onLine),
      collect(child.stderr, options.onLine),
      closed,
    ]);
    if (isAborted(options.signal)) throw new CancelledError(`${command} was stopped: the run is cancelled.`);
    // A child that was killed by a signal has no code.
    return { code: typeof code === 'number' ? code : 128, stdout, stderr };
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES')) {
      throw new CommandNotFoundError(`${command} cannot be started.`, { cause: error });
    }
    throw error;
  } finally {
    clearTimeout(killTimer);
    options.signal?.removeEventListener('abort', cancel);
  }
};

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

async function collect(stream: Readable | null, onLine: ((line: string) => void) | undefined): Promise<string> {
  if (stream === null) return '';
  const kept: string[] = [];
  let length = 0;
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    onLine?.(line);
    kept.push(line);
    length += line.length + 1;
    while (length > KEPT_CHARACTERS && kept.length > 1) length -= (kept.shift()?.length ?? 0) + 1;
  }
  return kept.join('\n');
}
