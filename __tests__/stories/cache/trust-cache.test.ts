// trust-cache: own. Main takes layers of nothing but what its own runs have recorded, whatever is under its tags meanwhile.
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RunnerEvent } from '../../../src/plan/event/event.js';
import { LATER, OTHER, REPOSITORY, SHA, on, pullRequest, push, pushTag } from '../../support/world/events.js';
import { hasOtherLayer, replaceImage } from '../../support/world/other-image.js';
import { type SmallWorld, type Told, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
  world.hasActionsCache = true;
});

const OWN = { 'trust-cache': 'own' };

/** On a fresh engine. */
async function build(event: RunnerEvent, given: Readonly<Record<string, string>> = OWN): Promise<Told> {
  world.engine = world.freshEngine();
  return world.succeed(event, given);
}
const attack = async (...tags: readonly string[]): Promise<void> => {
  for (const tag of tags) await replaceImage(world.registry, REPOSITORY, tag, tag.replace('cache-', ''));
};
const cachedSteps = ({ log }: Told): string | undefined =>
  /info: Builder: (\d of \d) steps cached/.exec(log.join('\n'))?.[1];
const imports = (): readonly string[] =>
  world.engine.builds.flatMap((call) =>
    [...call.matchAll(/--cache-from \S+@(sha256:[0-9a-f]{64})/g)].map(([, one = '']) => one),
  );
const isPoisoned = (): boolean => imports().some((digest) => hasOtherLayer(world.registry, REPOSITORY, digest));
const digestOf = (tag: string): string | undefined => world.registry.manifest(REPOSITORY, tag)?.digest;
const keys = (): readonly string[] => [...world.actionsCache.entries.keys()];
const left = ({ notices }: Told): readonly string[] => notices.filter((line) => line.startsWith('trust-cache'));

test('the first run takes nothing, says nothing, and records what it has written; the next one builds nothing again', async () => {
  const first = await build(push('main', SHA));
  expect([left(first), first.warnings]).toEqual([[], []]);
  expect(keys()).toEqual([expect.stringMatching(`^two-pass-build/1/record/[0-9a-f]{16}/${SHA}-\\d{14}$`)]);
  const [entry] = world.actionsCache.entries.values();
  expect(JSON.parse(entry?.get('record.json')?.toString() ?? '')).toEqual({
    commit: SHA,
    built: first.outputs.digest,
    images: { main: first.outputs.digest, 'builder-main': first.outputs['builder-digest'] },
  });
  const second = await build(push('main', LATER));
  expect([cachedSteps(second), left(second), second.warnings]).toEqual(['2 of 2', [], []]);
  expect(await world.leftovers()).toEqual([]);
});

describe('with other images under builder-main, main and cache-main', () => {
  beforeEach(async () => {
    await build(push('main', SHA));
    await attack('cache-main', 'builder-main', 'main');
  });

  test('without the input their layers reach main', async () => {
    const { log } = await build(push('main', LATER), {});
    expect(log).toContain('info: Builder: 2 of 2 steps cached');
    expect(isPoisoned()).toBe(true);
  });

  test('own takes what main has recorded, says so once, and puts builder-main back', async () => {
    const builder = digestOf('builder-main');
    const told = await build(push('main', LATER));
    expect([cachedSteps(told), isPoisoned(), told.warnings]).toEqual(['2 of 2', false, []]);
    expect(left(told)).toEqual([
      expect.stringMatching(
        /^trust-cache: own\. Not taken as cache: main \(sha256:\w{12}\), builder-main \(sha256:\w{12}\), since no run of main has recorded that it wrote this\. Of main, builder-main the image that main has recorded is taken instead\.$/,
      ),
    ]);
    expect(told.log).toContain('info: Builder image: unchanged, builder-main leads to it again');
    expect(digestOf('builder-main')).toBe(told.outputs['builder-digest']);
    expect(digestOf('builder-main')).not.toBe(builder);
    expect(left(await build(push('main', OTHER)))).toEqual([]);
  });

  test('so does a git tag, which records nothing', async () => {
    const before = keys();
    const told = await build(pushTag('v1.2.3', LATER));
    expect([cachedSteps(told), isPoisoned(), left(told).length]).toEqual(['2 of 2', false, 1]);
    expect(keys()).toEqual(before);
  });

  test('a run that may not push takes its nearest image by what main has recorded', async () => {
    const told = await build(push('main', LATER), { ...OWN, push: 'false' });
    expect(imports()).toHaveLength(2);
    expect([isPoisoned(), cachedSteps(told)]).toEqual([false, '2 of 2']);
  });

  test('other branches take what is there, as without the input, and record nothing', async () => {
    const before = keys();
    const told = await build(push('topic', LATER));
    expect([isPoisoned(), left(told)]).toEqual([true, []]);
    expect(keys()).toEqual(before);
  });

  test.each<[string, () => void, RegExp]>([
    [
      'there is no cache service',
      () => void (world.hasActionsCache = false),
      /since there is no Actions cache here\.$/,
    ],
    [
      'it cannot be used',
      () => void (world.hasActionsCache = new Error('no token')),
      /since the Actions cache cannot be asked: no token\.$/,
    ],
    [
      'it does not answer',
      () => void (world.actionsCache.fault = new Error('it gave no answer within 10 s')),
      /since the Actions cache cannot be asked: it gave no answer within 10 s\.$/,
    ],
    [
      'its entry is gone',
      () => world.actionsCache.entries.clear(),
      /since no run of main has recorded that it wrote this\.$/,
    ],
    ['its entry is none', () => world.actionsCache.damage(() => Buffer.from('[]')), /is no record\.$/],
  ])('where %s nothing is taken, with one notice', async (_, happen, reason) => {
    happen();
    const told = await build(push('main', LATER));
    expect([cachedSteps(told), imports()]).toEqual(['0 of 2', []]);
    expect(left(told)).toEqual([expect.stringMatching(reason)]);
    expect(told.log.join('\n')).toContain('trust-cache is own, and main has recorded no image yet');
  });
});

test('the images of the merged pull request are not main’s own', async () => {
  await build(push('main', SHA));
  world.engine.sources = 's2';
  await build(pullRequest({ head: 'feature-x', sha: LATER }));
  world.github.merged.set(OTHER, 'feature-x');
  const told = await build(push('main', OTHER));
  expect(left(told)).toEqual([
    expect.stringMatching(/Not taken as cache: feature-x \(\S+\), builder-feature-x \(\S+\), since/),
  ]);
  expect(told.log.join('\n')).not.toMatch(/builder-main is what builder-feature-x/);
});

test('what a recorded image has lost is built again', async () => {
  const { outputs } = await build(push('main', SHA));
  world.registry.remove(REPOSITORY, outputs['builder-digest'] ?? '');
  const told = await build(push('main', LATER));
  expect(left(told)).toEqual([
    expect.stringMatching(/The registry does not show what main has recorded of builder-main/),
  ]);
});

test('what was under builder-main just after the push is not what is recorded', async () => {
  for (const store of ['containerd', 'overlay2'] as const) {
    world.engine = world.freshEngine();
    world.engine.store = store;
    world.engine.sources = store;
    const others: string[] = [];
    world.engine.onPushed = async () => {
      for (const tag of ['builder-main', SHA])
        if (digestOf(tag) !== undefined) others.push(await replaceImage(world.registry, REPOSITORY, tag));
    };
    const told = await world.succeed(push('main', SHA), OWN);
    expect(others.length).toBeGreaterThan(1);
    const entry = [...world.actionsCache.entries.values()].at(-1);
    const record = entry?.get('record.json')?.toString() ?? '';
    expect(record).toContain(told.outputs.digest);
    expect(record).toContain(told.outputs['builder-digest']);
    for (const digest of others) expect(record).not.toContain(digest);
    world.actionsCache.entries.clear();
  }
});

const OF_OTHERS: readonly [string, RunnerEvent][] = [
  [
    'a workflow_run that a pull request has caused',
    on('workflow_run', 'refs/heads/main', SHA, {
      workflow_run: { event: 'pull_request', head_branch: 'main', head_repository: { full_name: REPOSITORY } },
    }),
  ],
  ['a comment', on('issue_comment', 'refs/heads/main')],
  ['pull_request_target', pullRequest({ name: 'pull_request_target' })],
];
test.each(OF_OTHERS)('%s records nothing, though it has the cache of main', async (_, event) => {
  await build(event);
  expect(world.actionsCache.calls).not.toContain('save');
});

test('reuse-cache: false takes nothing, asks for nothing, and records what it has written', async () => {
  await build(push('main', SHA), { ...OWN, 'reuse-cache': 'false' });
  expect(world.actionsCache.calls).toEqual(['save']);
  expect(cachedSteps(await build(push('main', LATER)))).toBe('2 of 2');
});

test('the builder image of a run that failed after it is recorded, too', async () => {
  world.engine = world.freshEngine();
  world.engine.failing.set('COPY --from', { error: 'not found' });
  await world.run(push('main', SHA), OWN);
  expect(keys()).toEqual([expect.stringContaining(`/failed-${SHA}-`)]);
  expect(cachedSteps(await build(push('main', LATER)))).toBe('2 of 2');
});

test('a run that leaves the branch to a newer commit records nothing', async () => {
  world.github.branches.set('main', LATER);
  await build(push('main', SHA));
  expect(keys()).toEqual([]);
});

test.each([
  ['may only be read', () => void (world.actionsCache.canSave = false), /this run may only read the Actions cache\.$/],
  ['does not keep the record', () => void (world.actionsCache.keeps = false), /did not keep two-pass-build\S+\.$/],
])('a cache that %s costs a warning', async (_, happen, reason) => {
  happen();
  const { warnings } = await build(push('main', SHA));
  expect(warnings).toEqual([expect.stringMatching(/^What this run has written was not recorded, so the next one/)]);
  expect(warnings[0]).toMatch(reason);
});

test('by default nobody asks the Actions cache', async () => {
  await build(push('main', SHA), {});
  await build(push('main', LATER), {});
  expect(world.actionsCache.calls).toEqual([]);
});

describe('promote', () => {
  const RELEASE = { ...OWN, promote: 'true' };

  test('takes the image that main has recorded of the commit', async () => {
    const main = await build(push('main', SHA));
    await build(push('main', LATER));
    const told = await build(pushTag('v1.2.3', SHA), RELEASE);
    expect([told.outputs.digest, world.engine.builds]).toEqual([main.outputs.digest, []]);
  });

  test('takes no other, whatever its labels say', async () => {
    const main = await build(push('main', SHA));
    const other = await replaceImage(world.registry, REPOSITORY, SHA);
    const told = await build(pushTag('v1.2.3', SHA), RELEASE);
    expect(told.outputs.digest).not.toBe(other);
    expect(told.outputs.digest).not.toBe(main.outputs.digest);
    expect(told.notices.join('\n')).toMatch(
      /Not promoted, so it is built: \S+ is not the image that main has recorded/,
    );
    world.actionsCache.entries.clear();
    const again = await build(pushTag('v1.2.4', SHA), RELEASE);
    expect(again.notices.join('\n')).toContain(`no run of main has recorded an image of ${SHA}`);
  });
});
