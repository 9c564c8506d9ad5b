import { describe, expect, test } from '@jest/globals';
import { getBuildxArgs, getCheckArgs } from '../../../../src/adapters/docker/buildx-args.js';
import { type Engine, fitToEngine } from '../../../../src/plan/engine.js';
import type { WorkflowEvent } from '../../../../src/plan/event/event.js';
import type { Exporter } from '../../../../src/plan/plan.js';
import {
  digestOf,
  SHA,
  type With,
  fromFork,
  gitTagPush,
  inputsOf,
  planOf,
  pushTo,
  registryWith,
  builderOf,
} from '../../../support/fixtures.js';

const ENGINE: Engine = {
  builder: null,
  driver: 'docker',
  store: 'containerd',
  buildxVersion: '0.29.1',
  engineVersion: '28.5.2',
};
const NAME = 'ghcr.io/owner/app';
const HEAD = ['buildx', 'build', '--progress=rawjson', '--target'];
const TAIL = ['--metadata-file', '/tmp/metadata.json', '.'];
const labels = (version: string, builtBy = 'push refs/heads/main'): string[] => [
  '--label',
  'org.opencontainers.image.source=https://github.com/owner/app',
  '--label',
  `org.opencontainers.image.revision=${SHA}`,
  '--label',
  `org.opencontainers.image.version=${version}`,
  '--label',
  'org.opencontainers.image.created=2026-01-02T03:04:05Z',
  '--label',
  'org.opencontainers.image.title=app',
  '--label',
  'io.github.dfe-digital.two-pass-build.built-from=ghcr.io/owner/app: Dockerfile (context ., target production)',
  '--label',
  `io.github.dfe-digital.two-pass-build.built-by=ghcr.io/owner/app: ${builtBy}`,
];
/** On ENGINE: nothing is kept in the engine's store, and only the builder image is zstd. */
const pushBuilder = (tag: string): string[] => [
  ...['--output', `type=image,name=${NAME}:${tag},push=true,store=false,compression=zstd,oci-mediatypes=true`],
  ...['--cache-to', 'type=inline'],
];
const pushProduction = (tag: string): string[] => [
  ...['--output', `type=image,name=${NAME}:${tag},push=true,store=false`],
  ...['--cache-to', 'type=inline'],
];
const PLAIN = '--provenance=false';

interface Case {
  readonly event?: WorkflowEvent;
  readonly given?: With;
  readonly existing?: readonly string[];
  readonly mergedCache?: string;
  readonly refreshStages?: readonly string[];
  readonly builder: readonly string[];
  readonly production: readonly string[];
}

describe('inputs -> argv of both passes', () => {
  test.each<[string, Case]>([
    [
      'the first push of a branch',
      {
        builder: [...HEAD, 'builder', ...pushBuilder('builder-main'), PLAIN, ...TAIL],
        production: [...HEAD, 'production', ...labels(SHA), ...pushProduction(SHA), PLAIN, ...TAIL],
      },
    ],
    [
      'a later push without a merged cache: the nearest image for each pass',
      {
        existing: ['builder-main', 'main'],
        builder: [
          ...[...HEAD, 'builder', '--cache-from', `type=registry,ref=${NAME}:builder-main@${digestOf(1)}`],
          ...[...pushBuilder('builder-main'), PLAIN, ...TAIL],
        ],
        production: [
          ...[...HEAD, 'production', ...labels(SHA), '--cache-from', `type=registry,ref=${NAME}:main@${digestOf(1)}`],
          ...[...pushProduction(SHA), PLAIN, ...TAIL],
        ],
      },
    ],
    [
      'a later push: the merged cache for both passes',
      {
        existing: ['builder-main', 'main'],
        mergedCache: `${NAME}:cache-main@sha256:abc`,
        builder: [
          ...[...HEAD, 'builder', '--cache-from', `type=registry,ref=${NAME}:cache-main@sha256:abc`],
          ...[...pushBuilder('builder-main'), PLAIN, ...TAIL],
        ],
        production: [
          ...[...HEAD, 'production', ...labels(SHA), '--cache-from', `type=registry,ref=${NAME}:cache-main@sha256:abc`],
          ...[...pushProduction(SHA), PLAIN, ...TAIL],
        ],
      },
    ],
    [
      'a git tag: no scope, so the builder image is not kept',
      {
        event: gitTagPush('v1.2.3'),
        builder: [...HEAD, 'builder', '--output', 'type=cacheonly', '--provenance=false', ...TAIL],
        production: [
          ...HEAD,
          'production',
          ...labels('v1.2.3', 'push refs/tags/v1.2.3'),
          ...pushProduction('v1.2.3'),
          PLAIN,
          ...TAIL,
        ],
      },
    ],
    [
      'a fork: nothing is pushed, whatever the branch is called',
      {
        event: fromFork({ headBranch: '--push' }),
        builder: [...HEAD, 'builder', '--output', 'type=cacheonly', '--provenance=false', ...TAIL],
        production: [
          ...[...HEAD, 'production', ...labels(`review-pr-7-${SHA}-20260203040506`, 'pull_request')],
          ...['--tag', `${NAME}:review-pr-7-${SHA}-20260203040506`, '--load', '--provenance=false', ...TAIL],
        ],
      },
    ],
    [
      'push: false leaves the builder image in the build cache, untagged',
      {
        given: { push: 'false' },
        builder: [...HEAD, 'builder', '--output', 'type=cacheonly', '--provenance=false', ...TAIL],
        production: [
          ...[...HEAD, 'production', ...labels(SHA)],
          ...['--tag', `${NAME}:${SHA}`, '--load', '--provenance=false', ...TAIL],
        ],
      },
    ],
    [
      'the weekly rebuild: all of the builder again, of production only what the builder has not run',
      {
        given: { 'reuse-cache': 'false' },
        existing: ['builder-main', 'main'],
        refreshStages: ['base', 'production'],
        builder: [...HEAD, 'builder', '--pull', '--no-cache', ...pushBuilder('builder-main'), PLAIN, ...TAIL],
        production: [
          ...[...HEAD, 'production', ...labels(SHA), '--pull'],
          ...['--no-cache-filter', 'base', '--no-cache-filter', 'production'],
          ...[...pushProduction(SHA), PLAIN, ...TAIL],
        ],
      },
    ],
    [
      'attestations are for production only',
      {
        given: { provenance: 'mode=max', sbom: 'true' },
        builder: [...HEAD, 'builder', ...pushBuilder('builder-main'), PLAIN, ...TAIL],
        production: [
          ...[...HEAD, 'production', ...labels(SHA), ...pushProduction(SHA)],
          '--attest',
          'type=provenance,mode=max,builder-id=https://github.com/owner/app/actions/runs/1/attempts/1',
          ...['--attest', 'type=sbom', ...TAIL],
        ],
      },
    ],
    [
      'options of the caller are values of flags, even when they look like options or shell',
      {
        given: {
          'build-args': 'A=--push\nB=$(x) `y` "z"\n',
          labels: 'team=a, b',
          platforms: 'linux/amd64\nlinux/arm64',
          secrets: 'npm=canary',
          file: 'docker/Dockerfile',
          builder: 'my-builder',
          context: 'src',
        },
        builder: [
          ...['buildx', 'build', '--builder', 'my-builder', '--progress=rawjson', '--target', 'builder'],
          ...['--file', 'docker/Dockerfile', '--build-arg', 'A=--push', '--build-arg', 'B=$(x) `y` "z"'],
          ...['--platform', 'linux/amd64,linux/arm64', '--secret', 'id=npm,env=TWO_PASS_BUILD_SECRET_1'],
          ...[...pushBuilder('builder-main'), PLAIN, '--metadata-file', '/tmp/metadata.json', 'src'],
        ],
        production: [
          ...['buildx', 'build', '--builder', 'my-builder', '--progress=rawjson', '--target', 'production'],
          ...['--file', 'docker/Dockerfile', '--build-arg', 'A=--push', '--build-arg', 'B=$(x) `y` "z"'],
          ...['--label', 'team=a, b', '--platform', 'linux/amd64,linux/arm64'],
          ...['--secret', 'id=npm,env=TWO_PASS_BUILD_SECRET_1', ...labels(SHA)],
          ...[...pushProduction(SHA), PLAIN, '--metadata-file', '/tmp/metadata.json', 'src'],
        ],
      },
    ],
  ])(
    '%s',
    (
      _,
      {
        event = pushTo('main'),
        given = {},
        existing = [],
        mergedCache = null,
        refreshStages = null,
        builder,
        production,
      },
    ) => {
      const inputs = inputsOf(given);
      const engine = { ...ENGINE, builder: inputs.builder };
      const registry = { ...registryWith(...existing), mergedCache };
      const plan = fitToEngine(planOf(event, given, registry), engine);
      const sources = { context: inputs.context, file: inputs.file, metadataFile: '/tmp/metadata.json' };
      expect(getBuildxArgs(plan.image, builderOf(plan), engine, { ...sources, refreshStages: null })).toEqual(builder);
      expect(getBuildxArgs(plan.image, plan.production, engine, { ...sources, refreshStages })).toEqual(production);
    },
  );
});

test('a check of the Dockerfile has what tells what is built, and nothing of a result', () => {
  const given = { 'build-args': 'A=1', labels: 'a=b', provenance: 'true', file: 'docker/Dockerfile', builder: 'mine' };
  const inputs = inputsOf({ ...given, 'reuse-cache': 'false' });
  const { production } = planOf(pushTo('main'), given);
  const engine = { ...ENGINE, builder: inputs.builder };
  expect(getCheckArgs(production, engine, { context: 'src', file: inputs.file })).toEqual([
    ...['buildx', 'build', '--builder', 'mine', '--progress=rawjson', '--call=check,format=json'],
    ...['--target', 'production', '--file', 'docker/Dockerfile', '--build-arg', 'A=1', '--label', 'a=b', 'src'],
  ]);
});

describe('how an image is written to the registry', () => {
  const reference = `${NAME}:builder-main`;
  test.each<[Exporter, string[]]>([
    [{ store: true, zstd: false }, ['--tag', reference, '--push']],
    [{ store: false, zstd: false }, ['--output', `type=image,name=${reference},push=true,store=false`]],
    [
      { store: true, zstd: true },
      ['--output', `type=image,name=${reference},push=true,compression=zstd,oci-mediatypes=true`],
    ],
    [
      { store: false, zstd: true },
      ['--output', `type=image,name=${reference},push=true,store=false,compression=zstd,oci-mediatypes=true`],
    ],
  ])('%j', (exporter, output) => {
    const plan = planOf();
    const { image } = plan;
    const builder = builderOf(plan);
    const sources = { context: '.', file: null, metadataFile: '/tmp/metadata.json', refreshStages: null };
    expect(getBuildxArgs(image, { ...builder, exporter }, ENGINE, sources)).toEqual([
      ...[...HEAD, 'builder', ...output, '--cache-to', 'type=inline', PLAIN, ...TAIL],
    ]);
  });
});
