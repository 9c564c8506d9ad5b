// Nothing is published before it is checked: the production image in the local engine, by the team's script and a scanner.
import type { PassResult } from './docker/buildx.js';
import { type LocalEngine, readImageId } from './docker/local-image.js';
import { CheckFailedError } from './plan/check-error.js';
import type { Dockerfile } from './plan/dockerfile.js';
import type { Engine } from './plan/engine.js';
import type { Inputs } from './plan/inputs.js';
import { taggedReference } from './plan/image-name.js';
import type { Plan } from './plan/plan.js';
import type { RunFacts } from './plan/denial.js';
import type { RunResult } from './report/summary.js';
import type { GitHubApi } from './runner/github-api.js';
import { scanImage } from './scan.js';
import { verifyImage } from './verify.js';
import type { World } from './world.js';

export interface ChecksRequest {
  readonly world: World;
  readonly github: GitHubApi;
  readonly inputs: Inputs;
  readonly plan: Plan;
  readonly engine: Engine;
  readonly dockerfile: Dockerfile | null;
  readonly directory: string;
  readonly facts: RunFacts;
  readonly warn: (message: string) => void;
  readonly note: (progress: Partial<RunResult>) => void;
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

export function wantsChecks({ verify, scan }: Inputs): boolean {
  return verify !== null || scan !== null;
}

/**
 * @param local with the Docker configuration that pushes; no check gets to see it
 * @throws CheckFailedError when a check fails, or the image was changed meanwhile; CancelledError on a signal
 */
export async function checkProduction(
  request: ChecksRequest,
  local: LocalEngine,
  built: PassResult,
): Promise<CheckedImage> {
  const { plan, inputs } = request;
  const reference = taggedReference(plan.image, plan.tags.unique);
  const id = await readImageId(local, reference);
  if (!built.ids.some((own) => own === id)) {
    throw new CheckFailedError(
      `The engine's image ${reference} is ${id}, and not what was built (${built.ids.join(', ')}), so it was not checked.`,
    );
  }
  const image = { reference, id };
  if (inputs.verify !== null) {
    await verifyImage(request, image, inputs.verify);
    request.note({ verified: true });
  }
  if (inputs.scan !== null) await scanImage(request, image, inputs.scan);
  const now = await readImageId(local, reference).catch(() => 'gone');
  if (now !== id) {
    throw new CheckFailedError(
      `The image ${reference} was ${id} when its checks began, and is ${now} after them. A check must not change the image: build, tag or load another one under another name.`,
    );
  }
  return { local, reference, id, ids: built.ids };
}
