// Looks at a finished build for what would have made it faster. Reads manifests of the build context, and nothing else.
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { PassProgress } from '../adapters/progress/build-progress.js';
import { readSmallFile } from '../build/find-git-credentials.js';
import { isInside } from '../build/pure/context/local-paths.js';
import type { Dockerfile } from '../build/pure/dockerfile.js';
import { findContextFolder } from '../build/read-dockerfile.js';
import { changesOften } from '../cache/pure/cache-miss.js';
import type { CachedImage } from '../image/stored-image.js';
import type { Inputs } from '../inputs/inputs.js';
import type { WorkflowEvent } from '../plan/event/event.js';
import type { Manifests } from './pure/installers.js';
import { observeBuild } from './pure/observed.js';
import { adviseOnBuild } from './pure/rules/all-rules.js';
import { listWantedManifests } from './pure/rules/early-copy.js';

export interface FinishedBuild {
  readonly inputs: Inputs;
  /** Folder that relative paths are relative to. */
  readonly workspace: string;
  /** The event that started the run. */
  readonly trigger: WorkflowEvent;
  readonly dockerfile: Dockerfile;
  /** The built commit. */
  readonly sha: string;
  readonly progress: PassProgress;
  /** The new image, and then those that the run could take layers from. */
  readonly images: readonly CachedImage[];
}

/** More than any Dockerfile has that people write: bounds the time of rules that compare stages and instructions. */
const [MOST_STAGES, MOST_INSTRUCTIONS] = [100, 1000];

/** @returns at most three lines of Markdown */
export async function adviseOnFinished(finished: FinishedBuild): Promise<readonly string[]> {
  const { inputs, workspace, trigger, dockerfile, sha, progress, images } = finished;
  const { flags, reuseCache } = inputs;
  const count = dockerfile.stages.reduce((sum, { instructions }) => sum + instructions.length, 0);
  if (dockerfile.stages.length > MOST_STAGES || count > MOST_INSTRUCTIONS) return [];
  const build = observeBuild(dockerfile, progress, {
    layers: images.flatMap(({ layers }) => layers),
    changesOften: (name) => changesOften(name, flags, sha),
  });
  const manifests = await readManifests(findContextFolder(inputs, workspace), listWantedManifests(build));
  return adviseOnBuild(build, manifests, {
    noCache: !reuseCache,
    noCacheStages: flags.filter(({ input }) => input === 'no-cache-filters').map(({ value }) => value),
    frequent: isFrequent(trigger),
  });
}

/** Of a git tag there is one build, which may well do without a cache. */
function isFrequent({ kind, name }: WorkflowEvent): boolean {
  return kind === 'pull-request' || kind === 'merge-group' || (kind === 'branch' && name === 'push');
}

/** @returns those of the files that are there; symbolic links that leave the context are passed over */
async function readManifests(folder: string | null, paths: readonly string[]): Promise<Manifests> {
  if (folder === null) return new Map();
  const root = await realpath(folder);
  const found = paths.map(async (path): Promise<[string, string][]> => {
    const real = await realpath(join(root, path)).catch(() => null);
    const text = real === null || !isInside(root, real) ? null : await readSmallFile(real);
    return text === null ? [] : [[path, text]];
  });
  return new Map((await Promise.all(found)).flat());
}
