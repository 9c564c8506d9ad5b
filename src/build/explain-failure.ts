// A build that a registry refused: to what Buildx says comes what it means and what to change.
import { type Denial, type RunFacts, explainDenial, parseBaseImage, parseDenial } from '../plan/denial/denial.js';
import { PassFailedError } from '../adapters/docker/buildx.js';
import type { ImageName } from '../image/reference.js';

/**
 * @param readable whether an image of the run's own name could be read
 * @returns the error as it is where no registry has refused anything
 */
export function explainPassFailure(error: unknown, facts: RunFacts, image: ImageName, readable: boolean): unknown {
  if (!(error instanceof PassFailedError) || error.progress.failed === null) return error;
  const { failed } = error.progress;
  const answer = parseDenial(failed.error ?? '');
  if (answer === null) return error;
  const base = parseBaseImage(failed.name);
  // The login of the inputs is for one registry; what the engine has for others is not known here.
  const login = base?.registry === image.registry ? facts : { ...facts, login: 'none' as const, username: null };
  const denial: Denial | null =
    base !== null
      ? { ...login, action: 'read', image: base, answer, readable: false }
      : error.exportOnly
        ? { ...facts, action: 'write', image, answer, readable }
        : null;
  if (denial === null) return error;
  const { cause, change } = explainDenial(denial);
  return new Error(`${error.message.replace(/\.$/, '')}: ${cause}. ${change}.`, { cause: error });
}
