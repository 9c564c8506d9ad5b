// The files that a build starts from, looked at before anything is built.
import { readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type Dockerfile, checkTarget, parseDockerfile } from '../plan/dockerfile.js';
import { InputError, quote } from '../plan/input-error.js';
import type { Inputs } from '../plan/inputs.js';
import { getSecretPath } from '../plan/local-paths.js';

/** Git and HTTP contexts are fetched by BuildKit; there is nothing to look at here. */
const REMOTE = /^(?:https?:\/\/|git:\/\/|ssh:\/\/|git@|github\.com\/)/;

/** @returns the folder of the context, or null when BuildKit fetches it */
export function findContextFolder({ context }: Pick<Inputs, 'context'>, workspace: string): string | null {
  return REMOTE.test(context) ? null : resolve(workspace, context);
}

/**
 * Reads the Dockerfile and checks that it has both targets.
 * @param workspace folder that relative paths are relative to
 * @returns null when context or Dockerfile are remote
 * @throws InputError when context, Dockerfile or a target is missing
 */
export async function readDockerfile(inputs: Inputs, workspace: string): Promise<Dockerfile | null> {
  const { context, file } = inputs;
  const directory = findContextFolder(inputs, workspace);
  if (directory === null || (file !== null && REMOTE.test(file))) return null;
  if (!(await isDirectory(directory))) {
    throw new InputError(
      `context ${quote(context)} is not a folder in ${workspace}. Is actions/checkout an earlier step of the job?`,
    );
  }
  const [path, text] = await readFirst(
    file === null ? [join(directory, 'Dockerfile'), join(directory, 'dockerfile')] : [resolve(workspace, file)],
  );
  if (text === null) {
    const named =
      file === null ? `There is no Dockerfile in the context ${quote(context)}` : `file ${quote(file)} cannot be read`;
    throw new InputError(`${named} (${path}). Set "context" to the folder that has it, or "file" to its path.`);
  }
  const dockerfile = parseDockerfile(text, relative(workspace, path));
  checkTarget(dockerfile, inputs.builderTarget, 'builder-target');
  checkTarget(dockerfile, inputs.productionTarget, 'production-target');
  return dockerfile;
}

/** Nobody's credential is longer; a file that is has other things in it. */
const LARGEST_SECRET = 64 * 1024;

/**
 * @returns the contents, to be masked; none of files that are too large for it
 * @throws InputError for the first of the input secret-files that cannot be read
 */
export async function readSecretFiles(inputs: Inputs, workspace: string): Promise<string[]> {
  const secrets: string[] = [];
  const files = inputs.flags.filter(({ input }) => input === 'secret-files');
  for (const [index, flag] of files.entries()) {
    const path = getSecretPath(flag);
    const found = await stat(resolve(workspace, path)).catch(() => null);
    if (found?.isFile() !== true)
      throw new InputError(`secret-files: item ${index + 1}: there is no file ${quote(path)}.`);
    if (found.size <= LARGEST_SECRET) secrets.push(await readFile(resolve(workspace, path), 'utf8').catch(() => ''));
  }
  return secrets;
}

async function readFirst(paths: readonly string[]): Promise<[string, string | null]> {
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text !== null) return [path, text];
  }
  return [paths[0] ?? '', null];
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
