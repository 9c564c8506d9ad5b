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
import type { GitHubApi } from './runner/github-api.js';
import { scanImage } from './scan.js';
import { verifyImage } from './verify.js';
import type { World } from './world.js';

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
  readonly warn: (message: string) => void;
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

export function wantsChecks({ verify, scan }: Pick<Inputs, 'verify' | 'scan'>): boolean {
  return verify !== null || scan !== null;
}

/**
 * Runs all checks that are asked for, up to the first that fails.
 * @throws CancelledError on a signal; Error when the engine does not answer
 */
export async function checkImage(request: CheckRequest, built: Pick<PassResult, 'ids'>): Promise<Checked> {
  let done: Pick<Checked, 'verified' | 'scan'> = { verified: false, scan: [] };
  try {
    const { plan, inputs } = request;
    const local = toLocalEngine(request);
    const reference = taggedReference(plan.image, plan.tags.unique);
    const id = await readImageId(local, reference);
    expectBuilt(reference, id, built);
    if (inputs.verify !== null) {
      await verifyImage(request, { reference, id }, inputs.verify);
      done = { ...done, verified: true };
    }
    if (inputs.scan !== null) {
      const { summary, failure } = await scanImage(request, { reference }, inputs.scan);
      done = { ...done, scan: summary };
      if (failure !== null) throw failure;
    }
    await expectUnchanged(local, reference, id);
    return { ...done, image: { local, reference, id, ids: built.ids }, failure: null };
  } catch (error) {
    if (error instanceof CheckFailedError) return { ...done, image: null, failure: error };
    throw error;
  }
}

function toLocalEngine({ world: { run, runner, signal }, engine, configDirectory }: CheckRequest): LocalEngine {
  const env = { ...runner.childEnv, DOCKER_CONFIG: configDirectory };
  return { run, env, builder: engine.driver === 'docker' ? engine.builder : null, signal };
}

function expectBuilt(reference: string, id: string, { ids }: Pick<PassResult, 'ids'>): void {
  if (ids.some((own) => own === id)) return;
  throw new CheckFailedError(
    `The engine's image ${reference} is ${id}, and not what was built (${ids.join(', ')}), so it was not checked.`,
  );
}

async function expectUnchanged(local: LocalEngine, reference: string, id: string): Promise<void> {
  const now = await readImageId(local, reference).catch(() => 'gone');
  if (now === id) return;
  throw new CheckFailedError(
    `The image ${reference} was ${id} when its checks began, and is ${now} after them. A check must not change the image: build, tag or load another one under another name.`,
  );
}
