// What a command has started, as far as the system knows it: the processes of its session.
// A process that makes a session of its own (setsid, daemons) has left the family, and cannot be told from any other.
import { readFileSync, readdirSync } from 'node:fs';

/** A process that runs; one that has ended and that nobody has waited for does not. */
export interface Member {
  readonly pid: number;
  /** Of its process group. */
  readonly group: number;
  /** As the kernel has it, 15 characters at most: `sleep`; empty where the system does not tell. */
  readonly name: string;
}

/**
 * What runs in the session that a command leads.
 * @param leader process ID of the command, whether or not it has ended
 * @param everywhere also in process groups of their own, as `timeout` and a shell's `set -m` make them; takes some
 *   milliseconds even where there is nothing
 */
export function listFamily(leader: number, everywhere: boolean): readonly Member[] {
  if (!everywhere && !hasGroup(leader)) return [];
  const members = readSession(leader);
  if (members !== null) return members;
  return hasGroup(leader) ? [{ pid: leader, group: leader, name: '' }] : [];
}

/** Sends a signal to the whole family; who has ended meanwhile, or is another user's, is passed over. */
export function signalFamily(leader: number, signal: NodeJS.Signals): void {
  send(-leader, signal);
  // The others once only: docker takes a repeated signal for somebody in a hurry.
  for (const { pid, group } of readSession(leader) ?? []) if (group !== leader) send(pid, signal);
}

function send(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal);
  } catch {
    // It has ended meanwhile, or another user has it.
  }
}

/** True also where all that is left has ended, and process 1 does not wait for it: so it is in many containers. */
function hasGroup(leader: number): boolean {
  try {
    process.kill(-leader, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Null where there is no /proc. */
function readSession(leader: number): Member[] | null {
  let entries: readonly string[];
  try {
    entries = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  } catch {
    return null;
  }
  if (entries.length === 0) return null;
  return entries.flatMap((entry) => {
    const found = parseStat(readStat(entry));
    return found?.session === leader && found.runs ? [found] : [];
  });
}

function readStat(entry: string): string {
  try {
    return readFileSync(`/proc/${entry}/stat`, 'latin1');
  } catch {
    return '';
  }
}

/** `42 (sleep) S 1 40 40 …`; a name may have spaces and parentheses: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function parseStat(text: string): (Member & { readonly session: number; readonly runs: boolean }) | null {
  const [open, close] = [text.indexOf('('), text.lastIndexOf(')')];
  if (open === -1 || close < open) return null;
  const [state = '', , group = '', session = ''] = text.slice(close + 2, close + 100).split(' ');
  return {
    pid: Number(text.slice(0, open)),
    group: Number(group),
    name: text.slice(open + 1, close).replace(/[^\x20-\x7e]/g, '?'),
    session: Number(session),
    runs: !['Z', 'X'].includes(state),
  };
}
