// Finds and ends processes that a command left running.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Member, listFamily, signalFamily } from './family.js';

export interface Leftovers {
  /** Names of the processes; empty when the system does not tell them, or they cannot be seen. */
  readonly names: readonly string[];
  /** False when one still runs: another user's, or one in another session that has the command's output open. */
  readonly ended: boolean;
}

/** From SIGTERM to SIGKILL. GitHub kills a cancelled step 7.5 s after its signal. */
export const KILL_AFTER_MS = 4000;
/** Time for these processes to end by themselves, such as a `tee` that writes its last lines. */
const GRACE_MS = 1000;
/** Time for killed processes to end, and for their output to be read. */
const DRAIN_MS = 500;
const LOOK_EVERY_MS = 50;

export interface EndedCommand {
  readonly pid: number;
  /** Whether the output was read to its end. */
  readonly isClosed: () => boolean;
  /** Fulfilled when the output was read to its end. */
  readonly closed: Promise<unknown>;
  /** Looks in other process groups too. */
  readonly everywhere: boolean;
  /** When the command and its children were sent SIGTERM, in milliseconds of `performance`; null when they were not. */
  readonly stoppedAt: number | null;
}

/**
 * Ends the processes that a command has left running: at once when the command was stopped, else after a moment in which
 * they may end by themselves. Takes at most `GRACE_MS`, `KILL_AFTER_MS` and twice `DRAIN_MS` together.
 * @returns null when there was nothing
 */
export async function endLeftovers(command: EndedCommand): Promise<Leftovers | null> {
  const { pid, isClosed, closed } = command;
  const list = (): readonly Member[] =>
    listFamily(pid, command.everywhere || command.stoppedAt !== null || !isClosed());
  const waitUntil = async (time: number): Promise<readonly Member[]> => {
    let found = list();
    while (command.stoppedAt === null && performance.now() < time && (found.length > 0 || !isClosed())) {
      await Promise.race([sleep(LOOK_EVERY_MS), ...(isClosed() ? [] : [closed])]);
      found = list();
    }
    return found;
  };
  // Nearly always the output is read by now.
  await Promise.race([closed, sleep(LOOK_EVERY_MS)]);
  const found = await waitUntil(performance.now() + GRACE_MS);
  if (found.length === 0 && isClosed()) return null;
  let left = found;
  if (found.length > 0) {
    if (command.stoppedAt === null) signalFamily(pid, 'SIGTERM');
    left = await waitForEnd(list, (command.stoppedAt ?? performance.now()) + KILL_AFTER_MS);
    if (left.length > 0) {
      signalFamily(pid, 'SIGKILL');
      left = await waitForEnd(list, performance.now() + DRAIN_MS);
    }
  }
  if (!isClosed()) await Promise.race([closed, sleep(DRAIN_MS)]);
  const names = [...new Set(found.map(({ name }) => name))].filter((name) => name !== '');
  return { names, ended: left.length === 0 && isClosed() };
}

async function waitForEnd(list: () => readonly Member[], time: number): Promise<readonly Member[]> {
  let found = list();
  while (found.length > 0 && performance.now() < time) {
    await sleep(LOOK_EVERY_MS);
    found = list();
  }
  return found;
}

const MOST_NAMED = 5;

/** @param command for people: "The verify script" */
export function describeLeftovers(command: string, { names, ended }: Leftovers): string {
  const more = names.length > MOST_NAMED ? ', …' : '';
  const listed = names.length === 0 ? '' : ` (${names.slice(0, MOST_NAMED).join(', ')}${more})`;
  return ended
    ? `${command} ended and left processes running${listed}; they were ended too.`
    : `${command} ended and left processes running${listed}, which could not be ended: they have a session of their own, or belong to another user. What they print is not shown.`;
}
