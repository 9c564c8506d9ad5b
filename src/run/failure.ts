// The error of a failed run -> its message and the last lines of the failed step.
import { PassFailedError } from '../adapters/docker/buildx.js';
import { CheckFailedError } from '../checks/check.js';
import { DockerfileCheckError } from '../build/pure/dockerfile-check-error.js';
import type { Failure } from '../report/result.js';
import type { SourcePlace } from '../shared/types.js';

/** For the summary: the message, and what the failed step or check printed last. */
export function toFailure(error: unknown): Failure {
  const output = getOutput(error) ?? findFailedPass(error)?.progress.failed?.output ?? [];
  const title = error instanceof DockerfileCheckError ? { outputTitle: 'What they find' } : {};
  return { message: getMessage(error), output, ...title };
}

/** For the annotation and the end of the log: fewer lines than the summary has, since the log has all of them. */
export function describeFailure(error: unknown): string {
  const output = getOutput(error) ?? findFailedPass(error)?.output ?? [];
  return [getMessage(error), ...output].join('\n');
}

/** The place that the failure is annotated at; null where it has none. */
export function findPlace(error: unknown): SourcePlace | null {
  return error instanceof DockerfileCheckError ? error.place : (findFailedPass(error)?.place ?? null);
}

/** The failed pass: the error itself, or one in its chain of causes. */
export function findFailedPass(error: unknown): PassFailedError | null {
  if (error instanceof PassFailedError) return error;
  return error instanceof Error && error.cause !== undefined ? findFailedPass(error.cause) : null;
}

/** The lines of a failed check; null for any other failure. */
function getOutput(error: unknown): readonly string[] | null {
  return error instanceof CheckFailedError || error instanceof DockerfileCheckError ? error.output : null;
}

function getMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
