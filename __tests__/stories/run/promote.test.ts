// A release that is what main has built: the image gets the tags, and nothing is built. Where it is not there, or is not what
// this run would build, the release is built as without the input.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RunnerEvent } from '../../../src/plan/event/event.js';
import { LATER, REPOSITORY, SHA, mergeGroup, on, pullRequest, push, pushTag } from '../../support/world/events.js';
import { DOCKERFILE_SINGLE } from '../../support/world/recorded-engine.js';
import { type SmallWorld, type Told, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
});

type Inputs = Readonly<Record<string, string>>;
const tags = (repository = REPOSITORY): readonly string[] => world.registry.tags(repository);
const digestOf = (tag: string, repository = REPOSITORY): string | undefined =>
  world.registry.manifest(repository, tag)?.digest;
const image = (): string => `${world.registry.host}/${REPOSITORY}`;
const dispatch = (branch = 'main', sha = SHA): RunnerEvent => on('workflow_dispatch', `refs/heads/${branch}`, sha);
const release = (tag = 'v1.2.3'): RunnerEvent =>
  on('release', `refs/tags/${tag}`, SHA, { action: 'published', release: { tag_name: tag } });

/** Runs with the input, and says how many builds it has begun. */
async function promote(event: RunnerEvent, inputs: Inputs = {}): Promise<Told & { readonly builds: number }> {
  const before = world.engine.builds.length;
  const told = await world.run(event, { promote: 'true', ...inputs });
  return Object.assign(told, { builds: world.engine.builds.length - before });
}

async function expectPromoted(event: RunnerEvent, inputs: Inputs = {}): Promise<Told> {
  const told = await promote(event, inputs);
  expect(told.error).toBeNull();
  expect(told.builds).toBe(0);
  return told;
}

async function expectBuilt(event: RunnerEvent, reason: RegExp, inputs: Inputs = {}): Promise<Told> {
  const told = await promote(event, inputs);
  expect(told.error).toBeNull();
  expect(told.builds).toBeGreaterThan(0);
  expect(told.notices.filter((notice) => notice.startsWith('Not promoted'))).toEqual([expect.stringMatching(reason)]);
  return told;
}

describe('a git tag on a commit that main has built', () => {
  let main: Told;
  beforeEach(async () => {
    main = await world.succeed(push('main', SHA));
  });

  test.each([
    ['pushed', () => pushTag('v1.2.3')],
    ['released', () => release()],
    ['chosen in a run by hand', () => on('workflow_dispatch', 'refs/tags/v1.2.3')],
  ])('%s: the image has the tags of the version, here and in the mirrors', async (_, event) => {
    const mirrors = `${world.registry.host}/owner/copy`;
    world.engine.missing.add('docker');
    const told = await expectPromoted(event(), { mirrors, 'extra-tags': 'latest' });
    const { digest = '' } = main.outputs;
    const written = ['v1.2.3', 'promoted-v1.2.3', '1.2.3', '1.2', '1', 'latest'];
    for (const tag of written) {
      expect(digestOf(tag)).toBe(digest);
      expect(digestOf(tag, 'owner/copy')).toBe(digest);
    }
    const { plan, summary, ...outputs } = told.outputs;
    expect(outputs).toEqual({
      image: `${image()}:v1.2.3`,
      tag: 'v1.2.3',
      digest,
      'pinned-image': `${image()}:v1.2.3@${digest}`,
      'pinned-mirrors': `${mirrors}:v1.2.3@${digest}`,
      tags: [image(), mirrors].flatMap((name) => written.map((tag) => `${name}:${tag}`)).join('\n'),
      pushed: 'true',
    });
    expect(JSON.parse(plan ?? '')).toMatchObject({
      promoted: { image: `${image()}:${SHA}`, digest },
      ...{ builder: null, production: null },
      tags: { unique: 'v1.2.3', moving: ['1.2.3', '1.2', '1', 'latest'] },
    });
    expect(JSON.parse(summary ?? '')).toMatchObject({ promoted: true, pushed: true, builder: null, production: null });
    expect(told.summary).toContain(`Promoted: a push to the main branch has built it as \`${image()}:${SHA}\``);
    expect(told.summary).not.toContain('Cache:');
    expect(told.log).toContain(
      `info: Promoted:   ${image()}:${SHA}@${digest}, built by a push to the main branch; nothing is built`,
    );
    expect(told.warnings).toEqual([]);
    expect(told.notices).toEqual([]);
  });

  test('a second run of the release changes nothing', async () => {
    await expectPromoted(pushTag('v1.2.3'));
    const before = tags();
    const requests = world.registry.requests.length;
    const again = await expectPromoted(release());
    expect(again.outputs).toMatchObject({ tag: 'v1.2.3', digest: main.outputs.digest });
    expect(tags()).toEqual(before);
    const written = world.registry.requests.slice(requests).filter((line) => line.startsWith('PUT'));
    expect(written.filter((line) => line.endsWith('/v1.2.3'))).toEqual([]);
  });

  test('a second run stays with its image, also where main has built the commit again since', async () => {
    await expectPromoted(pushTag('v1.2.3'));
    world.engine.sources = 'another base image';
    const rebuilt = await world.succeed(push('main', SHA));
    expect(rebuilt.outputs.digest).not.toBe(main.outputs.digest);
    expect((await expectPromoted(pushTag('v1.2.3'))).outputs).toMatchObject({
      tag: 'v1.2.3',
      digest: main.outputs.digest,
    });
    // Another release has what is deployed now.
    expect((await expectPromoted(pushTag('v1.2.4'))).outputs.digest).toBe(rebuilt.outputs.digest);
  });

  test('a version tag that another image has is not moved: this one has the time behind it', async () => {
    world.engine.sources = 'by hand';
    const other = await world.succeed(push('hotfix', LATER), { tag: 'v1.2.3' });
    const told = await expectPromoted(pushTag('v1.2.3'));
    expect(told.outputs).toMatchObject({ tag: 'v1.2.3-20260203040506', digest: main.outputs.digest });
    expect(digestOf('v1.2.3')).toBe(other.outputs.digest);
    expect(told.notices.join()).toContain('v1.2.3 exists in the registry and is never moved');
  });

  test('the source is read once: a tag that moves meanwhile changes nothing', async () => {
    let reads = 0;
    world.registry.intercept = (method, path) => {
      if (method === 'GET' && path === `manifests/${SHA}`) reads += 1;
      return undefined;
    };
    await expectPromoted(pushTag('v1.2.3'));
    expect(reads).toBe(1);
  });
});

describe('a run by hand on main', () => {
  test('gives extra tags and mirrors what main has, and leaves the tags of the branch', async () => {
    const main = await world.succeed(push('main', SHA));
    world.engine.sources = 'weekly';
    const weekly = await world.succeed(on('schedule', 'refs/heads/main'));
    const builder = digestOf('builder-main');
    const mirrors = `${world.registry.host}/owner/copy`;
    const told = await expectPromoted(dispatch(), { mirrors, 'extra-tags': 'production' });
    const { digest } = main.outputs;
    expect(told.outputs).toMatchObject({ tag: SHA, digest, pushed: 'true' });
    expect(told.outputs.changed).toBeUndefined();
    expect(digestOf('production')).toBe(digest);
    expect(tags('owner/copy')).toEqual([SHA, 'production']);
    expect(digestOf('main')).toBe(weekly.outputs.digest);
    expect(digestOf('builder-main')).toBe(builder);
    expect(tags().filter((tag) => tag.startsWith('promoted-'))).toEqual([]);
    expect(told.log).toContain(`info: Promoted ${image()}:${SHA}@${digest ?? ''}`);
  });

  test('takes the later of two builds: that is what the later run has deployed', async () => {
    await world.succeed(push('main', SHA));
    world.engine.sources = 'again';
    const again = await world.succeed(push('main', SHA));
    expect((await expectPromoted(dispatch())).outputs).toMatchObject({
      tag: `${SHA}-20260203040506`,
      digest: again.outputs.digest,
    });
  });

  test('finds it behind the image of the merge queue, which had the tag first', async () => {
    const queued = await world.succeed(mergeGroup());
    const main = await world.succeed(push('main', SHA));
    const told = await expectPromoted(pushTag('v2.0.0'));
    expect(told.outputs.digest).toBe(main.outputs.digest);
    expect(told.outputs.digest).not.toBe(queued.outputs.digest);
  });

  test('leaves extra tags to a newer commit of the branch', async () => {
    await world.succeed(push('main', SHA));
    world.github.branches.set('main', LATER);
    const told = await expectPromoted(dispatch(), { 'extra-tags': 'production' });
    expect(digestOf('production')).toBeUndefined();
    expect(told.notices.join()).toContain(`main is at ${LATER} by now`);
  });

  test('gives the image a unique tag of its own where one is named', async () => {
    const main = await world.succeed(push('main', SHA));
    const told = await expectPromoted(dispatch(), { tag: 'release-42' });
    expect(told.outputs).toMatchObject({ tag: 'release-42', digest: main.outputs.digest });
    expect(digestOf('promoted-release-42')).toBe(main.outputs.digest);
  });

  test('finds the image that main has under the tag of the input', async () => {
    const main = await world.succeed(push('main', SHA), { tag: 'sha-8f5c2e1' });
    expect(tags()).not.toContain(SHA);
    const told = await expectPromoted(dispatch(), { tag: 'sha-8f5c2e1', 'extra-tags': 'production' });
    expect(told.outputs).toMatchObject({ tag: 'sha-8f5c2e1', digest: main.outputs.digest });
    expect(tags().filter((tag) => tag.startsWith('promoted-'))).toEqual([]);
  });
});

describe('without such an image it is built, and said why', () => {
  const built = async (reason: RegExp, inputs: Inputs = {}): Promise<void> => {
    const before = digestOf(SHA);
    const { outputs } = await expectBuilt(pushTag('v1.2.3'), reason, inputs);
    expect(outputs).toMatchObject({ tag: 'v1.2.3', pushed: 'true', digest: digestOf('v1.2.3') });
    expect(outputs.digest).not.toBe(before);
    expect(JSON.parse(outputs.summary ?? '')).toMatchObject({ promoted: false });
    expect(tags().filter((tag) => tag.startsWith('promoted-'))).toEqual([]);
  };

  test('nothing has built the commit', async () => {
    await world.succeed(push('main', LATER));
    await built(new RegExp(`^Not promoted, so it is built: ${image()} has no image of commit ${SHA}\\.$`));
  });

  test.each<[string, RunnerEvent, string]>([
    ['another branch', push('feature', SHA), 'push refs/heads/feature'],
    ['the merge queue', mergeGroup(), 'merge_group'],
    ['a schedule', on('schedule', 'refs/heads/main'), 'schedule refs/heads/main'],
  ])('%s has built it', async (_, event, by) => {
    await world.succeed(event);
    await built(new RegExp(`${SHA} was built by ${by}, and not by a push to main\\.$`));
  });

  test('main has built it from another Dockerfile', async () => {
    await mkdir(join(world.workspace, 'worker'));
    await writeFile(join(world.workspace, 'worker/Dockerfile'), DOCKERFILE_SINGLE);
    world.engine.single = true;
    await world.succeed(push('main', SHA), { context: 'worker' });
    world.engine.single = false;
    await built(
      /was built from worker\/Dockerfile .*, and this run builds Dockerfile \(context \., target production\)\.$/,
    );
  });

  test('main has built another commit under its tag', async () => {
    await world.succeed(push('main', SHA), { labels: `org.opencontainers.image.revision=${LATER}` });
    await built(new RegExp(`was built from ${LATER}\\.$`));
  });

  test('the image says of another tag that it is its own', async () => {
    await world.succeed(push('main', SHA), { tag: 'own', 'extra-tags': SHA });
    await built(/leads to an image that was first pushed under another tag\.$/);
  });

  test('the image is for another platform', async () => {
    await world.succeed(push('main', SHA), { platforms: 'linux/amd64,linux/arm64' });
    await built(/is for linux\/amd64, linux\/arm64, and this run asks for no platforms\.$/);
  });

  test('the image has no attestation', async () => {
    await world.succeed(push('main', SHA));
    await built(/has no attestation, and the input provenance asks for one\.$/, { provenance: 'true' });
  });

  test('a new build is asked for', async () => {
    await world.succeed(push('main', SHA));
    await built(/the input reuse-cache is false, which asks for a new build\.$/, { 'reuse-cache': 'false' });
  });

  test('the run pushes nothing', async () => {
    await world.succeed(push('main', SHA));
    const { outputs } = await expectBuilt(pushTag('v1.2.3'), /nothing is pushed by this run\.$/, { push: 'false' });
    expect(outputs.pushed).toBe('false');
    expect(tags()).not.toContain('v1.2.3');
  });
});

test.each<[string, RunnerEvent]>([
  ['a push to a branch', push('main', SHA)],
  ['a pull request', pullRequest()],
  ['a schedule', on('schedule', 'refs/heads/main')],
])('%s is built as without the input, and nothing is said of it', async (_, event) => {
  await world.succeed(push('main', SHA));
  const told = await promote(event);
  expect(told.error).toBeNull();
  expect(told.builds).toBeGreaterThan(0);
  expect(told.log.join('\n')).not.toMatch(/promot/i);
});

test('an index of two platforms, with attestations, is promoted whole', async () => {
  const inputs = { platforms: 'linux/amd64,linux/arm64', provenance: 'true' };
  const main = await world.succeed(push('main', SHA), inputs);
  const told = await expectPromoted(pushTag('v1.2.3'), { ...inputs, platforms: 'linux/arm64,linux/amd64' });
  expect(told.outputs.digest).toBe(main.outputs.digest);
});

test('an index that was put together of parts is promoted whole', async () => {
  const digests: (string | undefined)[] = [];
  for (const platforms of ['linux/amd64', 'linux/arm64'])
    digests.push((await world.succeed(push('main', SHA), { platforms, 'part-of-index': 'true' })).outputs.digest);
  const index = await world.succeed(push('main', SHA), { 'index-of': digests.join('\n') });
  const told = await expectPromoted(pushTag('v1.2.3'), { platforms: 'linux/amd64,linux/arm64' });
  expect(told.outputs.digest).toBe(index.outputs.digest);
});

test.each([
  [{ 'part-of-index': 'true', platforms: 'linux/amd64' }, 'part-of-index'],
  [{ 'index-of': `sha256:${'0'.repeat(64)}` }, 'index-of'],
])('promote with %j is an error', async (inputs, name) => {
  const { error } = await promote(pushTag('v1.2.3'), inputs);
  expect(error?.message).toMatch(new RegExp(`^promote and ${name} are both given`));
});

test('a dry run says what it depends on, and asks nobody', async () => {
  const told = await world.succeed(pushTag('v1.2.3'), { promote: 'true', 'dry-run': 'true' });
  expect(told.notices).toEqual([
    expect.stringMatching(/^Where the registry has the image that the main branch has built/),
  ]);
  expect(world.registry.requests).toEqual([]);
});

describe('the checks', () => {
  let digest = '';
  let verified: string[] = [];
  let code = 0;
  beforeEach(async () => {
    digest = (await world.succeed(push('main', SHA))).outputs.digest ?? '';
    world.engine = world.freshEngine();
    [verified, code] = [[], 0];
    world.engine.other = (command, _args, { env }) => {
      if (command === 'bash') verified.push(env.IMAGE ?? '');
      return Promise.resolve({ code, stdout: '', stderr: '', leftovers: null });
    };
  });

  test.each(['containerd', 'overlay2'] as const)('see the image by its digest, on %s', async (store) => {
    world.engine.store = store;
    const told = await expectPromoted(pushTag('v1.2.3'), { verify: 'true' });
    expect(verified).toEqual([`${image()}@${digest}`]);
    expect(world.engine.calls.filter((call) => call.includes(' pull '))).toEqual([
      expect.stringContaining(`docker pull --quiet ${image()}@${digest}`),
    ]);
    expect(told.summary).toContain('Verify: passed');
  });

  test('one that fails leaves everything as it was', async () => {
    code = 1;
    const before = tags();
    const { error, outputs } = await promote(pushTag('v1.2.3'), { verify: 'false', 'extra-tags': 'latest' });
    expect(error?.message).toMatch(/The verify script ended with exit code 1, so the image is not published/);
    expect(tags()).toEqual(before);
    expect(outputs.digest).toBeUndefined();
  });

  test('an image that cannot be pulled was not checked', async () => {
    world.engine.pullFaults.push('unauthorized');
    const { error } = await promote(pushTag('v1.2.3'), { verify: 'true' });
    expect(error?.message).toBe(
      `The image ${image()}@${digest} could not be pulled, so it was not checked: Error response from daemon: unauthorized`,
    );
    expect(tags()).not.toContain('v1.2.3');
  });

  test('a registry that fails for a moment is asked again', async () => {
    world.engine.pullFaults.push('received unexpected HTTP status: 503 Service Unavailable');
    await expectPromoted(pushTag('v1.2.3'), { verify: 'true' });
    expect(world.waits).toHaveLength(1);
  });
});

describe('a tag that the registry refuses', () => {
  const refuse = (tag: string): void => {
    world.registry.intercept = (method, path) =>
      method === 'PUT' && path === `manifests/${tag}` ? { status: 403 } : undefined;
  };
  beforeEach(() => world.succeed(push('main', SHA)));

  test('the unique one: nothing else is written', async () => {
    refuse('v1.2.3');
    const { error } = await promote(pushTag('v1.2.3'));
    expect(error?.message).toMatch(/403 when writing v1\.2\.3/);
    expect(tags()).not.toContain('1.2.3');
  });

  test('a moving one: the release is there, and the next run completes it', async () => {
    refuse('1.2');
    const { error, outputs } = await promote(pushTag('v1.2.3'));
    expect(error?.message).toMatch(/pushed as v1\.2\.3, 1\.2\.3, but the tag 1\.2 could not be moved/);
    expect(outputs).toMatchObject({ tag: 'v1.2.3', digest: digestOf(SHA) });
    world.registry.intercept = () => undefined;
    await expectPromoted(pushTag('v1.2.3'));
    for (const tag of ['v1.2.3', '1.2.3', '1.2', '1']) expect(digestOf(tag)).toBe(digestOf(SHA));
  });

  test('a registry that does not say what it has is an error, and nothing is built', async () => {
    world.registry.intercept = (method, path) =>
      method === 'GET' && path === `manifests/${SHA}` ? { status: 500, headers: { 'retry-after': '0' } } : undefined;
    const { error, builds } = await promote(pushTag('v1.2.3'));
    expect(error?.message).toMatch(/^Nobody knows whether .* to promote: .*500.* Run the job again\.$/);
    expect(builds).toBe(0);
  });
});

describe('moving tags', () => {
  test('that lead to a promoted image move on', async () => {
    await world.succeed(push('main', SHA), { 'extra-tags': 'edge' });
    await expectPromoted(pushTag('v1.2.3'), { 'extra-tags': 'latest, edge' });
    world.engine.sources = 's2';
    const next = await world.succeed(push('main', LATER), { 'extra-tags': 'latest, edge' });
    for (const tag of ['main', 'latest', 'edge']) expect(digestOf(tag)).toBe(next.outputs.digest);
    world.github.commitTimes.set(LATER, '2026-02-05T00:00:00Z');
    const told = await promote(pushTag('v1.2.4', LATER), { 'extra-tags': 'latest' });
    expect(told.error).toBeNull();
    for (const tag of ['1.2', '1', 'latest']) expect(digestOf(tag)).toBe(next.outputs.digest);
  });

  test.each(['release-42', 'v1.2.3', '1.2.3'])('do not take %s, the unique tag of a promoted image', async (tag) => {
    const main = await world.succeed(push('main', SHA));
    await expectPromoted(pushTag(tag));
    world.engine.sources = 's2';
    const { error } = await world.run(push('main', LATER), { 'extra-tags': tag });
    expect(error?.message).toMatch(`extra-tags: ${tag} is the unique tag of another image and is never moved`);
    expect(digestOf(tag)).toBe(main.outputs.digest);
  });

  test('of a branch and of another version do not take it either', async () => {
    const main = await world.succeed(push('main', SHA));
    await expectPromoted(pushTag('release-42'));
    await expectPromoted(pushTag('1.2.3'));
    world.engine.sources = 's2';
    const branch = await world.succeed(push('release-42', LATER));
    expect(branch.notices.join()).toContain('release-42 is the unique tag of another image and is never moved');
    await world.succeed(pushTag('v1.2.3', LATER));
    for (const tag of ['release-42', '1.2.3']) expect(digestOf(tag)).toBe(main.outputs.digest);
  });

  test('keep their name: a release does not make one unique that leads to the image', async () => {
    await world.succeed(push('main', SHA), { 'extra-tags': 'release-42' });
    const told = await expectPromoted(pushTag('release-42'));
    expect(told.outputs.tag).toBe('release-42-20260203040506');
    world.engine.sources = 's2';
    const next = await world.succeed(push('main', LATER), { 'extra-tags': 'release-42' });
    expect(digestOf('release-42')).toBe(next.outputs.digest);
  });

  test('of a mirror leave it, also where the registry of the image has lost it', async () => {
    const mirrors = `${world.registry.host}/owner/copy`;
    const { digest = '' } = (await world.succeed(push('main', SHA))).outputs;
    await expectPromoted(pushTag('release-42'), { mirrors });
    world.registry.remove(REPOSITORY, digest);
    world.engine.sources = 's2';
    const { error } = await world.run(push('main', LATER), { mirrors, 'extra-tags': 'release-42' });
    expect(error?.message).toContain('there release-42 is the unique tag of another image and is never moved');
    expect(digestOf('release-42', 'owner/copy')).toBe(digest);
  });
});

test('inputs that the image of main cannot have are a warning', async () => {
  await world.succeed(push('main', SHA), { labels: 'team=web', 'build-args': `COMMIT_SHA=${SHA}` });
  const same = { labels: 'team=web', 'build-args': `COMMIT_SHA=${SHA}` };
  expect((await expectPromoted(pushTag('v1.2.3'), same)).warnings.join()).not.toContain('without effect');
  const told = await expectPromoted(pushTag('v1.2.3'), {
    labels: 'team=api',
    'build-args': `COMMIT_SHA=${SHA}\nVERSION=1.2.3`,
  });
  expect(told.warnings).toContainEqual(
    expect.stringMatching(/build-args VERSION.*labels team|labels team.*build-args VERSION/),
  );
  expect(told.summary).toContain('without effect');
});
