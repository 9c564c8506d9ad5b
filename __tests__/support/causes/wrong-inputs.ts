// Inputs, and files that inputs name, which are wrong or worth a warning.
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SHA, pullRequest, push } from '../world/events.js';
import { DOCKERFILE } from '../world/recorded-engine.js';
import { type Cause, type Causes, given } from './cause.js';

const FILES: Causes = {
  'no checkout': given({ context: 'service' }),
  'no Dockerfile': async (world) => {
    await rm(join(world.workspace, 'Dockerfile'));
    return world.run(push('main', SHA));
  },
  'a stage of another name': given({ 'builder-target': 'build' }),
  'a Dockerfile without named stages': async (world) => {
    await writeFile(join(world.workspace, 'Dockerfile'), 'FROM scratch\n');
    return world.run(push('main', SHA), { 'builder-target': 'builder' });
  },
  'a link out of the workspace': async (world) => {
    await rm(join(world.workspace, 'Dockerfile'));
    await symlink('/etc/hostname', join(world.workspace, 'Dockerfile'));
    return world.run(pullRequest({ fork: 'mallory/app' }));
  },
  'credentials in the context': async (world) => {
    await mkdir(join(world.workspace, '.git'));
    const config = '[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic eDp5enp5eg==\n';
    await writeFile(join(world.workspace, '.git/config'), config);
    await writeFile(join(world.workspace, '.dockerignore'), 'node_modules\n');
    return world.run(push('main', SHA));
  },
  'a secret file that is not there': given({ 'secret-files': 'npmrc=missing.npmrc' }),
};

const NAMES: Causes = {
  'one stage for both': given({ 'builder-target': 'production' }),
  'a stage twice in a list': given({ 'builder-target': 'builder,builder' }),
  'the stage of production in a list': given({ 'builder-target': 'builder,production' }),
  'a tag in the image name': given({ image: 'ghcr.io/octo/app:latest' }),
  'a branch name as a tag': given({ tag: 'feature/login' }),
  "the branch's own tag": given({ tag: 'main' }),
  'a tag like one of the cache': given({ tag: 'builder-x' }),
  'a tag like a mark': given({ tag: 'promoted-v1' }),
  'a part to promote': given({ promote: 'true', 'part-of-index': 'true', platforms: 'linux/amd64' }),
  'a tag like one of a pull request': given({ tag: 'review-pr-7' }),
  'a template as the context': given({ context: '{{defaultContext}}' }),
  'a part of several platforms': given({ 'part-of-index': 'true', platforms: 'linux/amd64,linux/arm64' }),
  'an index of nothing': given({ 'index-of': ' ' }),
  'an index without a platform': async (world) => {
    const { outputs } = await world.succeed(push('main', SHA), { 'part-of-index': 'true', platforms: 'linux/amd64' });
    return world.run(push('main', SHA), { 'index-of': outputs.digest ?? '', platforms: 'linux/amd64,linux/arm64' });
  },
  'an index of a part that is not there': given({ 'index-of': `sha256:${'1'.repeat(64)}` }),
};

const LISTS: Causes = {
  'yes for true': given({ 'dry-run': 'yes' }),
  'trust in nobody': given({ 'trust-cache': 'none' }),
  'an open quote': given({ 'build-args': '"A=x' }),
  'an item without a value': given({ 'mirror-logins': 'registry.test' }),
  'inline cache by hand': given({ 'build-args': 'BUILDKIT_INLINE_CACHE=1' }),
  'a login for no mirror': given({ 'mirror-logins': 'registry.test=owner:x-password' }),
  'a login without a password': (world) =>
    world.run(push('main', SHA), {
      mirrors: `${world.registry.host}/owner/copy`,
      'mirror-logins': `${world.registry.host}=owner:`,
    }),
  'a report that nobody makes': given({ 'upload-sarif': 'true' }),
  'no checks, and which': given({
    'dockerfile-checks': 'off',
    'build-args': 'BUILDKIT_DOCKERFILE_CHECK=skip=FromAsCasing',
  }),
  'an option against scan-only-fixed': given({
    scan: 'grype',
    'scan-only-fixed': 'true',
    'scan-args': '--only-notfixed',
  }),
  'an option that the action sets': given({ scan: 'trivy', 'scan-args': '--output=x' }),
};

const SECRETS: Causes = {
  'a short secret': given({ secrets: 'pin=1' }),
  'an empty secret': given({ secrets: 'npm_token=' }),
  'a secret option as a build argument': given({ 'build-args': '--secret id=npm,env=NPM' }),
  'a secret as a build argument': given({ 'build-args': 'A=x-the-secret', secrets: 'npm=x-the-secret' }),
  'a name like a secret': given({ 'build-args': 'NPM_TOKEN=abc' }),
};

/** With a Dockerfile whose first step mounts the secret `npmrc`. */
function mounted(inputs: Parameters<typeof given>[0], mount = 'id=npmrc', base = 'scratch'): Cause {
  return async (world) => {
    const step = `ARG COMMIT_SHA\nRUN --mount=type=secret,${mount} install`;
    const text = DOCKERFILE.replace('RUN install', step).replaceAll('scratch', base);
    await writeFile(join(world.workspace, 'Dockerfile'), text);
    return world.run(push('main', SHA), inputs);
  };
}

const UNMATCHED: Causes = {
  'a secret of several lines without quotes': mounted({ secrets: 'npmrc=a-token=1\nregistry=https://npm.test/' }),
  'a secret that no step mounts': mounted({ 'secret-envs': 'npmrc=A,sentry=B' }),
  'a secret under another ID': mounted({ secrets: 'npm_rc=the-token' }),
  'a secret that a step requires': mounted({}, 'id=npmrc,required=true'),
  "a secret in Buildx's form": mounted({ secrets: 'id=npmrc,env=NPMRC' }),
  'a line of a secret as a build argument': mounted({
    secrets: '"npmrc=A=1\nTOKEN=x-the-secret-9"',
    'build-args': 'C=x-the-secret-9',
  }),
  'a build argument of another name': mounted({ 'build-args': 'COMMIT=1' }),
  'a build argument that is not declared': mounted({ 'build-args': 'VERSION=1' }),
  'a build argument that a base image may declare': mounted({ 'build-args': 'VERSION=1' }, 'id=npmrc', 'octo/base'),
};

export const WRONG_INPUTS: Causes = { ...FILES, ...NAMES, ...LISTS, ...SECRETS, ...UNMATCHED };
