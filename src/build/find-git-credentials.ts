// Looks for credentials in the `.git` of the build context, which a COPY could put into a layer.
import { lstat, readFile, readdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Inputs } from '../inputs/inputs.js';
import { isLeftOut } from './pure/context/dockerignore.js';
import { holdsGitCredentials } from './pure/context/git-credentials.js';
import { listContextFolders } from './pure/context/local-paths.js';

/** No git configuration is longer. */
const LARGEST_FILE = 1024 * 1024;
/** At most so many folders of the context are looked into for a second repository that is checked out there. */
const MOST_FOLDERS = 1000;

/**
 * Looks at the context and at named contexts, and at the folders right below them.
 * @param workspace folder that relative paths are relative to
 * @returns one warning for the first that is found, or null
 */
export async function findGitCredentials(inputs: Inputs, workspace: string): Promise<string | null> {
  for (const { folder, ignoreFiles } of listContextFolders(inputs, workspace)) {
    for (const config of await listGitConfigs(folder)) {
      if (!holdsGitCredentials((await readSmallFile(join(folder, config))) ?? '')) continue;
      const { path, text } = await readFirst(ignoreFiles);
      if (isLeftOut(text, config)) continue;
      return (
        `${relative(workspace, join(folder, config))} has credentials, and is part of the build context, since ${relative(workspace, path)} does not leave it out: ` +
        'a step such as "COPY . ." puts them into the image. ' +
        'Set "persist-credentials: false" in the step actions/checkout, or add the line "**/.git" to that file.'
      );
    }
  }
  return null;
}

/** Relative to the folder. Only real `.git` folders: that of a worktree or submodule is a file without credentials. */
async function listGitConfigs(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = entries.filter((entry) => entry.isDirectory() && entry.name !== '.git').slice(0, MOST_FOLDERS);
  const found = ['', ...below.map(({ name }) => name)].map(async (name) => {
    return (await isFolder(join(folder, name, '.git'))) ? [join(name, '.git', 'config')] : [];
  });
  return (await Promise.all(found)).flat();
}

/** A symbolic link is none. */
export async function isFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

interface IgnoreFile {
  readonly path: string;
  readonly text: string;
  readonly exists: boolean;
}

/** The first of these files that is there; the last one's name and no text when there is none. */
export async function readFirst(paths: readonly string[]): Promise<IgnoreFile> {
  for (const path of paths) {
    const text = await readSmallFile(path);
    if (text !== null) return { path, text, exists: true };
  }
  return { path: paths.at(-1) ?? '', text: '', exists: false };
}

/** @returns null when it is not a file, or too large */
export async function readSmallFile(path: string): Promise<string | null> {
  const found = await lstat(resolve(path)).catch(() => null);
  if (found?.isFile() !== true || found.size > LARGEST_FILE) return null;
  return readFile(path, 'utf8').catch(() => null);
}
