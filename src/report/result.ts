// The result of a run: everything that log, summary and comment show.
import type { Work } from '../adapters/progress/build-progress.js';
import type { Digest } from '../image/digest.js';
import type { ImageIndex } from '../image/image-index.js';
import type { Tag } from '../image/reference.js';
import type { ImageBytes } from '../image/stored-image.js';
import type { Plan } from '../plan/plan.js';
import type { MirrorOutcome } from '../publish/pure/mirror-outcome.js';
import type { PassFigures } from './figures.js';

export interface RunResult {
  readonly plan: Plan;
  /** One for each of the plan's builder passes; none when they were not finished. */
  readonly builders: readonly PassFigures[];
  /** Null when the pass was not finished. */
  readonly production: PassFigures | null;
  /** What the registry serves under the unique tag; null when nothing was pushed. */
  readonly digest: Digest | null;
  /** Tags that were written. */
  readonly pushedTags: readonly Tag[];
  readonly warnings: readonly string[];
  readonly error: Failure | null;
  /** Work of a pass that failed. */
  readonly unfinished: readonly Work[];
  readonly bytes: ImageBytes;
  /** Images whose cache this run could use. */
  readonly cacheTags: readonly Tag[];
  /** The platforms of an index that was made of parts; left out: the image was built here. */
  readonly platforms?: ImageIndex['platforms'];
  /** The copy to each mirror; left out: there are no mirrors. */
  readonly mirrors?: readonly MirrorOutcome[];
  /** Whether the team's own check has passed. */
  readonly verified?: boolean;
  /** Markdown of what the scanner found. */
  readonly checks?: readonly string[];
  /** What would have made the build faster, as lines of Markdown; left out: nothing is known, or it was not asked for. */
  readonly advice?: readonly string[];
  /** Key of the entry of the Actions cache that both passes started from; null when none was found. */
  readonly actionsCacheKey?: string | null;
}

export interface Failure {
  readonly message: string;
  /** The last lines that the failed step printed; none when no step failed. */
  readonly output: readonly string[];
  /** What the output is, if it is not what a step printed. */
  readonly outputTitle?: string;
}
