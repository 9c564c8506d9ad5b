// The machine, Docker and Buildx, the build itself, and why a step was not cached.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess } from '../../../src/adapters/process/process.js';
import { explainMiss } from '../../../src/cache/pure/cache-miss.js';
import { parseDockerfile } from '../../../src/build/pure/dockerfile.js';
import { errorMessage } from '../../../src/shared/text.js';
import { inputsOf } from '../fixtures.js';
import { LATER, SHA, push } from '../world/events.js';
import { DONE, type RecordedEngine, DOCKERFILE as TWO_STAGES } from '../world/recorded-engine.js';
import type { SmallWorld } from '../world/small-world.js';
import { type Cause, type Causes, given } from './cause.js';

function onEngine(change: (engine: RecordedEngine) => void, inputs: Parameters<typeof given>[0] = {}): Cause {
  return (world) => {
    change(world.engine);
    return world.run(push('main', SHA), inputs);
  };
}

const MACHINES: Causes = {
  Windows: (world) =>
    world.run(push('main', SHA), {}, { machine: { system: 'Windows', onGitHub: true, selfHosted: false } }),
  'macOS on GitHub': (world) =>
    world.run(push('main', SHA), {}, { machine: { system: 'macOS', onGitHub: true, selfHosted: false } }),
  'no docker': onEngine((engine) => void engine.missing.add('docker')),
  'no Buildx': onEngine((engine) => (engine.buildxVersion = null)),
  'an old Buildx': onEngine((engine) => (engine.buildxVersion = 'v0.14.1')),
  'an engine that is down': onEngine((engine) => (engine.running = false)),
  'an engine that is down, and Buildx does not tell': onEngine((engine) => {
    const { run } = engine;
    const inspected = {
      ...DONE,
      stdout: 'Name: default\nDriver: docker\n\nNodes:\nName: default\nEndpoint: default\n',
    };
    const answer: typeof run = (command, args, options) =>
      args.join(' ').startsWith('buildx inspect') ? Promise.resolve(inspected) : run(command, args, options);
    Object.assign(engine, { running: false, run: answer });
  }),
  'attestations on overlay2': onEngine((engine) => (engine.store = 'overlay2'), { provenance: 'true' }),
  'platforms on overlay2': onEngine((engine) => (engine.store = 'overlay2'), { platforms: 'linux/amd64,linux/arm64' }),
  'an older hosted runner': onEngine((engine) => (engine.store = 'overlay2')),
  'platforms that are not loaded': onEngine((engine) => (engine.driver = 'docker-container'), {
    push: 'false',
    platforms: 'linux/amd64,linux/arm64',
  }),
};

/** What BuildKit's checks find. */
const CASING = { message: 'FromAsCasing: casing does not match (line 1)', line: 1 };

const BUILDS: Causes = {
  'a Dockerfile that breaks a rule': onEngine((engine) => (engine.warnings = [CASING]), {
    'dockerfile-checks': 'error',
  }),
  'an engine without checks': onEngine(
    (engine) => void engine.checkFaults.push({ error: 'docker/dockerfile:1.8.1: not found', report: false }),
    { 'dockerfile-checks': 'error' },
  ),
  'checks of another frontend': async (world) => {
    await writeFile(join(world.workspace, 'Dockerfile'), `# syntax=example.com/frontend\n${TWO_STAGES}`);
    return world.run(push('main', SHA), { 'dockerfile-checks': 'error' });
  },
  'a step that fails': onEngine((engine) => void engine.failing.set('RUN make', { error: 'exit code: 2' })),
  'a base image that may not be read': onEngine((engine) => {
    engine.baseImage = 'ghcr.io/octo/base:1';
    engine.failing.set('load metadata', { error: 'failed to authorize: 403 Forbidden' });
  }),
  'a command that hangs': () =>
    runProcess('sleep', ['60'], { env: process.env, signal: null, limit: { milliseconds: 50, advice: '' } }).then(
      () => '',
      errorMessage,
    ),
  'a build that says nothing': (world) => {
    const { run } = world.engine;
    const silent: typeof run = (command, args, options) =>
      args.includes('build')
        ? runProcess('sleep', ['60'], { ...options, env: process.env })
        : run(command, args, options);
    Object.assign(world.engine, { run: silent });
    // Every few seconds is too seldom for a test.
    const own = globalThis.setInterval;
    globalThis.setInterval = (look: () => void) => own(look, 10);
    return world.run(push('main', SHA), {}, { stallLimit: 20 }).finally(() => {
      globalThis.setInterval = own;
    });
  },
  'a registry that fails for a moment': onEngine(
    (engine) => void engine.pushFaults.push('unexpected status from HEAD request: 503 Service Unavailable'),
  ),
  'a layer that cannot be read': async (world) => {
    await world.succeed(push('main', SHA));
    world.engine = world.freshEngine();
    world.engine.sources = 's2';
    world.engine.cacheFaults.push('failed to load cache key: httpReadSeeker: failed open: blob unknown to registry');
    return world.run(push('main', LATER));
  },
};

const DOCKERFILE = parseDockerfile(
  'FROM node AS builder\nCOPY . .\nARG COMMIT_SHA\nRUN make\nFROM node AS production\n',
);

function missed(name: string, buildArgs = ''): Cause {
  const { flags } = inputsOf({ 'build-args': buildArgs });
  const context = { dockerfile: DOCKERFILE, flags, sha: SHA, hadSource: true, noCache: false };
  return () => explainMiss({ name, stage: 'builder' }, context);
}

/** The same commit in two checkouts. */
async function copyGit(world: SmallWorld): ReturnType<SmallWorld['run']> {
  await writeFile(join(world.workspace, 'Dockerfile'), TWO_STAGES.replace('RUN make', 'COPY . .'));
  await mkdir(join(world.workspace, '.git'));
  world.engine.lastStep = 'COPY . .';
  await world.succeed(push('main', SHA));
  world.engine = Object.assign(world.freshEngine(), { lastStep: 'COPY . .', sources: 's2' });
  return world.run(push('main', SHA));
}

const MISSES: Causes = {
  'a checkout that is copied whole': copyGit,
  'a build argument that changes': missed('[builder 3/3] RUN make', `COMMIT_SHA=${SHA}`),
  'a changed file': missed('[builder 2/3] COPY . .'),
};

export const BUILDS_AND_MACHINES: Causes = { ...MACHINES, ...BUILDS, ...MISSES };
