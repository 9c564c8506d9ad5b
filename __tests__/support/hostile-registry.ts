// A registry client that is answered by a function, for answers that no honest registry gives.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  ConnectionError,
  type HttpRequest,
  type HttpResponse,
  type SendRequest,
} from '../../src/adapters/registry/http.js';
import { Registry } from '../../src/adapters/registry/registry.js';
import { type Digest, parseDigest } from '../../src/image/digest.js';
import { parseImageName, parseTag } from '../../src/image/reference.js';
import type { Login } from '../../src/inputs/secrets/credentials.js';
import { digestOf } from './fixtures.js';

export const IMAGE = parseImageName('registry.example/owner/app');
export const BASE = 'https://registry.example';
export const TAG = parseTag('main');
export const PASSWORD: Login = { username: 'user', password: 'canary-password' };

export const shaOf = (text: string | Buffer): Digest =>
  parseDigest(`sha256:${createHash('sha256').update(text).digest('hex')}`);
export const deep = (open: string, close: string, depth = 100_000): string =>
  `${open.repeat(depth)}1${close.repeat(depth)}`;

export type Answer = Pick<HttpResponse, 'status'> & {
  readonly headers?: Record<string, string>;
  readonly body?: string;
};
const toResponse = ({ status, headers = {}, body = '' }: Answer): HttpResponse => ({
  status,
  headers: new Map(Object.entries(headers)),
  body: Buffer.from(body, 'utf8'),
});

/** A registry that answers as told, and keeps what it was asked. Null: the connection breaks. */
export function serving(answer: (request: HttpRequest, count: number) => Answer | null) {
  const requests: HttpRequest[] = [];
  const challenges: string[] = [];
  const send: SendRequest = (request) => {
    const answered = answer(request, requests.length);
    requests.push(request);
    if (answered === null) return Promise.reject(new ConnectionError('the connection broke'));
    challenges.push(answered.headers?.['www-authenticate'] ?? '');
    return Promise.resolve(toResponse(answered));
  };
  return { send, requests, challenges };
}
/** One that needs no login. */
export const open = (answer: (request: HttpRequest, count: number) => Answer | null, write = false) => {
  const served = serving((request, count) =>
    request.url === `${BASE}/v2/` ? { status: 200 } : answer(request, count),
  );
  return { ...served, registry: new Registry(IMAGE, { send: served.send, login: null, insecure: false, write }) };
};

export const PRINTABLE = /^[ -~]{1,500}$/;

const HOSTILE_TEXTS = [
  'a\nb',
  'a\r\n::set-output name=x::y',
  '::error::evil',
  'x ##[error]evil',
  '\x1b[31mred\x1b[0m',
  '\x00\x07\x7f',
  '\x85\xa0\u2028\u2029',
  '\u202eevil',
  '\ud800',
  '🙂',
  'x'.repeat(10_000),
  '__proto__',
  'sha256:',
  `sha256:${'g'.repeat(64)}`,
  `sha256:${'x\n'.repeat(5000)}`,
  '${{ secrets.X }}',
  '',
];
export const text = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary', maxLength: 100 }));
export const wrong = fc.oneof(
  fc.constantFrom(null, true, -1, 1.5, 1e308, [], [[]], {}, { toString: 1 }, { length: 1e9 }),
  fc.constantFrom(digestOf(1), shaOf(''), `sha512:${'0'.repeat(128)}`),
  text,
  fc.jsonValue({ maxDepth: 3 }),
);
/** Objects with some of these members, of any type. */
export const someOf = (members: readonly string[], value: fc.Arbitrary<unknown> = wrong) =>
  fc.record(Object.fromEntries(members.map((name) => [name, value])), { requiredKeys: [] });
