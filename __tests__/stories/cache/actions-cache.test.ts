// Runs that may not push keep their builder layers in the Actions cache: restored on a fresh engine with nothing in the
// registry, never asked by a run that pushes, and never in the way of a build.
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RunnerEvent } from '../../../src/plan/event/event.js';
import { LATER, REPOSITORY, SHA, pullRequest, push } from '../../support/world/events.js';
import { DONE } from '../../support/world/recorded-engine.js';
import { type SmallWorld, type Told, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
  world.hasActionsCache = true;
});

const FORK = pullRequest({ fork: 'mallory/app', head: 'topic' });
const STORES = ['containerd', 'overlay2'] as const;
type Inputs = Readonly<Record<string, string>>;

/** On a fresh engine, with those sources. */
async function buildFresh(
  store: 'containerd' | 'overlay2',
  sources = 's1',
  event: RunnerEvent = FORK,
  inputs: Inputs = {},
): Promise<Told> {
  world.engine = world.freshEngine();
  world.engine.store = store;
  world.engine.sources = sources;
  const told = await world.succeed(event, inputs);
  expect(await world.leftovers()).toEqual([]);
  expect([...world.engine.images.keys()].join()).not.toContain('two-pass-build.invalid');
  return told;
}
const cachedSteps = ({ log }: Told): string | undefined =>
  /info: Builder: (\d of \d) steps cached/.exec(log.join('\n'))?.[1];
const keys = (): readonly string[] => [...world.actionsCache.entries.keys()];

describe.each(STORES)("a fork's pull request on the %s store", (store) => {
  const form = store === 'overlay2' ? 'image' : 'directory';

  test('saves once, and its next run builds nothing again though the registry has nothing', async () => {
    const first = await buildFresh(store);
    const [key = ''] = keys();
    expect(key).toMatch(
      new RegExp(`^two-pass-build/1/${form}/[0-9a-f]{16}/fork/mallory-app-topic-[0-9a-f]{10}/${SHA}-20260203040506$`),
    );
    expect(first.log.join('\n')).toContain(`Actions cache: kept ${key}, `);
    const second = await buildFresh(store);
    expect(second.log.join('\n')).toContain(`Actions cache: restored ${key}, `);
    expect(second.summary).toContain(`Cache: the Actions cache, \`${key}\``);
    expect(cachedSteps(second)).toBe('2 of 2');
    const source = store === 'overlay2' ? 'type=registry,ref=two-pass-build\\.invalid/' : 'type=local,src=/';
    const cacheFrom = [expect.stringMatching(`^${source}`)];
    expect(JSON.parse(second.outputs.plan ?? '')).toMatchObject({ builder: { cacheFrom }, production: { cacheFrom } });
    expect(keys()).toHaveLength(1);
    expect([...first.warnings, ...second.warnings]).toEqual([]);
    expect(world.registry.tags(REPOSITORY)).toEqual([]);
    const third = await buildFresh(store, 's2', pullRequest({ fork: 'mallory/app', head: 'topic', sha: LATER }));
    expect(cachedSteps(third)).toBe('1 of 2');
    expect(keys()).toHaveLength(2);
  });

  test("starts from the base branch's entry, and writes none that the base could read", async () => {
    await buildFresh(store, 's1', push('main', SHA), { push: 'false' });
    const [entry = ''] = keys();
    expect(entry).toContain('/branch/main/');
    const pull = await buildFresh(store);
    expect(pull.log.join('\n')).toContain(`Actions cache: restored ${entry}, `);
    expect(cachedSteps(pull)).toBe('2 of 2');
    await buildFresh(store, 's2');
    const again = await buildFresh(store, 's1', push('main', SHA), { push: 'false' });
    expect(again.log.join('\n')).toContain(`Actions cache: restored ${entry}, `);
  });

  test("keeps the builder's layers when production's own step fails", async () => {
    world.engine.store = store;
    world.engine.failing.set('COPY --from', { error: 'not found' });
    const failed = await world.run(FORK);
    expect(failed.error?.message).toContain('[production 1/1]');
    expect(failed.log.join('\n')).toContain('Actions cache: kept ');
    expect(cachedSteps(await buildFresh(store))).toBe('2 of 2');
  });

  test('keeps all layers when a check fails', async () => {
    world.engine.store = store;
    world.engine.other = (command) => Promise.resolve({ ...DONE, code: command === 'bash' ? 4 : 0 });
    const { error } = await world.run(FORK, { verify: 'exit 4' });
    expect(error?.message).toContain('exit code 4');
    expect(keys()).toHaveLength(1);
  });

  test('keeps nothing when a step of the builder fails', async () => {
    world.engine.store = store;
    world.engine.failing.set('RUN make', { error: 'exit code: 1' });
    await world.run(FORK);
    expect(keys()).toEqual([]);
  });

  test('builds without the cache, with a warning, when the entry is damaged', async () => {
    await buildFresh(store);
    // JSON stays: what is damaged would be found only when it is read.
    world.actionsCache.damage((path, content) =>
      path === 'image.tar' || content[0] !== 0x7b ? Buffer.from('damaged') : content,
    );
    const { warnings, log } = await buildFresh(store, 's2');
    expect(warnings).toEqual([
      expect.stringMatching(/^Nothing was taken from the Actions cache, since its entry is damaged: /),
    ]);
    expect(log.join('\n')).toContain('info: Builder: 0 of 2');
  });
});

test('an entry without a layer that it names is not taken, and the next run has a whole one', async () => {
  await buildFresh('containerd');
  world.actionsCache.damage((_, content) => (content.toString().startsWith('layer of') ? undefined : content));
  const { warnings } = await buildFresh(
    'containerd',
    's2',
    pullRequest({ fork: 'mallory/app', head: 'topic', sha: LATER }),
  );
  expect(warnings).toEqual([
    expect.stringMatching(/^Nothing was taken from the Actions cache, since its entry is damaged/),
  ]);
  expect(keys()).toHaveLength(2);
});

test('a saved image that brings another one along is not taken', async () => {
  await buildFresh('overlay2');
  world.actionsCache.damage((_, content) => {
    const saved = JSON.parse(content.toString()) as Record<string, object>;
    return Buffer.from(JSON.stringify({ ...saved, 'registry.test/base/evil:1': Object.values(saved)[0] }));
  });
  const { warnings } = await buildFresh('overlay2');
  expect(warnings).toEqual([expect.stringMatching(/its entry is damaged: it holds .*base\/evil:1.* instead of /)]);
  expect([...world.engine.images.keys()].join()).not.toContain('evil');
});

describe('a cache service that', () => {
  test('does not answer costs a warning, and is sent nothing', async () => {
    world.actionsCache.fault = new Error('it gave no answer within 10 s');
    const { warnings } = await buildFresh('containerd');
    expect(warnings).toEqual(['Nothing was taken from the Actions cache: it gave no answer within 10 s.']);
    expect(world.actionsCache.calls).toEqual(['restore']);
  });

  test('cannot be used costs a warning', async () => {
    world.hasActionsCache = new Error('no token');
    expect((await buildFresh('containerd')).warnings).toEqual(['The Actions cache cannot be used: no token']);
  });

  test('lets the run only read is not written to', async () => {
    world.actionsCache.canSave = false;
    expect((await buildFresh('containerd')).warnings).toEqual([]);
    expect(world.actionsCache.calls).toEqual(['restore']);
  });

  test('does not keep the entry is told', async () => {
    world.actionsCache.keeps = false;
    expect((await buildFresh('containerd')).log.join('\n')).toMatch(/Actions cache: two-pass-build\S+ was not kept/);
  });
});

test('layers that are too large are not kept, and the run says so', async () => {
  world.engine.store = 'overlay2';
  world.engine.imageSize = 2_200_000_000;
  const { warnings } = await world.succeed(FORK);
  expect(warnings).toEqual([
    'The layers of this run were not kept in the Actions cache: they are 2200.0 MB, more than the 2147.5 MB that one entry may have.',
  ]);
  expect(keys()).toEqual([]);
});

test.each<[string, RunnerEvent, Inputs]>([
  ['by a run that pushes', push('main', SHA), {}],
  ['by a run without cache', FORK, { 'reuse-cache': 'false' }],
  ['by a dry run', FORK, { 'dry-run': 'true' }],
  ['for a fork with the cache of main', pullRequest({ fork: 'mallory/app', name: 'pull_request_target' }), {}],
])('it is not asked %s', async (_, event, inputs) => {
  world.checkedOut = { commit: SHA, branch: null };
  await world.succeed(event, inputs);
  expect(world.actionsCache.calls).toEqual([]);
});

test('nor by a builder of several nodes, which says so', async () => {
  world.engine.driver = 'docker-container';
  world.engine.nodes = 2;
  const { log } = await world.succeed(FORK, { platforms: 'linux/amd64,linux/arm64' });
  expect(log.join('\n')).toContain('The Actions cache is not used: several nodes of a builder cannot write one entry.');
});
