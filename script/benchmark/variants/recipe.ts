// What teams write by hand: two plain `docker buildx build --push` with inline cache. Logging in is not part of its time.
import type { Place, VariantRun, What } from '../place.js';
import { getBuildArgs, getProductionTags, runDockerCommands } from './commands.js';

const MAIN = 'main';

/** Runs both builds; the second not after a first that failed. */
export function runRecipe(place: Place, what: What): Promise<VariantRun> {
  return runDockerCommands(
    place,
    getTwoBuilds(place, what).map((args) => ({ args: [...args, '.'] })),
  );
}

/** The arguments of both builds, without the context. */
export function getTwoBuilds(place: Place, what: What): readonly (readonly string[])[] {
  const { branch } = what.change;
  const builder = ['--tag', `${what.image}:builder-${branch}`];
  return (
    [
      ['builder', builder, [`builder-${branch}`, `builder-${MAIN}`]],
      ['production', getProductionTags(place, what), [`builder-${branch}`, branch, MAIN]],
    ] as const
  ).map(([target, tags, sources]) => [
    ...getBuildArgs(place, what, target),
    '--push',
    ...tags,
    // On main the lists name some images twice; BuildKit needs to be told once.
    ...[...new Set(sources)].flatMap((tag) => ['--cache-from', `${what.image}:${tag}`]),
    ...['--cache-to', 'type=inline'],
  ]);
}
