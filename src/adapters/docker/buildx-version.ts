// The oldest Buildx that the passes can use, and the error for an older one. Pure.
import coerce from 'semver/functions/coerce.js';
import { isAtLeast } from '../../plan/engine.js';
import { InputError } from '../../shared/errors.js';

/** The first whose `--progress=rawjson` gives one object a line: https://github.com/docker/buildx/releases/tag/v0.15.0 */
export const OLDEST_BUILDX = '0.15.0';

/**
 * @param text version of Buildx as it tells it itself, such as `v0.29.1` or `0.13.1+ds1-3`
 * @returns `0.29.1`; a build from source has no number, is taken to be new, and comes back as it is
 * @throws InputError for a Buildx that is too old
 */
export function parseBuildxVersion(text: string): string {
  const found = coerce(/^v?(\d+\.\d+\.\d+\S*)/.exec(text)?.[1] ?? null);
  if (found === null) return text;
  if (!isAtLeast(found.version, OLDEST_BUILDX)) {
    throw new InputError(
      `Buildx ${found.version} is too old: ${OLDEST_BUILDX} or newer is needed. In a workflow, run docker/setup-buildx-action with "version: latest" before this step; on a machine of your own, install Docker's package docker-buildx-plugin, or a newer Buildx of your distribution.`,
    );
  }
  return found.version;
}
