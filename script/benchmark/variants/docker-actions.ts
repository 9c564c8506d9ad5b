// Ways to build with docker's own actions, as the commands that these actions run: the chain for two passes, and
// build-docker-image of DFE-Digital/github-actions, which loads the image and pushes it with all its tags.
import { join } from 'node:path';
import type { Place, VariantRun, What } from '../place.js';
import { LOOK_AROUND, getBuildArgs, getProductionTags, logIn, runDockerCommands } from './commands.js';
import { getTwoBuilds } from './recipe.js';

const RUN_URL = 'https://github.com/octo/bench/actions/runs/1/attempts/1';

export function runDockerActions(place: Place, what: What): Promise<VariantRun> {
  // Without containerd's store the docker driver refuses attestations.
  const attest =
    place.engine.store === 'containerd' ? ['--attest', `type=provenance,mode=max,builder-id=${RUN_URL}`] : [];
  return runDockerCommands(place, [
    ...LOOK_AROUND,
    logIn(place),
    ...getTwoBuilds(place, what).flatMap((args) => [
      ...LOOK_AROUND,
      { args: [...args, ...attest, ...getReportFiles(place), '.'] },
    ]),
  ]);
}

export function runBuildDockerImage(place: Place, what: What): Promise<VariantRun> {
  const { image, change } = what;
  const sources = new Set(['main', place.commits.get(change.commit)!, change.branch]);
  const build = [
    ...getBuildArgs(place, what, 'production'),
    '--load',
    ...getProductionTags(place, what),
    ...[...sources].flatMap((tag) => ['--cache-from', `type=registry,ref=${image}:${tag}`]),
    ...['--cache-to', 'type=inline', ...getReportFiles(place), '.'],
  ];
  return runDockerCommands(place, [
    logIn(place),
    ...LOOK_AROUND,
    { args: build },
    { args: ['image', 'push', '--all-tags', image] },
  ]);
}

/** Where build-push-action reads the digest. */
function getReportFiles({ lab }: Place): readonly string[] {
  const folder = lab.directory;
  return ['--iidfile', join(folder, 'image-id'), '--metadata-file', join(folder, 'metadata.json')];
}
