// The registry of the stories answers as a real one does: the same requests to both, and the same assertions.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Front, startFront } from '../../../lab/registry/front.js';
import { type Registry, startRegistry } from '../../../lab/registry/registry.js';
import { READER, WRITER } from '../../../lab/services/team.js';
import { type MemoryRegistry, startMemoryRegistry } from '../../support/world/memory-registry.js';

let directory: string;
let real: Registry;
/** Refuses as ghcr.io does, which the registry in memory stands for. */
let front: Front;
let memory: MemoryRegistry;
const OWNER = { ...WRITER, access: [{ repository: 'octo/*', actions: ['pull', 'push', 'delete'] }] } as const;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tpb-world-'));
  real = await startRegistry({ directory: join(directory, 'r'), auth: 'token', users: [OWNER, READER] });
  front = await startFront({ registry: real.host, deniesLikeGhcr: true });
  memory = await startMemoryRegistry();
  memory.users = [
    { ...WRITER, writes: true },
    { ...READER, writes: false },
  ];
});
afterAll(async () => {
  await memory.close();
  await front.stop();
  await real.stop();
  await rm(directory, { recursive: true, force: true });
});

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const UNKNOWN = `sha256:${'0'.repeat(64)}`;
const sha256 = (content: string): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;
const describeBlob = (content: string) => ({ mediaType: 'x/y', digest: sha256(content), size: content.length });

interface Place {
  readonly host: () => string;
}
const PLACES: readonly (readonly [string, Place])[] = [
  ['a real registry', { host: () => front.host }],
  ['the one in memory', { host: () => memory.host }],
];

describe.each(PLACES)('%s', (_, { host }) => {
  const tokens = new Map<string, string>();

  async function getToken(user: typeof WRITER | typeof READER, repository: string): Promise<string> {
    const known = tokens.get(`${user.name} ${repository}`);
    if (known !== undefined) return known;
    const challenge = (await fetch(`http://${host()}/v2/`)).headers.get('www-authenticate') ?? '';
    const [, realm = ''] = /^Bearer realm="([^"]+)"/.exec(challenge) ?? [];
    const url = new URL(realm);
    for (const name of [repository, 'octo/first'])
      url.searchParams.append('scope', `repository:${name}:pull,push,delete`);
    const authorization = `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`;
    const { token } = (await (await fetch(url, { headers: { authorization } })).json()) as { token: string };
    tokens.set(`${user.name} ${repository}`, token);
    return token;
  }

  async function send(
    method: string,
    path: string,
    options: { body?: string; type?: string; user?: typeof WRITER | typeof READER; repository?: string } = {},
  ): Promise<Response> {
    const { body, type, user = WRITER, repository = 'octo/first' } = options;
    const headers = {
      authorization: `Bearer ${await getToken(user, repository)}`,
      accept: `${MANIFEST}, ${INDEX}`,
      ...(type !== undefined && { 'content-type': type }),
    };
    const url = path.startsWith('http') ? path : `http://${host()}/v2/${repository}/${path}`;
    return fetch(url, { method, headers, ...(body !== undefined && { body }) });
  }

  async function pushBlob(content: string, digest = sha256(content), repository = 'octo/first'): Promise<Response> {
    const opened = await send('POST', 'blobs/uploads/', { repository });
    expect(opened.status).toBe(202);
    const location = new URL(opened.headers.get('location') ?? '');
    location.searchParams.set('digest', digest);
    return send('PUT', location.href, { body: content, type: 'application/octet-stream', repository });
  }

  async function pushImage(tag: string, content: string): Promise<{ text: string; digest: string }> {
    expect((await pushBlob(content)).status).toBe(201);
    const text = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: describeBlob(content), layers: [] });
    const put = await send('PUT', `manifests/${tag}`, { body: text, type: MANIFEST });
    expect([put.status, put.headers.get('docker-content-digest')]).toEqual([201, sha256(text)]);
    return { text, digest: sha256(text) };
  }

  const errorsOf = async (response: Response): Promise<unknown> => {
    const { errors } = (await response.json()) as { errors: { code: string }[] };
    return [response.status, errors.map(({ code }) => code)];
  };

  test('takes a blob, and serves it', async () => {
    const put = await pushBlob('a blob');
    expect([put.status, put.headers.get('docker-content-digest')]).toEqual([201, sha256('a blob')]);
    const [head, got] = await Promise.all(['HEAD', 'GET'].map((method) => send(method, `blobs/${sha256('a blob')}`)));
    expect([head?.status, got?.status]).toEqual([200, 200]);
    expect(await got?.text()).toBe('a blob');
  });

  test('refuses a blob that is not what its digest says, and cancels an upload', async () => {
    expect(await errorsOf(await pushBlob('a blob', UNKNOWN))).toEqual([400, ['DIGEST_INVALID']]);
    const opened = await send('POST', 'blobs/uploads/');
    expect((await send('DELETE', opened.headers.get('location') ?? '')).status).toBe(204);
  });

  test('serves a manifest by tag and digest, byte for byte', async () => {
    const { text, digest } = await pushImage('served', '{"served":true}');
    for (const reference of ['served', digest]) {
      const [head, got] = await Promise.all(['HEAD', 'GET'].map((method) => send(method, `manifests/${reference}`)));
      for (const response of [head, got])
        expect([
          response?.status,
          response?.headers.get('docker-content-digest'),
          response?.headers.get('content-type'),
        ]).toEqual([200, digest, MANIFEST]);
      expect(await got?.text()).toBe(text);
    }
  });

  test('refuses a manifest whose blobs or images it does not have, and names them', async () => {
    const lost = { ...describeBlob('x'), digest: UNKNOWN };
    const image = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: lost, layers: [] });
    const refused = await send('PUT', 'manifests/lost', { body: image, type: MANIFEST });
    expect(await refused.clone().text()).toContain(UNKNOWN);
    expect(await errorsOf(refused)).toEqual([400, ['MANIFEST_BLOB_UNKNOWN']]);
    const index = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [{ ...lost, mediaType: MANIFEST }] });
    const response = await send('PUT', 'manifests/lost', { body: index, type: INDEX });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('_UNKNOWN');
  });

  test('refuses a manifest under a digest that is not its own', async () => {
    const { text } = await pushImage('own', '{"own":true}');
    const response = await send('PUT', `manifests/${UNKNOWN}`, { body: text, type: MANIFEST });
    expect(await errorsOf(response)).toEqual([400, ['DIGEST_INVALID']]);
  });

  test('says of what it does not have that it is unknown, in JSON', async () => {
    await pushBlob('known');
    expect(await errorsOf(await send('GET', 'manifests/nothing'))).toEqual([404, ['MANIFEST_UNKNOWN']]);
    expect(await errorsOf(await send('GET', `manifests/${UNKNOWN}`))).toEqual([404, ['MANIFEST_UNKNOWN']]);
    expect(await errorsOf(await send('GET', `blobs/${UNKNOWN}`))).toEqual([404, ['BLOB_UNKNOWN']]);
    for (const path of ['manifests/nothing', `blobs/${UNKNOWN}`]) expect((await send('HEAD', path)).status).toBe(404);
    expect(await errorsOf(await send('GET', 'tags/list', { repository: 'octo/none' }))).toEqual([
      404,
      ['NAME_UNKNOWN'],
    ]);
  });

  test('lists tags, in pages where it has pages', async () => {
    for (const tag of ['page-1', 'page-2', 'page-3']) await pushImage(tag, `{"tag":"${tag}"}`);
    const all = (await (await send('GET', 'tags/list?n=1000')).json()) as { name: string; tags: string[] };
    expect(all.name).toBe('octo/first');
    expect(all.tags).toEqual(expect.arrayContaining(['page-1', 'page-2', 'page-3']));
    const seen: string[] = [];
    for (let path: string | null = 'tags/list?n=2'; path !== null;) {
      const response: Response = await send('GET', path);
      const { tags } = (await response.json()) as { tags: string[] };
      seen.push(...tags);
      const [, next] = /<[^>]*\?([^>]*)>; rel="next"/.exec(response.headers.get('link') ?? '') ?? [];
      path = next === undefined ? null : `tags/list?${next}`;
    }
    // In what order is the registry's affair.
    expect(seen.sort()).toEqual(all.tags.sort());
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('deletes a manifest with its tags', async () => {
    const { digest } = await pushImage('gone', '{"gone":true}');
    expect((await send('DELETE', `manifests/${digest}`)).status).toBe(202);
    for (const reference of ['gone', digest]) expect((await send('GET', `manifests/${reference}`)).status).toBe(404);
    expect((await send('DELETE', `manifests/${digest}`)).status).toBe(404);
  });

  test('mounts a blob of another repository, and opens an upload where there is none', async () => {
    await pushBlob('to be mounted');
    const digest = sha256('to be mounted');
    const second = { repository: 'octo/second' };
    expect((await send('HEAD', `blobs/${digest}`, second)).status).toBe(404);
    expect((await send('POST', `blobs/uploads/?mount=${digest}&from=octo/first`, second)).status).toBe(201);
    expect((await send('HEAD', `blobs/${digest}`, second)).status).toBe(200);
    expect((await send('POST', `blobs/uploads/?mount=${UNKNOWN}&from=octo/first`, second)).status).toBe(202);
  });

  test('lets nobody in without a login, and takes nothing of who may only read', async () => {
    const anonymous = await fetch(`http://${host()}/v2/octo/first/manifests/served`);
    expect(anonymous.status).toBe(401);
    expect(anonymous.headers.get('www-authenticate')).toMatch(/^Bearer realm="http:/);
    const { text } = await pushImage('served', '{"served":true}');
    const reader = { user: READER } as const;
    expect((await send('GET', 'manifests/served', reader)).status).toBe(200);
    expect(await errorsOf(await send('POST', 'blobs/uploads/', reader))).toEqual([403, ['DENIED']]);
    const put = await send('PUT', 'manifests/served', { ...reader, body: text, type: MANIFEST });
    expect(await errorsOf(put)).toEqual([403, ['DENIED']]);
  });

  test('gives no token for a wrong password', async () => {
    const challenge = (await fetch(`http://${host()}/v2/`)).headers.get('www-authenticate') ?? '';
    const [, realm = ''] = /realm="([^"]+)"/.exec(challenge) ?? [];
    const authorization = `Basic ${Buffer.from(`${WRITER.name}:wrong`).toString('base64')}`;
    expect(await errorsOf(await fetch(realm, { headers: { authorization } }))).toEqual([403, ['DENIED']]);
  });
});
