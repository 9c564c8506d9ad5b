// Nothing is published before it is checked, and what is published is what was checked.
import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ProcessOptions } from '../../../src/adapters/process/process.js';
import { LATER, REPOSITORY, SHA, pullRequest, push } from '../../support/world/events.js';
import { sha256 } from '../../support/world/memory-registry.js';
import { DONE } from '../../support/world/recorded-engine.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
/** The image as the script could change it. */
let during: () => void | Promise<void>;
let code: number;
let seen: ProcessOptions['env'];
let script: string;
beforeEach(() => {
  world = openWorld();
  [during, code, seen, script] = [() => undefined, 0, {}, ''];
  world.engine.other = async (command, args, { env, onLine }) => {
    if (command !== 'bash') return DONE;
    [seen, script] = [env, await readFile(args.at(-1) ?? '', 'utf8')];
    await during();
    onLine?.('checked');
    return { ...DONE, code };
  };
});

const name = (): string => `${world.registry.host}/${REPOSITORY}`;
const digestOf = (tag: string): string | undefined => world.registry.manifest(REPOSITORY, tag)?.digest;

describe.each(['containerd', 'overlay2'] as const)('verify (%s)', (store) => {
  beforeEach(() => {
    world.engine.store = store;
  });

  test('has the image, sees no login, and what it saw is what is pushed', async () => {
    world.registry.users = [{ name: 'octo', password: 'the-right-password', writes: true }];
    const login = { username: 'octo', password: 'the-right-password' };
    const childEnv = { PATH: '', INPUT_PASSWORD: 'x', GITHUB_OUTPUT: 'x', GITHUB_TOKEN: 'kept' };
    const told = await world.succeed(push('main', SHA), { ...login, verify: 'npm test\r\n' }, { childEnv });
    expect(script).toBe('npm test\n\n');
    expect(seen).toMatchObject({ IMAGE: `${name()}:${SHA}`, BUILDER_IMAGE: `${name()}:builder-main` });
    const served = world.registry.manifest(REPOSITORY, SHA);
    const { config } = JSON.parse(served?.bytes.toString() ?? '') as { config: { digest: string } };
    expect(seen.IMAGE_ID).toBe(store === 'containerd' ? served?.digest : config.digest);
    expect(JSON.stringify(seen)).not.toContain('the-right-password');
    expect(seen).not.toHaveProperty('GITHUB_OUTPUT');
    expect(seen).not.toHaveProperty('DOCKER_CONFIG');
    expect(told.outputs.digest).toBe(served?.digest);
    expect(told.summary).toContain('- Verify: passed');
    expect(told.log).toEqual(
      expect.arrayContaining([`info: Verify ${name()}:${SHA}`, 'checked', 'info: Verify: passed']),
    );
    expect(world.registry.written).toEqual([SHA, 'main', 'builder-main']);
    expect(world.engine.calls).toContain(`docker push ${name()}:${SHA}`);
  });

  test('that fails publishes nothing but the builder image, and the next run starts from it', async () => {
    code = 1;
    const { error, outputs, summary } = await world.run(push('main', SHA), { verify: 'false' });
    expect(error?.message).toBe('The verify script ended with exit code 1, so the image is not published.');
    expect(world.registry.written).toEqual(['builder-main']);
    expect(outputs).not.toHaveProperty('digest');
    expect(summary).toContain('checked');
    code = 0;
    const { other } = world.engine;
    world.engine = world.freshEngine();
    Object.assign(world.engine, { other, store });
    const next = await world.succeed(push('main', SHA), { verify: 'true' });
    expect(next.log.join('\n')).toContain('info: Builder: 2 of 2 steps cached');
    expect(next.outputs.tag).toBe(SHA);
  });

  test('that puts another image in its place publishes nothing', async () => {
    during = () => {
      const [reference = ''] = world.engine.images.keys();
      const image = world.engine.images.get(reference)!;
      world.engine.images.set(reference, {
        ...image,
        content: { ...image.content, x: 1 },
        configs: [Buffer.from('{}')],
      });
    };
    const { error } = await world.run(push('main', SHA), { verify: 'docker tag x "$IMAGE"' });
    expect(error?.message).toMatch(/was sha256:\S+ when its checks began, and is sha256:\S+ after them/);
    expect(world.registry.written).toEqual(['builder-main']);
  });

  test('that takes the image away publishes nothing', async () => {
    during = () => world.engine.images.clear();
    const { error } = await world.run(push('main', SHA), { verify: 'docker image rm "$IMAGE"' });
    expect(error?.message).toMatch(/was sha256:\S+ when its checks began, and is gone after them/);
  });

  test('of a fork: the same check, and nothing is pushed', async () => {
    const fork = pullRequest({ fork: 'someone/app' });
    expect((await world.succeed(fork, { verify: 'true' })).outputs.pushed).toBe('false');
    code = 4;
    expect((await world.run(fork, { verify: 'exit 4' })).error?.message).toContain('exit code 4');
    expect(world.registry.written).toEqual([]);
  });

  test('a push of the checked image that fails for a moment is repeated; what is refused is explained', async () => {
    world.engine.pushFaults.push('received unexpected HTTP status: 503 Service Unavailable');
    expect((await world.succeed(push('main', SHA), { verify: 'true' })).outputs.pushed).toBe('true');
    expect(world.waits).toHaveLength(1);
    world.engine.pushFaults.push('denied: requested access to the resource is denied');
    const { error } = await world.run(push('main', LATER), { verify: 'true' });
    expect(error?.message).toMatch(/^The checked image could not be pushed: denied.*: .*\. /);
    expect(digestOf(LATER)).toBeUndefined();
  });
});

test('what the script leaves running is told', async () => {
  const { other } = world.engine;
  world.engine.other = async (...call) => ({
    ...(await other(...call)),
    leftovers: { names: ['sleep', 'timeout'], ended: true },
  });
  const { warnings } = await world.run(push('main', SHA), { verify: 'sleep 77 &' });
  expect(warnings.join()).toContain('The verify script ended and left');
});

test('an image that the engine has under the tag, and did not build, is not checked', async () => {
  world.engine.onWriting = () => {
    const { images } = world.engine;
    const set = images.set.bind(images);
    images.set = (key, image) => set(key, { ...image, content: { x: 1 }, configs: [Buffer.from('{}')] });
  };
  const { error } = await world.run(push('main', SHA), { verify: 'true' });
  expect(error?.message).toMatch(/^The engine's image .* and not what was built .*, so it was not checked\.$/);
});

test('the registry does not serve what was pushed to it', async () => {
  world.registry.intercept = (method, path) =>
    method === 'GET' && (path.startsWith('manifests/sha256:') || path === `manifests/${SHA}`)
      ? { status: 404 }
      : undefined;
  const { error } = await world.run(push('main', SHA), { verify: 'true' });
  expect(error?.message).toBe('The registry does not serve the image that was pushed to it.');
});

test('another image than the checked one is pushed: it gets no other tag', async () => {
  const { run } = world.engine;
  const pushOther: typeof run = (command, args, options) => {
    const [first = '', reference = ''] = args;
    const image = world.engine.images.get(reference);
    const config = Buffer.from('{"other":1}');
    const descriptor = { mediaType: 'x', digest: sha256(config), size: config.length };
    if (first === 'push' && image !== undefined)
      world.engine.images.set(reference, {
        ...image,
        content: { ...image.content, config: descriptor },
        configs: [config],
      });
    return run(command, args, options);
  };
  Object.assign(world.engine, { run: pushOther });
  const { error } = await world.run(push('main', SHA), { verify: 'true' });
  expect(error?.message).toMatch(/^The image that was pushed \(sha256:\w+\) is not the one that was checked/);
  expect(world.registry.tags(REPOSITORY)).toEqual([SHA]);
});

describe('on a builder of its own', () => {
  beforeEach(() => {
    world.engine.driver = 'docker-container';
  });

  test('one platform is loaded for the check, and what is pushed has the same config', async () => {
    const { outputs } = await world.succeed(push('main', SHA), { verify: 'true' });
    expect(world.engine.builds.map((call) => /--load|push-by-digest=true/.exec(call)?.[0])).toEqual([
      '--load',
      'push-by-digest=true',
      undefined,
    ]);
    expect(outputs.digest).toBe(digestOf(SHA));
  });

  test('another run has the unique tag by then: this build has another one', async () => {
    const taken = await world.succeed(push('topic', LATER));
    const bytes = world.registry.manifest(REPOSITORY, taken.outputs.tag ?? '')!;
    during = async () => {
      const text = JSON.parse(bytes.bytes.toString()) as object;
      await world.registry.push(REPOSITORY, SHA, text, []);
    };
    world.engine.sources = 's2';
    const { outputs } = await world.succeed(push('main', SHA), { verify: 'true' });
    expect(outputs.tag).toBe(`${SHA}-20260203040506`);
    expect(digestOf(SHA)).toBe(bytes.digest);
  });

  test('of several platforms all are built before one is checked, and several nodes push them together', async () => {
    world.engine.nodes = 2;
    const inputs = { verify: 'true', platforms: 'linux/amd64,linux/arm64' };
    // Where one node has all platforms, BuildKit refuses the name of several.
    world.engine.pushFaults.push("can't push tagged ref 127.0.0.1/owner/app by digest");
    const { log } = await world.run(push('main', SHA), inputs);
    const [whole, loaded, joined, alone] = world.engine.builds;
    expect(whole).toContain('--platform linux/amd64,linux/arm64');
    expect(whole).toContain('--output type=cacheonly');
    expect(loaded).toMatch(/--platform linux\/amd64 .*--load/);
    expect(joined).toMatch(/name=\S+@sha256:0+,push-by-digest=true/);
    expect(alone).toMatch(/push-by-digest=true/);
    expect(alone).not.toContain('sha256:000');
    expect(log).toContain('info: Pushing production, as it was checked, by one node');
  });

  test.each([
    [
      "no platform is this machine's",
      { platforms: 'linux/s390x,linux/arm64' },
      true,
      /none of the platforms .* is this machine's/,
    ],
    ['no Docker Engine answers', {}, false, /no Docker Engine answers on this machine/],
  ])('where %s, it is an error before anything is built', async (_, inputs, running, message) => {
    Object.assign(world.engine, { nodes: 1 });
    if (!running) {
      const { run } = world.engine;
      Object.assign(world.engine, {
        run: (command: string, args: readonly string[], options: ProcessOptions) =>
          args[0] === 'info'
            ? Promise.resolve({
                ...DONE,
                stdout: JSON.stringify({ ClientInfo: { Plugins: [{ Name: 'buildx', Version: 'v0.36.0' }] } }),
              })
            : run(command, args, options),
      });
    }
    const { error } = await world.run(push('main', SHA), { verify: 'true', ...inputs });
    expect(error?.message).toMatch(message);
    expect(world.engine.builds).toEqual([]);
  });
});

test('an image with what only an index can hold is checked and published as it is', async () => {
  const { outputs } = await world.succeed(push('main', SHA), { verify: 'true', provenance: 'true' });
  expect(world.registry.manifest(REPOSITORY, SHA)?.mediaType).toContain('index');
  expect(outputs.digest).toBe(digestOf(SHA));
});
