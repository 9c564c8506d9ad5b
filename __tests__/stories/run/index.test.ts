// One image whose platforms are built by several runs, and put together by one that builds nothing: a part is what any
// build is, with the platform behind its tags.
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RunnerEvent } from '../../../src/plan/event/event.js';
import { LATER, OTHER, REPOSITORY, SHA, on, pullRequest, push } from '../../support/world/events.js';
import { type SmallWorld, type Told, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
});

type Inputs = Readonly<Record<string, string>>;
const PLATFORMS = ['linux/amd64', 'linux/arm64'] as const;
const tags = (): readonly string[] => world.registry.tags(REPOSITORY);
const digestOf = (tag: string): string | undefined => world.registry.manifest(REPOSITORY, tag)?.digest;

const buildPart = (event: RunnerEvent, platform: string, inputs: Inputs = {}): Promise<Told> =>
  world.succeed(event, { platforms: platform, 'part-of-index': 'true', 'extra-tags': 'latest', ...inputs });

/** Where there is neither an engine nor a checkout. */
function join(event: RunnerEvent, parts: readonly (string | undefined)[], inputs: Inputs = {}): Promise<Told> {
  world.engine.missing.add('docker').add('git');
  const given = { 'index-of': parts.join('\n'), 'extra-tags': 'latest', ...inputs };
  return world.run(event, given, { machine: { system: 'macOS', onGitHub: true, selfHosted: true } }).finally(() => {
    world.engine.missing.clear();
  });
}

async function buildParts(event: RunnerEvent): Promise<readonly string[]> {
  const digests: string[] = [];
  for (const platform of PLATFORMS) digests.push((await buildPart(event, platform)).outputs.digest ?? '');
  return digests;
}

test('it has the tags of the branch; the parts keep their own, and their cache', async () => {
  const event = push('main', SHA);
  const name = `${world.registry.host}/${REPOSITORY}`;
  const first = await buildPart(event, 'linux/amd64');
  expect(first.outputs).toMatchObject({
    tag: `${SHA}-linux_amd64`,
    'builder-image': `${name}:builder-main-linux_amd64`,
    tags: ['', 'main', 'builder-main'].map((tag) => `${name}:${tag || SHA}-linux_amd64`).join('\n'),
  });
  const digests = [first.outputs.digest, (await buildPart(event, 'linux/arm64')).outputs.digest];
  expect(tags().filter((tag) => !/-linux_(?:amd|arm)64$/.test(tag))).toEqual([]);

  const builds = world.engine.builds.length;
  const mirrors = `${world.registry.host}/owner/copy`;
  const told = await join(event, digests, { platforms: 'linux/arm64,linux/amd64', mirrors });
  expect(told.error).toBeNull();
  expect(told.warnings).toEqual([]);
  expect(world.engine.builds).toHaveLength(builds);
  const { digest = '' } = told.outputs;
  for (const tag of [SHA, 'main', 'latest']) expect(digestOf(tag)).toBe(digest);
  expect(world.registry.manifest('owner/copy', 'latest')?.digest).toBe(digest);
  const index = JSON.parse(world.registry.manifest(REPOSITORY, SHA)?.bytes.toString() ?? '') as {
    manifests: { digest: string; platform: { architecture: string } }[];
  };
  expect(index.manifests.map((one) => [one.digest, one.platform.architecture])).toEqual([
    [digests[0], 'amd64'],
    [digests[1], 'arm64'],
  ]);
  const { plan, summary, ...outputs } = told.outputs;
  expect(outputs).toEqual({
    image: `${name}:${SHA}`,
    tag: SHA,
    digest,
    'pinned-image': `${name}:${SHA}@${digest}`,
    'pinned-mirrors': `${mirrors}:${SHA}@${digest}`,
    tags: [name, mirrors].flatMap((one) => [SHA, 'main', 'latest'].map((tag) => `${one}:${tag}`)).join('\n'),
    pushed: 'true',
    changed: 'true',
  });
  expect(JSON.parse(plan ?? '')).toMatchObject({ parts: digests, builder: null, production: null });
  expect(JSON.parse(summary ?? '')).toMatchObject({ pushed: true, bytes: { platforms: 2 } });
  expect(told.summary).toContain(`| \`linux/arm64\` | \`${digests[1]!}\` |`);
  expect(told.summary).not.toContain('Cache:');
});

test('an unchanged commit builds no part again, on engines that have nothing', async () => {
  for (const platform of PLATFORMS) await buildPart(push('main', SHA), platform);
  for (const platform of PLATFORMS) {
    world.engine = world.freshEngine();
    const again = await buildPart(push('main', SHA), platform);
    const ending = platform.replace('/', '_');
    expect(again.log).toContain('info: Builder: 2 of 2 steps cached');
    expect(again.log).toContain(`info: Builder image: unchanged, builder-main-${ending} is what it was`);
    expect(again.outputs.tag).toBe(`${SHA}-${ending}-20260203040506`);
  }
});

test('a pull request comments once, on the index', async () => {
  const parts: (string | undefined)[] = [];
  for (const platform of PLATFORMS)
    parts.push((await buildPart(pullRequest(), platform, { comment: 'true' })).outputs['pinned-image']);
  expect(world.github.comments).toEqual([]);
  const { error, outputs } = await join(pullRequest(), parts, { comment: 'true' });
  expect(error).toBeNull();
  expect(outputs.tag).toMatch(/^review-pr-12-/);
  expect(world.github.comments).toHaveLength(1);
});

describe('whose parts another commit was checked out for', () => {
  const event = on('workflow_dispatch', 'refs/heads/main');
  let first: string | undefined;
  let other: string | undefined;
  beforeEach(async () => {
    first = (await buildPart(event, 'linux/amd64')).outputs.digest;
    await join(event, [first]);
    world.checkedOut = { commit: OTHER, branch: null };
    const part = await buildPart(event, 'linux/arm64', { provenance: 'true' });
    expect(part.outputs.tag).toBe(`${OTHER}-linux_arm64`);
    other = part.outputs.digest;
    world.checkedOut = null;
  });

  test('is of that commit, and moves no tag', async () => {
    const main = digestOf('main');
    const { outputs } = await join(event, [other]);
    expect(outputs.tags).toBe(`${world.registry.host}/${REPOSITORY}:${OTHER}`);
    expect(digestOf('main')).toBe(main);
  });

  test('is of the branch whose head that is', async () => {
    world.github.branches.set('topic', OTHER);
    const { outputs } = await join(event, [other]);
    expect(outputs.tags?.split('\n').map((name) => name.replace(/.*:/, ''))).toEqual([OTHER, 'topic', 'latest']);
  });

  test('together with one of the commit of the event is an error', async () => {
    expect((await join(event, [first, other])).error?.message).toMatch(/Build all parts from one commit/);
  });
});

test('a fork builds parts and pushes none, and there is no index', async () => {
  const event = pullRequest({ fork: 'stranger/app' });
  const { outputs } = await buildPart(event, 'linux/amd64');
  expect(outputs).toMatchObject({ pushed: 'false', tag: expect.stringMatching(/-linux_amd64$/) });
  const index = await join(event, [`sha256:${'0'.repeat(64)}`]);
  expect(index.error).toBeNull();
  expect(index.outputs.pushed).toBe('false');
  expect(index.notices.join()).toContain('There is no index of the parts.');
  expect(tags()).toEqual([]);
});

test('parts with attestations: the digest is that of the index, whose attestations stay with their images', async () => {
  const event = push('main', SHA);
  const attested = await buildPart(event, 'linux/arm64', { provenance: 'true' });
  const plain = await buildPart(event, 'linux/amd64');
  const { outputs } = await join(event, [attested.outputs['pinned-image'], plain.outputs.digest]);
  const { manifests } = JSON.parse(world.registry.manifest(REPOSITORY, SHA)?.bytes.toString() ?? '') as {
    manifests: { platform: { architecture: string } }[];
  };
  expect(manifests.map(({ platform }) => platform.architecture)).toEqual(['arm64', 'unknown', 'amd64']);
  expect(JSON.parse(outputs.summary ?? '')).toMatchObject({ bytes: { platforms: 2 } });
});

describe('an index that cannot be made is an error that says why, and no tag is written', () => {
  const UNKNOWN = `sha256:${'0'.repeat(64)}`;
  test.each<[string, (digest: string) => readonly string[], Inputs, RegExp]>([
    ['a part that is not there', () => [UNKNOWN], {}, /has no image sha256:0+\. Build the parts with the same image/],
    [
      'a platform without a part',
      (one) => [one],
      { platforms: 'linux/amd64,linux/arm64' },
      /no part is for linux\/arm64/,
    ],
    [
      'a part that platforms does not name',
      (one) => [one],
      { platforms: 'linux/arm64' },
      /no part is for linux\/arm64/,
    ],
    ['no part at all', () => [' ', ''], {}, /index-of is given and empty/],
    ['a part of another image', (one) => [`ghcr.io/owner/other:1@${one}`], {}, /Build the parts with the same image/],
  ])('%s', async (_, parts, inputs, message) => {
    const [digest = ''] = await buildParts(push('main', SHA));
    expect((await join(push('main', SHA), parts(digest), inputs)).error?.message).toMatch(message);
    expect(tags()).not.toContain(SHA);
  });
});

test('a moving tag that the registry refuses: the index is published, and the run is red', async () => {
  const digests = await buildParts(push('main', SHA));
  world.registry.intercept = (method, path) =>
    method === 'PUT' && path === 'manifests/main' ? { status: 403 } : undefined;
  const { error, outputs } = await join(push('main', SHA), digests);
  expect(error?.message).toContain('the tag main could not be moved');
  expect(outputs).toMatchObject({ pushed: 'true', digest: digestOf(SHA) });
});

test('a branch that has moved on keeps its tags', async () => {
  const digests = await buildParts(push('main', SHA));
  world.github.branches.set('main', LATER);
  const { error, outputs } = await join(push('main', SHA), digests);
  expect(error).toBeNull();
  expect(outputs.tags).toBe(`${world.registry.host}/${REPOSITORY}:${SHA}`);
});

test('an index takes no tag of a build of something else: its parts say what they were built from', async () => {
  const event = push('main', SHA);
  const first = await join(event, await buildParts(event));
  expect(first.error).toBeNull();
  const others = { 'builder-target': 'production', 'production-target': 'builder' };
  const later = push('main', LATER);
  const parts: (string | undefined)[] = [];
  for (const platform of PLATFORMS)
    parts.push((await buildPart(later, platform, { ...others, 'moved-from': FROM })).outputs.digest);
  const { error } = await join(later, parts);
  expect(error?.message).toContain(`main leads to an image that was built from ${FROM}, and this run builds`);
  expect(digestOf('main')).toBe(first.outputs.digest);
  expect(tags()).not.toContain(LATER);
  expect((await join(later, parts, { 'moved-from': FROM })).error).toBeNull();
});

const FROM = 'Dockerfile (context ., target production)';
