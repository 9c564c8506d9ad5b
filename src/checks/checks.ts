// Checks the production image in the local engine before it is published: by the script of the input `verify`, and by a
// scanner.
import type { PassResult } from '../adapters/docker/buildx.js';
import { type LocalEngine, readImageId } from '../adapters/docker/local-image.js';
import { toLocalEngine } from '../build/build-request.js';
import { taggedReference } from '../image/reference.js';
import { CheckFailedError, type CheckRequest, type Checked } from './check.js';
import { scanImage } from './scan.js';
import { verifyImage } from './verify.js';

/** What is checked: an image of the local engine. */
type Built = Pick<PassResult, 'ids'> & {
  /** Left out: its name and unique tag. */
  readonly reference?: string;
};

/**
 * Runs the checks of the inputs `verify` and `scan`, up to the first that fails.
 * @throws CancelledError on a signal; Error when the engine does not answer
 */
export async function checkImage(request: CheckRequest, built: Built): Promise<Checked> {
  let done: Pick<Checked, 'verified' | 'scan'> = { verified: false, scan: [] };
  try {
    const { plan, inputs } = request;
    const local = toLocalEngine(request);
    const reference = built.reference ?? taggedReference(plan.image, plan.tags.unique);
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
