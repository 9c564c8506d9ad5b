// Lockfiles of teams say where each package is downloaded. Those that are committed here do not, since that is the registry
// of whoever wrote them; without it npm asks the registry about every package first. So they get it where they are used.
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runOrThrow } from '../command.js';

/** As far as it is read. */
interface Lockfile {
  packages: Record<string, { name?: string; version?: string; resolved?: string; inBundle?: boolean }>;
}

/** Writes the addresses of this machine's registry into the lockfile of a folder. */
export async function writeAddresses(directory: string): Promise<void> {
  const registry = (await runOrThrow('npm', ['config', 'get', 'registry'], { cwd: directory })).trim();
  const path = join(directory, 'package-lock.json');
  const lockfile = JSON.parse(await readFile(path, 'utf8')) as Lockfile;
  for (const [folder, entry] of Object.entries(lockfile.packages)) {
    if (folder === '' || entry.inBundle === true) continue;
    // `node_modules/a/node_modules/@b/c`; an alias has its true name in the entry.
    const name = entry.name ?? folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
    entry.resolved = new URL(`${name}/-/${basename(name)}-${entry.version ?? ''}.tgz`, registry).href;
  }
  await writeFile(path, `${JSON.stringify(lockfile, null, 2)}\n`);
}
