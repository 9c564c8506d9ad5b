// What the stages of a run have found, each a value of its own; what has not been reached is not there.
import type { PassResult } from '../adapters/docker/buildx.js';
import type { KeptBuilder } from '../build/keep-builder.js';
import type { LayerStore } from '../cache/layer-store.js';
import type { Checked } from '../checks/check.js';
import type { ImageIndex } from '../image/image-index.js';
import type { Plan } from '../plan/plan.js';
import type { PublishedImage } from '../publish/publish.js';
import type { MirrorOutcome } from '../publish/pure/mirror-outcome.js';
import type { Survey } from './prepare/inspect.js';
import type { Job } from './prepare/plan-job.js';

export interface Found {
  readonly survey?: Survey;
  readonly layers?: LayerStore;
  /** The plan that is carried out. */
  readonly plan?: Plan;
  readonly job?: Job;
  /** Production, and the builder's stages that it is made of. */
  readonly built?: PassResult;
  readonly checked?: Checked;
  readonly published?: PublishedImage;
  readonly kept?: KeptBuilder;
  readonly copies?: readonly MirrorOutcome[];
  /** Of an index that was made of parts. */
  readonly platforms?: ImageIndex['platforms'];
}
