// The Dockerfiles of examples/services keep the habits that they are there to show.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Stage, parseDockerfile } from '../../../src/build/pure/dockerfile.js';
import { looksLikeSecret } from '../../../src/inputs/secrets/secret-text.js';

const SERVICES = {
  node: { lockfile: 'package-lock.json', install: 'npm ci' },
  rails: { lockfile: 'Gemfile.lock', install: 'bundle install' },
  python: { lockfile: 'requirements.txt', install: 'pip install' },
} as const;
type Service = keyof typeof SERVICES;

const pathOf = (path: string): URL => new URL(`../../../examples/services/${path}`, import.meta.url);
const read = (path: string): string => readFileSync(pathOf(path), 'utf8');

/** What is wrong with a Dockerfile, one habit a line; the action itself only looks for the stages. */
function listBadHabits(service: Service, text: string): string[] {
  const { lockfile, install } = SERVICES[service];
  const dockerfile = parseDockerfile(text);
  const findStage = (wanted: string): Stage =>
    dockerfile.stages.find(({ name }) => name === wanted) ?? { name: null, uses: [], instructions: [], lines: [] };
  const [builder, production] = [findStage('builder'), findStage('production')];
  const find = ({ instructions }: Stage, pattern: RegExp): number => instructions.findIndex((one) => pattern.test(one));
  const findLast = ({ instructions }: Stage, pattern: RegExp): number =>
    instructions.findLastIndex((one) => pattern.test(one));
  const installing = dockerfile.stages.filter(
    (stage) => find(stage, /^RUN .*(?:npm|bundle|pip) (?:ci|install)/) !== -1,
  );

  const copiesLockfile = builder.instructions.findIndex((one) => one.startsWith('COPY ') && one.includes(lockfile));
  const installs = builder.instructions.findIndex((one) => one.startsWith('RUN ') && one.includes(install));
  const copiesSources = find(builder, /^COPY \. /);
  const commit = find(production, /^ARG COMMIT_SHA\b/);
  const [, user = 'root'] =
    /^USER\s+([^\s:]+)/.exec(production.instructions[findLast(production, /^USER /)] ?? '') ?? [];
  const variables = dockerfile.stages
    .flatMap(({ instructions }) => instructions)
    .flatMap((one) => (/^(?:ARG|ENV)\s/.test(one) ? [...one.matchAll(/\s([A-Za-z_]\w*)(?==|\s|$)/g)] : []))
    .map(([, name = '']) => name);
  const problems: readonly (readonly [boolean, string])[] = [
    [
      !['builder,production', 'builder,dependencies,production'].includes(
        dockerfile.stages.map(({ name }) => name).join(),
      ),
      'other stages than builder and production',
    ],
    [dockerfile.stages.some((stage) => find(stage, /\bprune\b/) !== -1), 'prunes what it has installed'],
    [copiesLockfile === -1 || copiesLockfile > installs, 'the lockfile is not copied before the dependencies'],
    [installs === -1 || installs > copiesSources, 'the dependencies are not installed before the sources are copied'],
    [
      installing.some((stage) => find(stage, /^RUN .*--mount=type=secret,.*(?:npm|bundle|pip) (?:ci|install)/) === -1),
      'no secret mount',
    ],
    [variables.some((name) => looksLikeSecret(name, null)), 'a secret in an ARG or ENV'],
    [find(builder, /COMMIT_SHA/) !== -1, 'COMMIT_SHA in the builder'],
    [commit === -1, 'no COMMIT_SHA'],
    [commit < findLast(production, /^(?:RUN|COPY|ADD) /), 'COMMIT_SHA before a step'],
    [user === 'root' || user === '0', 'runs as root'],
    [!/^ARG \w+_IMAGE=[\w/.-]+:[\w.-]+$/m.test(text) || /:latest\b/.test(text), 'no version of the base image'],
  ];
  return problems.filter(([wrong]) => wrong).map(([, problem]) => problem);
}

describe.each(Object.keys(SERVICES) as Service[])('the example of a %s service', (service) => {
  test('keeps the habits', () => expect(listBadHabits(service, read(`${service}/Dockerfile`))).toEqual([]));

  test('keeps the history and secrets out of the context', () => {
    const ignored = read(`${service}/.dockerignore`).split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.git', '.env*']));
    // It would be missing in the build.
    expect(ignored).not.toContain(SERVICES[service].lockfile);
  });
});

test.each<Service>(['node', 'python'])('the %s service has its lockfile', (service) =>
  expect(existsSync(pathOf(`${service}/${SERVICES[service].lockfile}`))).toBe(true),
);

test('the packages of the node service are known by what they hold, not by one registry’s addresses', () => {
  const { packages } = JSON.parse(read('node/package-lock.json')) as { packages: Readonly<Record<string, object>> };
  const installed = Object.entries(packages).filter(([folder]) => folder !== '');
  expect(installed.filter(([, one]) => !('integrity' in one) || 'resolved' in one)).toEqual([]);
  expect(installed.some(([, one]) => 'dev' in one)).toBe(true);
});

describe('each habit is looked for', () => {
  const good = read('node/Dockerfile');
  test.each<[string, (text: string) => string]>([
    ['the lockfile is not copied before the dependencies', (text) => text.replace(' package-lock.json', '')],
    [
      'the dependencies are not installed before the sources are copied',
      (text) => text.replace('COPY package.json', 'COPY . .\nCOPY package.json'),
    ],
    ['no secret mount', (text) => text.replace('--mount=type=secret,id=npm_token', '')],
    ['a secret in an ARG or ENV', (text) => text.replace('WORKDIR', 'ARG NPM_TOKEN\nWORKDIR')],
    ['COMMIT_SHA in the builder', (text) => text.replace('WORKDIR', 'ARG COMMIT_SHA\nWORKDIR')],
    ['no COMMIT_SHA', (text) => text.replaceAll('COMMIT_SHA', 'OTHER')],
    ['COMMIT_SHA before a step', (text) => text.replace('ENV NODE_ENV', 'ARG COMMIT_SHA\nENV NODE_ENV')],
    ['runs as root', (text) => text.replace(/^USER .*$/m, '')],
    ['runs as root', (text) => text.replace('EXPOSE', 'USER 0:0\nEXPOSE')],
    ['no version of the base image', (text) => text.replace('node:24-slim', 'node')],
    ['no version of the base image', (text) => text.replace('node:24-slim', 'node:latest')],
    ['no secret mount', (text) => text.replace(/(.*)--mount=type=secret,id=npm_token/s, '$1')],
    ['prunes what it has installed', (text) => text.replace('npm run build', 'npm run build && npm prune')],
    ['other stages than builder and production', (text) => `${text}FROM scratch AS third\n`],
    ['other stages than builder and production', (text) => text.replaceAll('builder', 'build')],
  ])('%s', (problem, spoil) => expect(listBadHabits('node', spoil(good))).toContain(problem));
});
