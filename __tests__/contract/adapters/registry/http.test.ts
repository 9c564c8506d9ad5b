// The small requests of the registry client against a real server that does what registries and networks do wrong.
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { listen } from '../../../../lab/listen.js';
import { ConnectionError, type HttpRequest, createSender, retryDelay } from '../../../../src/adapters/registry/http.js';
import { Registry } from '../../../../src/adapters/registry/registry.js';
import { parseDigest } from '../../../../src/image/digest.js';
import { parseImageName } from '../../../../src/image/reference.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;
const LIMITS = { idle: 200, answer: 1000, firstWait: 10, longestWait: 1500 };
const OK: Answer = (response) => response.end('whole');
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

/** A server that answers one request after another as told, and then well. */
async function ask(answers: readonly Answer[], method: HttpRequest['method'] = 'GET') {
  let asked = 0;
  const server = createServer((request, response) => {
    request.resume();
    (answers[asked++] ?? OK)(response, request);
  });
  const { port, stop } = await listen(server);
  stops.push(stop);
  const started = performance.now();
  const request = { method, url: `http://127.0.0.1:${port}/v2/`, headers: {}, ...(method === 'PUT' && { body: 'x' }) };
  const outcome = await createSender(
    'test',
    null,
    LIMITS,
  )(request).then(
    ({ status, body }) => ({ status, text: body.toString() }),
    (error: unknown) => error,
  );
  return { outcome, asked, milliseconds: performance.now() - started };
}

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end();
const reset: Answer = (_, request) => request.socket.resetAndDestroy();
const stall: Answer = () => undefined;
const stallInBody: Answer = (response) => response.writeHead(200, { 'content-length': '9' }).write('part');
const truncate: Answer = (response, request) => {
  stallInBody(response, request);
  setTimeout(() => request.socket.destroy(), 20);
};
const drip: Answer = (response) => {
  const timer = setInterval(() => response.write('.'), 50);
  response.on('close', () => clearInterval(timer));
};

test.each<[string, Answer]>([
  ['429', status(429)],
  ['500', status(500)],
  ['502', status(502)],
  ['504', status(504)],
  ['a reset connection', reset],
  ['no answer', stall],
  ['an answer that stops in the middle', stallInBody],
  ['an answer that is cut off', truncate],
])('%s is survived, by every method', async (_, fault) => {
  for (const method of ['GET', 'HEAD', 'POST', 'PUT'] as const) {
    const { outcome, asked } = await ask([fault, fault], method);
    expect(outcome).toEqual({ status: 200, text: method === 'HEAD' ? '' : 'whole' });
    expect(asked).toBe(3);
  }
});

test('Retry-After is kept to', async () => {
  const { outcome, asked, milliseconds } = await ask([status(429, { 'retry-after': '1' })]);
  expect({ outcome, asked }).toMatchObject({ outcome: { status: 200 }, asked: 2 });
  expect(milliseconds).toBeGreaterThanOrEqual(990);
});

test.each<[string, () => string, number, number]>([
  ['seconds', () => '1', 1000, 1000],
  ['a date', () => new Date(Date.now() + 1400).toUTCString(), 1, 1400],
  ['far too many seconds', () => '86400', LIMITS.longestWait, LIMITS.longestWait],
  ['a date that is over', () => new Date(0).toUTCString(), 0, 0],
  ['no time at all', () => 'soon', LIMITS.firstWait / 2, LIMITS.firstWait * 1.5],
])('the wait that Retry-After asks for, within bounds: %s', (_, text, least, most) => {
  const milliseconds = retryDelay(1, text(), LIMITS);
  expect(milliseconds).toBeGreaterThanOrEqual(least);
  expect(milliseconds).toBeLessThanOrEqual(most);
});

test('four times the same fault is final', async () => {
  expect(await ask([1, 2, 3, 4].map(() => status(503)))).toMatchObject({ outcome: { status: 503 }, asked: 4 });
  const { outcome, asked } = await ask([1, 2, 3, 4].map(() => stallInBody));
  expect(outcome).toBeInstanceOf(ConnectionError);
  // Which of the two clocks, the client's or ours, strikes first is a matter of luck.
  expect(String(outcome)).toMatch(/GET http:\/\/127\.0\.0\.1:\d+: (?:the answer stopped for|no answer within) 0\.2 s/);
  expect(asked).toBe(4);
});

test('an answer that drips has an end', async () => {
  const { outcome } = await ask([drip, drip, drip, drip]);
  expect(String(outcome)).toContain('no whole answer within 1 s');
});

test.each([
  ['that has no answer', stall],
  ['whose answer has begun', drip],
  ['that waits for a further attempt', status(503, { 'retry-after': '600' })],
])('a cancelled run ends a request %s at once', async (_, answer) => {
  const server = createServer((request, response) => {
    request.resume();
    answer(response, request);
  });
  const { port, stop } = await listen(server);
  stops.push(stop);
  const cancellation = new AbortController();
  const cancelled = new Error('cancelled');
  const sender = createSender('test', cancellation.signal, {
    ...LIMITS,
    // Longer than a test may take: only the cancellation ends it.
    idle: 900_000,
    answer: 900_000,
    longestWait: 900_000,
  });
  const asked = sender({ method: 'GET', url: `http://127.0.0.1:${port}/v2/`, headers: {} });
  setTimeout(() => cancellation.abort(cancelled), 200);
  await expect(asked).rejects.toBe(cancelled);
  await expect(sender({ method: 'GET', url: 'http://127.0.0.1:9/', headers: {} })).rejects.toBe(cancelled);
});

test('an answer without end is refused, once: it would be as large the next time', async () => {
  const flood: Answer = (response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', more);
    more();
  };
  const { outcome, asked } = await ask([flood]);
  expect(String(outcome)).toContain('larger than 8388608 bytes');
  expect(asked).toBe(1);
});

test('redirects without end are followed a few times', async () => {
  const around: Answer = (response, { headers }) =>
    response.writeHead(307, { location: `http://${headers.host ?? ''}/v2/` }).end();
  const { outcome, asked } = await ask(Array.from({ length: 50 }, () => around));
  expect(outcome).toMatchObject({ status: 307 });
  expect(asked).toBeLessThanOrEqual(4);
});

/** A server that keeps what it was asked, and answers each time the same. */
async function serve(answer: Answer) {
  const requests: { readonly url: string; readonly method: string; readonly login: string | null }[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const { url = '', method = '', headers } = request;
    requests.push({ url, method, login: headers.authorization ?? null });
    request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
    answer(response, request);
  });
  const { port, stop } = await listen(server);
  stops.push(stop);
  return { origin: `http://127.0.0.1:${port}`, port, requests, bodies };
}
const redirect = (location: string, code = 307): Answer => status(code, { location });
const LOGIN = 'Bearer canary';
const send = (url: string, change: Partial<HttpRequest> = {}) =>
  createSender('test', null, { ...LIMITS, answer: 400 })({
    method: 'GET',
    url,
    headers: { authorization: LOGIN },
    ...change,
  }).then(
    (response) => ({ status: response.status, text: response.body.toString() }),
    (error: unknown) => error,
  );

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])('%s within the registry keeps the login, and may be relative', async (code) => {
    for (const location of ['/b?c=d', 'b?c=d', '?c=d']) {
      const server = await serve((response, request) =>
        request.url?.includes('?') === true ? response.end('whole') : redirect(location, code)(response, request),
      );
      expect(await send(`${server.origin}/a`)).toEqual({ status: 200, text: 'whole' });
      expect(server.requests.map(({ login }) => login)).toEqual([LOGIN, LOGIN]);
    }
  });

  test.each<[string, (port: number) => string]>([
    ['port', (port) => `http://127.0.0.1:${port}/x`],
    ['host', (port) => `http://localhost:${port}/x`],
  ])('to another %s carries no login, not even back', async (_, toUrl) => {
    let back = '';
    const other = await serve((response, request) => redirect(`${back}/end`)(response, request));
    const own = await serve((response, request) =>
      request.url === '/end' ? response.end('whole') : redirect(toUrl(other.port))(response, request),
    );
    back = own.origin;
    for (const method of ['GET', 'HEAD', 'POST'] as const)
      expect(await send(`${own.origin}/v2/`, { method })).toMatchObject({ status: 200 });
    expect(other.requests.map(({ login }) => login)).toEqual([null, null, null]);
    expect(own.requests.map(({ login }) => login)).toEqual([LOGIN, null, LOGIN, null, LOGIN, null]);
  });

  test('to another server carries no body: an identity token is in one', async () => {
    const other = await serve(OK);
    const own = await serve(redirect(other.origin));
    expect(await send(own.origin, { method: 'POST', body: 'refresh_token=canary' })).toMatchObject({ status: 307 });
    expect(await send(own.origin, { method: 'PUT', body: 'x' })).toMatchObject({ status: 307 });
    expect(other.requests).toEqual([]);
  });

  test.each(['file:///etc/passwd', 'ftp://127.0.0.1/', 'javascript:alert(1)', 'data:,x', 'http://[', 'http://'])(
    'to %s is an error that says so, at once',
    async (location) => {
      const { origin, requests } = await serve(redirect(location));
      const outcome = await send(origin);
      expect(outcome).toBeInstanceOf(ConnectionError);
      expect(String(outcome)).toMatch(/^ConnectionError: GET http:\/\/127\.0\.0\.1:\d+: redirected [a-z :,]+$/);
      expect(requests).toHaveLength(1);
    },
  );

  test('between two servers ends', async () => {
    let first = '';
    const two = await serve((response, request) => redirect(first)(response, request));
    const one = await serve(redirect(two.origin));
    first = one.origin;
    expect(await send(one.origin)).toMatchObject({ status: 307 });
    expect([...one.requests, ...two.requests]).toHaveLength(4);
  });

  test.each<[string, Answer, string, number]>([
    ['without end', (response) => void setInterval(() => response.write('.'), 50).unref(), 'no whole answer', 4],
    ['too large', (response) => response.end(Buffer.alloc(9_000_000)), 'larger than 8388608 bytes', 1],
  ])('whose own body is %s is refused', async (_, write, message, asked) => {
    const { origin, requests } = await serve((response, request) => {
      response.writeHead(307, { location: '/x' });
      write(response, request);
    });
    expect(String(await send(origin))).toContain(message);
    expect(requests).toHaveLength(asked);
  });
});

test('headers that drip have an end', async () => {
  const { origin } = await serve((_, { socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nx-header: ');
    const timer = setInterval(() => socket.write('x'), 50);
    socket.on('close', () => clearInterval(timer));
  });
  expect(String(await send(origin))).toContain('no whole answer within 0.4 s');
});

test('a server that is silent is told without the path, in which an upload may be signed', async () => {
  const { origin } = await serve(stall);
  expect(String(await send(`${origin}/upload?signature=canary`))).toBe(
    `ConnectionError: GET ${origin}: no answer within 0.2 s`,
  );
});

test('headers without end, or that no answer has, are an error on one line', async () => {
  for (const raw of [
    `x: ${'y'.repeat(100_000)}`,
    'x',
    'x: \x1b[31m\0',
    'content-length: -1',
    'transfer-encoding: x\r\ncontent-length: 1',
  ]) {
    const { origin } = await serve((_, { socket }) => socket.end(`HTTP/1.1 200 OK\r\n${raw}\r\n\r\n`));
    const outcome = await send(origin);
    expect(outcome).toBeInstanceOf(ConnectionError);
    expect(String(outcome)).toMatch(/^[ -~]{1,220}$/);
  }
});

test('an upload at another server gets the bytes and no login', async () => {
  const storage = await serve(status(201));
  const own = await serve((response, request) => {
    if (request.url === '/v2/' && request.headers.authorization === undefined)
      status(401, { 'www-authenticate': 'Basic realm="x"' })(response, request);
    else if (request.method === 'POST')
      status(202, { location: `${storage.origin}/up?signature=x` })(response, request);
    else status(request.method === 'HEAD' ? 404 : 200)(response, request);
  });
  const image = parseImageName(`127.0.0.1:${own.port}/owner/app`);
  const login = { username: 'user', password: 'canary' };
  const registry = new Registry(image, {
    send: createSender('test', null, LIMITS),
    login,
    insecure: true,
    write: true,
  });
  const digest = parseDigest(`sha256:${'0'.repeat(64)}`);
  await registry.writeBlob(digest, 'content');
  expect(await registry.probeWriteAccess()).toBeNull();
  const url = `/up?signature=x&digest=${encodeURIComponent(digest)}`;
  expect(storage.requests).toEqual([{ method: 'PUT', url, login: null }]);
  expect(storage.bodies).toEqual(['content']);
  expect(own.requests.at(-1)?.login).toMatch(/^Basic /);
});
