// What every check gets, and how it fails.
import type { RunFacts } from '../plan/denial/denial.js';
import type { PassResult } from '../adapters/docker/buildx.js';
import type { LocalEngine } from '../adapters/docker/local-image.js';
import type { GitHubApi } from '../adapters/github/run-api.js';
import type { World } from '../adapters/world.js';
import type { Dockerfile } from '../build/pure/dockerfile.js';
import type { Inputs } from '../inputs/inputs.js';
import type { Engine } from '../plan/engine.js';
import type { Plan } from '../plan/plan.js';
import type { Warn } from '../shared/types.js';

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

export interface CheckRequest {
  readonly world: World;
  readonly github: GitHubApi;
  readonly inputs: Inputs;
  readonly plan: Plan;
  readonly engine: Engine;
  readonly dockerfile: Dockerfile | null;
  readonly directory: string;
  /** Of the login that pushes; no check gets to see it. */
  readonly configDirectory: string;
  readonly facts: RunFacts;
  readonly warn: Warn;
}

/** An image that has passed every check. */
export interface CheckedImage {
  readonly local: LocalEngine;
  readonly reference: string;
  /** As the local engine calls it. */
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
