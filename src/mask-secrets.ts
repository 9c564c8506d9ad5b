// Tells the runner what no log may show, before anything is said, and keeps it out of what an image stores.
import { type BuildFlag, forbidSecretArguments, secretEnvironmentNames } from './plan/build-options.js';
import { encodeCredentials } from './plan/credentials.js';
import { withEnvironmentValues } from './plan/environment-arguments.js';
import { type Inputs, knownSecrets } from './plan/inputs.js';
import { isLongLine, listMasks } from './plan/secret-text.js';
import type { Runner } from './runner/runner.js';

/**
 * @returns what was masked
 * @throws InputError when something that the image stores has the value of a secret from the environment
 */
export function maskSecrets(runner: Runner, inputs: Inputs): string[] {
  const { credentials, mirrors, flags, scan } = inputs;
  const logins = [credentials, ...mirrors.map((mirror) => mirror.credentials)].filter((login) => login !== null);
  const known = knownSecrets({ ...inputs, scanToken: scan?.token ?? null });
  for (const name of secretEnvironmentNames(flags)) known.set(runner.childEnv[name] ?? '', 'the input secret-envs');
  // The workflow's token is none of the credentials where it is withheld.
  known.set(runner.readInput('password'), 'the input password');
  const secrets = [...known.keys(), ...logins.map(encodeCredentials)];
  for (const secret of secrets) mask(runner, secret);
  forbidSecretArguments(listStored(runner, inputs), known);
  return secrets;
}

/**
 * @param contents of the input secret-files
 * @throws InputError when something that the image stores has one of them. Of a file with several lines nobody can tell
 *   which of them are secret: a line of settings may well stand in a build argument too.
 */
export function maskSecretFiles(runner: Runner, inputs: Inputs, contents: readonly string[]): void {
  for (const content of contents) mask(runner, content);
  const secrets = contents.filter(isLongLine);
  forbidSecretArguments(
    listStored(runner, inputs),
    new Map(secrets.map((secret) => [secret, 'the input secret-files'])),
  );
}

export function mask(runner: Runner, secret: string): void {
  for (const text of listMasks(secret)) runner.maskSecret(text);
}

/** The flags as the build will have them: its environment has the values of the input secrets too. */
function listStored(runner: Runner, { flags, secretEnvironment }: Inputs): BuildFlag[] {
  return withEnvironmentValues(flags, { ...runner.childEnv, ...secretEnvironment });
}
