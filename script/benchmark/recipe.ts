// The other variant: what teams write by hand, two plain `docker buildx build --push` with inline cache. Logging in is
// not part of its time.
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, runOrThrow } from '../../lab/command.js';
import { WRITER } from '../../lab/services/team.js';
import type { Place, VariantRun } from './place.js';
import type { Change } from './scenarios.js';

const MAIN = 'main';

/** Makes a Docker configuration with Buildx and the login, and gives its folder. */
export async function logInForRecipe(directory: string, place: Omit<Place, 'recipeConfig'>): Promise<string> {
  const { lab, engine } = place;
  await mkdir(join(directory, 'cli-plugins'), { recursive: true });
  await symlink(lab.tools.buildx, join(directory, 'cli-plugins', 'docker-buildx'));
  await runOrThrow(lab.tools.docker, ['login', '--username', WRITER.name, '--password-stdin', place.host], {
    env: { ...engine.env, DOCKER_CONFIG: directory },
    input: WRITER.password,
  });
  return directory;
}

/** Runs both builds; the second not after a first that failed. */
export async function runRecipe(place: Place, change: Change, image: string): Promise<VariantRun> {
  const { branch } = change;
  const sha = place.commits.get(change.commit)!;
  const { secretFiles, network } = place.service;
  const buildArgs = place.service.buildArgs(sha);
  const builder = [`builder-${branch}`, `builder-${MAIN}`];
  const production = [`builder-${branch}`, branch, MAIN];
  let seconds = 0;
  let log = '';
  for (const [target, tags, sources] of [
    ['builder', [`builder-${branch}`], builder],
    ['production', [sha, branch], production],
  ] as const) {
    const args = [
      ...['buildx', 'build', '--push', '--progress=plain', '--target', target],
      ...Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
      ...Object.entries(secretFiles).flatMap(([id, path]) => ['--secret', `id=${id},src=${path}`]),
      ...(network === '' ? [] : ['--network', network]),
      ...tags.flatMap((tag) => ['--tag', `${image}:${tag}`]),
      // On main the lists name some images twice; BuildKit needs to be told once.
      ...[...new Set(sources)].flatMap((tag) => ['--cache-from', `${image}:${tag}`]),
      ...['--cache-to', 'type=inline', '.'],
    ];
    const start = performance.now();
    const { code, stdout, stderr } = await runCommand(join(place.recorder.folder, 'docker'), args, {
      cwd: place.team.service.directory,
      env: { ...place.engine.env, PATH: place.path, DOCKER_CONFIG: place.recipeConfig },
    });
    seconds += (performance.now() - start) / 1000;
    log += `docker ${args.join(' ')}\n${stdout}${stderr}`;
    if (code !== 0) return { code, seconds, log };
  }
  return { code: 0, seconds, log };
}
