// The results of the stages of a run; those of stages that were not reached are undefined.
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
  /** The plan, fitted to engine and registry. */
  readonly plan?: Plan;
  readonly job?: Job;
  /** The result of building production, with the builder's stages that it copies from. */
  readonly built?: PassResult;
  readonly checked?: Checked;
  readonly published?: PublishedImage;
  /** One for each of the plan's builder passes. */
  readonly kept?: readonly KeptBuilder[];
  readonly copies?: readonly MirrorOutcome[];
  /** Set by an index run only. */
  readonly platforms?: ImageIndex['platforms'];
}
