// Which tags follow an image, and which stay: with a newer commit or version, with another image's unique tag, and where
// the registry does not tell.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { LATER, OTHER, REPOSITORY, SHA, mergeGroup, push, pushTag } from '../../support/world/events.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
});

const digestOf = (tag: string): string | undefined => world.registry.manifest(REPOSITORY, tag)?.digest;
/** Another image than the last one. */
const changeSource = (text: string): void => {
  world.engine.sources = text;
};
const TAKEN = 'release-42 is the unique tag of another image and is never moved';
const LATER_TAG = 'release-42-20260203040506';
const EXTRA = { 'extra-tags': 'latest, candidate' };

test('extra tags are left where the branch tag is: to the run of the newer commit', async () => {
  const newer = await world.succeed(push('main', LATER), EXTRA);
  world.github.branches.set('main', LATER);
  changeSource('older');
  const { notices, outputs } = await world.succeed(push('main', SHA), EXTRA);
  expect(outputs.tag).toBe(SHA);
  for (const moving of ['main', 'latest', 'candidate']) expect(digestOf(moving)).toBe(newer.outputs.digest);
  expect(notices).toContain(`main is at ${LATER} by now, so main, latest, candidate are left to that commit's run.`);
  // Once for the branch tag, and no second time for the builder image.
  expect(world.github.requests.filter((name) => name === 'readBranchHead').length).toBeLessThanOrEqual(3);
});

test('extra tags of a release are left to a newer version', async () => {
  const newer = await world.succeed(pushTag('v1.3.0', LATER), { 'extra-tags': 'latest' });
  changeSource('fix');
  const fix = await world.succeed(pushTag('v1.2.4'), { 'extra-tags': 'latest' });
  for (const tag of ['latest', '1', '1.3']) expect(digestOf(tag)).toBe(newer.outputs.digest);
  expect(digestOf('1.2')).toBe(fix.outputs.digest);
  expect(fix.notices).toContain('A newer version than v1.2.4 exists, so 1, latest are left where they are.');
});

test('extra tags of other git tags are left to a later commit', async () => {
  world.github.commitTimes.set(LATER, '2026-02-02T00:00:00Z').set(SHA, '2026-02-01T00:00:00Z');
  const later = await world.succeed(pushTag('release-42', LATER), { 'extra-tags': 'latest' });
  changeSource('older');
  const { notices } = await world.succeed(pushTag('release-41'), { 'extra-tags': 'latest' });
  expect(digestOf('latest')).toBe(later.outputs.digest);
  expect(notices).toContain('latest leads to the image of a later commit, so it is left where it is.');
});

test.each([
  ['403', { status: 403 }, 'permissions: packages: write'],
  ['404', { status: 404 }, 'permissions: packages: write'],
  ['500', { status: 500, headers: { 'retry-after': '0' } }, 'Run the job again.'],
  ['an empty list', { status: 200, body: '{"tags":[]}' }, 'permissions: packages: write'],
  ['no JSON', { status: 200, body: '<html>' }, 'Run the job again.'],
])('where the list of tags is answered with %s, nothing moves that could go back', async (_, answer, advice) => {
  world.registry.intercept = (_method, path) => (path.startsWith('tags/list') ? answer : undefined);
  const release = await world.succeed(pushTag('v1.2.3'), { 'extra-tags': 'latest' });
  expect(digestOf('1.2.3')).toBe(release.outputs.digest);
  for (const tag of ['1.2', '1', 'latest']) expect(digestOf(tag)).toBeUndefined();
  expect(release.warnings).toEqual([
    expect.stringMatching(
      /^The tags of the registry cannot be listed, .* and 1\.2, 1, latest are left where they are: /,
    ),
  ]);
  expect(release.warnings[0]).toContain(advice);
});

describe.each([
  ['a git tag', pushTag('release-42'), {}],
  ['the input tag', push('main', SHA), { tag: 'release-42' }],
])('the unique tag of %s', (_, event, inputs) => {
  let first: string | undefined;
  beforeEach(async () => {
    first = (await world.succeed(event, inputs)).outputs.digest;
    expect(digestOf('release-42')).toBe(first);
    changeSource('another');
  });
  const isWhereItWas = (): void => expect(digestOf('release-42')).toBe(first);

  test('is not taken by a branch of that name, which has its builder image all the same', async () => {
    const { log, outputs } = await world.succeed(push('release-42', LATER));
    expect(log.join('\n')).toContain(`${TAKEN}: this run leaves it where it is.`);
    expect(world.registry.tags(REPOSITORY)).toEqual(expect.arrayContaining(['builder-release-42', outputs.tag]));
    isWhereItWas();
  });

  test('is not taken where that is found out only when it is about to be moved', async () => {
    let asked = 0;
    world.registry.intercept = (method, path) =>
      method === 'GET' && path === 'manifests/release-42' && (asked += 1) === 1 ? { status: 404 } : undefined;
    const { notices } = await world.succeed(push('release-42', LATER));
    expect(notices).toContain(`${TAKEN}, so it is left where it is.`);
    isWhereItWas();
  });

  test('is an error as one of extra-tags, before anything is built', async () => {
    const builds = world.engine.builds.length;
    const { error } = await world.run(push('main', LATER), { 'extra-tags': 'release-42' });
    expect(error?.message).toMatch(/^extra-tags: release-42 is the unique tag of another image/);
    expect(world.engine.builds).toHaveLength(builds);
    isWhereItWas();
  });

  test('leaves others of that name a tag with the time', async () => {
    const own = await world.succeed(push('main', LATER), { tag: 'release-42' });
    expect(own.outputs.tag).toBe(LATER_TAG);
    expect((await world.succeed(pushTag('release-42', OTHER))).outputs.tag).toMatch(/^release-42-\d{14}$/);
    isWhereItWas();
  });
});

test.each([
  ['a branch', 'release-42', {}],
  ['extra-tags', 'main', { 'extra-tags': 'release-42' }],
])('no unique tag takes the place of the moving tag of %s, which moves on', async (_, branch, inputs) => {
  const moving = await world.succeed(push(branch, SHA), inputs);
  expect(digestOf('release-42')).toBe(moving.outputs.digest);
  expect((await world.succeed(pushTag('release-42'))).outputs.tag).toBe(LATER_TAG);
  expect((await world.succeed(push('develop', SHA), { tag: 'release-42' })).outputs.tag).toMatch(/^release-42-\d{14}$/);
  expect(digestOf('release-42')).toBe(moving.outputs.digest);
  changeSource('moved on');
  const next = await world.succeed(push(branch, LATER), inputs);
  expect(digestOf('release-42')).toBe(next.outputs.digest);
});

test('main does not take the image that a branch or the merge queue has made of its commit', async () => {
  const branch = await world.succeed(push('feature', SHA));
  const main = await world.succeed(push('main', SHA));
  expect(branch.outputs.tag).toBe(SHA);
  expect(main.outputs.tag).toBe(`${SHA}-20260203040506`);
  expect(digestOf(SHA)).toBe(branch.outputs.digest);
  expect(digestOf('main')).toBe(main.outputs.digest);
  expect(main.notices.join()).toContain(
    `${SHA} exists in the registry and is never moved: this build is ${SHA}-20260203040506.`,
  );
  const queued = await world.succeed(mergeGroup(LATER));
  const merged = await world.succeed(push('main', LATER));
  expect([queued.outputs.tag, merged.outputs.tag]).toEqual([LATER, `${LATER}-20260203040506`]);
  expect(digestOf(LATER)).toBe(queued.outputs.digest);
});

test('a moving tag that the registry refuses: what is written is told, and what follows is not moved', async () => {
  world.registry.intercept = (method, path) =>
    method === 'PUT' && path === 'manifests/latest' ? { status: 403 } : undefined;
  const { error, outputs } = await world.run(push('main', SHA), EXTRA);
  expect(error?.message).toMatch(
    new RegExp(`pushed as ${SHA}, main, but the tag latest could not be moved.*403.*Not moved: latest, candidate`),
  );
  expect(outputs.digest).toBe(digestOf(SHA));
  expect(world.registry.tags(REPOSITORY)).toEqual([SHA, 'main'].sort());
});
