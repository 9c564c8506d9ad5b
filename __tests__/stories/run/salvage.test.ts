// A run whose stages fail one after the other: what is published, what is kept, and what is told.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { LATER, REPOSITORY, SHA, push } from '../../support/world/events.js';
import { DONE } from '../../support/world/recorded-engine.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
});

describe('a push to main', () => {
  test('cold: the unique tag first, then what moves, the builder image last', async () => {
    const { error, outputs } = await world.run(push('main', SHA));
    expect(error).toBeNull();
    expect(world.registry.written).toEqual([SHA, 'main', 'builder-main']);
    expect(outputs.digest).toBe(world.registry.manifest(REPOSITORY, SHA)?.digest);
    expect(outputs.tags?.split('\n')).toHaveLength(3);
  });

  test('unchanged on a fresh engine: every step is cached, and the builder image stays', async () => {
    await world.run(push('main', SHA));
    world.registry.written.length = 0;
    world.engine = world.freshEngine();
    const { error, log } = await world.run(push('main', LATER));
    expect(error).toBeNull();
    expect(world.registry.written).toEqual(['cache-main', LATER, 'main']);
    expect(log).toContain('info: Production: 1 of 1 steps cached');
  });
});

describe('a stage that fails, and what is kept of the run', () => {
  /** Everything after a first green run: what is written then is what the failing run writes. */
  const afterFirstRun = async (change: () => void): Promise<void> => {
    await world.run(push('main', SHA));
    world.engine = world.freshEngine();
    world.engine.sources = 's2';
    world.registry.written.length = 0;
    change();
  };

  test("a step of the builder's: nothing is published, and nothing kept", async () => {
    await afterFirstRun(() => world.engine.failing.set('RUN make', { error: 'exit code: 2', output: 'no rule\n' }));
    const { error, outputs, summary } = await world.run(push('main', LATER));
    expect(error?.message).toContain('[builder 2/2] RUN make');
    expect(world.registry.written).toEqual(['cache-main']);
    expect(outputs).not.toHaveProperty('digest');
    expect(summary).toContain('no rule');
  });

  test("a step of production's own: the builder image is kept for the next run", async () => {
    await afterFirstRun(() => world.engine.failing.set('COPY --from=builder', { error: 'not found' }));
    const { error, outputs } = await world.run(push('main', LATER));
    expect(error?.message).toContain('[production 1/1]');
    expect(world.registry.written).toEqual(['cache-main', 'builder-main']);
    expect(outputs).not.toHaveProperty('pushed');
  });

  test('the verify script: the builder image is kept, production is in no registry', async () => {
    await afterFirstRun(() => undefined);
    world.engine.other = (_command, _args, { onLine }) => {
      onLine?.('assertion failed');
      return Promise.resolve({ ...DONE, code: 3 });
    };
    const { error, summary } = await world.run(push('main', LATER), { verify: 'npm test' });
    expect(error?.message).toContain('exit code 3');
    expect(world.registry.written).toEqual(['cache-main', 'builder-main']);
    expect(summary).toContain('assertion failed');
  });

  test('a push that the registry refuses: the reason is explained, and no further tag is moved', async () => {
    await afterFirstRun(() => {
      world.engine.pushFaults.push('denied: requested access to the resource is denied');
    });
    const { error, summary, outputs } = await world.run(push('main', LATER));
    expect(error?.message).toMatch(/denied.*: .*\. /);
    expect(summary).toContain('denied');
    expect(world.registry.written).toEqual(['cache-main']);
    expect(outputs).not.toHaveProperty('digest');
  });

  test('a push that fails for a reason that may pass is repeated', async () => {
    await afterFirstRun(() => {
      world.engine.pushFaults.push('unexpected status from HEAD request: 503 Service Unavailable');
    });
    const { error } = await world.run(push('main', LATER));
    expect(error).toBeNull();
    expect(world.registry.written).toEqual(['cache-main', LATER, 'main', 'builder-main']);
  });

  test('a moving tag: the image is published, and the outputs name it', async () => {
    await afterFirstRun(() => {
      world.registry.intercept = (method, path) =>
        method === 'PUT' && path === 'manifests/main' ? { status: 400, body: '{}' } : undefined;
    });
    const { error, outputs, summary } = await world.run(push('main', LATER));
    expect(error?.message).toContain('the tag main could not be moved');
    expect(outputs).toMatchObject({ pushed: 'true', tag: LATER });
    expect(outputs).not.toHaveProperty('tags');
    expect(summary).toContain(LATER);
    expect(world.registry.written).toEqual(['cache-main', LATER]);
  });

  test('the builder image: production is published, and the run succeeds with a warning', async () => {
    await afterFirstRun(() => {
      world.registry.intercept = (method, path) =>
        method === 'PUT' && path === 'manifests/builder-main' ? { status: 403, body: 'no' } : undefined;
    });
    const { error, outputs, log } = await world.run(push('main', LATER));
    expect(error).toBeNull();
    expect(outputs.pushed).toBe('true');
    expect(outputs).not.toHaveProperty('builder-digest');
    expect(log.filter((line) => line.startsWith('warning: The builder image was not kept'))).toHaveLength(1);
  });

  test('cancelled during the build: nothing more is started', async () => {
    await afterFirstRun(() => {
      world.engine.onBuild = () => world.cancellation.abort();
    });
    const { error } = await world.run(push('main', LATER));
    expect(error).not.toBeNull();
    expect(world.engine.calls.filter((call) => call.includes('buildx build'))).toHaveLength(1);
    expect(world.registry.written).toEqual(['cache-main']);
  });
});

describe('tags of others', () => {
  test('a branch that has moved on keeps its tags, the builder tag too', async () => {
    world.github.branches.set('main', LATER);
    const { error, outputs, log } = await world.run(push('main', SHA));
    expect(error).toBeNull();
    expect(world.registry.written).toEqual([SHA]);
    expect(outputs.pushed).toBe('true');
    expect(log).toContain('info: Builder image: left to the newer commit of the branch');
  });

  test('a unique tag that exists is never moved', async () => {
    await world.run(push('main', SHA));
    world.registry.written.length = 0;
    const { outputs } = await world.run(push('main', SHA));
    expect(outputs.tag).toBe(`${SHA}-20260203040506`);
    expect(world.registry.written).not.toContain(SHA);
  });
});

describe('mirrors', () => {
  test('one that fails: the image is where it belongs, and the run is red', async () => {
    const mirror = `${world.registry.host}/owner/copy`;
    world.registry.intercept = (method, path) => {
      const copies = world.registry.written.filter((reference) => reference === SHA).length > 0;
      return method === 'PUT' && path === `manifests/${SHA}` && copies ? { status: 400, body: '{}' } : undefined;
    };
    const { error, outputs, summary } = await world.run(push('main', SHA), { mirrors: mirror });
    expect(error?.message).toContain('could not be copied');
    expect(outputs).toMatchObject({ pushed: 'true', 'pinned-mirrors': '' });
    expect(summary).toContain('**failed**');
    expect(world.registry.tags(REPOSITORY)).toEqual(expect.arrayContaining(['main', 'builder-main']));
  });

  test('one that works has the same tags', async () => {
    const { error, outputs } = await world.run(push('main', SHA), { mirrors: `${world.registry.host}/owner/copy` });
    expect(error).toBeNull();
    expect(world.registry.tags('owner/copy')).toEqual([SHA, 'main'].sort());
    expect(outputs['pinned-mirrors']).toContain('/owner/copy:');
  });
});

describe('runs that do not push', () => {
  test('without write access both passes are built, and the image is in the engine', async () => {
    world.registry.writable = false;
    const { error, outputs, log } = await world.run(push('feature', SHA));
    expect(error).toBeNull();
    expect(world.registry.written).toEqual([]);
    expect(outputs).toMatchObject({ pushed: 'false', tag: SHA });
    expect([...world.engine.images.keys()]).toEqual([`${world.registry.host}/${REPOSITORY}:${SHA}`]);
    expect(log.some((line) => line.startsWith('notice: Nothing was pushed'))).toBe(true);
  });

  test('push: true without write access fails before anything is built', async () => {
    world.registry.writable = false;
    const { error } = await world.run(push('feature', SHA), { push: 'true' });
    expect(error?.name).toBe('InputError');
    expect(world.engine.calls.filter((call) => call.includes('buildx build'))).toEqual([]);
  });

  test('a dry run touches neither engine nor registry', async () => {
    const { error, outputs } = await world.run(push('main', SHA), { 'dry-run': 'true' });
    expect(error).toBeNull();
    expect(world.engine.calls.filter((call) => call.startsWith('docker'))).toEqual([]);
    expect(world.registry.requests).toEqual([]);
    expect(outputs).toMatchObject({ pushed: 'false', tag: SHA });
  });
});
