// Copies between registries that do wrong: real servers, so that what is sent, and what is not, shows.
import { createHash } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, expect, test } from '@jest/globals';
import { listen } from '../../../../lab/listen.js';
import { uploadBlob } from '../../../../src/adapters/registry/blob-stream.js';
import { copyContent } from '../../../../src/adapters/registry/copy.js';
import { createSender } from '../../../../src/adapters/registry/http.js';
import { type Manifest, Registry } from '../../../../src/adapters/registry/registry.js';
import { digestOf } from '../../../../src/image/digest.js';
import { parseImageName } from '../../../../src/image/reference.js';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const OPTIONS = { signal: new AbortController().signal, wait: () => Promise.resolve() };
const LOGIN = { username: 'octo', password: 'canary-password' };
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

type Handle = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A registry in memory; `handle` may answer instead. */
async function serve(handle: Handle = () => false) {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, { type: string; bytes: Buffer }>();
  const requests: { line: string; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request;
    requests.push({ line: `${method} ${url}`, authorization: request.headers.authorization });
    if (handle(request, response)) return;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const { pathname, searchParams } = new URL(url, 'http://x');
      const [, kind = '', name = ''] = /\/(blobs|manifests)\/(.+)$/.exec(pathname) ?? [];
      const digest = searchParams.get('digest');
      if (kind === 'blobs' && name.startsWith('uploads/')) {
        if (digest === null) return response.writeHead(202, { location: `${pathname}1` }).end();
        const right = digest === `sha256:${createHash('sha256').update(body).digest('hex')}`;
        if (right) blobs.set(digest, body);
        return response.writeHead(right ? 201 : 400).end();
      }
      if (method === 'PUT') {
        manifests.set(name, { type: request.headers['content-type'] ?? '', bytes: body });
        return response.writeHead(201).end();
      }
      const found = kind === 'blobs' ? blobs.get(name) : manifests.get(name)?.bytes;
      if (found === undefined) return response.writeHead(kind === '' ? 200 : 404).end();
      const type = kind === 'blobs' ? 'application/octet-stream' : (manifests.get(name)?.type ?? '');
      return response
        .writeHead(200, { 'content-type': type, 'content-length': found.length })
        .end(method === 'HEAD' ? undefined : found);
    });
    request.on('error', () => undefined);
  });
  const { port, stop } = await listen(server);
  stops.push(stop);
  const image = parseImageName(`127.0.0.1:${port}/octo/app`);
  const registry = new Registry(image, { send: createSender('test', null), login: null, insecure: true, write: true });
  return { registry, blobs, manifests, requests, port };
}

type Server = Awaited<ReturnType<typeof serve>>;

const descriptor = (content: Buffer, more: object = {}) => ({
  mediaType: 'application/octet-stream',
  digest: digestOf(content),
  size: content.length,
  ...more,
});

/** Puts an image with these layers there. */
function store({ blobs, manifests }: Server, layers: readonly Buffer[], more: readonly object[] = []): Manifest {
  const config = Buffer.from('{}');
  for (const blob of [config, ...layers]) blobs.set(digestOf(blob), blob);
  const content = { config: descriptor(config), layers: [...layers.map((layer) => descriptor(layer)), ...more] };
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, ...content }));
  const manifest = { digest: digestOf(bytes), mediaType: MANIFEST, bytes };
  manifests.set(manifest.digest, { type: MANIFEST, bytes });
  return manifest;
}

const large = (byte: number): Buffer => Buffer.alloc(3_000_000, byte);

test('layers and configs arrive whole, each once; what is there is not sent', async () => {
  const [from, to] = [await serve(), await serve()];
  const [one, two] = [large(1), large(2)];
  const manifest = store(from, [one, two, one]);
  to.blobs.set(digestOf(two), two);
  expect(await copyContent(from.registry, to.registry, manifest, OPTIONS)).toEqual({
    blobs: 3,
    sent: 2,
    bytes: one.length + 2,
  });
  expect([...to.blobs.keys()].sort()).toEqual([...from.blobs.keys()].sort());
  expect(from.requests.filter(({ line }) => line.includes(digestOf(two)))).toEqual([]);
});

test('of an index its images and attestations come along, under their digests', async () => {
  const [from, to] = [await serve(), await serve()];
  const children = [store(from, [large(1)]), store(from, [large(2)])];
  const bytes = Buffer.from(
    JSON.stringify({ manifests: children.map(({ digest, bytes: { length } }) => ({ digest, size: length })) }),
  );
  await copyContent(from.registry, to.registry, { digest: digestOf(bytes), mediaType: INDEX, bytes }, OPTIONS);
  for (const { digest, bytes: content } of children) expect(to.manifests.get(digest)?.bytes).toEqual(content);
  expect(to.blobs.size).toBe(3);
});

test('layers that live elsewhere stay there', async () => {
  const [from, to] = [await serve(), await serve()];
  const foreign = descriptor(large(9), {
    mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    urls: ['https://example.com/layer'],
  });
  await copyContent(from.registry, to.registry, store(from, [], [foreign]), OPTIONS);
  expect(to.blobs.size).toBe(1);
});

test('a store that a registry redirects to gets no login', async () => {
  const elsewhere = await serve();
  const from = await serve((request, response) => {
    if (request.method !== 'GET' || request.url?.includes('/blobs/') !== true) return false;
    response.writeHead(307, { location: `http://127.0.0.1:${elsewhere.port}${request.url}` }).end();
    return true;
  });
  const to = await serve();
  const layer = large(1);
  const manifest = store(from, [layer]);
  for (const [digest, blob] of from.blobs) elsewhere.blobs.set(digest, blob);
  const image = parseImageName(`127.0.0.1:${from.port}/octo/app`);
  const challenged = new Registry(image, {
    send: createSender('test', null),
    login: LOGIN,
    insecure: true,
    write: false,
  });
  await copyContent(challenged, to.registry, manifest, OPTIONS);
  expect(to.blobs.get(digestOf(layer))?.equals(layer)).toBe(true);
  expect(elsewhere.requests.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
});

test.each<[string, (layer: Buffer) => Buffer]>([
  ['other bytes', (layer) => Buffer.alloc(layer.length, 7)],
  ['more bytes', (layer) => Buffer.concat([layer, Buffer.from('more')])],
])('%s than the digest says are never sent to their end', async (_, spoil) => {
  const to = await serve();
  const from = await serve();
  const layer = large(1);
  const manifest = store(from, [layer]);
  from.blobs.set(digestOf(layer), spoil(layer));
  await expect(copyContent(from.registry, to.registry, manifest, OPTIONS)).rejects.toThrow(
    /served other bytes for sha256:/,
  );
  expect(to.blobs.has(digestOf(layer))).toBe(false);
  // It would be no better the next time.
  expect(from.requests.filter(({ line }) => line === `GET /v2/octo/app/blobs/${digestOf(layer)}`)).toHaveLength(1);
});

test('a layer that is cut off is asked for again, four times in all', async () => {
  let served = 0;
  const layer = large(1);
  const from = await serve((request, response) => {
    if (request.method !== 'GET' || request.url?.endsWith(digestOf(layer)) !== true) return false;
    served += 1;
    response.writeHead(200, { 'content-length': layer.length });
    response.write(layer.subarray(0, 1000), () => request.socket.destroy());
    return true;
  });
  const to = await serve();
  const manifest = store(from, [layer]);
  await expect(copyContent(from.registry, to.registry, manifest, OPTIONS)).rejects.toThrow(
    /^PUT http:\/\/127\.0\.0\.1:\d+: /,
  );
  expect(served).toBe(4);
  expect(to.blobs.has(digestOf(layer))).toBe(false);
});

test('a registry that refuses in the middle is heard, and not waited for', async () => {
  const from = await serve();
  const to = await serve((request, response) => {
    if (request.method !== 'PUT' || request.url?.includes('/uploads/') !== true) return false;
    response.writeHead(413, { connection: 'close', 'content-type': 'application/json' });
    response.end('{"errors":[{"code":"SIZE_INVALID","message":"too large"}]}');
    return true;
  });
  const manifest = store(from, [large(1)]);
  await expect(copyContent(from.registry, to.registry, manifest, OPTIONS)).rejects.toThrow(
    /answered 413 SIZE_INVALID too large/,
  );
});

test('a registry that says nothing is given up, and a run that is cancelled waits for none', async () => {
  const to = await serve((request) => request.method === 'PUT');
  const body = Buffer.from('layer');
  const upload = (signal: AbortSignal, idle: number) =>
    uploadBlob(
      { url: `http://127.0.0.1:${to.port}/v2/octo/app/blobs/uploads/1`, headers: {} },
      { digest: digestOf(body), size: body.length, body: Readable.from([body]) },
      { signal, idle },
    );
  await expect(upload(OPTIONS.signal, 200)).rejects.toThrow('no answer within 0.2 s');
  const cancellation = new AbortController();
  setTimeout(() => cancellation.abort(), 100);
  // Longer than a test may take.
  await expect(upload(cancellation.signal, 900_000)).rejects.toThrow();
});

test.each<[string, unknown]>([
  ['no JSON', 'x'],
  ['a list', []],
  ['a layer without a digest', { layers: [{ size: 1 }] }],
  ['a layer of no size', { layers: [{ digest: digestOf('x'), size: -1 }] }],
  ['an index with a child that is no digest', { manifests: [{ digest: 'latest' }] }],
  [
    'an index of a thousand',
    { manifests: Array.from({ length: 1000 }, (_, index) => ({ digest: digestOf(`${index}`) })) },
  ],
])('a manifest that is %s is not copied', async (_, content) => {
  const [from, to] = [await serve(), await serve()];
  const bytes = Buffer.from(content === 'x' ? 'x' : JSON.stringify(content));
  const manifest = { digest: digestOf(bytes), mediaType: MANIFEST, bytes };
  await expect(copyContent(from.registry, to.registry, manifest, OPTIONS)).rejects.toThrow(
    /names what cannot be copied|is no JSON object/,
  );
});
