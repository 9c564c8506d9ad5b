// The types that all checks share.
import type { Caller } from '../plan/denial/denial.js';
import type { PassResult } from '../adapters/docker/buildx.js';
import type { LocalEngine } from '../adapters/docker/local-image.js';
import type { GitHubApi } from '../adapters/github/run-api.js';
import type { BuildRequest } from '../build/build-request.js';

/** The image did not pass a check, or could not be checked. */
export class CheckFailedError extends Error {
  override readonly name = 'CheckFailedError';
  /** What the failed check printed last. */
  readonly output: readonly string[];

  constructor(message: string, output: readonly string[] = []) {
    super(message);
    this.output = output;
  }
}

export interface CheckRequest extends BuildRequest {
  readonly github: GitHubApi;
  readonly caller: Caller;
}

/** An image that has passed every check. */
export interface CheckedImage {
  readonly local: LocalEngine;
  readonly reference: string;
  /** ID of the image in the local engine. */
  readonly id: string;
  /** Digests of manifest and config: one of them is the ID. */
  readonly ids: PassResult['ids'];
}

export interface Checked {
  /** Null when a check has failed. */
  readonly image: CheckedImage | null;
  /** Whether the team's own check has passed. */
  readonly verified: boolean;
  /** Markdown of what the scanner found; none when there was no scan. */
  readonly scan: readonly string[];
  /** Why the image must not be published; null when it may. */
  readonly failure: CheckFailedError | null;
}
