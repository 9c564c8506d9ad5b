// Logins: the inputs', the Docker config's, a credential helper's; and what is said where one is refused.
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { REPOSITORY, SHA, pullRequest, push } from '../../support/world/events.js';
import { DONE } from '../../support/world/recorded-engine.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
const USER = { name: 'octo', password: 'the-right-password', writes: true };
const LOGIN = { username: USER.name, password: USER.password };
beforeEach(() => {
  world = openWorld();
  world.registry.users = [USER];
});

/** The user's own Docker config. */
async function writeConfig(content: object): Promise<string> {
  const directory = join(world.workspace, 'docker-config');
  await mkdir(join(directory, 'cli-plugins'), { recursive: true });
  await writeFile(join(directory, 'config.json'), JSON.stringify(content));
  world.runner = { dockerConfigDirectory: directory };
  return directory;
}

test('a login of the inputs is private to the run: nothing of the user is touched, and nothing is left', async () => {
  const directory = await writeConfig({ auths: { 'other.test': { auth: 'eDp5' } }, HttpHeaders: { 'X-Team': 'octo' } });
  const before = await readFile(join(directory, 'config.json'), 'utf8');
  let during: unknown = null;
  world.engine.onBuild = async () => {
    const [run = ''] = await world.leftovers();
    const folder = join(world.temporary, run, 'docker-config');
    during ??= [JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')), (await readdir(folder)).sort()];
  };
  const { outputs, masks } = await world.succeed(push('main', SHA), LOGIN);
  expect(outputs.pushed).toBe('true');
  const auth = Buffer.from(`${USER.name}:${USER.password}`).toString('base64');
  expect(during).toEqual([
    { auths: { 'other.test': { auth: 'eDp5' }, [world.registry.host]: { auth } }, HttpHeaders: { 'X-Team': 'octo' } },
    ['cli-plugins', 'config.json'],
  ]);
  expect(await readFile(join(directory, 'config.json'), 'utf8')).toBe(before);
  expect(await world.leftovers()).toEqual([]);
  expect(masks).toEqual(expect.arrayContaining([USER.password, auth]));
});

test('without a password the login of the Docker config is used', async () => {
  const auth = Buffer.from(`${USER.name}:${USER.password}`).toString('base64');
  await writeConfig({ auths: { [world.registry.host]: { auth } } });
  expect((await world.succeed(push('main', SHA))).outputs.pushed).toBe('true');
});

test.each(['credsStore', 'credHelpers'] as const)('a credential helper of %s is asked', async (key) => {
  await writeConfig({ [key]: key === 'credsStore' ? 'team' : { [world.registry.host]: 'team' } });
  const inputs: (string | undefined)[] = [];
  world.engine.other = (command, _args, { input }) => {
    if (command !== 'docker-credential-team') return Promise.resolve(DONE);
    inputs.push(input);
    const stdout = JSON.stringify({ ServerURL: input, Username: USER.name, Secret: USER.password });
    return Promise.resolve({ ...DONE, stdout });
  };
  expect((await world.succeed(push('main', SHA))).outputs.pushed).toBe('true');
  expect(inputs).toEqual([world.registry.host]);
});

test('logout: false logs in to the config of the user, and hands over the password by standard input', async () => {
  await world.succeed(push('main', SHA), { ...LOGIN, logout: 'false' });
  expect(world.engine.calls).toContain(`docker login --username octo --password-stdin ${world.registry.host}`);
});

test('logout: false, and docker refuses', async () => {
  world.engine.login = { ...DONE, code: 1, stderr: 'Error saving credentials: no space left' };
  const { error } = await world.run(push('main', SHA), { ...LOGIN, logout: 'false' });
  expect(error?.message).toMatch(/^docker login to 127\.0\.0\.1:\d+ failed: Error saving credentials/);
});

describe('before anything is built', () => {
  test('a wrong password is refused, and is not in the log', async () => {
    const { error, log } = await world.run(push('main', SHA), { ...LOGIN, password: 'another-password' });
    expect(error?.message).toMatch(/Login to 127\.0\.0\.1:\d+ as octo was refused .*username and password/);
    expect(world.engine.builds).toEqual([]);
    expect(log.join('\n')).not.toContain('another-password');
  });

  test('no login with push: true is said', async () => {
    const { error } = await world.run(push('main', SHA), { push: 'true' });
    expect(error?.message).toMatch(/there is no login for 127\.0\.0\.1:\d+ \(the input password is empty\)/);
  });

  test('a registry that nobody listens at is named', async () => {
    const { error } = await world.run(push('main', SHA), { image: '127.0.0.1:1/owner/app' });
    expect(error?.message).toMatch(/^The registry 127\.0\.0\.1:1 cannot be reached.*Check the input image/);
  });

  test('and a run that does not want to push goes on without it', async () => {
    const { warnings, outputs } = await world.succeed(push('main', SHA), {
      image: '127.0.0.1:1/owner/app',
      push: 'false',
    });
    expect(warnings).toEqual([expect.stringMatching(/^There is no cache from 127\.0\.0\.1:1 in this run/)]);
    expect(outputs.pushed).toBe('false');
  });
});

test('a registry that the engine calls insecure is spoken to without TLS, and no other', async () => {
  // An address of this machine that nobody takes for the loopback one.
  const host = `0.0.0.0:${world.registry.host.split(':')[1] ?? ''}`;
  const image = { ...LOGIN, image: `${host}/${REPOSITORY}` };
  expect((await world.run(push('main', SHA), image)).error?.message).toContain('cannot be reached');
  world.engine.insecureRegistries = [host];
  expect((await world.succeed(push('main', SHA), image)).outputs.pushed).toBe('true');
});

describe('what the registry refuses while the build runs is said with its cause, and not built again for it', () => {
  beforeEach(async () => {
    // So that there is a cache, without which nothing would be tried again.
    await world.succeed(push('main', SHA), LOGIN);
    world.engine = world.freshEngine();
    world.engine.sources = 's2';
  });

  test.each(['containerd', 'overlay2'] as const)('a push, on %s', async (store) => {
    world.engine.store = store;
    world.registry.intercept = (method, path) =>
      method === 'PUT' && path.endsWith('1'.repeat(40))
        ? { status: 403, body: '{"errors":[{"code":"DENIED","message":"permission_denied: write_package"}]}' }
        : undefined;
    const { error, outputs } = await world.run(push('main', '1'.repeat(40)), LOGIN);
    expect(error?.message).toMatch(/denied.*: octo may not write to it.*\. /);
    expect(world.engine.builds).toHaveLength(1);
    expect(outputs).not.toHaveProperty('digest');
  });

  test('a base image', async () => {
    world.engine.baseImage = 'private.test/base/busybox:1';
    world.engine.failing.set('load metadata', {
      error: 'private.test/base/busybox:1: pull access denied: insufficient_scope: authorization failed',
    });
    const { error } = await world.run(pullRequest(), LOGIN);
    expect(error?.message).toMatch(
      /load metadata for private\.test\/base\/busybox:1.*: private\.test\/base\/busybox does not exist, or this run may not read it\. Check its name\. If it is private, log in to private\.test before this step/,
    );
  });
});
