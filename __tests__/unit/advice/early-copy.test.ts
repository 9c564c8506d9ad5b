// Dependencies that were installed again for a COPY of more than their manifests: when that is said, and when it is not certain.
import { describe, expect, test } from '@jest/globals';
import { listWantedManifests } from '../../../src/advice/pure/rules/early-copy.js';
import { type TimedBuild, type TimedStep, adviceOn, observe } from '../../support/timed-build.js';

const FILES = { 'package.json': '{"dependencies":{"express":"^5.0.0"}}', 'package-lock.json': '{}' };

interface Change {
  readonly copy?: string;
  readonly install?: string;
  /** Instructions in the place of the WORKDIR. */
  readonly before?: readonly string[];
  /** Instructions between COPY and installation. */
  readonly between?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly changing?: readonly string[];
  readonly step?: (step: TimedStep) => TimedStep;
}

const isStep = (instruction: string): boolean => /^(?:RUN|COPY|ADD|WORKDIR) /.test(instruction);

/** A builder that copies, installs and builds; all above the COPY came from the cache. */
function buildOf({ copy, install, before, between, files, changing, step = (one) => one }: Change = {}): TimedBuild {
  const instructions = [
    ...(before ?? ['WORKDIR /app']),
    copy ?? 'COPY . .',
    ...(between ?? []),
    install ?? 'RUN npm ci',
    'RUN npm run build',
  ];
  const named = instructions.filter(isStep);
  const steps = named.map((instruction, index): TimedStep => {
    const name = `[builder ${index + 2}/${named.length + 1}] ${instruction}`;
    if (index < (before ?? ['']).filter(isStep).length && before !== undefined) return step({ name, cached: true });
    if (index === 0 && before === undefined) return step({ name, cached: true });
    return step({ name, seconds: instruction === (install ?? 'RUN npm ci') ? 12.5 : 1 });
  });
  return {
    dockerfile: ['FROM node:24 AS builder', ...instructions, 'FROM scratch AS production', 'USER 1'].join('\n'),
    steps,
    files: files ?? FILES,
    ...(changing && { changing }),
  };
}

test('the seconds of the installation, the lines, and what to copy first', () => {
  expect(adviceOn(buildOf())).toEqual([
    '**12.5 s** in each run that leaves `package.json` and `package-lock.json` as they are: `RUN npm ci` (line 4) ran again for `COPY . .` (line 3), which copies more. Copy these files first, install, and copy the rest below.',
  ]);
});

test('the layer that it writes, where an image has it', () => {
  const step = (one: TimedStep): TimedStep => (one.name.endsWith('npm ci') ? { ...one, megabytes: 42 } : one);
  expect(adviceOn(buildOf({ step }))[0]).toMatch(/^\*\*12\.5 s and 42\.0 MB\*\* /);
});

test('only the manifests that there may be are read', () => {
  expect(listWantedManifests(observe(buildOf()))).toEqual([
    ...['package.json', 'package-lock.json', 'npm-shrinkwrap.json', '.npmrc', 'pnpm-workspace.yaml', '.yarnrc.yml'],
  ]);
  expect(listWantedManifests(observe(buildOf({ copy: 'COPY package*.json ./' })))).toEqual([]);
});

test('several installations behind one COPY are one change', () => {
  const change = {
    between: ['RUN pip install -r requirements.txt'],
    files: { ...FILES, 'requirements.txt': 'django==5.2\n' },
  };
  expect(adviceOn(buildOf(change))).toEqual([
    expect.stringMatching(
      /^\*\*13\.5 s\*\* .*leaves `requirements\.txt`, `package\.json` and `package-lock\.json` as they are: `RUN pip install -r requirements\.txt` \(line 4\) and `RUN npm ci` \(line 5\) ran again/,
    ),
  ]);
});

test('seconds in which another stage was at work too are not promised', () => {
  const { dockerfile, steps, files } = buildOf();
  const other = { name: '[assets 2/2] RUN make', start: 3.1, seconds: 5 };
  const build = {
    dockerfile: `${dockerfile}\nFROM node:24 AS assets\nRUN make`,
    steps: [...steps, other],
    files: files!,
  };
  // The COPY ends after 1 s, the installation after 13.5 s.
  expect(adviceOn(build)[0]).toMatch(/^\*\*7\.5 s\*\* /);
});

describe('said too', () => {
  test.each<[string, Change]>([
    ['where a folder of the context is the service', { copy: 'COPY web /app', files: { 'web/package.json': '{}' } }],
    [
      'in a folder below',
      {
        before: ['WORKDIR /app'],
        copy: 'COPY . /app',
        between: ['WORKDIR /app/web'],
        files: { 'web/package.json': '{}' },
      },
    ],
    ['of a COPY in list form with flags', { copy: 'COPY --chown=node:node ["src", "package.json", "./"]' }],
    [
      'with a mounted cache, a secret and a token',
      {
        install:
          'RUN --mount=type=cache,target=/root/.npm --mount=type=secret,id=t NPM_TOKEN="$(cat /run/secrets/t)" npm ci',
      },
    ],
    [
      'of npm install with options',
      { install: 'RUN set -eux; npm install --no-audit --omit=dev && npm cache clean --force' },
    ],
    [
      'of scripts that are not run',
      { install: 'RUN npm ci --ignore-scripts', files: { 'package.json': '{"scripts":{"prepare":"husky"}}' } },
    ],
    ['of yarn', { install: 'RUN yarn install --frozen-lockfile' }],
    [
      'of pip',
      {
        install: 'RUN pip install --no-cache-dir -r requirements/base.txt',
        files: { 'requirements/base.txt': 'django==5.2 \\\n    --hash=sha256:aa\n# -r x\n' },
      },
    ],
    [
      'of Bundler',
      {
        install: 'RUN bundle config set without test && bundle install --jobs 4',
        files: { Gemfile: 'ruby file: ".ruby-version"\ngem "puma", require: false\n', '.ruby-version': '3.4' },
      },
    ],
    ['of Go', { install: 'RUN go mod download', files: { 'go.mod': 'module a\n' } }],
    ['with ENV between', { between: ['ENV NODE_ENV=production'] }],
    ['with an argument that is always the same', { before: ['ARG A', 'WORKDIR /app'], changing: ['B'] }],
    ['with a changing argument below', { between: ['ARG SHA'], changing: ['SHA'] }],
  ])('%s', (_, change) => expect(adviceOn(buildOf(change))).toEqual([expect.stringContaining('Copy ')]));
});

describe('not said', () => {
  const files = (content: object): Change => ({ files: { 'package.json': JSON.stringify(content) } });
  test.each<[string, Change]>([
    ['below two seconds', { step: (one) => ({ ...one, seconds: 1.9 }) }],
    [
      'when the installation came from the cache',
      { step: (one) => (one.name.endsWith('npm ci') ? { name: one.name, cached: true } : one) },
    ],
    ['when the base image may be another one', { step: ({ name, seconds = 0 }) => ({ name, seconds }) }],
    [
      'when another step above ran',
      { before: ['WORKDIR /app', 'RUN x'], step: (one) => (one.name.endsWith('RUN x') ? { name: one.name } : one) },
    ],
    ['when it failed', { step: (one) => (one.name.endsWith('npm ci') ? { ...one, error: 'exit code: 1' } : one) }],
    ['when only manifests are copied', { copy: 'COPY package.json package-lock.json .npmrc* ./' }],
    ['when another stage was copied', { copy: 'COPY --from=node:24 /app .' }],
    ['when the RUN does more', { install: 'RUN npm ci && npm run build' }],
    ['when the RUN is a pipe', { install: 'RUN npm ci | tee log' }],
    ['when the context is mounted', { install: 'RUN --mount=target=/src npm ci' }],
    ['when a package is named', { install: 'RUN npm install express' }],
    ['of a folder elsewhere', { install: 'RUN npm ci --prefix web' }],
    ['without a package.json', { files: {} }],
    ['with a script that may need the sources', files({ scripts: { postinstall: 'node x.js' } })],
    ['with workspaces', files({ workspaces: ['a'] })],
    ['with a dependency by path', files({ dependencies: { a: 'file:../a' } })],
    ['with a package.json that is no JSON', { files: { 'package.json': '{' } }],
    [
      'with requirements that name others',
      { install: 'RUN pip install -r r.txt', files: { 'r.txt': 'a\n-r b.txt\n' } },
    ],
    ['with a Gemfile that reads files', { install: 'RUN bundle install', files: { Gemfile: 'gem "a", path: "a"' } }],
    ['with a module by path', { install: 'RUN go mod download', files: { 'go.mod': 'replace a => ../a' } }],
    ['when another user installs', { between: ['USER node'] }],
    ['when an unknown command stands between', { between: ['RUN ./generate'] }],
    ['when the folder is in a variable', { before: ['WORKDIR $HOME'] }],
    ['when what is copied lies elsewhere', { copy: 'COPY . /src' }],
    ['when it would run again for an argument', { before: ['ARG SHA', 'WORKDIR /app'], changing: ['SHA'] }],
    [
      'when the progress tells of other steps',
      { step: (one) => ({ ...one, name: one.name.replace(/RUN|COPY/, 'ADD') }) },
    ],
  ])('%s', (_, change) => expect(adviceOn(buildOf(change))).toEqual([]));
});
