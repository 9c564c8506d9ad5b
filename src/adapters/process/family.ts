// The family of a command: all processes in its session.
// A process that starts a session of its own (setsid, daemons) is no longer found: nothing links it to the command.
import { readFileSync, readdirSync } from 'node:fs';

/** A running process; zombies are left out. */
export interface Member {
  readonly pid: number;
  /** Process ID of the leader of its process group. */
  readonly group: number;
  /** The kernel's name for it, at most 15 characters: `sleep`; empty when the system does not tell. */
  readonly name: string;
}

/**
 * The running processes of the session that a command leads.
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

/** Sends a signal to the whole family. Processes that have ended meanwhile, or are another user's, are passed over. */
export function signalFamily(leader: number, signal: NodeJS.Signals): void {
  send(-leader, signal);
  // Each of the others gets it once: docker exits at once when a signal is repeated.
  for (const { pid, group } of readSession(leader) ?? []) if (group !== leader) send(pid, signal);
}

function send(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal);
  } catch {
    // The process has ended meanwhile, or is another user's.
  }
}

/** Also true when only zombies are left: in many containers process 1 does not reap them. */
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
