// Finds the git work tree of a folder in the workspace. actions/checkout may put it anywhere in the workspace, so the search
// never goes above that.
import { realpath } from 'node:fs/promises';
import { basename, delimiter, dirname, isAbsolute, relative, sep } from 'node:path';
import type { Env } from '../../shared/types.js';
import { Git, type HeadCommit } from './git.js';
import type { RunProcess } from './process.js';

export interface WorkTree {
  readonly head: HeadCommit;
  /** The branch that is checked out; null on a detached head. */
  readonly readBranch: () => Promise<string | null>;
  /** The work tree that has this one as a submodule, if it names the commit that is checked out here; else null. */
  readonly openSuperproject: () => Promise<WorkTree | null>;
}

/** @returns null when the folder is in no work tree, the work tree has no commit, or git is not installed */
export async function openWorkTree(
  run: RunProcess,
  env: Env,
  folder: string,
  workspace: string,
  signal: AbortSignal,
): Promise<WorkTree | null> {
  const [inside, top] = await Promise.all([resolveLinks(folder), resolveLinks(workspace)]);
  const open = async (directory: string): Promise<WorkTree | null> => {
    const owned = listFoldersUpTo(directory, top);
    const git = new Git(run, limitGit(env, top), directory, signal);
    const head = await git.readHeadCommit();
    if (head === null) return null;
    const openSuperproject = async (): Promise<WorkTree | null> => {
      const own = await git.readTop();
      if (own === null || own === top || !owned.includes(own)) return null;
      const parent = dirname(own);
      const outer = new Git(run, limitGit(env, top), parent, signal);
      return (await outer.readSubmoduleCommit(basename(own))) === head.commit ? open(parent) : null;
    };
    return { head, readBranch: () => git.readBranch(), openSuperproject };
  };
  return open(inside);
}

/** The folder and its parents up to the workspace; the folder alone when it is not in the workspace. */
function listFoldersUpTo(folder: string, top: string): readonly string[] {
  const path = relative(top, folder);
  if (path === '' || isAbsolute(path) || path.split(sep)[0] === '..') return [folder];
  return [folder, ...listFoldersUpTo(dirname(folder), top)];
}

/** The workspace may lie in another repository, and the job may have set git's variables for another one. */
function limitGit(env: Env, workspace: string): Env {
  const given = env.GIT_CEILING_DIRECTORIES;
  const ceilings = [dirname(workspace), ...(given === undefined ? [] : [given])].join(delimiter);
  return { ...env, GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_CEILING_DIRECTORIES: ceilings };
}

function resolveLinks(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
