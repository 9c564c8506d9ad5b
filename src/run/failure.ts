// The error of a failed run -> its message and the last lines of the failed step.
import { PassFailedError } from '../adapters/docker/buildx.js';
import { CheckFailedError } from '../checks/check.js';
import type { Failure } from '../report/result.js';

/** For the summary: the message, and what the failed step or check printed last. */
export function toFailure(error: unknown): Failure {
  const output =
    error instanceof CheckFailedError ? error.output : (findFailedPass(error)?.progress.failed?.output ?? []);
  return { message: getMessage(error), output };
}

/** For the annotation and the end of the log: fewer lines than the summary has, since the log has all of them. */
export function describeFailure(error: unknown): string {
  const output = error instanceof CheckFailedError ? error.output : (findFailedPass(error)?.output ?? []);
  return [getMessage(error), ...output].join('\n');
}

/** The failed pass: the error itself, or one in its chain of causes. */
export function findFailedPass(error: unknown): PassFailedError | null {
  if (error instanceof PassFailedError) return error;
  return error instanceof Error && error.cause !== undefined ? findFailedPass(error.cause) : null;
}

function getMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
