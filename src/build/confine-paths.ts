// Keeps untrusted code from reading files of the runner through symbolic links in the checkout.
import { realpath } from 'node:fs/promises';
import type { Inputs } from '../inputs/inputs.js';
import { InputError } from '../shared/errors.js';
import { quote } from '../shared/text.js';
import { type Folder, listLocalPaths, staysInside } from './pure/context/local-paths.js';

export interface Confines {
  readonly workspace: string;
  /** RUNNER_TEMP; null where there is none. */
  readonly temporaryDirectory: string | null;
  /** The event, for the message. */
  readonly eventName: string;
}

/**
 * Resolves every path of the inputs. Paths that do not exist are passed over: whatever needs them reports that.
 * @throws InputError for the first path that leads out of the workspace, with the input, its value and the target
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
