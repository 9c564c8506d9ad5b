// The login of a run: for the docker client by its config, and for our own small requests.
import {
  type StoredLogin,
  createPrivateConfig,
  logInPersistently,
  readDockerConfig,
  readStoredLogin,
} from './docker/docker-config.js';
import { InputError } from './plan/input-error.js';
import type { Inputs } from './plan/inputs.js';
import { NOTHING_ASKED, type Plan, type RegistryState, type WriteAccess, tagsToLookUp } from './plan/plan.js';
import type { RunProcess } from './process/process.js';
import { ConnectionError, createSender } from './registry/http.js';
import { Registry, RegistryError, isLoopback } from './registry/registry.js';
import { LoginRejectedError } from './registry/token.js';
import type { Runner } from './runner/runner.js';

export interface RegistrySession {
  readonly registry: Registry;
  /** DOCKER_CONFIG for the docker client. */
  readonly configDirectory: string;
  /** False when there is nothing to log in with. */
  readonly hasLogin: boolean;
  /** False when it gave no answer, and the run has no need to push: it goes on without cache. */
  readonly reachable: boolean;
  /** Whether the run wants to push. */
  readonly write: boolean;
}

export interface SessionRequest {
  readonly runner: Runner;
  readonly run: RunProcess;
  readonly inputs: Inputs;
  /** Where a private Docker config may be made. */
  readonly privateDirectory: string;
  readonly insecureRegistries: readonly string[];
  /** Whether the run wants to push. */
  readonly write: boolean;
  readonly warn: (message: string) => void;
}

/**
 * Logs in: into a private Docker config that still has the user's other logins, or with `logout: false` into the
 * user's own.
 * @throws InputError when the credentials are refused or the registry cannot be reached
 */
export async function openRegistrySession(request: SessionRequest): Promise<RegistrySession> {
  const { runner, run, inputs, write, warn } = request;
  const { image, credentials, logout } = inputs;
  const config = await readDockerConfig(runner.dockerConfigDirectory);
  const login: StoredLogin | null =
    credentials ?? (await readStoredLogin(config, image.registry, run, runner.childEnv));
  const registry = new Registry(image, {
    send: createSender('two-pass-build'),
    login,
    insecure: isLoopback(image.registry) || request.insecureRegistries.includes(image.registry),
    write,
  });
  const reachable = await registry.connect().then(
    () => true,
    (error: unknown) => {
      if (write || !isFault(error)) throw explainConnection(error, inputs);
      warn(`There is no cache from ${image.registry} in this run: ${error.message}`);
      return false;
    },
  );
  const session = { registry, reachable, write, hasLogin: login !== null, configDirectory: config.directory };
  if (credentials === null) return session;
  if (!logout) {
    await logInPersistently(run, runner.childEnv, image.registry, credentials);
    return session;
  }
  const configDirectory = await createPrivateConfig(config, request.privateDirectory, image.registry, credentials);
  return { ...session, configDirectory };
}

/** Asks everything that the plan wants to know, all at once. */
export async function readRegistryState(
  { registry, hasLogin, reachable, write }: RegistrySession,
  draft: Plan,
  warn: (message: string) => void,
): Promise<RegistryState> {
  if (!reachable) return NOTHING_ASKED;
  const [writeAccess, ...existing] = await Promise.all([
    write ? probe(registry, hasLogin, draft.image.registry) : null,
    ...tagsToLookUp(draft).map(async (tag) => {
      try {
        return (await registry.readDigest(tag)) === null ? [] : [tag];
      } catch (error) {
        // Not knowing whether the unique tag is taken could overwrite an image that is deployed.
        if (write && tag === draft.tags.unique) throw error;
        warn(
          `Looking for ${tag} in the registry failed, so it is not used as cache: ${error instanceof Error ? error.message : 'unknown reason'}`,
        );
        return [];
      }
    }),
  ]);
  return { writeAccess, existing: new Set(existing.flat()) };
}

async function probe(registry: Registry, hasLogin: boolean, host: string): Promise<WriteAccess> {
  const access = await registry.probeWriteAccess();
  if (access.allowed || hasLogin) return access;
  return { allowed: false, reason: `there is no login for ${host} (the input password is empty)` };
}

/** The network's or the registry's fault, not that of the credentials. */
function isFault(error: unknown): error is ConnectionError | RegistryError {
  return error instanceof ConnectionError || error instanceof RegistryError;
}

function explainConnection(error: unknown, { image, credentials }: Inputs): unknown {
  if (error instanceof LoginRejectedError) {
    const who = credentials === null ? 'with the login of the Docker config' : `as ${credentials.username}`;
    return new InputError(
      `Login to ${image.registry} ${who} was refused (${error.message}). Check the inputs username and password.`,
      { cause: error },
    );
  }
  if (error instanceof ConnectionError) {
    return new InputError(
      `The registry ${image.registry} cannot be reached: ${error.message}. Check the input image, and the network of the runner.`,
      { cause: error },
    );
  }
  return error;
}
