// Runs that may not push keep their builder layers in the Actions cache: restored on a fresh engine with nothing in the
// registry, never asked by a run that pushes, and never in the way of a build.
import { mkdir, mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runOrThrow } from '../../../lab/command.js';
import type { ImageStore } from '../../../lab/engine/engine.js';
import type { CacheScopes } from '../../../lab/github/cache-methods.js';
import type { ActionResult } from '../../../lab/runner/action-run.js';
import type { WorkflowRun } from '../../../lab/runner/workflow-run.js';
import type { Team } from '../../../lab/services/team.js';
import { useActionsCache } from '../../support/actions-cache.js';
import { expectSuccess, readCachedSteps, useLab, warningsOf } from '../../support/e2e.js';
import { testByNight } from '../../support/nightly.js';
import { STORES, testOn } from '../../support/stores.js';

const FORK: CacheScopes = { own: 'refs/pull/12/merge', others: ['refs/heads/main'] };
const fixture = useLab({ stores: STORES });

const { cache, temp } = useActionsCache(fixture);

interface CacheRun {
  readonly store?: ImageStore;
  readonly scopes?: CacheScopes;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs on a fresh engine. */
async function buildFresh(
  team: Team,
  event: WorkflowRun,
  { store = 'containerd', scopes = FORK, inputs, env }: CacheRun = {},
): Promise<ActionResult> {
  const engine = fixture.lab().engine(store);
  await engine.prune();
  const result = await team.build(event, {
    engine,
    env: { ...cache().env(scopes), RUNNER_TEMP: temp(), ...env },
    ...(inputs === undefined ? {} : { inputs }),
  });
  // The toolkit leaves folders with lists of paths behind, which the runner removes after the job.
  const left = (await readdir(temp(), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  expect(left.map(({ name }) => name).filter((name) => name !== 'manifest.txt')).toEqual([]);
  expect((await engine.docker(['image', 'ls', '--format', '{{.Repository}}'])).stdout).not.toContain('two-pass-build');
  return result;
}

const fork = (team: Team) => team.pullRequest({ number: 12, head: 'topic', fork: 'mallory/app' });

describe.each(STORES)('a fork’s pull request on the %s store', (store) => {
  const form = store === 'overlay2' ? 'image' : 'directory';

  testOn(store)('saves once, and its next run builds nothing again though the registry has nothing', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team(`kept-${store}`);
    const before = cache().entries().length;
    const first = await buildFresh(team, await fork(team), { store });
    expectSuccess(first);
    expect(warningsOf(first)).toEqual([]);
    const saved = cache().entries().slice(before);
    expect(saved).toHaveLength(1);
    expect(saved[0]).toMatchObject({
      key: expect.stringMatching(
        new RegExp(`^two-pass-build/1/${form}/[0-9a-f]{16}/fork/mallory-app-topic-[0-9a-f]{10}/[0-9a-f]{40}-\\d{14}$`),
      ),
      ref: FORK.own,
    });
    expect(first.log).toContain(`Actions cache: kept ${saved[0]!.key}, `);

    const second = await buildFresh(team, await fork(team), { store });
    expectSuccess(second);
    expect(warningsOf(second)).toEqual([]);
    expect(second.log).toContain(`Actions cache: restored ${saved[0]!.key}, `);
    expect(second.summary).toContain(`Cache: the Actions cache, \`${saved[0]!.key}\``);
    expect(readCachedSteps(second)).toEqual({
      builder: '5 of 5',
      production: store === 'overlay2' ? '0 of 1' : '1 of 1',
    });
    const source = store === 'overlay2' ? 'type=registry,ref=two-pass-build\\.invalid/' : 'type=local,src=/';
    expect(JSON.parse(second.outputs.plan ?? '')).toMatchObject({
      builder: { cacheFrom: [expect.stringMatching(`^${source}`)] },
      production: { cacheFrom: [expect.stringMatching(`^${source}`)] },
    });
    expect(cache().entries().slice(before)).toHaveLength(1);
    expect(await registry.tags(team.repository)).toEqual([]);

    await team.service.changeSource('Hello again');
    const third = await buildFresh(team, await fork(team), { store });
    expectSuccess(third);
    expect(readCachedSteps(third).builder).toBe('3 of 5');
    expect(cache().entries().slice(before)).toHaveLength(2);
    expect(await team.runImage(fixture.lab().engine(store), third.outputs.image ?? '')).toContain('Hello again');
    expect(readCachedSteps(await buildFresh(team, await fork(team), { store })).builder).toBe('5 of 5');
  });
});

/**
 * Changes the archive of the newest entry.
 * @param change gets the paths of its files, unpacked, and gives those that stay
 */
async function changeArchive(change: (files: readonly string[]) => Promise<readonly string[]>): Promise<void> {
  const { key } = cache().entries().at(-1)!;
  const directory = await mkdtemp(join(fixture.lab().directory, 'archive-'));
  const file = join(directory, 'cache.tzst');
  // Its paths lead some folders up, from the workspace to the runner's folder.
  const inside = join(directory, 'a/b/c/d');
  await mkdir(inside, { recursive: true });
  await writeFile(file, await cache().read(key));
  const tar = (...args: readonly string[]) => runOrThrow('tar', args, { env: { PATH: process.env.PATH ?? '' } });
  const names = (await tar('--zstd', '-tPf', file)).split('\n').filter((name) => name !== '' && !name.endsWith('/'));
  await tar('--zstd', '-xPf', file, '-C', inside);
  const kept = await change(names.map((name) => join(inside, name)));
  const archived = names.filter((name) => kept.includes(join(inside, name)));
  await tar('--zstd', '-cPf', file, '-C', inside, ...archived);
  await cache().replace(key, await readFile(file));
}

test('a saved image that brings another one along is not taken', async () => {
  const store = 'overlay2';
  const engine = fixture.lab().engine(store);
  const team = await fixture.team('smuggled');
  expectSuccess(await buildFresh(team, await fork(team), { store }));
  const evil = `${fixture.lab().registry.host}/base/evil:1`;
  await changeArchive(async (files) => {
    const [file = ''] = files;
    const { stdout } = await engine.docker(['image', 'load', '--input', file]);
    const own = stdout.replace('Loaded image: ', '').trim();
    await engine.docker(['image', 'tag', own, evil]);
    await engine.docker(['image', 'save', '--output', file, own, evil]);
    return files;
  });
  const result = await buildFresh(team, await fork(team), { store });
  expectSuccess(result);
  expect(warningsOf(result)).toEqual([
    expect.stringMatching(
      /^Nothing was taken from the Actions cache, since its entry is damaged: it holds .*base\/evil:1.* instead of /,
    ),
  ]);
  expect((await engine.docker(['image', 'inspect', evil])).code).not.toBe(0);
});

describe('a cache service that', () => {
  testByNight('is down costs a warning', async () => {
    const team = await fixture.team('down');
    const env = { ACTIONS_RESULTS_URL: 'http://127.0.0.1:9/' };
    const result = await buildFresh(team, await fork(team), { env });
    expectSuccess(result);
    expect(warningsOf(result)[0]).toMatch(/^Failed to restore: .*ECONNREFUSED/s);
  });

  testByNight('answers 500 is given up after ten seconds, with a warning', async () => {
    const team = await fixture.team('broken');
    cache().answerWith(500);
    try {
      const result = await buildFresh(team, await fork(team));
      expectSuccess(result);
      expect(warningsOf(result)).toEqual(['Nothing was taken from the Actions cache: it gave no answer within 10 s.']);
    } finally {
      cache().answerWith(null);
    }
  });
});
