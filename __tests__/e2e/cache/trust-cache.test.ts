// trust-cache: own, against whoever may write to the package: with real images whose cache records are those of the same steps,
// and whose layers are not.
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ImageStore } from '../../../lab/engine/engine.js';
import type { CacheScopes } from '../../../lab/github/cache-methods.js';
import { startFront } from '../../../lab/registry/front.js';
import type { ActionResult } from '../../../lab/runner/action-run.js';
import type { Team } from '../../../lab/services/team.js';
import { useActionsCache } from '../../support/actions-cache.js';
import { expectSuccess, readCachedSteps, useLab, warningsOf } from '../../support/e2e.js';
import { poison } from '../../support/poisoned-image.js';
import { STORES_OF_THE_DAY } from '../../support/stores.js';

const ALL_CACHED = { builder: '5 of 5', production: '1 of 1' };
const MAIN: CacheScopes = { own: 'refs/heads/main' };
const BRANCH: CacheScopes = { own: 'refs/heads/topic', others: [MAIN.own] };
const TEXT = ['Hello from the source', 'Hello from the attack'] as const;
const fixture = useLab({ stores: STORES_OF_THE_DAY });

const { cache, temp } = useActionsCache(fixture);

const printed = (team: Team, store: ImageStore, { outputs }: ActionResult): Promise<string> =>
  team.runImage(fixture.lab().engine(store), outputs['pinned-image'] ?? '');
const noticesOf = ({ annotations }: ActionResult): readonly string[] =>
  annotations
    .filter(({ level, message }) => level === 'notice' && message.startsWith('trust-cache'))
    .map(({ message }) => message);

describe.each(STORES_OF_THE_DAY)('on the %s store, with other images under the tags of main', (store) => {
  let team: Team;
  let clean: ActionResult;

  /** On a fresh engine. */
  async function build(trust: 'lineage' | 'own', branch = 'main', scopes = MAIN): Promise<ActionResult> {
    const engine = fixture.lab().engine(store);
    await engine.prune();
    const env = { ...cache().env(scopes), RUNNER_TEMP: temp() };
    const result = await team.build(await team.push(branch), { engine, env, inputs: { 'trust-cache': trust } });
    expectSuccess(result);
    expect(warningsOf(result)).toEqual([]);
    return result;
  }

  beforeAll(async () => {
    team = await fixture.team(`trusting-${store}`);
    await team.service.changeSource(TEXT[0]);
    await build('own');
    // With this one main has a merged cache, too.
    clean = await build('own');
    for (const tag of ['cache-main', 'builder-main', 'main'])
      await poison(fixture.lab().registry, team.repository, tag, TEXT);
  }, 300_000);

  test('what they have in their layers reaches main without the input, and nothing of it with own', async () => {
    const { registry } = fixture.lab();
    const poisoned = await registry.manifest(team.repository, 'builder-main');
    const lineage = await build('lineage');
    expect(readCachedSteps(lineage)).toEqual(ALL_CACHED);
    expect(await printed(team, store, lineage)).toContain(TEXT[1]);

    const own = await build('own');
    expect(readCachedSteps(own)).toEqual(ALL_CACHED);
    expect(await printed(team, store, own)).toContain(TEXT[0]);
    expect(noticesOf(own)).toEqual([
      expect.stringMatching(/Not taken as cache: main \(.+\), builder-main \(.+\), since no run of main has recorded/),
    ]);
    const layersOf = async (tag: string): Promise<unknown> =>
      (await registry.manifest(team.repository, tag)).body.layers;
    expect(await layersOf(own.outputs.digest ?? '')).toEqual(await layersOf(clean.outputs.digest ?? ''));
    expect((await registry.manifest(team.repository, 'builder-main')).digest).toBe(clean.outputs['builder-digest']);
    expect(clean.outputs['builder-digest']).not.toBe(poisoned.digest);
  });

  test('nor with a changed source, whose dependencies come from what main has recorded', async () => {
    await team.service.changeSource('Good day');
    const result = await build('own');
    expect(readCachedSteps(result).builder).toBe('3 of 5');
    expect(await printed(team, store, result)).toContain('Good day');
  });

  test('a branch can read what main has recorded, and writes no record that main reads', async () => {
    const before = cache().entries().length;
    await build('own', 'topic', BRANCH);
    expect(cache().entries()).toHaveLength(before);
    expect(
      cache()
        .entries()
        .every(({ ref }) => ref === MAIN.own),
    ).toBe(true);
  });
});

test.each(STORES_OF_THE_DAY)(
  'a tag that moves after it was read changes nothing of what is imported (%s)',
  async (store) => {
    const { registry } = fixture.lab();
    const engine = fixture.lab().engine(store);
    const team = await fixture.team(`moving-${store}`);
    await team.service.changeSource(TEXT[0]);
    expectSuccess(await team.build(await team.push(), { engine }));
    await engine.prune();
    let moved: Promise<unknown> | null = null;
    const reads: string[] = [];
    const gate = async (request: string): Promise<boolean> => {
      const [, reference] = /^(?:GET|HEAD) \/v2\/.+\/manifests\/(.+)$/.exec(request) ?? [];
      if (reference === undefined || request.includes('/base/')) return true;
      // The action has read each tag once. What comes then is the engine's.
      if (reads.includes(reference) || reference.startsWith('sha256:'))
        moved ??= Promise.all(['builder-main', 'main'].map((tag) => poison(registry, team.repository, tag, TEXT)));
      reads.push(reference);
      await moved;
      return true;
    };
    const front = await startFront({ registry: registry.host, gate });
    try {
      const inputs = { image: `${front.host}/${team.repository}`, push: 'false' };
      const result = await team.build(await team.push(), { engine, inputs });
      expectSuccess(result);
      expect(moved).not.toBe(null);
      expect(readCachedSteps(result).builder).toBe('5 of 5');
      expect(await team.runImage(engine, result.outputs.image ?? '')).toContain(TEXT[0]);
    } finally {
      await front.stop();
    }
  },
);
