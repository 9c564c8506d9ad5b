import { describe, expect, test } from '@jest/globals';
import type { HttpRequest, SendRequest } from '../../../../src/adapters/registry/http.js';
import {
  LoginRejectedError,
  basicAuthorization,
  fetchToken,
  parseChallenge,
} from '../../../../src/adapters/registry/token.js';

const CHALLENGE = { scheme: 'bearer', realm: 'https://ghcr.io/token', service: 'ghcr.io' } as const;
const LOGIN = { username: 'owner', password: 'canary:word' };
const SCOPE = 'repository:owner/app:pull,push';

/** Answers one request after another, and keeps them. */
function serving(...answers: readonly [number, string][]): { send: SendRequest; requests: HttpRequest[] } {
  const requests: HttpRequest[] = [];
  const send: SendRequest = (request) => {
    const [status, body] = answers[requests.length] ?? [599, ''];
    requests.push(request);
    return Promise.resolve({ status, headers: new Map(), body: Buffer.from(body) });
  };
  return { send, requests };
}

describe('a challenge', () => {
  test.each([
    ['Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull"', CHALLENGE],
    ['bearer  service="ghcr.io" , Realm = "https://ghcr.io/token"', CHALLENGE],
    [
      'Bearer realm="http://localhost:5001/token"',
      { scheme: 'bearer', realm: 'http://localhost:5001/token', service: null },
    ],
    [
      'Bearer realm="https://a.example/t?x=1,2",error="invalid_token"',
      { scheme: 'bearer', realm: 'https://a.example/t?x=1,2', service: null },
    ],
    ['Basic realm="Registry"', { scheme: 'basic' }],
    ['basic', { scheme: 'basic' }],
    ['', null],
    ['Negotiate', null],
    ['Bearer', null],
    ['Bearer service="ghcr.io"', null],
    ['Bearer realm="not a url"', null],
    ['Bearer realm="file:///etc/passwd"', null],
    ['Bearer realm="https://ghcr.io/token', null],
  ])('%j', (header, expected) => expect(parseChallenge(header, 'http://registry.example/v2/')).toEqual(expected));

  test('over TLS does not send a login where there is none', () => {
    const ask = (realm: string, url: string) => () => parseChallenge(`Bearer realm="${realm}"`, url);
    for (const realm of ['http://ghcr.io/token', 'HTTP://localhost:5001/token', 'http:ghcr.io/token'])
      expect(ask(realm, 'https://ghcr.io/v2/')).toThrow(
        /^The registry ghcr\.io sends logins to http:\/\/.*, without TLS, .* must begin with https:/,
      );
    expect(ask('https://auth.example/token', 'https://ghcr.io/v2/')()).toMatchObject({ scheme: 'bearer' });
    for (const realm of ['http://localhost:5001/token', 'https://auth.example/token'])
      expect(ask(realm, 'http://localhost:5000/v2/')()).toMatchObject({ realm });
  });
});

test('basic authorization takes colons and accents in a password', () =>
  expect(basicAuthorization({ username: 'ü', password: 'a:b' })).toBe(
    `Basic ${Buffer.from('ü:a:b').toString('base64')}`,
  ));

describe('fetching a token', () => {
  test('asks with the credentials in a header, never in the URL', async () => {
    const { send, requests } = serving([200, '{"token":"t"}']);
    expect(await fetchToken(send, CHALLENGE, [SCOPE], LOGIN)).toEqual({ token: 't' });
    expect(requests).toEqual([
      {
        method: 'GET',
        url: `https://ghcr.io/token?service=ghcr.io&scope=${encodeURIComponent(SCOPE)}`,
        headers: { authorization: basicAuthorization(LOGIN) },
      },
    ]);
  });

  test('keeps what the realm asks for, and works without service, scope and login', async () => {
    const { send, requests } = serving([200, '{"access_token":"t"}']);
    const realm = 'https://a.example/t?account=x';
    expect(await fetchToken(send, { scheme: 'bearer', realm, service: null }, [], null)).toEqual({ token: 't' });
    expect(requests).toEqual([{ method: 'GET', url: realm, headers: {} }]);
  });

  test('asks for several scopes at once', async () => {
    const { send, requests } = serving([200, '{"token":"t"}'], [200, '{"token":"t"}']);
    const scopes = ['repository:a:pull,push', 'repository:b:pull'];
    await fetchToken(send, CHALLENGE, scopes, LOGIN);
    await fetchToken(send, CHALLENGE, scopes, { identityToken: 'id' });
    expect(new URL(requests[0]!.url).searchParams.getAll('scope')).toEqual(scopes);
    // RFC 6749, section 3.3: a list that spaces separate.
    expect(new URLSearchParams(requests[1]!.body).get('scope')).toBe(scopes.join(' '));
  });

  test('trades an identity token in a form', async () => {
    const { send, requests } = serving([200, '{"access_token":"t"}']);
    expect(await fetchToken(send, CHALLENGE, [SCOPE], { identityToken: 'canary&id' })).toEqual({ token: 't' });
    const [request] = requests;
    expect(request).toMatchObject({ method: 'POST', url: 'https://ghcr.io/token' });
    expect(request?.headers).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded' });
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: 'canary&id',
      service: 'ghcr.io',
      scope: SCOPE,
    });
  });

  test.each([401, 403])('%s for the scope, but not for the login, is a scope that is not to be had', async (status) => {
    const { send, requests } = serving([status, ''], [200, '{"token":"t"}']);
    expect(await fetchToken(send, CHALLENGE, [SCOPE], LOGIN)).toEqual({ refused: { status, text: '' } });
    expect(requests[1]?.url).toBe('https://ghcr.io/token?service=ghcr.io');
  });

  test('403 without a login is a scope that is not to be had', async () =>
    expect(await fetchToken(serving([403, '']).send, CHALLENGE, [SCOPE], null)).toEqual({
      refused: { status: 403, text: '' },
    }));

  test.each<[string, string | null, [number, string][]]>([
    [
      'for the scope and for the login',
      SCOPE,
      [
        [403, ''],
        [403, ''],
      ],
    ],
    ['for the login', null, [[401, '']]],
  ])('a refusal %s is a wrong login, and the error does not repeat it', async (_, scope, answers) => {
    const error: unknown = await fetchToken(
      serving(...answers).send,
      CHALLENGE,
      scope === null ? [] : [scope],
      LOGIN,
    ).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LoginRejectedError);
    expect(String(error)).toContain('ghcr.io');
    expect(String(error)).not.toMatch(/canary|owner/);
  });

  test.each([404, 429, 500, 503])('status %s says nothing about the login', async (status) => {
    const error: unknown = await fetchToken(serving([status, '']).send, CHALLENGE, [SCOPE], LOGIN).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).not.toBeInstanceOf(LoginRejectedError);
    expect(String(error)).toContain(String(status));
  });

  test.each(['', 'not json', '[]', 'null', '{}', '{"token":""}', '{"token":1}', '{"token":"a\\r\\nX-Injected: b"}'])(
    'an answer without a usable token: %s',
    (body) =>
      expect(fetchToken(serving([200, body]).send, CHALLENGE, [SCOPE], LOGIN)).rejects.toThrow('without a token'),
  );
});
