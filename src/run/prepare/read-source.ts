// Reads one image that a run may take layers from; and the types of what is read of all of them.
import { readStoredImage } from '../../adapters/registry/read-image.js';
import type { Registry } from '../../adapters/registry/registry.js';
import type { Restored } from '../../cache/own-records.js';
import type { Digest } from '../../image/digest.js';
import type { Tag } from '../../image/reference.js';
import type { StoredImage } from '../../image/stored-image.js';
import type { Inputs } from '../../inputs/inputs.js';
import type { Plan } from '../../plan/plan.js';
import { errorMessage } from '../../shared/text.js';
import type { Warn } from '../../shared/types.js';

export interface Sources {
  /** Images to take layers from. */
  readonly images: readonly StoredImage[];
  /** What is under tags of the lineage that this run may move. */
  readonly targets: readonly StoredImage[];
  /** What is left out, and why. */
  readonly notes: readonly string[];
}

export interface SourcesRequest {
  readonly draft: Plan;
  readonly inputs: Pick<Inputs, 'cacheFrom'>;
  /** Of `startRestoring`. */
  readonly restoring: Promise<Restored | null>;
  readonly warn: Warn;
}

/** @param digest null: whatever is under the tag */
export async function readSource(
  registry: Registry,
  tag: Tag,
  digest: Digest | null,
  warn: Warn,
): Promise<StoredImage | null> {
  try {
    return await readStoredImage(registry, tag, digest);
  } catch (error) {
    warn(`Reading ${tag} from the registry failed, so it is no cache for this run: ${errorMessage(error)}`);
    return null;
  }
}
