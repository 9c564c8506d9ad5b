// What the two passes are given, and how often they run: options, cache sources, attempts, and the builder image.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ProcessOptions } from '../../../src/adapters/process/process.js';
import { LATER, REPOSITORY, SHA, push } from '../../support/world/events.js';
import { DOCKERFILE, DOCKERFILE_APART } from '../../support/world/recorded-engine.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const HOSTED = { system: 'Linux', onGitHub: true, selfHosted: false } as const;
const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
});

const tags = (): readonly string[] => world.registry.tags(REPOSITORY);
const digestOf = (tag: string): string | undefined => world.registry.manifest(REPOSITORY, tag)?.digest;

describe('options', () => {
  test('reach both passes, but for what only production may have', async () => {
    await mkdir(join(world.workspace, 'shared'));
    await writeFile(join(world.workspace, '.npmrc'), 'always-auth-for-all');
    const environments: ProcessOptions['env'][] = [];
    const { run } = world.engine;
    Object.assign(world.engine, {
      run: (command: string, args: readonly string[], options: ProcessOptions) => {
        if (args.includes('build')) environments.push(options.env);
        return run(command, args, options);
      },
    });
    const both = {
      'build-args': ['GREETING=Hello, all', '--build-arg GREETING=Hello, all'],
      'add-hosts': ['service.test:10.1.2.3', '--add-host service.test:10.1.2.3'],
      'build-contexts': ['shared=shared', '--build-context shared=shared'],
      ulimit: ['nofile=1234:1234', '--ulimit nofile=1234:1234'],
      'shm-size': ['32m', '--shm-size 32m'],
      network: ['none', '--network none'],
      'secret-envs': ['token=SERVICE_TOKEN', '--secret id=token,env=SERVICE_TOKEN'],
      'secret-files': ['npmrc=.npmrc', '--secret id=npmrc,src=.npmrc'],
      ssh: ['default', '--ssh default'],
      allow: ['network.host', '--allow network.host'],
      'no-cache-filters': ['builder', '--no-cache-filter builder'],
      'cache-from': ['type=gha', '--cache-from type=gha'],
    } as const;
    const alone = { labels: ['team=octo', '--label team=octo'], annotations: ['a=b', '--annotation a=b'] } as const;
    const inputs = Object.fromEntries(Object.entries({ ...both, ...alone }).map(([name, [value]]) => [name, value]));
    const secrets = '"lines=first-secret-line\nsecond-secret-line\n"';
    const { log, outputs } = await world.succeed(push('main', SHA), { ...inputs, secrets });
    const [production = '', builder = ''] = world.engine.builds;
    for (const [, flag] of Object.values(both)) for (const call of [production, builder]) expect(call).toContain(flag);
    for (const [, flag] of Object.values(alone)) expect(production).toContain(flag);
    for (const [, flag] of Object.values(alone)) expect(builder).not.toContain(flag);
    // Secrets are in the environment of the builds, and nowhere else.
    expect(environments).toHaveLength(2);
    for (const env of environments) expect(Object.values(env)).toContain('first-secret-line\nsecond-secret-line\n');
    expect([...log, ...world.engine.calls, JSON.stringify(outputs)].join('\n')).not.toContain('secret-line');
  });

  test('a context below the repository, with a Dockerfile elsewhere and other targets', async () => {
    await mkdir(join(world.workspace, 'services/api'), { recursive: true });
    await writeFile(join(world.workspace, 'api.Dockerfile'), DOCKERFILE.replaceAll('builder', 'compile'));
    const inputs = { context: 'services/api', file: 'api.Dockerfile', 'builder-target': 'compile' };
    await world.succeed(push('main', SHA), inputs);
    expect(world.engine.builds[0]).toMatch(/--target production --file api\.Dockerfile .* services\/api$/);
    expect(world.engine.builds[1]).toMatch(/--target compile --file api\.Dockerfile /);
    expect(tags()).toContain('builder-main');
  });

  test('a Git context is left to BuildKit, and its images are named by the event', async () => {
    const { outputs } = await world.succeed(push('main', SHA), { context: 'https://github.com/owner/app.git#main' });
    expect(outputs.tag).toBe(SHA);
    // The Dockerfile is not known, so the builder is built in any case.
    expect(world.engine.builds).toHaveLength(2);
  });

  test('several platforms give an index of them, and its digest', async () => {
    const { outputs } = await world.succeed(push('main', SHA), { platforms: 'linux/amd64, linux/arm64' });
    for (const tag of [SHA, 'builder-main'])
      expect(world.registry.manifest(REPOSITORY, tag)?.mediaType).toBe('application/vnd.oci.image.index.v1+json');
    expect(outputs.digest).toBe(digestOf(SHA));
    expect(JSON.parse(outputs.summary ?? '')).toMatchObject({ bytes: { platforms: 2 } });
  });

  test('provenance names the run, on production alone: the builder image is only cache', async () => {
    await world.succeed(push('main', SHA), { provenance: 'mode=max' });
    const [production, builder] = world.engine.builds;
    const id = 'builder-id=https://github.com/owner/app/actions/runs/1/attempts/1';
    expect(production).toContain(`--attest type=provenance,mode=max,${id}`);
    expect(builder).toContain('--provenance=false');
    expect(world.registry.manifest(REPOSITORY, 'builder-main')?.mediaType).not.toContain('index');
  });

  test('push: false builds both passes into the engine without a request that writes', async () => {
    world.engine.store = 'overlay2';
    const { outputs } = await world.succeed(push('main', SHA), { push: 'false' });
    expect(outputs).toMatchObject({ pushed: 'false', image: `${world.registry.host}/${REPOSITORY}:${SHA}` });
    expect(world.registry.requests.filter((request) => !/^(?:GET|HEAD) /.test(request))).toEqual([]);
    expect([...world.engine.images.keys()]).toEqual([outputs.image]);
  });

  test('what the engine cannot load is built all the same, and said', async () => {
    world.engine.driver = 'docker-container';
    const { outputs, notices } = await world.succeed(push('main', SHA), { push: 'false', provenance: 'true' });
    expect(notices.join()).toContain('The image is not loaded into the engine: the docker-container driver cannot');
    expect(outputs).not.toHaveProperty('image');
    expect(world.engine.images.size).toBe(0);
  });

  test('where the runner has the older engine, one notice says what the newer label saves', async () => {
    const countAdvice = async (machine: { readonly selfHosted: boolean }): Promise<number> => {
      const own = { machine: { ...HOSTED, ...machine } };
      const { notices } = await world.run(push('main', SHA), {}, own);
      return notices.filter((notice) => notice.includes('ubuntu-26.04')).length;
    };
    expect(await countAdvice({ selfHosted: false })).toBe(0);
    world.engine.store = 'overlay2';
    expect(await countAdvice({ selfHosted: false })).toBe(1);
    expect(await countAdvice({ selfHosted: true })).toBe(0);
    const { notices } = await world.run(push('main', SHA), { advice: 'false' }, { machine: HOSTED });
    expect(notices.join()).not.toContain('ubuntu-26.04');
  });

  test('compression and store follow the engine', async () => {
    await world.succeed(push('main', SHA));
    expect(world.engine.builds[0]).toContain(`:${SHA},push=true,store=false --cache-to type=inline`);
    expect(world.engine.builds[1]).toContain('store=false,compression=zstd,oci-mediatypes=true');
    world.engine = world.freshEngine();
    world.engine.store = 'overlay2';
    world.engine.sources = 's2';
    await world.succeed(push('main', LATER));
    expect(world.engine.builds[0]).toContain(`:${LATER} --push --cache-to type=inline`);
    expect(world.engine.builds[1]).not.toContain('zstd');
  });
});

describe('cache sources', () => {
  test('without cache every step runs again, and the deployed tag stays', async () => {
    await world.succeed(push('main', SHA));
    const deployed = digestOf(SHA);
    const before = world.engine.builds.length;
    const { log, outputs } = await world.succeed(push('main', SHA), { 'reuse-cache': 'false', pull: 'true' });
    const builds = world.engine.builds.slice(before);
    expect(builds).toHaveLength(2);
    for (const call of builds) expect(call).not.toContain('--cache-from');
    for (const call of builds) expect(call).toContain(' --pull ');
    expect(log.join('\n')).toMatch(/^info: Production: 0 of 1 steps cached/m);
    expect(digestOf(SHA)).toBe(deployed);
    expect(outputs.tags?.split('\n')).toHaveLength(3);
  });

  test('without write access the builder has a source of its own, and is built first', async () => {
    await world.succeed(push('main', SHA));
    world.engine = world.freshEngine();
    world.engine.sources = 's2';
    world.registry.writable = false;
    const { log } = await world.succeed(push('main', LATER));
    const [builder, production] = world.engine.builds;
    expect(builder).toMatch(
      /--target builder .*--cache-from type=registry,ref=\S+:builder-main@sha256:\S+ --output type=cacheonly/,
    );
    expect(production).toMatch(/--target production .*--cache-from type=registry,ref=\S+:main@sha256:\S+ /);
    expect(log.join('\n')).toMatch(
      /^info: Builder: 1 of 2 steps cached; the first that was not: `\[builder 2\/2\] RUN make`/m,
    );
    expect(log.filter((line) => line.startsWith('[builder 1/2] RUN install'))).toHaveLength(1);
  });
});

describe('a pass that fails is run again where that may help', () => {
  const FAULT = `failed to load cache key: httpReadSeeker: failed open: blob unknown to registry`;

  test('a layer of the cache that cannot be read costs one run without the cache, and a warning', async () => {
    await world.succeed(push('main', SHA));
    world.engine = world.freshEngine();
    world.engine.sources = 's2';
    world.engine.cacheFaults.push(FAULT);
    const { warnings, outputs } = await world.succeed(push('main', LATER));
    expect(warnings).toEqual([
      expect.stringMatching(
        /^A layer of the cache could not be read, so the production pass runs once more without it/,
      ),
    ]);
    expect(world.engine.builds[1]).not.toContain('--cache-from');
    expect(outputs.digest).toBe(digestOf(LATER));
  });

  test('a disturbance that does not end is waited for three times, and then the run is red', async () => {
    const fault = 'unexpected status from PUT request to http://x/: 503 Service Unavailable';
    world.engine.pushFaults.push(fault, fault, fault, fault);
    const { error, outputs, log } = await world.run(push('main', SHA));
    expect(error?.message).toContain('503');
    expect(world.engine.builds).toHaveLength(4);
    expect(world.waits).toHaveLength(3);
    expect(log.filter((line) => /^info: Building .*production.*attempt/.test(line))).toHaveLength(3);
    expect(outputs).not.toHaveProperty('digest');
    expect(tags()).toEqual([]);
  });

  test.each(['403 Forbidden', '400 Bad Request'])('%s is final at once', async (status) => {
    world.engine.pushFaults.push(`unexpected status from PUT request to http://x/: ${status}`);
    expect((await world.run(push('main', SHA))).error?.message).toContain(status);
    expect(world.engine.builds).toHaveLength(1);
  });

  test("a step of the team's own is never run again", async () => {
    world.engine.failing.set('RUN make', {
      error: 'process "make" did not complete successfully: connection reset by peer',
    });
    await world.run(push('main', SHA));
    expect(world.engine.builds).toHaveLength(1);
  });
});

describe('the builder image', () => {
  test('of another branch with the same content gets a tag, without a pass', async () => {
    await world.succeed(push('main', SHA));
    world.engine = world.freshEngine();
    const { log, outputs } = await world.succeed(push('topic', LATER));
    expect(log).toContain('info: Builder image: unchanged, builder-topic is what builder-main is');
    expect(world.engine.builds).toHaveLength(1);
    expect(digestOf('builder-topic')).toBe(digestOf('builder-main'));
    expect(outputs['builder-digest']).toBe(digestOf('builder-main'));
  });

  test.each([
    ['refuses to write it', (method: string) => method === 'PUT', 403],
    ['has lost it', (method: string) => method === 'GET', 404],
  ])('of another branch, where the registry %s: the pass writes it', async (_, matches, status) => {
    await world.succeed(push('main', SHA));
    const digest = digestOf('builder-main') ?? '';
    world.engine = world.freshEngine();
    let refused = 0;
    world.registry.intercept = (method, path) => {
      const own = path === (method === 'PUT' ? 'manifests/builder-topic' : `manifests/${digest}`);
      return own && matches(method) && (refused += 1) === 1 ? { status } : undefined;
    };
    const { log } = await world.succeed(push('topic', LATER));
    expect(refused).toBeGreaterThan(0);
    expect(world.engine.builds).toHaveLength(2);
    expect(log.join('\n')).toMatch(/Builder image: written to \S+:builder-topic/);
  });

  test('that the registry does not serve after it was written is a warning', async () => {
    world.registry.intercept = (method, path) =>
      method === 'HEAD' && path.startsWith('manifests/sha256:') ? { status: 404 } : undefined;
    const { warnings, outputs } = await world.succeed(push('main', SHA));
    expect(warnings).toEqual([expect.stringMatching(/^The registry does not serve the builder image builder-main/)]);
    expect(outputs).not.toHaveProperty('builder-digest');
  });

  test('of a run without a branch is built where production is not made of it, and not kept', async () => {
    await writeFile(join(world.workspace, 'Dockerfile'), DOCKERFILE_APART);
    world.engine.apart = true;
    const { log } = await world.succeed(push('main', SHA), { push: 'false' });
    expect(world.engine.builds).toHaveLength(2);
    expect(log).toContain('info: Builder image: built, not kept');
  });

  test('that production is made of is built with it, and not kept, where the run may not push', async () => {
    const { log } = await world.succeed(push('main', SHA), { push: 'false' });
    expect(world.engine.builds).toHaveLength(1);
    expect(log).toContain('info: Builder image: built with production, not kept');
  });

  test('that production is not made of is built by an older run too, since it may fail', async () => {
    await writeFile(join(world.workspace, 'Dockerfile'), DOCKERFILE_APART);
    world.engine.apart = true;
    world.github.branches.set('main', LATER);
    await world.succeed(push('main', SHA));
    expect(world.engine.builds.at(-1)).toMatch(/--target builder .*--output type=cacheonly/);
    world.engine.sources = 's2';
    world.engine.failing.set('RUN make', { error: 'exit code: 7' });
    expect((await world.run(push('main', SHA))).error?.message).toContain('exit code: 7');
  });
});
