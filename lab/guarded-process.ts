// Starts a background program that cannot outlive this process: see the script `guard`. It is stopped by closing a
// pipe, so neither a crash nor a signal handler that somebody forgot leaves it running.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program under guard. */
export interface GuardedProcess {
  /** What the program has printed. */
  readonly log: () => string;
  /** Waits until `isReady`, and throws with the end of the log if the program ends or is not ready in time. */
  readonly ready: (isReady: () => Promise<boolean>) => Promise<void>;
  /** Stops the program and removes its directory. */
  readonly stop: () => Promise<void>;
}

/** What to start. */
export interface GuardedProgram {
  readonly name: string;
  /** The whole command line, a guard included. */
  readonly command: readonly [string, ...string[]];
  /** Belongs to the program; the guard removes it at the end. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

const READY_WITHIN_MS = 60_000;

/** Starts a program under its guard. */
export function startGuarded(program: GuardedProgram): GuardedProcess {
  const logFile = join(program.directory, 'log');
  const logDescriptor = openSync(logFile, 'a');
  const [command, ...args] = program.command;
  const child = spawn(command, args, {
    // Its own process group: a Ctrl-C in the terminal must not take the guard away from its work.
    detached: true,
    stdio: ['pipe', logDescriptor, logDescriptor],
    env: { ...program.env },
  });
  closeSync(logDescriptor);
  const ended = once(child, 'exit').catch(() => undefined);
  const { stdin } = child;
  if (stdin === null) throw new Error(`no pipe to ${program.name}`);
  stdin.on('error', () => undefined);
  // A caller that never calls stop() shall not hang: the guard sees the end of this process.
  child.unref();
  if (stdin instanceof Socket) stdin.unref();

  const log = () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');
  const hasEnded = () => child.exitCode !== null || existsSync(join(program.directory, 'exit-code'));
  const stop = async () => {
    child.ref();
    stdin.end();
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) await ended;
    rmSync(program.directory, { recursive: true, force: true });
  };
  const ready = async (isReady: () => Promise<boolean>) => {
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await isReady())) {
      if (hasEnded() || child.pid === undefined || Date.now() > deadline) {
        const tail = log().slice(-3000);
        await stop();
        throw new Error(`${program.name} did not start:\n${tail}`);
      }
      await sleep(50);
    }
  };
  return { log, ready, stop };
}
