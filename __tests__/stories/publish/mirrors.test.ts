// The same image under further names: what each mirror gets, and what becomes of the others when one of them fails.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LATER, REPOSITORY, SHA, pullRequest, push, pushTag } from '../../support/world/events.js';
import { type MemoryRegistry, startMemoryRegistry } from '../../support/world/memory-registry.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
/** Another registry. */
let mirror: MemoryRegistry;
let inputs: { mirrors: string; 'mirror-logins': string };
beforeEach(async () => {
  world = openWorld();
  mirror = await startMemoryRegistry();
  mirror.users = [
    { name: 'mirrorer', password: 'mirrorers-password', writes: true },
    { name: 'reader', password: 'readers-password', writes: false },
  ];
  inputs = { mirrors: `${mirror.host}/${REPOSITORY}`, 'mirror-logins': `${mirror.host}=mirrorer:mirrorers-password` };
});
afterEach(() => mirror.close());

test('each mirror has the same bytes under the same tags, and only what it lacks is sent', async () => {
  const copy = 'owner/copy';
  const names = [`${mirror.host}/${REPOSITORY}`, `${world.registry.host}/${copy}`];
  const both = { ...inputs, mirrors: names.join('\n'), 'extra-tags': 'latest' };
  const { outputs, log, summary, warnings } = await world.succeed(push('main', SHA), both);
  const { digest = '' } = outputs;
  expect(warnings).toEqual([]);
  for (const tag of [SHA, 'main', 'latest'])
    for (const one of [mirror.manifest(REPOSITORY, tag), world.registry.manifest(copy, tag)])
      expect(one?.digest).toBe(digest);
  // Cache is where the next build looks for it, and nowhere else.
  expect(mirror.tags(REPOSITORY)).toEqual([SHA, 'latest', 'main'].sort());
  expect(outputs['pinned-mirrors']).toBe(names.map((name) => `${name}:${SHA}@${digest}`).join('\n'));
  expect(outputs.tags?.split('\n')).toEqual(
    expect.arrayContaining([
      `${names[0]!}:${SHA}`,
      `${names[1]!}:latest`,
      `${world.registry.host}/${REPOSITORY}:${SHA}`,
    ]),
  );
  for (const name of names) expect(summary).toContain(`- \`${name}:${SHA}@${digest}\``);
  expect(log.join('\n')).toMatch(new RegExp(`Copied to ${names[0]!}:${SHA}@sha256:\\w+ \\(2 of 2 blobs sent`));
  // In the same registry the registry itself does it: blobs are mounted.
  expect(log.join('\n')).toMatch(new RegExp(`Copied to ${names[1]!}:${SHA}@sha256:\\w+ \\(0 of 2 blobs sent`));

  const again = await world.succeed(push('main', LATER), both);
  expect(again.log.join('\n')).toMatch(/Copied to \S+ \(1 of 2 blobs sent/);
  expect(mirror.manifest(REPOSITORY, 'main')?.digest).toBe(again.outputs.digest);
  expect(mirror.manifest(REPOSITORY, SHA)?.digest).toBe(digest);
});

test('an index with attestations is mirrored with all that it names', async () => {
  const { outputs } = await world.succeed(push('main', SHA), { ...inputs, provenance: 'true' });
  const index = mirror.manifest(REPOSITORY, SHA);
  expect(index?.digest).toBe(outputs.digest);
  const { manifests } = JSON.parse(index?.bytes.toString() ?? '') as { manifests: { digest: string }[] };
  expect(manifests).toHaveLength(2);
  for (const { digest } of manifests) expect(mirror.manifest(REPOSITORY, digest)?.digest).toBe(digest);
});

test('one that fails is an error that names it; the image, the other mirrors and the builder are there', async () => {
  const names = [`${mirror.host}/${REPOSITORY}`, `${mirror.host}/owner/second`];
  mirror.intercept = (method, path, repository) =>
    repository === REPOSITORY && method === 'PUT' && path.startsWith('blobs/') ? { status: 403 } : undefined;
  const { error, outputs, summary } = await world.run(push('main', SHA), { ...inputs, mirrors: names.join() });
  expect(error?.message).toMatch(
    new RegExp(
      `is in \\S+${REPOSITORY}, ${names[1]!}, but could not be copied to ${names[0]!}: .*403.* Run the job again`,
    ),
  );
  const { digest = '' } = outputs;
  expect(mirror.manifest('owner/second', SHA)?.digest).toBe(digest);
  expect(mirror.tags(REPOSITORY)).toEqual([]);
  expect(world.registry.tags(REPOSITORY)).toEqual(expect.arrayContaining(['main', 'builder-main']));
  expect(outputs).toMatchObject({ pushed: 'true', 'pinned-mirrors': `${names[1]!}:${SHA}@${digest}` });
  expect(summary).toContain('**Failed.**');
  expect(summary).toContain(`- \`${names[0]!}\`: **failed**`);
});

test.each([
  ['a layer', (path: string) => path.startsWith('blobs/uploads/1'), ''],
  ['a moving tag', (path: string) => path === 'manifests/main', ` \\(it has ${SHA}\\)`],
])('one that takes not %s', async (_, matches, has) => {
  mirror.intercept = (method, path) => (method === 'PUT' && matches(path) ? { status: 400, body: '{}' } : undefined);
  const { error } = await world.run(push('main', SHA), inputs);
  expect(error?.message).toMatch(new RegExp(`could not be copied to ${mirror.host}/${REPOSITORY}${has}: .*400`));
});

test('one that serves another image for the tag than was written', async () => {
  let written = false;
  mirror.intercept = (method, path) => {
    if (written && method === 'HEAD' && path === `manifests/${SHA}`)
      return { status: 200, headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } };
    written ||= method === 'PUT' && path === `manifests/${SHA}`;
    return undefined;
  };
  expect((await world.run(push('main', SHA), inputs)).error?.message).toMatch(/it serves sha256:0+ for /);
});

test('one whose unique tag was written by somebody else during the build', async () => {
  let asked = 0;
  mirror.intercept = (method, path) =>
    method === 'HEAD' && path === `manifests/${SHA}` && (asked += 1) > 1
      ? { status: 200, headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } }
      : undefined;
  expect((await world.run(push('main', SHA), inputs)).error?.message).toContain(`it has another image under ${SHA}`);
});

test('one that fails for a moment is asked again', async () => {
  let left = 2;
  mirror.intercept = (method, path) =>
    method === 'PUT' && path.startsWith('blobs/') && (left -= 1) >= 0 ? { status: 503 } : undefined;
  const { outputs } = await world.succeed(push('main', SHA), inputs);
  expect(mirror.manifest(REPOSITORY, SHA)?.digest).toBe(outputs.digest);
  expect(world.waits).toHaveLength(2);
});

describe('an error before anything is built', () => {
  test.each<[string, () => Record<string, string>, RegExp]>([
    [
      'a wrong password',
      () => ({ 'mirror-logins': `${mirror.host}=mirrorer:wrong-password` }),
      /Login to 127\.0\.0\.1:\d+ as mirrorer was refused .*Check the input mirror-logins/,
    ],
    [
      'a login that may not write there',
      () => ({ 'mirror-logins': `${mirror.host}=reader:readers-password` }),
      /may be pushed, but not to its mirror .*: the registry .* refuses to take an upload to owner\/app/,
    ],
  ])('%s', async (_, change, message) => {
    const { error } = await world.run(push('main', SHA), { ...inputs, ...change() });
    expect(error?.message).toMatch(message);
    expect(world.engine.builds).toEqual([]);
    expect(world.registry.written).toEqual([]);
  });

  test('nobody there', async () => {
    const { error } = await world.run(push('main', SHA), { mirrors: `127.0.0.1:9/${REPOSITORY}` });
    expect(error?.message).toMatch(/The registry 127\.0\.0\.1:9 cannot be reached.*Check the input mirrors/);
  });

  test('no login', async () => {
    const { error } = await world.run(push('main', SHA), { mirrors: inputs.mirrors });
    expect(error?.message).toMatch(/may be pushed, but not to its mirror .*Set "mirror-logins" to a login/);
  });
});

test('a unique tag that a mirror has already is not moved: the image gets another one, everywhere', async () => {
  await world.succeed(push('main', SHA), { ...inputs, image: `${world.registry.host}/owner/other` });
  const there = mirror.manifest(REPOSITORY, SHA)?.digest;
  world.engine.sources = 's2';
  const { outputs } = await world.succeed(push('main', SHA), inputs);
  expect(outputs.tag).toBe(`${SHA}-20260203040506`);
  expect(mirror.manifest(REPOSITORY, SHA)?.digest).toBe(there);
  for (const place of [world.registry, mirror])
    expect(place.manifest(REPOSITORY, outputs.tag ?? '')?.digest).toBe(outputs.digest);
});

test('a mirror keeps a unique tag that it has from elsewhere', async () => {
  const copy = `${world.registry.host}/owner/copy`;
  const first = await world.succeed(pushTag('release-42'), { image: copy });
  world.engine.sources = 's2';
  const { error } = await world.run(push('release-42', LATER), { mirrors: copy });
  expect(error?.message).toMatch(/could not be copied to .*there release-42 is the unique tag of another image/);
  expect(world.registry.manifest('owner/copy', 'release-42')?.digest).toBe(first.outputs.digest);
});

test("a run of Dependabot's, without the login of a mirror, builds and pushes nothing anywhere", async () => {
  const lost = { ...inputs, 'mirror-logins': `${mirror.host}=mirrorer:` };
  const event = pullRequest({ head: 'dependabot/npm/x' });
  const { outputs, notices } = await world.succeed(event, lost, { actor: 'dependabot[bot]' });
  expect(outputs.pushed).toBe('false');
  expect(notices.join()).toMatch(/Nothing was pushed: .*Dependabot secrets/);
  expect([...world.registry.tags(REPOSITORY), ...mirror.tags(REPOSITORY)]).toEqual([]);
});

test('a run of a fork touches no mirror, and asks for no login', async () => {
  const lost = { ...inputs, 'mirror-logins': `${mirror.host}=mirrorer:` };
  const { outputs } = await world.succeed(pullRequest({ fork: 'stranger/app' }), lost);
  expect(outputs.pushed).toBe('false');
  expect(outputs).not.toHaveProperty('pinned-mirrors');
  expect(mirror.requests).toEqual([]);
});
