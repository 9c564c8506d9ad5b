// The error of a Dockerfile that does not pass BuildKit's checks, apart from them: few runs load these. Pure.
import type { SourcePlace } from '../../shared/types.js';

/** The Dockerfile does not pass the checks. */
export class DockerfileCheckError extends Error {
  override readonly name = 'DockerfileCheckError';
  /** The first violation's; null where its line or the Dockerfile's path is not known. */
  readonly place: SourcePlace | null;
  /** `FILE:LINE: RULE: … (LINK)` for each violation. */
  readonly output: readonly string[];

  constructor(message: string, place: SourcePlace | null, output: readonly string[]) {
    super(message);
    this.place = place;
    this.output = output;
  }
}
