// Connects to one repository of a registry before anything is built, and explains why when that fails.
import { ConnectionError, createSender } from '../adapters/registry/http.js';
import { Registry, RegistryError } from '../adapters/registry/registry.js';
import { LoginRejectedError, TokenServerError } from '../adapters/registry/token.js';
import { type ImageName, isLoopback } from '../image/reference.js';
import type { Login } from '../inputs/secrets/credentials.js';
import type { WriteAccess } from '../plan/context.js';
import { type ServerAnswer, showAnswer } from '../shared/answer.js';
import { InputError } from '../shared/errors.js';
import { type Caller, explainDenial } from '../plan/denial/denial.js';

export interface ConnectionOptions {
  readonly login: Login | null;
  /** Ask for push as well as pull. */
  readonly write: boolean;
  /** Another repository of the same registry, whose blobs may be mounted. */
  readonly mountFrom?: string;
  /** Registries that the engine may speak plain HTTP to; asked for only when HTTPS fails. */
  readonly findInsecureRegistries: () => Promise<readonly string[]>;
  /** Fires when the run is cancelled. */
  readonly signal: AbortSignal;
}

/** @throws whatever the registry client throws; pass it to `explainConnection` */
export async function connectRegistry(image: ImageName, options: ConnectionOptions): Promise<Registry> {
  const { findInsecureRegistries, signal, ...rest } = options;
  const connect = async (insecure: boolean): Promise<Registry> => {
    const registry = new Registry(image, { ...rest, send: createSender('two-pass-build', signal), insecure });
    await registry.connect();
    return registry;
  };
  return connect(isLoopback(image.registry)).catch(async (error: unknown) => {
    if (!(error instanceof ConnectionError) || !(await findInsecureRegistries()).includes(image.registry)) throw error;
    return connect(true);
  });
}

export async function probeWriteAccess(registry: Registry, hasLogin: boolean): Promise<WriteAccess> {
  const answer = await registry.probeWriteAccess();
  return answer === null ? { allowed: true } : { allowed: false, answer, hasLogin };
}

/** Whether the network or the registry failed, not the credentials. */
export function isFault(error: unknown): error is ConnectionError | RegistryError | TokenServerError {
  return [ConnectionError, RegistryError, TokenServerError].some((kind) => error instanceof kind);
}

/** @param caller with the login that was used; its `inputs` decides which inputs a message names */
export function explainConnection(error: unknown, image: ImageName, caller: Caller): unknown {
  const answer = readRefusal(error);
  if (answer !== null) {
    const who = caller.username === null ? 'with the login of the Docker config' : `as ${caller.username}`;
    const { cause, change } = explainDenial({ ...caller, action: 'login', image, answer, readable: false });
    const said = error instanceof LoginRejectedError ? error.message : showAnswer(answer);
    return new InputError(`Login to ${image.registry} ${who} was refused (${said}): ${cause}. ${change}.`, {
      cause: error,
    });
  }
  if (error instanceof ConnectionError) {
    const input = caller.inputs === 'image' ? 'image' : 'mirrors';
    return new InputError(
      `The registry ${image.registry} cannot be reached: ${error.message}. Check the input ${input}, and the network of the runner.`,
      { cause: error },
    );
  }
  return error;
}

/** Also a 403 before the login: a registry behind a firewall answers so. */
function readRefusal(error: unknown): ServerAnswer | null {
  if (error instanceof LoginRejectedError) return error.answer;
  return error instanceof RegistryError && error.status === 403 ? error.answer : null;
}
