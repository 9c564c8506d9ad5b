// The login is private to the run, and hides nothing of the user's own Docker configuration.
import { mkdir, mkdtemp, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Registry, startRegistry } from '../../../lab/registry/registry.js';
import { WRITER } from '../../../lab/services/team.js';
import { expectFailure, expectSuccess, useLab } from '../../support/e2e.js';
import { testByNight } from '../../support/nightly.js';

const fixture = useLab({ stores: ['containerd'] });
const engine = () => fixture.lab().engine('containerd');

/** A Docker config directory as a user may have it, with Buildx and one login. */
async function userConfig(logins: Readonly<Record<string, string>>): Promise<string> {
  const directory = await mkdtemp(join(fixture.lab().directory, 'config-'));
  await mkdir(join(directory, 'cli-plugins'));
  await symlink(fixture.lab().tools.buildx, join(directory, 'cli-plugins/docker-buildx'));
  const auths = Object.fromEntries(
    Object.entries(logins).map(([host, login]) => [host, { auth: Buffer.from(login).toString('base64') }]),
  );
  await writeFile(join(directory, 'config.json'), JSON.stringify({ auths, HttpHeaders: { 'X-Team': 'octo' } }));
  return directory;
}

test('the logins, plugins and settings of the user stay in force, and are not touched', async () => {
  const { registry, baseImage } = fixture.lab();
  const team = await fixture.team('private-base');
  // A base image that only the user's own login may read.
  const priv = await startRegistry({
    directory: await mkdtemp(join(fixture.lab().directory, 'r')),
    auth: 'basic',
    users: [{ name: 'base', password: 'base-password', access: [] }],
  });
  try {
    const DOCKER_CONFIG = await userConfig({ [priv.host]: 'base:base-password' });
    const copy = await engine().docker(
      ['buildx', 'imagetools', 'create', '--tag', `${priv.host}/base/busybox:1`, baseImage],
      { env: { DOCKER_CONFIG } },
    );
    expect(copy).toMatchObject({ code: 0 });
    const before = await readFile(join(DOCKER_CONFIG, 'config.json'), 'utf8');
    const event = await team.push();
    const result = await team.build(event, {
      engine: engine(),
      env: { DOCKER_CONFIG },
      inputs: { 'build-args': `BASE_IMAGE=${priv.host}/base/busybox:1` },
    });
    expectSuccess(result);
    expect(await readFile(join(DOCKER_CONFIG, 'config.json'), 'utf8')).toBe(before);
    expect(await registry.tags(team.repository)).toContain(event.sha);
    expect(result.leftovers).toEqual([]);
  } finally {
    await priv.stop();
  }
});

testByNight('logout: false logs in to the Docker config of the user and stays logged in', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('stay');
  const DOCKER_CONFIG = await userConfig({});
  const result = await team.build(await team.push(), {
    engine: engine(),
    env: { DOCKER_CONFIG },
    inputs: { logout: 'false' },
  });
  expectSuccess(result);
  const config = JSON.parse(await readFile(join(DOCKER_CONFIG, 'config.json'), 'utf8')) as {
    auths: Record<string, { auth: string }>;
  };
  expect(Buffer.from(config.auths[registry.host]!.auth, 'base64').toString()).toBe(`${WRITER.name}:${WRITER.password}`);
  expect(result.leftovers).toEqual([]);
  expect((await readdir(DOCKER_CONFIG)).sort()).toContain('config.json');
});

describe('a registry with basic auth, such as a self-hosted one', () => {
  let basic: Registry;
  beforeAll(async () => {
    basic = await startRegistry({
      directory: await mkdtemp(join(fixture.lab().directory, 'b')),
      auth: 'basic',
      users: [WRITER],
    });
  });
  afterAll(() => basic.stop());

  test('takes the push', async () => {
    const team = await fixture.team('basic');
    const event = await team.push();
    const result = await team.build(event, { engine: engine(), inputs: { image: `${basic.host}/octo/basic` } });
    expectSuccess(result);
    expect((await basic.manifest('octo/basic', event.sha)).digest).toBe(result.outputs.digest);
  });

  test('refuses a wrong password before anything is built', async () => {
    const team = await fixture.team('basic-wrong');
    const result = await team.build(await team.push(), {
      engine: engine(),
      inputs: { image: `${basic.host}/octo/wrong`, password: 'ghs_wrong-password' },
    });
    expectFailure(result, /Login to 127\.0\.0\.1:\d+ as octo was refused/);
  });
});
