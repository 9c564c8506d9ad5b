// The docker client's configuration: reads its logins, and makes a private copy with one more login.
// Format: https://github.com/docker/cli/blob/master/cli/config/configfile/file.go
import { chmod, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Credentials, type Login, encodeCredentials } from '../../inputs/secrets/credentials.js';
import { InputError } from '../../shared/errors.js';
import { type JsonRecord, asRecord, at, parseObject } from '../../shared/json.js';
import { getLastLine, quote } from '../../shared/text.js';
import type { Env } from '../../shared/types.js';
import { CancelledError, type ProcessOptions, type RunProcess, TimeLimitError } from '../process/process.js';
import { HELPER_LIMIT, LOGIN_LIMIT } from './limits.js';

export interface DockerConfig {
  readonly directory: string;
  readonly content: JsonRecord;
}

/** @throws InputError when config.json is not a JSON object, which the docker client could not read either */
export async function readDockerConfig(directory: string): Promise<DockerConfig> {
  const path = join(directory, 'config.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return { directory, content: {} };
  }
  const content = text.trim() === '' ? {} : parseObject(text);
  // Without the text, which may hold passwords.
  if (content === null)
    throw new InputError(`The Docker config ${quote(path)} is not a JSON object. Correct it or delete it.`);
  return { directory, content };
}

/** The key of a registry's login in config.json. */
export function getLoginKey(registry: string): string {
  return registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
}

/** The configuration with one more login; everything else stays as it is. */
export function addLogin(content: JsonRecord, registry: string, credentials: Credentials): JsonRecord {
  const key = getLoginKey(registry);
  const auth = encodeCredentials(credentials);
  const hasStore = content.credsStore !== undefined || content.credHelpers !== undefined;
  return {
    ...content,
    auths: { ...asRecord(content.auths), [key]: { auth } },
    // An empty helper for this registry keeps a global credential store from hiding the login above.
    ...(hasStore ? { credHelpers: { ...asRecord(content.credHelpers), [key]: '' } } : {}),
  };
}

/**
 * Makes a private config directory: a config.json with the login, and links to everything else of the user's own
 * (contexts, Buildx builders, plugins, certificates).
 * @returns the directory, to be handed to docker as DOCKER_CONFIG and removed after the run
 */
export async function createPrivateConfig(
  config: DockerConfig,
  directory: string,
  registry: string,
  credentials: Credentials,
): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const entries = await readdir(config.directory).catch(() => []);
  await Promise.all(
    entries
      .filter((entry) => entry !== 'config.json')
      .map((entry) => symlink(join(config.directory, entry), join(directory, entry))),
  );
  const content = addLogin(config.content, registry, credentials);
  await writeFile(join(directory, 'config.json'), `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  return directory;
}

/**
 * The login that the docker client itself would use for a registry, or null.
 * @throws TimeLimitError when a credential helper does not answer
 */
export async function readStoredLogin(
  config: DockerConfig,
  registry: string,
  run: RunProcess,
  env: Env,
  signal: AbortSignal,
): Promise<Login | null> {
  const key = getLoginKey(registry);
  const helpers = asRecord(config.content.credHelpers);
  const helper = Object.hasOwn(helpers, key) ? helpers[key] : config.content.credsStore;
  if (typeof helper === 'string' && helper !== '') return askHelper(helper, key, run, { env, signal });
  const entry = asRecord(at(config.content, 'auths', key));
  if (typeof entry.identitytoken === 'string' && entry.identitytoken !== '')
    return { identityToken: entry.identitytoken };
  if (typeof entry.auth !== 'string') return null;
  const decoded = Buffer.from(entry.auth, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon <= 0
    ? null
    : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, '') };
}

/** https://github.com/docker/docker-credential-helpers#development */
async function askHelper(
  helper: string,
  key: string,
  run: RunProcess,
  options: Pick<ProcessOptions, 'env' | 'signal'>,
): Promise<Login | null> {
  try {
    const asked = { ...options, input: key, limit: HELPER_LIMIT };
    const { code, stdout } = await run(`docker-credential-${helper}`, ['get'], asked);
    const { Username: username, Secret: password } = asRecord(code === 0 ? parseObject(stdout) : null);
    if (typeof username !== 'string' || typeof password !== 'string') return null;
    return username === '<token>' ? { identityToken: password } : { username, password };
  } catch (error) {
    if (error instanceof TimeLimitError || error instanceof CancelledError) throw error;
    // A helper that fails counts as "no login"; a push would then fail in the docker client for the same reason.
    return null;
  }
}

/**
 * `docker login` into the user's own config, where it stays; credential stores are used as the user has set them up.
 * @throws InputError when docker refuses
 */
export async function logInPersistently(
  run: RunProcess,
  env: Env,
  registry: string,
  { username, password }: Credentials,
  signal: AbortSignal,
): Promise<void> {
  const args = ['login', '--username', username, '--password-stdin', ...(registry === 'docker.io' ? [] : [registry])];
  const { code, stderr } = await run('docker', args, { env, input: password, signal, limit: LOGIN_LIMIT });
  if (code !== 0) throw new InputError(`docker login to ${registry} failed: ${getLastLine(stderr)}`);
}
