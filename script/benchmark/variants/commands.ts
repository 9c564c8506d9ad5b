// Runs a variant's commands one after the other, as steps of a job do, and adds up their times.
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, runOrThrow } from '../../../lab/command.js';
import { WRITER } from '../../../lab/services/team.js';
import type { Place, VariantRun, What } from '../place.js';

interface DockerCommand {
  readonly args: readonly string[];
  readonly input?: string;
}

/** Stops after a command that failed. */
export async function runDockerCommands(
  place: Place,
  commands: readonly DockerCommand[],
  env: Readonly<Record<string, string>> = {},
): Promise<VariantRun> {
  const startedAt = Date.now();
  let seconds = 0;
  let log = '';
  for (const { args, input } of commands) {
    const start = performance.now();
    const { code, stdout, stderr } = await runCommand(join(place.recorder.folder, 'docker'), args, {
      cwd: place.team.service.directory,
      env: { ...place.engine.env, PATH: place.path, DOCKER_CONFIG: place.recipeConfig, ...env },
      ...(input !== undefined && { input }),
    });
    seconds += (performance.now() - start) / 1000;
    log += `docker ${args.join(' ')}\n${stdout}${stderr}`;
    if (code !== 0) return { code, seconds, log, startedAt };
  }
  return { code: 0, seconds, log, startedAt };
}

/** The target, and what the service needs to be built. */
export function getBuildArgs(place: Place, { change }: What, target: string): readonly string[] {
  const { buildArgs, secretFiles, network } = place.service;
  return [
    ...['buildx', 'build', '--progress=plain', '--target', target],
    ...Object.entries(buildArgs(place.commits.get(change.commit)!)).flatMap(([name, value]) => [
      '--build-arg',
      `${name}=${value}`,
    ]),
    ...Object.entries(secretFiles).flatMap(([id, path]) => ['--secret', `id=${id},src=${path}`]),
    ...(network === '' ? [] : ['--network', network]),
  ];
}

/** The unique tag and the branch's. */
export function getProductionTags({ commits }: Place, { change, image }: What): readonly string[] {
  return [commits.get(change.commit)!, change.branch].flatMap((tag) => ['--tag', `${image}:${tag}`]);
}

/** What docker/login-action runs. */
export function logIn(place: Place): DockerCommand {
  return { args: ['login', '--username', WRITER.name, '--password-stdin', place.host], input: WRITER.password };
}

/** Makes the Docker configuration of all plain commands, with Buildx and the login. */
export async function logInForCommands(place: Place): Promise<void> {
  const { lab, engine, recipeConfig: directory } = place;
  await mkdir(join(directory, 'cli-plugins'), { recursive: true });
  await symlink(lab.tools.buildx, join(directory, 'cli-plugins', 'docker-buildx'));
  const { args, input } = logIn(place);
  await runOrThrow(lab.tools.docker, args, {
    env: { ...engine.env, DOCKER_CONFIG: directory },
    ...(input !== undefined && { input }),
  });
}

/** What docker's actions ask and print before they work. */
export const LOOK_AROUND: readonly DockerCommand[] = [
  { args: ['version'] },
  { args: ['info'] },
  { args: ['buildx', 'version'] },
  { args: ['buildx', 'inspect', 'default'] },
];
