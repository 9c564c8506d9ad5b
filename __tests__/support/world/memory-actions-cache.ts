// The Actions cache of a run, with entries in memory.
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { ActionsCache } from '../../../src/adapters/runner/actions-cache.js';

/** Path below the folder -> content. */
type Entry = ReadonlyMap<string, Buffer>;

export class MemoryActionsCache implements ActionsCache {
  readonly folder: string;
  canSave = true;
  /** Oldest first. */
  readonly entries = new Map<string, Entry>();
  /** `restore`, `save`, in order. */
  readonly calls: string[] = [];
  /** The service answers no question. */
  fault: Error | null = null;
  /** What `save` says: false is an entry that was not kept. */
  keeps = true;

  constructor(folder: string) {
    this.folder = folder;
  }

  async restore(keys: readonly [string, ...string[]]): Promise<string | null> {
    this.calls.push('restore');
    if (this.fault !== null) throw this.fault;
    const found = keys.flatMap((start) => [...this.entries.keys()].findLast((key) => key.startsWith(start)) ?? []);
    const [key] = found;
    if (key === undefined) return null;
    await mkdir(this.folder, { recursive: true });
    for (const [path, content] of this.entries.get(key) ?? []) {
      await mkdir(dirname(join(this.folder, path)), { recursive: true });
      await writeFile(join(this.folder, path), content);
    }
    return key;
  }

  async save(key: string): Promise<boolean> {
    this.calls.push('save');
    if (!this.keeps) return false;
    const files = (await readdir(this.folder, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
    const paths = files.map(({ parentPath, name }) => join(parentPath, name));
    const contents = await Promise.all(paths.map((path) => readFile(path)));
    this.entries.set(key, new Map(paths.map((path, index) => [relative(this.folder, path), contents[index]!])));
    return true;
  }

  /** Changes the files of the newest entry; undefined takes one away. */
  damage(change: (path: string, content: Buffer) => Buffer | undefined): void {
    const [key, entry] = [...this.entries].at(-1)!;
    const changed = [...entry].flatMap(([path, content]) => {
      const now = change(path, content);
      return now === undefined ? [] : [[path, now] as const];
    });
    this.entries.set(key, new Map(changed));
  }
}
