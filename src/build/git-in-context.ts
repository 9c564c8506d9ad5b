// Looks for `.git` in the build context: for credentials in it, which a COPY could put into a layer, and for a step that
// copies it and so never comes from the cache.
import { lstat, readFile, readdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Inputs } from '../inputs/inputs.js';
import { type SolvedStep, findCopyOfGit, sendsGit } from './pure/context/copied-git.js';
import { isLeftOut } from './pure/context/dockerignore.js';
import { holdsGitCredentials } from './pure/context/git-credentials.js';
import { listContextFolders } from './pure/context/local-paths.js';
import type { Dockerfile } from './pure/dockerfile.js';
import { findContextFolder } from './read-dockerfile.js';

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

/**
 * @param steps of a build that had a cache source, each after those that it builds on
 * @returns a hint where one of them has run since it copies `.git` of the context; null where none has
 */
export async function explainCopyOfGit(
  inputs: Inputs,
  workspace: string,
  dockerfile: Dockerfile | null,
  steps: readonly SolvedStep[],
): Promise<string | null> {
  const step = findCopyOfGit(dockerfile, steps);
  const [context] = listContextFolders(inputs, workspace);
  if (step === null || context === undefined || findContextFolder(inputs, workspace) === null) return null;
  if (!(await isFolder(join(context.folder, '.git')))) return null;
  const { path, text, exists } = await readFirst(context.ignoreFiles);
  if (!sendsGit(text)) return null;
  const file = relative(workspace, path);
  return (
    `${step.name} runs in every run, also where nothing has changed: it copies .git too, which git writes anew with each checkout. ` +
    `${exists ? `Add the line ".git" at the end of ${file}` : `Write the line ".git" into a file ${file}`}, unless the build needs it.`
  );
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

async function isFolder(path: string): Promise<boolean> {
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
async function readFirst(paths: readonly string[]): Promise<IgnoreFile> {
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
