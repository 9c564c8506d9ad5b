// Masks the secrets of a run before anything is logged, and refuses inputs that would store one of them in an image.
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Runner } from '../../adapters/runner/runner.js';
import { withEnvironmentValues } from '../../build/pure/environment-arguments.js';
import { getSecretPath } from '../../build/pure/context/local-paths.js';
import { type BuildFlag, forbidSecretArguments, secretEnvironmentNames } from '../../inputs/build-options.js';
import { type Inputs, knownSecrets } from '../../inputs/inputs.js';
import { encodeCredentials } from '../../inputs/secrets/credentials.js';
import { listMasks } from '../../inputs/secrets/secret-text.js';
import { InputError } from '../../shared/errors.js';
import { quote } from '../../shared/text.js';

/**
 * @returns what was masked
 * @throws InputError when something that the image stores has the value of a secret from the environment
 */
export function maskSecrets(runner: Runner, inputs: Inputs): string[] {
  const { credentials, mirrors, flags, scan } = inputs;
  const logins = [credentials, ...mirrors.map((mirror) => mirror.credentials)].filter((login) => login !== null);
  const known = knownSecrets({ ...inputs, scanToken: scan?.token ?? null });
  for (const name of secretEnvironmentNames(flags)) known.set(runner.childEnv[name] ?? '', 'the input secret-envs');
  // The input itself too: `credentials` is null when the workflow's token may not go to this registry.
  known.set(runner.readInput('password'), 'the input password');
  const secrets = [...known.keys(), ...logins.map(encodeCredentials)];
  for (const secret of secrets) mask(runner, secret);
  forbidSecretArguments(listStored(runner, inputs), known);
  return secrets;
}

/** @throws InputError when something that the image stores has one of them */
export function maskSecretFiles(runner: Runner, inputs: Inputs, files: readonly SecretFile[]): void {
  for (const { content } of files) mask(runner, content);
  const secrets = files.map(({ path, content }) => [content, `the file ${quote(path)} of secret-files`] as const);
  forbidSecretArguments(listStored(runner, inputs), new Map(secrets));
}

export interface SecretFile {
  /** As it was given. */
  readonly path: string;
  readonly content: string;
}

export function mask(runner: Runner, secret: string): void {
  for (const text of listMasks(secret)) runner.maskSecret(text);
}

/** The flags with the values that Buildx will take from the environment, where the values of the input secrets are too. */
function listStored(runner: Runner, { flags, secretEnvironment }: Inputs): BuildFlag[] {
  return withEnvironmentValues(flags, { ...runner.childEnv, ...secretEnvironment });
}

/** No credential is longer; a larger file is not masked. */
const LARGEST_SECRET = 64 * 1024;

/**
 * @returns those that are not too large to be masked
 * @throws InputError for the first of the input secret-files that cannot be read
 */
export async function readSecretFiles(inputs: Inputs, workspace: string): Promise<SecretFile[]> {
  const secrets: SecretFile[] = [];
  const files = inputs.flags.filter(({ input }) => input === 'secret-files');
  for (const [index, flag] of files.entries()) {
    const path = getSecretPath(flag);
    const found = await stat(resolve(workspace, path)).catch(() => null);
    if (found?.isFile() !== true)
      throw new InputError(`secret-files: item ${index + 1}: there is no file ${quote(path)}.`);
    if (found.size > LARGEST_SECRET) continue;
    secrets.push({ path, content: await readFile(resolve(workspace, path), 'utf8').catch(() => '') });
  }
  return secrets;
}
