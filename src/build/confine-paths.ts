// Keeps a stranger's code from leading a build to files of the runner by symbolic links.
import { realpath } from 'node:fs/promises';
import type { Inputs } from '../inputs/inputs.js';
import { InputError } from '../shared/errors.js';
import { quote } from '../shared/text.js';
import { type Folder, listLocalPaths, staysInside } from './pure/local-paths.js';

export interface Confines {
  readonly workspace: string;
  /** RUNNER_TEMP; null where there is none. */
  readonly temporaryDirectory: string | null;
  /** The event, for the message. */
  readonly eventName: string;
}

/**
 * Looks where every path of the inputs leads. What does not exist leads nowhere; who needs it says so.
 * @throws InputError for the first that leaves the workspace, with the input, its value and where it leads
 */
export async function confinePaths(inputs: Inputs, confines: Confines): Promise<void> {
  const { workspace, temporaryDirectory, eventName } = confines;
  const bounds = {
    workspace: await openFolder(workspace),
    temporary: temporaryDirectory === null ? null : await openFolder(temporaryDirectory),
  };
  for (const local of listLocalPaths(inputs, workspace)) {
    const real = await realpath(local.path).catch(() => null);
    if (real === null || staysInside(local, real, bounds)) continue;
    throw new InputError(
      `${local.input} ${quote(local.value)} leads to ${quote(real)}, which is outside the workspace ${workspace}. ` +
        `This run (${eventName}) builds code that a stranger may have written, so what it is built from stays inside. ` +
        'Replace the symbolic link, or copy what is needed into the workspace or to ${{ runner.temp }}, and give that path.',
    );
  }
}

async function openFolder(path: string): Promise<Folder> {
  return { path, real: await realpath(path).catch(() => path) };
}
