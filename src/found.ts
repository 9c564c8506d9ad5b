// What the stages of a run have found, each a value of its own; what has not been reached is not there.
import type { Checked } from './checks.js';
import type { PassResult } from './docker/buildx.js';
import type { Survey } from './inspect.js';
import type { KeptBuilder } from './keep-builder.js';
import type { LayerStore } from './kept-layers.js';
import type { ImageIndex } from './plan/image-index.js';
import type { MirrorOutcome } from './plan/mirror-outcome.js';
import type { Plan } from './plan/plan.js';
import type { Job } from './plan-job.js';
import type { PublishedImage } from './publish.js';

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
