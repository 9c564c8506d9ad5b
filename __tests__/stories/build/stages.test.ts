// Which stages a run builds and keeps: one stage alone, stages without names, and several that keep their layers.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { LATER, REPOSITORY, SHA, push } from '../../support/world/events.js';
import { DOCKERFILE_SINGLE, type RecordedEngine } from '../../support/world/recorded-engine.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
});

const tags = (): readonly string[] => world.registry.tags(REPOSITORY);

describe('a Dockerfile of one stage', () => {
  const freshEngine = (): RecordedEngine => Object.assign(world.freshEngine(), { single: true });
  beforeEach(async () => {
    await writeFile(join(world.workspace, 'Dockerfile'), DOCKERFILE_SINGLE);
    world.engine = freshEngine();
  });

  test('is built in one pass, and plan, log and summary say so', async () => {
    const { log, outputs, summary, warnings, notices } = await world.succeed(push('main', SHA));
    expect(world.engine.builds).toHaveLength(1);
    expect(world.engine.builds[0]).not.toContain('--target');
    expect(tags()).toEqual(expect.arrayContaining([SHA, 'main']));
    expect(tags().filter((tag) => tag.startsWith('builder'))).toEqual([]);
    expect(JSON.parse(outputs.plan ?? '')).toMatchObject({ builder: null, production: { target: '0' } });
    expect(JSON.parse(outputs.summary ?? '')).toMatchObject({ builder: null, production: { steps: 2, cached: 0 } });
    expect(outputs).not.toHaveProperty('builder-image');
    expect(outputs).not.toHaveProperty('builder-digest');
    expect(outputs['pinned-image']).toContain(`${REPOSITORY}:${SHA}@sha256:`);
    const why = 'Dockerfile has no other stage called builder';
    expect(log.join('\n')).toContain(`Builder:    none, the run has one pass: ${why}`);
    expect(log.join('\n')).toMatch(/^info: Production: 0 of 2 steps cached/m);
    expect(summary).toContain(`One pass: ${why}`);
    expect(summary).toContain('| production | `stage 0` | 0 of 2 |');
    expect(summary).not.toContain('| builder |');
    expect([...warnings, ...notices]).toEqual([]);
  });

  test('finds all of its steps on another machine', async () => {
    await world.succeed(push('main', SHA));
    world.engine = freshEngine();
    const { log } = await world.succeed(push('main', LATER));
    expect(log.join('\n')).toMatch(/^info: Production: 2 of 2 steps cached$/m);
    expect(world.engine.builds[0]).toMatch(/ --cache-from type=registry,ref=\S+:cache-main@sha256:/);
  });

  test('without write access starts from its nearest image, in one pass', async () => {
    await world.succeed(push('main', SHA));
    world.engine = freshEngine();
    world.registry.writable = false;
    const { log } = await world.succeed(push('main', LATER));
    expect(world.engine.builds).toHaveLength(1);
    expect(world.engine.builds[0]).toMatch(/ --cache-from type=registry,ref=\S+:main@sha256:/);
    expect(log.join('\n')).toMatch(/^info: Production: 2 of 2 steps cached$/m);
  });

  test('is run again as a whole with reuse-cache: false', async () => {
    await world.succeed(push('main', SHA));
    const { log } = await world.succeed(push('main', LATER), { 'reuse-cache': 'false' });
    expect(world.engine.builds[1]).toContain(' --no-cache ');
    expect(log.join('\n')).toMatch(/^info: Production: 0 of 2 steps cached/m);
  });

  test('passes its checks before it is pushed', async () => {
    const { outputs } = await world.succeed(push('main', SHA), { verify: 'true' });
    expect(outputs.pushed).toBe('true');
    expect(world.engine.builds[0]).toContain(' --load ');
    expect(tags()).toContain(SHA);
  });

  test('has its copy in a mirror', async () => {
    const { outputs } = await world.succeed(push('main', SHA), {
      mirrors: `${world.registry.host}/owner/copy`,
    });
    expect(outputs['pinned-mirrors']).toContain(`owner/copy:${SHA}@sha256:`);
  });

  test.each(['containerd', 'overlay2'] as const)(
    'may not be pushed, and keeps its layers in the Actions cache (%s)',
    async (store) => {
      world.hasActionsCache = true;
      world.registry.writable = false;
      world.engine.store = store;
      const first = await world.succeed(push('feature', SHA));
      expect(first.log.join('\n')).toMatch(/Actions cache: kept /);
      world.engine = freshEngine();
      world.engine.store = store;
      const { log } = await world.succeed(push('feature', SHA));
      expect(log.join('\n')).toMatch(/^info: Production: 2 of 2 steps cached$/m);
    },
  );

  test('that fails keeps nothing, and the failure is told', async () => {
    world.engine.failing.set('RUN make', { error: 'exit code: 2' });
    const { error, summary } = await world.run(push('main', SHA));
    expect(error?.message).toMatch(/^The build failed at \[2\/2\] RUN make/);
    expect(summary).toContain('**Failed.**');
    expect(tags()).toEqual([]);
  });
});
