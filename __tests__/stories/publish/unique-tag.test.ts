// The unique tag of a run that is not alone: whoever writes it first keeps it, whatever the other run sees of it.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { LATER, OTHER, REPOSITORY, SHA, push } from '../../support/world/events.js';
import { sha256 } from '../../support/world/memory-registry.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
});

const digestOf = (tag: string): string | undefined => world.registry.manifest(REPOSITORY, tag)?.digest;
const FREE = `${SHA}-20260203040506`;

/** Another run of the commit, which pushes at that moment. */
async function pushElsewhere(): Promise<string> {
  const config = Buffer.from('{"config":{"Labels":{"made":"elsewhere"}}}');
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const descriptor = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha256(config) };
  const content = { schemaVersion: 2, mediaType, config: { ...descriptor, size: config.length }, layers: [] };
  return world.registry.push(REPOSITORY, SHA, content, [config]);
}

/** How often the registry was asked for the tag. */
const countLooks = (): number =>
  world.registry.requests.filter((request) => request === `HEAD manifests/${SHA}`).length;

test('another run has written it while this one built: it gets it back, and this build has a tag of its own', async () => {
  let other = '';
  world.engine.onWriting = async (target) => {
    if (target === 'production') other = await pushElsewhere();
  };
  // It is looked for once more while the image is on its way, which takes longer than a question.
  const looks = countLooks();
  world.engine.onPushing = async () => {
    while (countLooks() <= looks + 1) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const { outputs, notices, summary } = await world.succeed(push('main', SHA));
  expect(digestOf(SHA)).toBe(other);
  expect(outputs).toMatchObject({ tag: FREE, digest: digestOf(FREE), pushed: 'true' });
  expect(outputs['pinned-image']).toBe(`${world.registry.host}/${REPOSITORY}:${FREE}@${digestOf(FREE) ?? ''}`);
  expect(digestOf('main')).toBe(outputs.digest);
  expect(notices).toContain(`Another run has written ${SHA} meanwhile, and keeps it: this build is ${FREE}.`);
  expect(summary).toContain(outputs['pinned-image']);
});

test('another run writes it over right after the push: nobody else is written over', async () => {
  let other = '';
  let pushed = false;
  world.registry.intercept = async (method, path) => {
    if (pushed && other === '' && method === 'GET' && path === `manifests/${SHA}`) other = await pushElsewhere();
    pushed ||= method === 'PUT' && path === `manifests/${SHA}`;
    return undefined;
  };
  const { outputs } = await world.succeed(push('main', SHA));
  expect(other).not.toBe('');
  expect(digestOf(SHA)).toBe(other);
  expect(outputs).toMatchObject({ tag: FREE, digest: digestOf(FREE) });
});

test('what the registry serves is not what was pushed, and that is gone', async () => {
  let pushed = false;
  let other = '';
  world.registry.intercept = async (method, path) => {
    if (pushed && method === 'GET' && path.startsWith('manifests/sha256:')) return { status: 404 };
    if (pushed && other === '' && method === 'GET' && path === `manifests/${SHA}`) other = await pushElsewhere();
    pushed ||= method === 'PUT' && path === `manifests/${SHA}`;
    return undefined;
  };
  const { error } = await world.run(push('main', SHA));
  expect(error?.message).toMatch(/^The registry serves sha256:\w+ for .* another run wrote the same tag\. Run the job/);
});

test('the registry serves nothing although the push succeeded', async () => {
  let pushed = false;
  world.registry.intercept = (method, path) => {
    if (pushed && method === 'GET' && path === `manifests/${SHA}`) return { status: 404 };
    pushed ||= method === 'PUT';
    return undefined;
  };
  const { error, outputs } = await world.run(push('main', SHA));
  expect(error?.message).toBe(`The registry does not serve ${SHA}, although the push succeeded.`);
  expect(outputs).not.toHaveProperty('digest');
});

describe('a push whose answer was lost', () => {
  test.each([
    ['an image', {}],
    ['an index with an attestation', { provenance: 'mode=min' }],
  ])('is repeated, and its tag is not taken for that of another run: %s', async (_, inputs) => {
    world.engine.lostAnswers.push('unexpected status from PUT request: 503 Service Unavailable');
    const { outputs, log } = await world.succeed(push('main', SHA), inputs);
    expect(log.join('\n')).toContain('attempt 2');
    expect(outputs).toMatchObject({ tag: SHA, digest: digestOf(SHA) });
    expect(world.waits).toHaveLength(1);
  });
});

test('all tags that it could have exist: an error before anything is built', async () => {
  world.registry.intercept = (method, path) =>
    method === 'HEAD' && path.startsWith(`manifests/${SHA}`)
      ? { status: 200, headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } }
      : undefined;
  const { error } = await world.run(push('main', SHA));
  expect(error?.message).toMatch(/^All tags that this build could have exist/);
  expect(world.engine.builds).toEqual([]);
});

test('it cannot be found out whether it is free: a run that pushes fails, one that does not goes on', async () => {
  world.registry.intercept = (method, path) =>
    method === 'HEAD' && path.startsWith(`manifests/${SHA}`)
      ? { status: 500, headers: { 'retry-after': '0' } }
      : undefined;
  expect((await world.run(push('main', SHA))).error?.message).toContain('500');
  expect((await world.succeed(push('main', SHA), { push: 'false' })).outputs.tag).toBe(SHA);
});

test.each(['older', 'newer'] as const)('of two commits at once, where the run of the %s ends last', async (last) => {
  world.github.branches.set('main', LATER);
  const run = (sha: string, sources: string) => {
    world.engine = world.freshEngine();
    world.engine.sources = sources;
    return world.succeed(push('main', sha));
  };
  const order = last === 'older' ? [LATER, SHA] : [SHA, LATER];
  const told = new Map<string, Awaited<ReturnType<typeof run>>>();
  for (const sha of order) told.set(sha, await run(sha, sha));
  const [older, newer] = [told.get(SHA)?.outputs, told.get(LATER)?.outputs];
  expect([digestOf(SHA), digestOf(LATER)]).toEqual([older?.digest, newer?.digest]);
  expect([digestOf('main'), digestOf('builder-main')]).toEqual([newer?.digest, newer?.['builder-digest']]);
  expect(older?.tags).toBe(`${world.registry.host}/${REPOSITORY}:${SHA}`);
  expect(older).not.toHaveProperty('builder-digest');
  expect(told.get(SHA)?.log).toContain('info: Builder image: left to the newer commit of the branch');
  expect(digestOf(OTHER)).toBeUndefined();
});
