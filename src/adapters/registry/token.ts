// Registry logins: from a WWW-Authenticate challenge to an Authorization header.
// https://distribution.github.io/distribution/spec/auth/token/ and .../auth/oauth/
import { type Credentials, type Login, encodeCredentials } from '../../inputs/secrets/credentials.js';
import { type ServerAnswer, showAnswer } from '../../shared/answer.js';
import { parseObject } from '../../shared/json.js';
import { toSingleLine } from '../../shared/text.js';
import { readAnswer } from './error-answer.js';
import type { HttpResponse, SendRequest } from './http.js';

export type Challenge =
  { readonly scheme: 'basic' } | { readonly scheme: 'bearer'; readonly realm: string; readonly service: string | null };

/** The registry, or its token server, does not accept these credentials. */
export class LoginRejectedError extends Error {
  override readonly name = 'LoginRejectedError';
  readonly answer: ServerAnswer;

  constructor(host: string, response: HttpResponse) {
    const answer = readAnswer(response);
    super(`${toSingleLine(host)} answered ${showAnswer(answer)}`);
    this.answer = answer;
  }
}

/** The token server gave no usable answer, so it is not known whether the credentials are right. */
export class TokenServerError extends Error {
  override readonly name = 'TokenServerError';
}

/** The registry names a token server without TLS, to which the login would be sent readable. */
export class InsecureRealmError extends Error {
  override readonly name = 'InsecureRealmError';
}

/** A token, or the server's refusal of the scope for a login that is right. */
export type TokenResult = { readonly token: string } | { readonly refused: ServerAnswer };

/**
 * The strongest of the challenges: Bearer before Basic.
 * @param url where it came from
 * @returns null when there is neither, or Bearer has no usable realm
 * @throws InsecureRealmError when a server that was asked over TLS names a token server without. Over plain HTTP, which is
 *   for registries that the engine may speak it to, the token server may speak it too.
 */
export function parseChallenge(header: string, url: string): Challenge | null {
  const bearer = /(?:^|,)\s*bearer\s+(.*)$/is.exec(header)?.[1];
  if (bearer === undefined) return /(?:^|,)\s*basic(?:\s|$)/i.test(header) ? { scheme: 'basic' } : null;
  const parameters = new Map(
    [...bearer.matchAll(/(?<![a-z_])([a-z_]+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))/gi)].map(
      ([, key = '', quoted, plain = '']) => [key.toLowerCase(), quoted ?? plain],
    ),
  );
  const realm = parameters.get('realm');
  if (realm === undefined || !URL.canParse(realm)) return null;
  const { protocol, host } = new URL(realm);
  if (protocol === 'http:' && new URL(url).protocol === 'https:')
    throw new InsecureRealmError(
      `The registry ${toSingleLine(new URL(url).host)} sends logins to http://${toSingleLine(host)}, without TLS, where the password could be read on the way. ` +
        'Its realm must begin with https:// (auth.token.realm in the configuration of the registry).',
    );
  if (protocol !== 'https:' && protocol !== 'http:') return null;
  return { scheme: 'bearer', realm, service: parameters.get('service') ?? null };
}

export function basicAuthorization(credentials: Credentials): string {
  return `Basic ${encodeCredentials(credentials)}`;
}

/**
 * Gets a bearer token. It may grant less than was asked for: only a write attempt tells.
 * @param scopes `repository:NAME:pull,push`, …; none to learn only whether the login is right
 * @throws LoginRejectedError when the credentials are wrong, TokenServerError for an answer that is of no use
 */
export async function fetchToken(
  send: SendRequest,
  challenge: Extract<Challenge, { scheme: 'bearer' }>,
  scopes: readonly string[],
  login: Login | null,
): Promise<TokenResult> {
  const response = await requestToken(send, challenge, scopes, login);
  if (response.status === 200) return { token: parseToken(response) };
  if (response.status === 401 || response.status === 403) {
    // ghcr.io answers 403 both to a wrong password and to a scope that it does not grant: asking without scopes tells.
    if (scopes.length > 0 && (login === null || (await requestToken(send, challenge, [], login)).status === 200))
      return { refused: readAnswer(response) };
    throw new LoginRejectedError(new URL(challenge.realm).host, response);
  }
  throw new TokenServerError(
    `The token server ${toSingleLine(new URL(challenge.realm).host)} answered ${response.status}.`,
  );
}

function requestToken(
  send: SendRequest,
  { realm, service }: Extract<Challenge, { scheme: 'bearer' }>,
  scopes: readonly string[],
  login: Login | null,
): Promise<HttpResponse> {
  if (login !== null && 'identityToken' in login) {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: login.identityToken,
      client_id: 'two-pass-build',
      ...(service === null ? {} : { service }),
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return send({ method: 'POST', url: realm, headers, body: form.toString() });
  }
  const url = new URL(realm);
  if (service !== null) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  return send({
    method: 'GET',
    url: url.href,
    headers: login === null ? {} : { authorization: basicAuthorization(login) },
  });
}

function parseToken({ body }: HttpResponse): string {
  const answer = parseObject(body);
  const token = answer?.token ?? answer?.access_token;
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
    throw new TokenServerError('The token server gave an answer without a token.');
  return token;
}
