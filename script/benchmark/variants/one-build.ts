// Variants that build production alone: the limit, and the two caches of all stages that docker documents.
import type { Place, VariantRun, What } from '../place.js';
import { getBuildArgs, getProductionTags, runDockerCommands } from './commands.js';

/** The action's name for the merged cache of a branch. */
export const cacheTagOf = (branch: string): string => `cache-${branch}`;

/** Builds and pushes one image, and keeps nothing for the next commit. */
export async function runLimit(place: Place, what: What): Promise<VariantRun> {
  const { change, image, repository, state } = what;
  const tag = cacheTagOf(change.branch);
  const cache = await place.lab.registry.findManifest(repository, tag);
  if (cache === undefined && state !== null) throw new Error(`${repository} has no ${tag}, which the limit imports.`);
  const args = [
    ...getBuildArgs(place, what, 'production'),
    '--provenance=false',
    ...(cache === undefined ? [] : ['--cache-from', `type=registry,ref=${image}:${tag}@${cache.digest}`]),
    ...['--output', `type=image,name=${image}:${place.commits.get(change.commit)!},push=true,store=false`, '.'],
  ];
  return runDockerCommands(place, [{ args }]);
}

export function runRegistryMax(place: Place, what: What): Promise<VariantRun> {
  const cache = `type=registry,ref=${what.image}:buildcache`;
  return runDockerCommands(place, [{ args: withCache(place, what, cache, `${cache},mode=max`) }]);
}

/** In scopes as GitHub has them: it writes to its branch's, and reads that of the state's branch and main. */
export async function runActionsCache(place: Place, what: What): Promise<VariantRun> {
  const { change, repository, state } = what;
  const { actionsCache } = place;
  if (actionsCache === null) throw new Error('The stand-in of the Actions cache was not started.');
  const own = `${repository}/${change.branch}`;
  const others = state === null ? [] : [`${state}/${change.branch}`, `${state}/main`];
  const env = actionsCache.env({ own, others: others.filter((scope) => scope !== own) });
  const before = actionsCache.transferred();
  const run = await runDockerCommands(place, [{ args: withCache(place, what, 'type=gha', 'type=gha,mode=max') }], env);
  const after = actionsCache.transferred();
  return {
    ...run,
    cachePulled: after.downloaded - before.downloaded,
    cachePushed: after.uploaded - before.uploaded,
  };
}

function withCache(place: Place, what: What, from: string, to: string): readonly string[] {
  return [
    ...getBuildArgs(place, what, 'production'),
    '--push',
    ...getProductionTags(place, what),
    ...['--cache-from', from, '--cache-to', to, '.'],
  ];
}
