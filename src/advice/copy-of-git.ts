// Looks for a step that copies `.git` of the build context and so never comes from the cache. Loaded only where a step ran.
import { join, relative } from 'node:path';
import { isFolder, readFirst } from '../build/find-git-credentials.js';
import { type SolvedStep, findCopyOfGit, sendsGit } from '../build/pure/context/copied-git.js';
import { listContextFolders } from '../build/pure/context/local-paths.js';
import type { Dockerfile } from '../build/pure/dockerfile.js';
import { findContextFolder } from '../build/read-dockerfile.js';
import type { Inputs } from '../inputs/inputs.js';

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
