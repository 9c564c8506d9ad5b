// When a registry client logs in, and when it does not send a login at all.
import { expect, test } from '@jest/globals';
import { ConnectionError, type HttpRequest, type SendRequest } from '../../../src/adapters/registry/http.js';
import { Registry } from '../../../src/adapters/registry/registry.js';
import { InsecureRealmError } from '../../../src/adapters/registry/token.js';
import { parseImageName, parseTag } from '../../../src/image/reference.js';

const IMAGE = parseImageName('registry.example/owner/app');
const TAG = parseTag('main');
const LOGIN = { username: 'user', password: 'canary-password' };

/** A registry with token auth whose token server answers with these statuses in turn, then with the last; 0: it breaks. */
function serve(realm: string, ...statuses: readonly number[]) {
  const requests: HttpRequest[] = [];
  let asked = 0;
  const send: SendRequest = (request) => {
    requests.push(request);
    const reply = (status: number, body = '', headers: Record<string, string> = {}) =>
      Promise.resolve({ status, headers: new Map(Object.entries(headers)), body: Buffer.from(body) });
    if (request.url.startsWith(realm)) {
      const status = statuses[Math.min(asked, statuses.length - 1)] ?? 200;
      asked += 1;
      return status === 0 ? Promise.reject(new ConnectionError('broken off')) : reply(status, '{"token":"t"}');
    }
    if (request.headers.authorization !== 'Bearer t')
      return reply(401, '', { 'www-authenticate': `Bearer realm="${realm}",service="x"` });
    return request.url.includes('/manifests/') ? reply(404) : reply(200);
  };
  const open = () => new Registry(IMAGE, { send, login: LOGIN, insecure: false, write: false });
  return { requests, open, countLogins: () => asked };
}

test.each([0, 401, 503])('a login that failed (%s) is not kept: the next call logs in again', async (status) => {
  // 401 for the scope is asked about once more without it.
  const server = serve('https://auth.example/token', ...(status === 401 ? [401, 401] : [status]), 200);
  const registry = server.open();
  await expect(registry.connect()).rejects.toThrow();
  await expect(registry.readDigest(TAG)).resolves.toBeNull();
});

test('those who ask at the same time share one login, also one that fails', async () => {
  const server = serve('https://auth.example/token', 503, 200);
  const registry = server.open();
  const ask = () => Promise.allSettled([registry.connect(), registry.readDigest(TAG), registry.readManifest(TAG)]);
  expect((await ask()).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(server.countLogins()).toBe(1);
  expect((await ask()).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  expect(server.countLogins()).toBe(2);
  await ask();
  expect(server.countLogins()).toBe(2);
});

test('a failure that nobody waits for is no unhandled rejection', async () => {
  const seen: unknown[] = [];
  const note = (reason: unknown) => seen.push(reason);
  process.on('unhandledRejection', note);
  await serve('https://auth.example/token', 503)
    .open()
    .connect()
    .catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('unhandledRejection', note);
  expect(seen).toEqual([]);
});

test('no login goes to a token server without TLS when the registry has it', async () => {
  const server = serve('http://auth.example/token', 200);
  const registry = server.open();
  await expect(registry.connect()).rejects.toThrow(InsecureRealmError);
  await expect(registry.probeWriteAccess()).rejects.toThrow(/registry\.example sends logins to http:\/\/auth\.example/);
  expect(server.requests.filter(({ url }) => url.startsWith('http:'))).toEqual([]);
  expect(JSON.stringify(server.requests)).not.toContain(Buffer.from('user:canary').toString('base64').slice(0, 12));
});

test('a registry that is spoken to without TLS may have a token server without', async () => {
  const realm = 'http://127.0.0.1:5001/token';
  const asked: string[] = [];
  const send: SendRequest = ({ url, headers: { authorization } }) => {
    asked.push(url);
    if (url.startsWith('https:')) return Promise.reject(new ConnectionError('no TLS here'));
    const welcome = url.startsWith(realm) || authorization === 'Bearer t';
    const headers = new Map(welcome ? [] : [['www-authenticate', `Bearer realm="${realm}"`]]);
    return Promise.resolve({ status: welcome ? 200 : 401, headers, body: Buffer.from('{"token":"t"}') });
  };
  await new Registry(IMAGE, { send, login: LOGIN, insecure: true, write: false }).connect();
  expect(asked.at(-1)).toContain(realm);
});
