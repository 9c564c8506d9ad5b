// Several stages that keep their layers: each has an image of its own, and is written only where it has something new.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RunnerEvent } from '../../../src/plan/event/event.js';
import { LATER, REPOSITORY, SHA, pullRequest, push } from '../../support/world/events.js';
import type { RecordedEngine } from '../../support/world/recorded-engine.js';
import { DOCKERFILE_SEVERAL } from '../../support/world/several-stages.js';
import { type SmallWorld, type Told, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
const LIST = { 'builder-target': 'gems, modules\nassets' };
const GEMS = 'builder--gems--main';
const MODULES = 'builder--modules--main';
const ASSETS = 'builder--assets--main';
const ALL = [GEMS, MODULES, ASSETS];

const freshEngine = (change: Partial<NonNullable<RecordedEngine['several']>> = {}): RecordedEngine =>
  Object.assign(world.freshEngine(), { several: { gems: 'g1', modules: 'm1', assets: 'a1', ...change } });
const tags = (): readonly string[] => world.registry.tags(REPOSITORY);
const digest = (tag: string): string | undefined => world.registry.manifest(REPOSITORY, tag)?.digest;
const references = (list: readonly string[]): string =>
  list.map((tag) => `${world.registry.host}/${REPOSITORY}:${tag}`).join('\n');

beforeEach(async () => {
  world = openWorld();
  await writeFile(join(world.workspace, 'Dockerfile'), DOCKERFILE_SEVERAL);
  world.engine = freshEngine();
});

/** On a fresh engine, with those sources changed. */
function buildFresh(
  event: RunnerEvent,
  change: Parameters<typeof freshEngine>[0] = {},
  inputs: Readonly<Record<string, string>> = LIST,
): Promise<Told> {
  world.engine = freshEngine(change);
  world.registry.written.length = 0;
  return world.succeed(event, inputs);
}

const targets = (): readonly string[] => world.engine.builds.map((line) => / --target (\S+)/.exec(line)?.[1] ?? '');

describe('a push to main', () => {
  test('cold: production first, then an image for each stage, and everything names the stages', async () => {
    const { log, outputs, summary, warnings } = await world.succeed(push('main', SHA), LIST);
    expect(targets()).toEqual(['production', 'gems', 'modules', 'assets']);
    expect(world.registry.written).toEqual([SHA, 'main', ...ALL]);
    expect(outputs['builder-image']).toBe(references(ALL));
    expect(outputs['builder-digest']).toBe(ALL.map(digest).join('\n'));
    expect(outputs['pinned-builder-image']?.split('\n')[1]).toBe(`${references([MODULES])}@${digest(MODULES)}`);
    expect(outputs.tags).toBe(references([SHA, 'main', ...ALL]));
    expect(JSON.parse(outputs.plan ?? '')).toMatchObject({
      builder: { target: 'gems', image: references([GEMS]) },
      builders: [{ target: 'gems' }, { target: 'modules' }, { target: 'assets', image: references([ASSETS]) }],
    });
    expect(JSON.parse(outputs.summary ?? '')).toMatchObject({
      builder: { steps: 1, cached: 0 },
      builders: [
        { target: 'gems', steps: 1 },
        { target: 'modules', steps: 1 },
        { target: 'assets', steps: 2 },
      ],
      production: { steps: 2 },
    });
    const text = log.join('\n');
    for (const stage of ['gems', 'modules', 'assets']) {
      expect(text).toContain(
        `Builder:    target ${stage}, to the registry as ${references([`builder--${stage}--main`])}`,
      );
      expect(text).toMatch(new RegExp(`^info: Builder image of ${stage}: written to `, 'm'));
      expect(text).toMatch(new RegExp(`^info: Builder ${stage}: 0 of \\d steps cached`, 'm'));
      expect(summary).toMatch(new RegExp(`^\\| builder \\| \`${stage}\` \\| 0 of \\d \\|`, 'm'));
    }
    expect(warnings).toEqual([]);
  });

  test('unchanged on a fresh engine: one build, and no image is written but the new unique tag', async () => {
    await world.succeed(push('main', SHA), LIST);
    const { outputs, log } = await buildFresh(push('main', LATER));
    expect(targets()).toEqual(['production']);
    expect(world.registry.written).toEqual(['cache-main', LATER, 'main']);
    expect(outputs['builder-digest']).toBe(ALL.map(digest).join('\n'));
    for (const stage of ['gems', 'modules', 'assets'])
      expect(log).toContain(`info: Builder image of ${stage}: unchanged, builder--${stage}--main is what it was`);
  });

  test.each<[string, Parameters<typeof freshEngine>[0], readonly string[], readonly string[]]>([
    ['assets', { assets: 'a2' }, ['assets'], ['gems 1 of 1', 'modules 1 of 1', 'assets 1 of 2']],
    ['gems', { gems: 'g2' }, ['gems'], ['gems 0 of 1', 'modules 1 of 1', 'assets 2 of 2']],
    ['modules', { modules: 'm2' }, ['modules', 'assets'], ['gems 1 of 1', 'modules 0 of 1', 'assets 0 of 2']],
  ])('%s changed: only the stages that it touches run and are written', async (_, change, written, cached) => {
    await world.succeed(push('main', SHA), LIST);
    const { log } = await buildFresh(push('main', LATER), change);
    expect(targets()).toEqual(['production', ...written]);
    expect(world.registry.written.filter((tag) => tag.startsWith('builder-'))).toEqual(
      written.map((stage) => `builder--${stage}--main`),
    );
    for (const figures of cached)
      expect(log.join('\n')).toContain(`info: Builder ${figures.replace(' ', ': ')} steps cached`);
  });

  test('a stage whose instructions end otherwise is written, though the engine knows all of its steps', async () => {
    await world.succeed(push('main', SHA), LIST);
    await writeFile(join(world.workspace, 'Dockerfile'), DOCKERFILE_SEVERAL.replace('RUN npm', 'RUN npm\nENV A=b'));
    await buildFresh(push('main', LATER), { gems: 'g2' });
    expect(targets()).toEqual(['production', 'gems', 'modules', 'assets']);
  });

  test('one image that cannot be pushed is a warning that names it, and the others are kept', async () => {
    world.engine.onWriting = (target) => {
      if (target === 'modules') world.engine.pushFaults.push('denied: quota');
    };
    const { warnings, outputs, summary } = await world.succeed(push('main', SHA), LIST);
    expect(warnings).toEqual([
      expect.stringMatching(/^The builder image of modules was not kept for later runs\. .*quota/),
    ]);
    expect(world.registry.written).toEqual([SHA, 'main', GEMS, ASSETS]);
    expect(outputs['builder-image']).toBe(references([GEMS, ASSETS]));
    expect(outputs['builder-digest']?.split('\n')).toEqual([digest(GEMS), digest(ASSETS)]);
    expect(summary).toMatch(/^\| builder \| `modules` \|.*not kept/m);
    await buildFresh(push('main', LATER));
    expect(targets()).toEqual(['production', 'modules']);
  });

  test('the checks see the first stage as BUILDER_IMAGE', async () => {
    const seen: (string | undefined)[] = [];
    world.engine.other = (_command, _args, { env }) => {
      seen.push(env.BUILDER_IMAGE);
      return Promise.resolve({ code: 0, stdout: '', stderr: '', leftovers: null });
    };
    await world.succeed(push('main', SHA), { ...LIST, verify: 'true' });
    expect(seen).toContain(references([GEMS]));
  });
});

describe('lineage', () => {
  test('a new branch takes the layers of main, and its images by their tags', async () => {
    await world.succeed(push('main', SHA), LIST);
    const { log } = await buildFresh(push('feature', LATER), { assets: 'a2' });
    expect(targets()).toEqual(['production', 'assets']);
    expect(log).toContain(
      'info: Builder image of gems: unchanged, builder--gems--feature is what builder--gems--main is',
    );
    expect(digest('builder--gems--feature')).toBe(digest(GEMS));
    expect(digest('builder--assets--feature')).not.toBe(digest(ASSETS));
  });

  test('a list in the place of one stage starts from the image of that stage, until each has one of its own', async () => {
    await world.succeed(push('main', SHA), { 'builder-target': 'assets' });
    expect(tags()).toContain('builder-main');
    const first = await buildFresh(push('main', LATER));
    expect(first.summary).toContain('`builder-main`');
    expect(first.log.join('\n')).toContain('Builder assets: 2 of 2 steps cached');
    expect(tags()).toEqual(expect.arrayContaining([...ALL, 'builder-main']));
    const second = await buildFresh(push('main', LATER));
    expect(second.summary).not.toContain('`builder-main`');
    expect(second.summary).toContain(`\`${ASSETS}\``);
  });
});

describe('a failed run', () => {
  test('keeps the stages that were finished, and that have something new', async () => {
    await world.succeed(push('main', SHA), LIST);
    world.engine = freshEngine({ gems: 'g2', assets: 'a2' });
    world.engine.failing.set('RUN compile', { error: 'exit code: 1' });
    world.registry.written.length = 0;
    const { error } = await world.run(push('main', LATER), LIST);
    expect(error?.message).toContain('[assets 2/2] RUN compile');
    expect(world.registry.written).toEqual(['cache-main', GEMS]);
  });

  test('keeps all of them, when production itself fails', async () => {
    world.engine.failing.set('COPY --from=assets', { error: 'not found' });
    const { error } = await world.run(push('main', SHA), LIST);
    expect(error?.message).toContain('[production 2/2]');
    expect(world.registry.written).toEqual(ALL);
  });
});

describe('runs that may not push', () => {
  test('each stage starts from its own image, and production from its own', async () => {
    await world.succeed(push('main', SHA), LIST);
    world.registry.writable = false;
    const { log } = await buildFresh(push('main', LATER));
    expect(targets()).toEqual(['gems', 'modules', 'assets', 'production']);
    const sources = world.engine.builds.map(
      (line) => / --cache-from type=registry,ref=\S+:(\S+)@sha256:/.exec(line)?.[1],
    );
    expect(sources).toEqual([...ALL, 'main']);
    expect(log.join('\n')).toContain('Builder assets: 2 of 2 steps cached');
    expect(log).toContain('info: Builder image of gems: built with production, not kept');
  });

  test.each(['containerd', 'overlay2'] as const)('keep their layers in the Actions cache (%s)', async (store) => {
    world.hasActionsCache = true;
    const fork = pullRequest({ fork: 'mallory/app', head: 'topic' });
    const run = (): Promise<Told> => {
      world.engine = Object.assign(freshEngine(), { store });
      return world.succeed(fork, LIST);
    };
    await run();
    const { log } = await run();
    const text = log.join('\n');
    expect(text).toContain('Builder gems: 1 of 1 steps cached');
    // The overlay2 store writes one image, and that is of the first stage.
    expect(text).toContain(`Builder modules: ${store === 'overlay2' ? 0 : 1} of 1 steps cached`);
    expect(text).toContain(`Builder assets: ${store === 'overlay2' ? 0 : 2} of 2 steps cached`);
  });
});

test.each<[string, string, RegExp]>([
  ['a stage twice', 'gems,modules,gems', /^builder-target names the stage "gems" twice/],
  [
    'the production target',
    'gems,production',
    /^builder-target names "production", which is the stage of production-target/,
  ],
  ['a stage that is not there', 'gems,module', /^builder-target is "module", but .* Is it modules\?/],
])('%s: one clear error, before anything is built', async (_, list, message) => {
  const { error } = await world.run(push('main', SHA), { 'builder-target': list });
  expect(error?.message).toMatch(message);
  expect(world.engine.calls.filter((call) => call.startsWith('docker'))).toEqual([]);
});

test('a dry run tells the images that it would write', async () => {
  const { outputs } = await world.succeed(push('main', SHA), { ...LIST, 'dry-run': 'true' });
  expect(outputs['builder-image']).toBe(references(ALL));
  expect(outputs).not.toHaveProperty('builder-digest');
  expect(JSON.parse(outputs.plan ?? '')).toMatchObject({ builders: [{ target: 'gems' }, {}, { target: 'assets' }] });
});
