// Explains a build that failed because a registry refused it: adds the cause and what to change to Buildx's message.
import { type Denial, type Caller, explainDenial, parseBaseImage, parseDenial } from '../plan/denial/denial.js';
import { PassFailedError } from '../adapters/docker/buildx.js';
import type { ImageName } from '../image/reference.js';

/**
 * @param readable whether an image of the run's own name could be read
 * @returns the same error when it is no refusal by a registry
 */
export function explainPassFailure(error: unknown, caller: Caller, image: ImageName, readable: boolean): unknown {
  if (!(error instanceof PassFailedError) || error.progress.failed === null) return error;
  const { failed } = error.progress;
  const answer = parseDenial(failed.error ?? '');
  if (answer === null) return error;
  const base = parseBaseImage(failed.name);
  // The login of the inputs is for the image's registry only. Logins that the engine has for others are not known here.
  const login = base?.registry === image.registry ? caller : { ...caller, login: 'none' as const, username: null };
  const denial: Denial | null =
    base !== null
      ? { ...login, action: 'read', image: base, answer, readable: false }
      : error.exportOnly
        ? { ...caller, action: 'write', image, answer, readable }
        : null;
  if (denial === null) return error;
  const { cause, change } = explainDenial(denial);
  return new Error(`${error.message.replace(/\.$/, '')}: ${cause}. ${change}.`, { cause: error });
}
