// Finds the context and reads the Dockerfile before anything is built.
import { readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Inputs } from '../inputs/inputs.js';
import { InputError } from '../shared/errors.js';
import { quote } from '../shared/text.js';
import { type Dockerfile, parseDockerfile } from './pure/dockerfile.js';

/** Git and HTTP contexts, which BuildKit fetches: they cannot be read here. */
const REMOTE = /^(?:https?:\/\/|git:\/\/|ssh:\/\/|git@|github\.com\/)/;

/** @returns the folder of the context, or null when BuildKit fetches it */
export function findContextFolder({ context }: Pick<Inputs, 'context'>, workspace: string): string | null {
  return REMOTE.test(context) ? null : resolve(workspace, context);
}

/**
 * Reads the Dockerfile.
 * @param workspace folder that relative paths are relative to
 * @returns null when the context or the Dockerfile is remote
 * @throws InputError when context or Dockerfile is missing
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
  return parseDockerfile(text, relative(workspace, path));
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
