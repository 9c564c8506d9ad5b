// The cache: one merged source for both passes, what travels, what is skipped, and what happens when it is broken.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { startFront } from '../../../lab/registry/front.js';
import type { Team } from '../../../lab/services/team.js';
import { expectSuccess, readCachedSteps, useLab, warningsOf } from '../../support/e2e.js';
import { type Layer, findMovedLayers, findPulledTwice, readLayers } from '../../support/moved-layers.js';
import { testByNight } from '../../support/nightly.js';
import { STORES, STORES_OF_THE_DAY, testOn } from '../../support/stores.js';

const ALL_CACHED = { builder: '5 of 5', production: '1 of 1' };
const fixture = useLab({ stores: STORES });

function layersOf(repository: string, tag: string): Promise<readonly Layer[]> {
  return readLayers(fixture.lab(), repository, tag);
}

describe.each(STORES)('on the %s store, with main, a branch and its pull request built', (store) => {
  const engine = () => fixture.lab().engine(store);
  let team: Team;
  let main: string;
  let feature: string;

  /** Runs on a fresh engine, which pulls no layer twice. */
  async function buildFresh(event: Parameters<Team['build']>[0], inputs: Readonly<Record<string, string>> = {}) {
    await engine().prune();
    const mark = fixture.lab().registry.mark();
    const result = await team.build(event, { engine: engine(), inputs });
    expectSuccess(result);
    expect(await findPulledTwice(fixture.lab(), team, mark)).toEqual([]);
    return result;
  }

  beforeAll(async () => {
    team = await fixture.team(`cache-${store}`);
    main = await team.service.head();
    await buildFresh(await team.push());
    await team.service.git('switch', '--quiet', '--create', 'feature/x');
    await team.service.changeDependencies('extra');
    feature = await team.service.changeSource('Hello from the branch');
    await buildFresh(await team.pullRequest({ number: 12, head: 'feature/x' }));
  }, 120_000);

  /** What the engine may pull on an unchanged commit: nothing, or on overlay2 the production image. */
  async function expectNothingMoved(mark: number, tag: string): Promise<void> {
    const production = (await layersOf(team.repository, tag)).map(({ digest }) => digest);
    const { pulled, pushed } = await findMovedLayers(fixture.lab(), team, mark);
    expect(pushed).toBe(0);
    expect(pulled.filter((digest) => store === 'containerd' || !production.includes(digest))).toEqual([]);
  }

  test('the same commit is all cached, and no layer travels that need not', async () => {
    const { registry } = fixture.lab();
    const builder = (await registry.manifest(team.repository, 'builder-main')).digest;
    await team.service.git('checkout', '--quiet', main);
    const mark = registry.mark();
    const result = await buildFresh(await team.push('main'));
    expect(readCachedSteps(result)).toEqual(ALL_CACHED);
    await expectNothingMoved(mark, 'main');
    expect(result.log).toContain('Builder image: unchanged, builder-main is what it was');
    expect(result.outputs['builder-digest']).toBe(builder);
    expect((await registry.manifest(team.repository, 'builder-main')).digest).toBe(builder);
    expect(warningsOf(result)).toEqual([]);
  });

  testOn(store)(
    'a new branch at the same commit takes everything from main, and main’s builder image by its tag',
    async () => {
      const { registry } = fixture.lab();
      await team.service.git('checkout', '--quiet', main);
      const mark = registry.mark();
      const result = await buildFresh(await team.push('new-branch'));
      expect(readCachedSteps(result)).toEqual(ALL_CACHED);
      await expectNothingMoved(mark, 'new-branch');
      expect(result.log).toContain('Builder image: unchanged, builder-new-branch is what builder-main is');
      const [own, theirs] = await Promise.all(
        ['builder-new-branch', 'builder-main'].map((tag) => registry.manifest(team.repository, tag)),
      );
      expect(own!.digest).toBe(theirs!.digest);
    },
  );

  testOn(store)('merging an up-to-date pull request builds nothing again', async () => {
    const { registry } = fixture.lab();
    await team.service.git('checkout', '--quiet', '-B', 'merged', main);
    await team.service.git('merge', '--quiet', '--no-ff', '--no-edit', feature);
    const merge = await team.service.head();
    team.github.setMergedPullRequest(merge, {
      number: 12,
      headRef: 'feature/x',
      headRepository: `octo/cache-${store}`,
    });
    const mark = registry.mark();
    const result = await buildFresh(await team.push('main'));
    expect(JSON.parse(result.outputs.plan ?? '')).toMatchObject({
      lineage: [{ branch: 'main' }, { branch: 'feature/x' }],
    });
    expect(readCachedSteps(result)).toEqual(ALL_CACHED);
    await expectNothingMoved(mark, 'main');
    expect(result.log).toMatch(/Builder image: unchanged, builder-main is what builder-feature-x-[0-9a-f]{10} is/);
  });

  testOn(store)('production is gzip throughout; the builder image is zstd where the engine can', async () => {
    await team.service.git('checkout', '--quiet', '-B', 'compressed', main);
    await team.service.changeSource('Compressed');
    const result = await buildFresh(await team.push('compressed'));
    const types = async (tag: string) => [
      ...new Set((await layersOf(team.repository, tag)).map(({ mediaType }) => mediaType.split(/[.+]/).at(-1))),
    ];
    expect(await types(result.outputs.tag ?? '')).toEqual(['gzip']);
    // And of the first build of all, where both images have the layer of the same WORKDIR.
    expect(await types(main)).toEqual(['gzip']);
    expect(await types('builder-compressed')).toContain(store === 'containerd' ? 'zstd' : 'gzip');
  });
});

/** The builder's largest layer that is not of the base image: a change of the source needs it. */
async function findDependencyLayer(team: Team): Promise<string> {
  const base = new Set((await layersOf('base/busybox', '1')).map(({ digest }) => digest));
  const own = (await layersOf(team.repository, 'builder-main')).filter(({ digest }) => !base.has(digest));
  return own.sort((one, other) => other.size - one.size)[0]!.digest;
}

test.each(STORES_OF_THE_DAY)(
  'a fork’s changed source keeps the dependencies, which only the builder image has (%s)',
  async (store) => {
    const engine = fixture.lab().engine(store);
    const team = await fixture.team(`fork-cache-${store}`);
    expectSuccess(await team.build(await team.push(), { engine }));
    await engine.prune();
    await team.service.changeSource('Good day from a fork');
    const result = await team.build(await team.pullRequest({ number: 7, head: 'main', fork: 'mallory/app' }), {
      engine,
    });
    expectSuccess(result);
    expect(readCachedSteps(result)).toEqual({ builder: '3 of 5', production: '0 of 1' });
    expect(result.log).toMatch(/^Builder: .*first that was not: `\[builder 5\/6\] COPY src src`/m);
    // Two passes, and each step is told by one of them.
    expect(result.log.match(/^docker buildx build/gm)).toHaveLength(2);
    expect(result.log.match(/^\[builder 4\/6\] RUN /gm)).toHaveLength(1);
  },
);

describe.each(STORES_OF_THE_DAY)('on the %s store, a broken cache', (store) => {
  const engine = () => fixture.lab().engine(store);

  test('whose layers the registry has lost is no source, and the build goes on', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team(`lost-${store}`);
    expectSuccess(await team.build(await team.push(), { engine: engine() }));
    // The second run finds a cache and writes the cache manifest, which the third would write again as it is.
    expectSuccess(await team.build(await team.push(), { engine: engine() }));
    await registry.loseBlob(await findDependencyLayer(team));
    await engine().prune();
    await team.service.changeSource('After the loss');
    const result = await team.build(await team.push(), { engine: engine() });
    expectSuccess(result);
    expect(warningsOf(result)).toEqual([
      'The registry has lost layers of builder-main, so they are no cache for this run.',
    ]);
    expect(await team.runImage(engine(), result.outputs.image ?? '')).toContain('After the loss');
  });
});

testByNight('a cache layer that fails while it is read costs one run without the cache, and a warning', async () => {
  const { registry } = fixture.lab();
  const engine = fixture.lab().engine('containerd');
  const front = await startFront({ registry: registry.host });
  try {
    const team = await fixture.team('fails-late');
    const inputs = { image: `${front.host}/${team.repository}` };
    expectSuccess(await team.build(await team.push(), { engine, inputs }));
    await engine.prune();
    await team.service.changeSource('After the fault');
    const layer = await findDependencyLayer(team);
    // The registry has the layer when the cache manifest is written, and does not serve it later.
    front.fail({ method: 'GET', path: new RegExp(`/blobs/${layer}`), answer: { status: 404 } });
    const result = await team.build(await team.push(), { engine, inputs });
    expectSuccess(result);
    expect(front.faultsServed()).toBeGreaterThan(0);
    const [warning, ...others] = warningsOf(result);
    expect(warning).toMatch(
      /^A layer of the cache could not be read, so the production pass runs once more without it/,
    );
    expect(others).toEqual([]);
    // What the first try could still read is in the engine's own cache.
    expect(readCachedSteps(result).builder).toMatch(/^[0-2] of 5$/);
    expect((await registry.manifest(team.repository, result.outputs.tag ?? '')).digest).toBe(result.outputs.digest);
  } finally {
    await front.stop();
  }
});
