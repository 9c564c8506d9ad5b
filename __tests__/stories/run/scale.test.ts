// What a run costs at the registry as things grow: requests, the longest chain of them, bytes. docs: caching.md, "Scale".
import { readFile } from 'node:fs/promises';
import { beforeEach, expect, test } from '@jest/globals';
import { LATER, OTHER, REPOSITORY, SHA, pullRequest, push } from '../../support/world/events.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';
import { type VirtualRun, runInVirtualTime } from '../../support/world/virtual-time.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
const LOGIN = { username: 'writer', password: 'password-of-the-writer' };
beforeEach(() => {
  world = openWorld();
  world.registry.users = [{ name: LOGIN.username, password: LOGIN.password, writes: true }];
});

type Event = Parameters<SmallWorld['run']>[0];

/** A run on a fresh engine, as on a hosted runner. */
async function measure(event: Event, sources = 's1'): Promise<VirtualRun> {
  const { furtherSteps } = world.engine;
  world.engine = world.freshEngine();
  Object.assign(world.engine, { furtherSteps, sources });
  return runInVirtualTime(world, () => world.succeed(event, LOGIN));
}

/** `GET manifests`, sorted: what does not depend on names. */
function toKinds({ requests }: VirtualRun): readonly string[] {
  return requests.map(({ line }) => line.replace(/\/(?:sha256:)?[^/]*$/, '')).sort();
}

/** Images of that many other branches: three tags each, and one of a commit. */
async function addBranches(count: number): Promise<void> {
  const image = JSON.parse(world.registry.manifest(REPOSITORY, 'main')!.bytes.toString()) as object;
  for (let branch = 0; branch < count; branch += 1)
    for (const tag of [`branch-${branch}`, `builder-branch-${branch}`, `cache-branch-${branch}`, `${OTHER}-${branch}`])
      await world.registry.push(REPOSITORY, tag, image, []);
}

test('branches, layers and steps: an unchanged commit makes the same requests', async () => {
  await measure(push('main', SHA));
  await addBranches(10);
  const few = await measure(push('main', LATER));
  await addBranches(1000);
  const many = await measure(push('main', OTHER));
  expect(world.registry.tags(REPOSITORY).length).toBeGreaterThan(4000);
  expect(toKinds(many)).toEqual(toKinds(few));
  expect([many.chain, many.bytes]).toEqual([few.chain, few.bytes]);
});

test.each([60, 120, 500])(
  '%s steps, each a layer of its own: the same requests as of two, and larger ones',
  async (steps) => {
    await measure(push('main', SHA));
    const few = await measure(push('main', LATER));
    world.engine.furtherSteps = steps - 2;
    await measure(push('main', OTHER));
    const many = await measure(push('main', '3'.repeat(40)));
    expect(toKinds(many)).toEqual(toKinds(few));
    expect(many.chain).toBe(few.chain);
    expect(many.bytes - few.bytes).toBeLessThan(1500 * steps);
  },
);

test('an upload that the registry has forgotten since the check for write access is opened again', async () => {
  await measure(push('main', SHA));
  let asked = 0;
  world.registry.intercept = (method, path) =>
    method === 'PUT' && path.startsWith('blobs/uploads/1') && (asked += 1) === 1
      ? { status: 404, body: '{}' }
      : undefined;
  const { requests } = await measure(push('main', LATER));
  expect(requests.filter(({ line }) => line === 'POST blobs/uploads/')).toHaveLength(2);
  expect(world.engine.builds[0]).toMatch(/--cache-from type=registry,ref=\S+:cache-main@sha256:/);
});

test('a registry that is asked too often says when to ask again, and the run is green', async () => {
  await world.succeed(push('main', SHA), LOGIN);
  world.engine = world.freshEngine();
  // Other jobs have had all of this second's requests but a few.
  const LIMIT = 50;
  const second = { begun: performance.now(), requests: LIMIT - 3 };
  let refused = 0;
  world.registry.intercept = () => {
    if (performance.now() - second.begun > 1000) Object.assign(second, { begun: performance.now(), requests: 0 });
    second.requests += 1;
    if (second.requests <= LIMIT) return undefined;
    refused += 1;
    return { status: 429, headers: { 'retry-after': '1' }, body: '{}' };
  };
  const { warnings } = await world.succeed(push('main', LATER), LOGIN);
  expect(warnings).toEqual([]);
  expect(refused).toBeGreaterThan(0);
});

test('the tables of docs/caching.md', async () => {
  const first = await measure(push('main', SHA));
  const unchanged = await measure(push('main', LATER));
  const changed = await measure(push('main', OTHER), 's2');
  const pull = await measure(pullRequest({ sha: '3'.repeat(40) }), 's3');
  const again = await measure(pullRequest({ sha: '4'.repeat(40) }), 's3');
  const seconds = (chain: number, milliseconds: number): string => ((chain * milliseconds) / 1000).toFixed(2);
  const toRow = (name: string, { requests, chain }: VirtualRun): readonly string[] => [
    name,
    ...[requests.length, chain, seconds(chain, 20), seconds(chain, 100)].map(String),
  ];
  const rows = [
    toRow('push, cold', first),
    toRow('push, unchanged', unchanged),
    toRow('push, source changed', changed),
    toRow('first run of a pull request, source changed', pull),
    toRow('a later one, unchanged', again),
  ];
  const sizes = [];
  for (const steps of [10, 60, 120, 500]) {
    world.engine.furtherSteps = steps - 2;
    await measure(push('main', `${steps}`.padStart(40, 'a')), `of ${steps}`);
    const { bytes } = await measure(push('main', `${steps}`.padStart(40, 'b')), `of ${steps}`);
    sizes.push([`${steps}`, `${Math.round(bytes / 1000)}`]);
  }
  const docs = await readFile('docs/caching.md', 'utf8');
  const written = docs.split('\n').map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  for (const row of [...rows, ...sizes]) expect(written).toContainEqual(row);
});
