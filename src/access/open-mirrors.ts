// Logs in to the registries of the mirrors and asks for write access, before anything is built.
import { type DockerConfig, readStoredLogin } from '../adapters/docker/docker-config.js';
import type { RunProcess } from '../adapters/process/process.js';
import type { Registry } from '../adapters/registry/registry.js';
import type { Runner } from '../adapters/runner/runner.js';
import type { Inputs } from '../inputs/inputs.js';
import type { Mirror } from '../inputs/mirror-inputs.js';
import type { Login } from '../inputs/secrets/credentials.js';
import type { MirrorAccess } from '../plan/context.js';
import { connectRegistry, explainConnection, probeWriteAccess } from './connect.js';
import { type Caller, toMirrorCaller } from '../plan/denial/denial.js';

export interface OpenMirror extends MirrorAccess {
  readonly registry: Registry;
}

export interface OpenRequest {
  readonly runner: Runner;
  readonly run: RunProcess;
  readonly inputs: Inputs;
  readonly config: DockerConfig;
  /** Login of the image's own registry. */
  readonly login: Login | null;
  readonly caller: Caller;
  readonly findInsecureRegistries: () => Promise<readonly string[]>;
  /** Fires when the run is cancelled. */
  readonly signal: AbortSignal;
}

/** @throws InputError when a login is refused, or a registry cannot be reached */
export async function openMirrors(request: OpenRequest): Promise<readonly OpenMirror[]> {
  return Promise.all(request.inputs.mirrors.map((mirror) => openMirror(request, mirror)));
}

async function openMirror(request: OpenRequest, mirror: Mirror): Promise<OpenMirror> {
  const { runner, run, inputs, config, caller, signal } = request;
  const { image } = mirror;
  const own = image.registry === inputs.image.registry;
  const login =
    mirror.credentials ??
    (own ? request.login : await readStoredLogin(config, image.registry, run, runner.childEnv, signal));
  const hasLogin = login !== null;
  try {
    const registry = await connectRegistry(image, {
      login,
      write: true,
      // Not with another login, which may have no right to read the image's repository.
      ...(own && mirror.credentials === null && { mountFrom: inputs.image.repository }),
      findInsecureRegistries: request.findInsecureRegistries,
      signal,
    });
    const access = await probeWriteAccess(registry, hasLogin);
    void registry.cancelProbe();
    return { mirror, registry, access };
  } catch (error) {
    throw explainConnection(error, image, toMirrorCaller(mirror, inputs, caller, hasLogin));
  }
}
