// Tells the runner what no log may show, before anything is said.
import { forbidSecretArguments, secretEnvironmentNames } from './plan/build-options.js';
import { type Credentials, type Inputs, knownSecrets } from './plan/inputs.js';
import { listMasks } from './plan/secret-text.js';
import type { Runner } from './runner/runner.js';

/**
 * @returns what was masked
 * @throws InputError when a build argument holds the value of one of secret-envs
 */
export function maskSecrets(runner: Runner, inputs: Inputs): string[] {
  const { credentials, flags, scan } = inputs;
  const fromEnvironment = secretEnvironmentNames(flags).map((name) => runner.childEnv[name] ?? '');
  // The form in which a Docker config has it.
  const encode = ({ username, password }: Credentials): string =>
    Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
  const secrets = [
    ...knownSecrets({ ...inputs, scanToken: scan?.token ?? null }).keys(),
    ...fromEnvironment,
    ...(credentials === null ? [] : [encode(credentials)]),
  ];
  for (const secret of secrets) mask(runner, secret);
  forbidSecretArguments(flags, new Map(fromEnvironment.map((secret) => [secret, 'the input secret-envs'])));
  return secrets;
}

export function mask(runner: Runner, secret: string): void {
  for (const text of listMasks(secret)) runner.maskSecret(text);
}
