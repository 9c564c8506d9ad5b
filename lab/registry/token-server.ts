// A token endpoint that answers the way ghcr.io's does. The registry only trusts what is signed here, so who may do
// what is decided in this file.
import { X509Certificate, createPrivateKey, createSign, randomUUID, timingSafeEqual } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { listen } from '../listen.js';

/** What somebody may do with a repository. */
type Action = 'pull' | 'push' | 'delete';

/** Rights on all repositories whose name matches; `*` stands for any text, slashes too. */
interface Access {
  readonly repository: string;
  readonly actions: readonly Action[];
}

/** Somebody who can log in. */
export interface RegistryUser {
  readonly name: string;
  readonly password: string;
  readonly access: readonly Access[];
}

/** What the token server knows. */
export interface TokenServerOptions {
  readonly service: string;
  readonly issuer: string;
  readonly privateKey: string;
  readonly certificate: string;
  readonly users: readonly RegistryUser[];
  /** Repositories that everybody may read. */
  readonly anonymousPull: readonly string[];
}

/** A running token server. */
export interface TokenServer {
  readonly realm: string;
  readonly stop: () => Promise<void>;
}

interface Grant {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

interface TokenRequest {
  readonly user?: RegistryUser;
  /** Credentials came along, but they are wrong. */
  readonly rejected: boolean;
  readonly scopes: readonly string[];
}

const TOKEN_SECONDS = 300;

/** Starts a token server on the loopback address. */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      send(response, 500, failure('UNKNOWN', String(error)));
    });
  });
  const { port, stop } = await listen(server);
  return { realm: `http://127.0.0.1:${port}/token`, stop };
}

/** Tells whether a repository's name matches a pattern with `*`. */
function matchesRepository(pattern: string, repository: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(repository);
}

async function answer(options: TokenServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = await readTokenRequest(options, request);
  if (asked === undefined) {
    send(response, 404, failure('UNSUPPORTED', 'the operation is unsupported'));
    return;
  }
  if (asked.rejected) {
    send(response, 403, failure('DENIED', 'denied'));
    return;
  }
  const access = asked.scopes.flatMap((scope) => grant(options, asked.user, scope));
  // A stranger who asks for something private gets no token at all; somebody who logged in gets one that may be worth
  // less than what was asked for, and only finds out when using it.
  if (asked.user === undefined && asked.scopes.length > 0 && access.length === 0) {
    send(response, 401, failure('UNAUTHORIZED', 'authentication required'));
    return;
  }
  const token = signToken(options, asked.user?.name ?? '', access);
  send(response, 200, {
    token,
    ...(request.method === 'POST' && { access_token: token }),
    expires_in: TOKEN_SECONDS,
    issued_at: new Date().toISOString(),
  });
}

async function readTokenRequest(
  options: TokenServerOptions,
  request: IncomingMessage,
): Promise<TokenRequest | undefined> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname !== '/token') return undefined;
  if (request.method === 'GET') {
    const scopes = splitScopes(url.searchParams.getAll('scope'));
    return { ...findUser(options.users, readBasic(request.headers.authorization)), scopes };
  }
  if (request.method !== 'POST') return undefined;
  // Docker's client logs in with this form when it holds a password (OAuth 2 "password" grant).
  const form = new URLSearchParams(await readText(request));
  const scopes = splitScopes(form.getAll('scope'));
  const credentials =
    form.get('grant_type') === 'password'
      ? { name: form.get('username') ?? '', password: form.get('password') ?? '' }
      : // No refresh token was ever given out, so none can be right.
        { name: '', password: '' };
  return { ...findUser(options.users, credentials), scopes };
}

function splitScopes(scopes: readonly string[]): readonly string[] {
  return scopes.flatMap((scope) => scope.split(' ')).filter((scope) => scope !== '');
}

interface Credentials {
  readonly name: string;
  readonly password: string;
}

function readBasic(header: string | undefined): Credentials | undefined {
  const encoded = /^Basic (.+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? { name: text, password: '' } : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

function findUser(
  users: readonly RegistryUser[],
  credentials: Credentials | undefined,
): { user?: RegistryUser; rejected: boolean } {
  if (credentials === undefined) return { rejected: false };
  const user = users.find((one) => one.name === credentials.name && isEqual(one.password, credentials.password));
  return user === undefined ? { rejected: true } : { user, rejected: false };
}

function isEqual(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function grant(options: TokenServerOptions, user: RegistryUser | undefined, scope: string): readonly Grant[] {
  // The name may hold a port and so a colon; type and actions cannot.
  const [, type = '', name = '', asked = ''] = /^([^:]+):(.+):([^:]*)$/.exec(scope) ?? [];
  if (type !== 'repository') return [];
  const allowed = new Set<string>();
  for (const access of user?.access ?? []) {
    if (matchesRepository(access.repository, name)) access.actions.forEach((action) => allowed.add(action));
  }
  if (options.anonymousPull.some((pattern) => matchesRepository(pattern, name))) allowed.add('pull');
  const actions = asked.split(',').filter((action) => allowed.has(action));
  return actions.length === 0 ? [] : [{ type, name, actions }];
}

function signToken(options: TokenServerOptions, subject: string, access: readonly Grant[]): string {
  const now = Math.floor(Date.now() / 1000);
  const chain = [new X509Certificate(options.certificate).raw.toString('base64')];
  const header = { typ: 'JWT', alg: 'RS256', x5c: chain };
  const claims = {
    ...{ iss: options.issuer, sub: subject, aud: options.service, jti: randomUUID() },
    ...{ iat: now, nbf: now - 10, exp: now + TOKEN_SECONDS, access },
  };
  const body = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = createSign('RSA-SHA256').update(body).sign(createPrivateKey(options.privateKey));
  return `${body}.${signature.toString('base64url')}`;
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString();
}

function failure(code: string, message: string): object {
  return { errors: [{ code, message }] };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
