// Tells the runner what no log may show, before anything is said.
import { forbidSecretArguments, secretEnvironmentNames } from './plan/build-options.js';
import { encodeCredentials } from './plan/credentials.js';
import { type Inputs, knownSecrets } from './plan/inputs.js';
import { listMasks } from './plan/secret-text.js';
import type { Runner } from './runner/runner.js';

/**
 * @returns what was masked
 * @throws InputError when a build argument holds the value of one of secret-envs
 */
export function maskSecrets(runner: Runner, inputs: Inputs): string[] {
  const { credentials, mirrors, flags, scan } = inputs;
  const logins = [credentials, ...mirrors.map((mirror) => mirror.credentials)].filter((login) => login !== null);
  const fromEnvironment = secretEnvironmentNames(flags).map((name) => runner.childEnv[name] ?? '');
  const secrets = [
    ...knownSecrets({ ...inputs, scanToken: scan?.token ?? null }).keys(),
    ...fromEnvironment,
    ...logins.map(encodeCredentials),
  ];
  for (const secret of secrets) mask(runner, secret);
  forbidSecretArguments(flags, new Map(fromEnvironment.map((secret) => [secret, 'the input secret-envs'])));
  return secrets;
}

export function mask(runner: Runner, secret: string): void {
  for (const text of listMasks(secret)) runner.maskSecret(text);
}
