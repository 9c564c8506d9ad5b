// The small requests of the registry client against a real server that does what registries and networks do wrong.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { listen } from '../../script/lab/listen.js';
import { ConnectionError, createSender, type HttpRequest } from '../../src/registry/http.js';

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

test.each<[string, () => string, number, number]>([
  ['seconds', () => '1', 990, 1400],
  ['a date', () => new Date(Date.now() + 2000).toUTCString(), 900, 2200],
  ['far too many seconds', () => '86400', 1490, 2200],
  ['a date that is over', () => new Date(0).toUTCString(), 0, 400],
  ['no time at all', () => 'soon', 0, 400],
])('Retry-After is kept to: %s', async (_, text, least, most) => {
  const { outcome, milliseconds } = await ask([status(429, { 'retry-after': text() })]);
  expect(outcome).toMatchObject({ status: 200 });
  expect(milliseconds).toBeGreaterThanOrEqual(least);
  expect(milliseconds).toBeLessThan(most);
});

test('four times the same fault is final', async () => {
  expect(await ask([1, 2, 3, 4].map(() => status(503)))).toMatchObject({ outcome: { status: 503 }, asked: 4 });
  const { outcome, asked } = await ask([1, 2, 3, 4].map(() => stallInBody));
  expect(outcome).toBeInstanceOf(ConnectionError);
  expect(String(outcome)).toMatch(/GET http:\/\/127\.0\.0\.1:\d+: the answer stopped for 0\.2 s/);
  expect(asked).toBe(4);
});

test('an answer that drips has an end', async () => {
  const { outcome, milliseconds } = await ask([drip, drip, drip, drip]);
  expect(String(outcome)).toContain('no whole answer within 1 s');
  expect(milliseconds).toBeLessThan(6000);
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
