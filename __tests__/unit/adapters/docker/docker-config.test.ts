import { lstat, mkdir, mkdtemp, readFile, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  addLogin,
  createPrivateConfig,
  getLoginKey,
  logInPersistently,
  readDockerConfig,
  readStoredLogin,
} from '../../../../src/adapters/docker/docker-config.js';
import type { ProcessOptions, ProcessResult, RunProcess } from '../../../../src/adapters/process/process.js';
import type { JsonRecord } from '../../../../src/shared/json.js';

const NEVER = new AbortController().signal;
const LOGIN = { username: 'owner', password: 'pass:wörd' };
const AUTH = Buffer.from('owner:pass:wörd').toString('base64');
const HUB = 'https://index.docker.io/v1/';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Call extends Pick<ProcessOptions, 'input'> {
  readonly command: string;
  readonly args: readonly string[];
}

/** Answers every command alike, and keeps what it was asked. */
function answering(result: Partial<ProcessResult> | Error): { run: RunProcess; calls: Call[] } {
  const calls: Call[] = [];
  const run: RunProcess = (command, args, { input }) => {
    calls.push({ command, args, ...(input === undefined ? {} : { input }) });
    return result instanceof Error
      ? Promise.reject(result)
      : Promise.resolve({ code: 0, stdout: '', stderr: '', leftovers: null, ...result });
  };
  return { run, calls };
}

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'docker-config-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const freshDirectory = (): Promise<string> => mkdtemp(join(root, 'test-'));

describe('one login more', () => {
  test.each<[string, JsonRecord, string, JsonRecord]>([
    ['an empty config', {}, 'ghcr.io', { auths: { 'ghcr.io': { auth: AUTH } } }],
    ['Docker Hub has a key of its own', {}, 'docker.io', { auths: { [HUB]: { auth: AUTH } } }],
    [
      'other logins and settings stay',
      { auths: { 'x.example': { auth: 'x' } }, proxies: { default: {} }, currentContext: 'c' },
      'ghcr.io',
      {
        auths: { 'x.example': { auth: 'x' }, 'ghcr.io': { auth: AUTH } },
        proxies: { default: {} },
        currentContext: 'c',
      },
    ],
    [
      'an old login of the same registry is replaced, identity token and all',
      { auths: { 'ghcr.io': { auth: 'old', identitytoken: 'old' } } },
      'ghcr.io',
      { auths: { 'ghcr.io': { auth: AUTH } } },
    ],
    [
      'a global credential store is kept from hiding it, and still serves the others',
      { credsStore: 'desktop' },
      'ghcr.io',
      { credsStore: 'desktop', auths: { 'ghcr.io': { auth: AUTH } }, credHelpers: { 'ghcr.io': '' } },
    ],
    [
      "so is this registry's own helper; other helpers stay",
      { credHelpers: { 'ghcr.io': 'gh', 'x.example': 'ecr-login' } },
      'ghcr.io',
      { credHelpers: { 'ghcr.io': '', 'x.example': 'ecr-login' }, auths: { 'ghcr.io': { auth: AUTH } } },
    ],
    ['a field of the wrong type', { auths: 'junk' }, 'ghcr.io', { auths: { 'ghcr.io': { auth: AUTH } } }],
  ])('%s', (_, content, registry, expected) => {
    const before = structuredClone(content);
    expect(addLogin(content, registry, LOGIN)).toEqual(expected);
    expect(content).toEqual(before);
  });

  test.each([
    ['docker.io', HUB],
    ['ghcr.io', 'ghcr.io'],
    ['localhost:5000', 'localhost:5000'],
  ])('%s is filed under %s', (registry, key) => expect(getLoginKey(registry)).toBe(key));
});

describe('a private config', () => {
  test("is readable by its owner only, has the login, and links to the user's own contexts, builders and plugins", async () => {
    const own = await freshDirectory();
    const original = '{"auths":{"x.example":{"auth":"x"}}}';
    await writeFile(join(own, 'config.json'), original);
    await mkdir(join(own, 'buildx'));
    await writeFile(join(own, 'buildx', 'current'), 'my-builder');
    await mkdir(join(own, 'cli-plugins'));
    const directory = join(await freshDirectory(), 'deep', 'config');

    const made = await createPrivateConfig(await readDockerConfig(own), directory, 'ghcr.io', LOGIN);

    expect(made).toBe(directory);
    expect((await readdir(directory)).sort()).toEqual(['buildx', 'cli-plugins', 'config.json']);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    const file = await lstat(join(directory, 'config.json'));
    expect(file.isFile()).toBe(true);
    expect(file.mode & 0o777).toBe(0o600);
    expect(await readlink(join(directory, 'buildx'))).toBe(join(own, 'buildx'));
    expect((await readDockerConfig(directory)).content).toEqual({
      auths: { 'x.example': { auth: 'x' }, 'ghcr.io': { auth: AUTH } },
    });
    expect(await readFile(join(own, 'config.json'), 'utf8')).toBe(original);

    await rm(directory, { recursive: true });
    expect(await readFile(join(own, 'buildx', 'current'), 'utf8')).toBe('my-builder');
  });

  test('needs no config of the user', async () => {
    const missing = join(await freshDirectory(), 'missing');
    const directory = join(await freshDirectory(), 'config');
    await createPrivateConfig(await readDockerConfig(missing), directory, 'ghcr.io', LOGIN);
    expect(await readdir(directory)).toEqual(['config.json']);
  });
});

describe('reading a config', () => {
  test.each([
    ['', {}],
    [' \n', {}],
    ['{"a":1}', { a: 1 }],
  ])('%j', async (text, content) => {
    const directory = await freshDirectory();
    await writeFile(join(directory, 'config.json'), text);
    expect(await readDockerConfig(directory)).toEqual({ directory, content });
  });

  test.each(['{"auths":{"ghcr.io":{"auth":"canary"', '["canary"]', '"canary"', 'null'])(
    'that is no JSON object (%j) is an error without its text',
    async (text) => {
      const directory = await freshDirectory();
      await writeFile(join(directory, 'config.json'), text);
      const error: unknown = await readDockerConfig(directory).catch((thrown: unknown) => thrown);
      expect(String(error)).toMatch(/^InputError: .*config\.json/);
      expect(String(error)).not.toContain('canary');
    },
  );
});

describe('the login that docker would use', () => {
  const read = (content: JsonRecord, registry: string, run: RunProcess): ReturnType<typeof readStoredLogin> =>
    readStoredLogin({ directory: '/nowhere', content }, registry, run, {}, NEVER);
  const auths = (entry: unknown): JsonRecord => ({ auths: { 'ghcr.io': entry } });

  test.each<[string, JsonRecord, unknown]>([
    ['user name and password', auths({ auth: AUTH }), LOGIN],
    ['a password with trailing zero bytes', auths({ auth: base64('u:p\0\0') }), { username: 'u', password: 'p' }],
    ['an identity token', auths({ auth: AUTH, identitytoken: 'id' }), { identityToken: 'id' }],
    ['no entry', {}, null],
    ['another registry', { auths: { 'x.example': { auth: AUTH } } }, null],
    ['an empty entry', auths({}), null],
    ['an entry of the wrong type', auths('junk'), null],
    ['no colon', auths({ auth: base64('junk') }), null],
    ['no user name', auths({ auth: base64(':p') }), null],
    [
      'a helper that is switched off for this registry',
      { credsStore: 'x', credHelpers: { 'ghcr.io': '' }, ...auths({ auth: AUTH }) },
      LOGIN,
    ],
  ])('%s', async (_, content, expected) => {
    const { run, calls } = answering({ code: 1 });
    expect(await read(content, 'ghcr.io', run)).toEqual(expected);
    expect(calls).toEqual([]);
  });

  test('what addLogin wrote is read back', async () => {
    const { run } = answering({ code: 1 });
    expect(await read(addLogin({ credsStore: 'desktop' }, 'docker.io', LOGIN), 'docker.io', run)).toEqual(LOGIN);
  });

  test.each<[string, JsonRecord, string]>([
    ['the credential store', { credsStore: 'desktop', ...auths({}) }, 'docker-credential-desktop'],
    [
      'the helper of the registry before the store',
      { credsStore: 'x', credHelpers: { 'ghcr.io': 'gh' } },
      'docker-credential-gh',
    ],
  ])('%s is asked, on standard input', async (_, content, command) => {
    const { run, calls } = answering({ stdout: '{"ServerURL":"ghcr.io","Username":"u","Secret":"s"}\n' });
    expect(await read(content, 'ghcr.io', run)).toEqual({ username: 'u', password: 's' });
    expect(calls).toEqual([{ command, args: ['get'], input: 'ghcr.io' }]);
  });

  test('a helper may answer with an identity token', async () => {
    const { run } = answering({ stdout: '{"Username":"<token>","Secret":"s"}' });
    expect(await read({ credsStore: 'x' }, 'ghcr.io', run)).toEqual({ identityToken: 's' });
  });

  test.each<[string, Partial<ProcessResult> | Error]>([
    ['has nothing', { code: 1, stdout: 'credentials not found in native keychain' }],
    ['prints no JSON', { stdout: 'hello' }],
    ['prints something else', { stdout: '{"Username":1,"Secret":"s"}' }],
    ['is not there', new Error('ENOENT')],
  ])('a helper that %s is no login', async (_, result) =>
    expect(await read({ credsStore: 'x' }, 'ghcr.io', answering(result).run)).toBeNull(),
  );
});

describe('a login that stays', () => {
  test.each([
    ['ghcr.io', ['login', '--username', 'owner', '--password-stdin', 'ghcr.io']],
    ['docker.io', ['login', '--username', 'owner', '--password-stdin']],
  ])('to %s has the password on standard input only', async (registry, args) => {
    const { run, calls } = answering({});
    await logInPersistently(run, {}, registry, LOGIN, NEVER);
    expect(calls).toEqual([{ command: 'docker', args, input: LOGIN.password }]);
  });

  test('that is refused is an error with the last line of docker', async () => {
    const { run } = answering({ code: 1, stderr: 'WARNING! x\nError response: denied\n' });
    await expect(logInPersistently(run, {}, 'ghcr.io', LOGIN, NEVER)).rejects.toThrow(
      'docker login to ghcr.io failed: Error response: denied',
    );
  });
});
