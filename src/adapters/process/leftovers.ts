// What a command left running when it ended, and what became of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Member, listFamily, signalFamily } from './family.js';

export interface Leftovers {
  /** Names of what was found; none where the system does not tell, or where it is out of reach. */
  readonly names: readonly string[];
  /** False when something runs on: another user's, or in a session of its own with the command's output open. */
  readonly ended: boolean;
}

/** From SIGTERM to SIGKILL. GitHub kills a cancelled step 7.5 s after its signal. */
export const KILL_AFTER_MS = 4000;
/** What a command has started may end by itself in this time, such as a `tee` that writes its last lines. */
const GRACE_MS = 1000;
/** For what is killed to be gone, and for what was printed to be read. */
const DRAIN_MS = 500;
const LOOK_EVERY_MS = 50;

export interface EndedCommand {
  readonly pid: number;
  /** Whether its output was read to the end. */
  readonly isClosed: () => boolean;
  /** Fulfilled when it was. */
  readonly closed: Promise<unknown>;
  /** To be looked for in process groups of their own as well. */
  readonly everywhere: boolean;
  /** When everything of it was sent SIGTERM, in milliseconds of `performance`; null when it was not. */
  readonly stoppedAt: number | null;
}

/**
 * Ends what a command that has ended left running: at once where it was stopped, else when it had a moment to end by
 * itself. Takes no longer than `GRACE_MS`, `KILL_AFTER_MS` and twice `DRAIN_MS` together.
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
  // As good as always everything is read by now, or in an instant.
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
