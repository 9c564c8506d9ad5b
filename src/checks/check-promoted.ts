// Checks an image of the registry before it gets further tags: it is pulled by digest into the local engine.
import { inspectEngine } from '../adapters/docker/inspect-engine.js';
import { pullImage } from '../adapters/docker/local-image.js';
import { classifyFailure } from '../adapters/docker/pass-failure.js';
import { CancelledError } from '../adapters/process/process.js';
import { retryDelay } from '../adapters/registry/http.js';
import { readChildren, readConfigDigests } from '../adapters/registry/read-image.js';
import type { Manifest, Registry } from '../adapters/registry/registry.js';
import { toLocalEngine } from '../build/build-request.js';
import { expectEngine } from '../plan/candidate.js';
import { retry } from '../shared/retry.js';
import { errorMessage } from '../shared/text.js';
import { CheckFailedError, type CheckRequest, type Checked } from './check.js';
import { checkImage } from './checks.js';

/**
 * @param manifest of the image, or index
 * @throws InputError where there is no engine; as `checkImage` else
 */
export async function checkPromoted(
  request: Omit<CheckRequest, 'engine'>,
  registry: Registry,
  manifest: Manifest,
): Promise<Checked> {
  const { world, inputs, plan, configDirectory } = request;
  const { engine } = await inspectEngine(world.run, world.runner.childEnv, inputs.builder, world.signal);
  expectEngine(engine);
  const { digest } = manifest;
  const reference = `${plan.image.name}@${digest}`;
  const local = toLocalEngine({ world, engine, configDirectory });
  const pulled = await retry(
    () => pullImage(local, reference),
    (outcome, attempt) => ('error' in outcome && isTransient(outcome.error) ? retryDelay(attempt) : null),
    world.wait,
  ).then(
    () => null,
    (error: unknown) => error,
  );
  if (pulled instanceof CancelledError) throw pulled;
  if (pulled !== null)
    return fail(`The image ${reference} could not be pulled, so it was not checked: ${errorMessage(pulled)}`);
  const ids = [digest, ...(await readChildren(registry, digest)), ...(await readConfigDigests(registry, manifest))];
  return checkImage({ ...request, engine }, { ids, reference });
}

function isTransient(error: unknown): boolean {
  return classifyFailure([`ERROR: ${errorMessage(error)}`]).transient !== null;
}

function fail(message: string): Checked {
  return { image: null, verified: false, scan: [], failure: new CheckFailedError(message) };
}
