// Logs the run in: the docker client by a Docker config, and the action's own registry client.
import {
  createPrivateConfig,
  logInPersistently,
  readDockerConfig,
  readStoredLogin,
} from '../adapters/docker/docker-config.js';
import type { RunProcess } from '../adapters/process/process.js';
import type { Registry } from '../adapters/registry/registry.js';
import type { Runner } from '../adapters/runner/runner.js';
import type { Inputs } from '../inputs/inputs.js';
import type { Login } from '../inputs/secrets/credentials.js';
import type { WorkflowEvent } from '../plan/event/event.js';
import type { Warn } from '../shared/types.js';
import { connectRegistry, explainConnection, isFault } from './connect.js';
import type { OpenMirror } from './open-mirrors.js';
import { toCaller } from '../plan/denial/denial.js';

export interface RegistrySession {
  /** Null when the registry did not answer and the run does not push: it then runs without cache. */
  readonly registry: Registry | null;
  /** DOCKER_CONFIG for the docker client. */
  readonly configDirectory: string;
  /** False when there is nothing to log in with. */
  readonly hasLogin: boolean;
  /** Whether the run wants to push. */
  readonly write: boolean;
  readonly hasMirrors: boolean;
  /** Logs in to the mirrors and asks each for write access; to be called when the image itself may be pushed. */
  readonly openMirrors: () => Promise<readonly OpenMirror[]>;
}

export interface SessionRequest {
  readonly runner: Runner;
  readonly run: RunProcess;
  readonly inputs: Inputs;
  readonly event: WorkflowEvent;
  /** Folder for the private Docker config. */
  readonly privateDirectory: string;
  /** Registries that the engine may speak plain HTTP to; asked for only when HTTPS fails. */
  readonly findInsecureRegistries: () => Promise<readonly string[]>;
  /** Whether the run wants to push. */
  readonly write: boolean;
  readonly warn: Warn;
  /** Fires when the run is cancelled. */
  readonly signal: AbortSignal;
}

/**
 * Logs in: into a private Docker config that still has the user's other logins, or with `logout: false` into the
 * user's own.
 * @throws InputError when the credentials are refused or the registry cannot be reached
 */
export async function openRegistrySession(request: SessionRequest): Promise<RegistrySession> {
  const { runner, run, inputs, write, warn, signal } = request;
  const { image, credentials, logout } = inputs;
  const config = await readDockerConfig(runner.dockerConfigDirectory);
  const login: Login | null =
    credentials ?? (await readStoredLogin(config, image.registry, run, runner.childEnv, signal));
  const { repository, actor } = runner;
  const caller = toCaller(inputs, request.event, { repository, actor, hasLogin: login !== null });
  const connected = await connectRegistry(image, { ...request, login }).catch((error: unknown) => {
    if (write || !isFault(error)) throw explainConnection(error, image, caller);
    return error;
  });
  if (connected instanceof Error) warn(`There is no cache from ${image.registry} in this run: ${connected.message}`);
  const registry = connected instanceof Error ? null : connected;
  const session: RegistrySession = {
    registry,
    write,
    hasLogin: login !== null,
    configDirectory: config.directory,
    hasMirrors: inputs.mirrors.length > 0,
    openMirrors: async () => {
      if (inputs.mirrors.length === 0) return [];
      const { openMirrors } = await import('./open-mirrors.js');
      return openMirrors({ ...request, config, login, caller });
    },
  };
  if (credentials === null) return session;
  if (!logout) {
    await logInPersistently(run, runner.childEnv, image.registry, credentials, signal);
    return session;
  }
  const configDirectory = await createPrivateConfig(config, request.privateDirectory, image.registry, credentials);
  return { ...session, configDirectory };
}
