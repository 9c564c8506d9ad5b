// A stand-in for GitHub's cache service, protocol version 2, in front of a real blob store (Azurite): the service gives
// out signed addresses, the toolkit speaks to the store itself.
// Protocol: https://github.com/actions/toolkit/tree/main/packages/cache/src/generated/results/api/v1
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { BlobSASPermissions, BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { startGuarded } from '../guarded-process.js';
import { isObject } from '../json.js';
import { findFreePort, listen } from '../listen.js';

/** Refs as GitHub isolates caches by them: a run writes to its own, and also reads the base's and the main branch's. */
export interface CacheScopes {
  readonly own: string;
  readonly others?: readonly string[];
}

interface CacheEntry {
  readonly key: string;
  /** The ref that it belongs to. */
  readonly ref: string;
  readonly bytes: number;
}

export interface ActionsCacheStandIn {
  /** What the runner gives the steps of a run with these scopes. */
  readonly env: (scopes: CacheScopes) => Readonly<Record<string, string>>;
  /** Names of the methods that were called, in order. */
  readonly calls: () => readonly string[];
  /** Entries that were saved to their end, the oldest first. */
  readonly entries: () => readonly CacheEntry[];
  /** The archive of an entry. */
  readonly read: (key: string) => Promise<Buffer>;
  /** Puts another archive in its place, as a fault of the store or an attacker would. */
  readonly replace: (key: string, archive: Buffer) => Promise<void>;
  /** From now on every question gets that status; null heals. */
  readonly answerWith: (status: number | null) => void;
  readonly stop: () => Promise<void>;
}

interface StoredEntry extends CacheEntry {
  readonly version: string;
  readonly blob: string;
  readonly complete: boolean;
}

/** Azurite's own well-known account: https://learn.microsoft.com/azure/storage/common/storage-connect-azurite */
const ACCOUNT = 'devstoreaccount1';
const ACCOUNT_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const SERVICE = '/twirp/github.actions.results.api.v1.CacheService/';
const ONE_HOUR_MS = 3_600_000;

/** Starts service and store on the loopback address. @param directory a folder of their own, removed at the end */
export async function startActionsCache(directory: string): Promise<ActionsCacheStandIn> {
  const store = await startBlobStore(directory);
  const scopesOf = new Map<string, CacheScopes>();
  const calls: string[] = [];
  let entries: readonly StoredEntry[] = [];
  let status: number | null = null;

  const methods: Readonly<Record<string, (scopes: CacheScopes, request: CacheRequest) => Promise<object> | object>> = {
    CreateCacheEntry: async ({ own }, { key, version }) => {
      const taken = entries.some((entry) => entry.key === key && entry.version === version && entry.ref === own);
      if (taken) return { ok: false, message: 'cache entry with the same key, version, and scope already exists' };
      const blob = randomUUID();
      entries = [...entries, { key, version, ref: own, blob, bytes: 0, complete: false }];
      return { ok: true, signed_upload_url: await store.sign(blob, 'cw') };
    },
    FinalizeCacheEntryUpload: ({ own }, { key, version, bytes }) => {
      const isIt = (entry: StoredEntry) => entry.key === key && entry.version === version && entry.ref === own;
      const found = entries.some(isIt);
      entries = entries.map((entry) => (isIt(entry) ? { ...entry, bytes, complete: true } : entry));
      return found ? { ok: true, entry_id: '1' } : { ok: false, message: 'no such upload' };
    },
    GetCacheEntryDownloadURL: async ({ own, others = [] }, { key, restoreKeys, version }) => {
      // A scope with all keys, then the next scope; of each beginning the newest entry.
      for (const ref of [own, ...others]) {
        const there = entries.filter((entry) => entry.complete && entry.version === version && entry.ref === ref);
        const exact = there.find((entry) => entry.key === key);
        const found =
          exact ??
          [key, ...restoreKeys].flatMap((start) => there.findLast((entry) => entry.key.startsWith(start)) ?? [])[0];
        if (found !== undefined)
          return { ok: true, matched_key: found.key, signed_download_url: await store.sign(found.blob, 'r') };
      }
      return { ok: false };
    },
  };
  const answer = async (request: IncomingMessage): Promise<{ status: number; body: object }> => {
    const name = (request.url ?? '').replace(SERVICE, '');
    calls.push(name);
    const scopes = scopesOf.get((request.headers.authorization ?? '').replace(/^Bearer /, ''));
    const body = parseRequest(await text(request));
    if (status !== null) return { status, body: { code: 'internal', msg: `fault ${status}` } };
    if (scopes === undefined) return { status: 401, body: { code: 'unauthenticated', msg: 'no such token' } };
    const method = methods[name];
    if (method === undefined) return { status: 404, body: { code: 'bad_route', msg: name } };
    return { status: 200, body: await method(scopes, body) };
  };
  const server = createServer((request, response) => {
    void answer(request)
      .catch((error: unknown) => ({ status: 500, body: { code: 'internal', msg: String(error) } }))
      .then((reply) => {
        response.writeHead(reply.status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(reply.body));
      });
  });
  const { port, stop } = await listen(server);
  const findBlob = (key: string): string => {
    const found = entries.find((entry) => entry.key === key);
    if (found === undefined) throw new Error(`The cache has no entry ${key}.`);
    return found.blob;
  };
  return {
    env: (scopes) => {
      const token = randomUUID();
      scopesOf.set(token, scopes);
      return {
        ACTIONS_CACHE_SERVICE_V2: 'True',
        ACTIONS_RESULTS_URL: `http://127.0.0.1:${port}/`,
        ACTIONS_RUNTIME_TOKEN: token,
      };
    },
    calls: () => calls,
    entries: () => entries.filter(({ complete }) => complete).map(({ key, ref, bytes }) => ({ key, ref, bytes })),
    read: (key) => store.read(findBlob(key)),
    replace: (key, archive) => store.write(findBlob(key), archive),
    answerWith: (next) => {
      status = next;
    },
    stop: async () => {
      await stop();
      await store.stop();
    },
  };
}

interface CacheRequest {
  readonly key: string;
  readonly version: string;
  readonly restoreKeys: readonly string[];
  readonly bytes: number;
}

function parseRequest(body: string): CacheRequest {
  const request: unknown = JSON.parse(body);
  if (!isObject(request)) throw new Error(`not a request: ${body}`);
  const { key, version, restore_keys: restoreKeys, size_bytes: bytes } = request;
  if (typeof key !== 'string' || typeof version !== 'string') throw new Error(`not a request: ${body}`);
  const keys: readonly unknown[] = Array.isArray(restoreKeys) ? restoreKeys : [];
  return { key, version, restoreKeys: keys.map(String), bytes: typeof bytes === 'string' ? Number(bytes) : 0 };
}

interface BlobStore {
  /** An address that is good for an hour: `r` to read, `cw` to write. */
  readonly sign: (blob: string, permissions: string) => Promise<string>;
  readonly read: (blob: string) => Promise<Buffer>;
  readonly write: (blob: string, content: Buffer) => Promise<void>;
  readonly stop: () => Promise<void>;
}

async function startBlobStore(directory: string): Promise<BlobStore> {
  const port = await findFreePort();
  const azurite = join(
    dirname(createRequire(import.meta.url).resolve('azurite/package.json')),
    'dist/src/blob/main.js',
  );
  const process_ = startGuarded({
    name: 'Azurite',
    command: [
      ...([join(import.meta.dirname, '../guard'), directory] as const),
      ...[process.execPath, azurite, '--location', directory, '--blobHost', '127.0.0.1', '--blobPort', String(port)],
      ...['--silent', '--skipApiVersionCheck', '--disableTelemetry'],
    ],
    directory,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: directory },
  });
  const service = new BlobServiceClient(
    `http://127.0.0.1:${port}/${ACCOUNT}`,
    new StorageSharedKeyCredential(ACCOUNT, ACCOUNT_KEY),
    { retryOptions: { maxTries: 1 } },
  );
  const container = service.getContainerClient('actions-cache');
  await process_.ready(() =>
    container.createIfNotExists().then(
      () => true,
      () => false,
    ),
  );
  return {
    sign: (blob, permissions) =>
      container.getBlockBlobClient(blob).generateSasUrl({
        permissions: BlobSASPermissions.parse(permissions),
        expiresOn: new Date(Date.now() + ONE_HOUR_MS),
      }),
    read: (blob) => container.getBlockBlobClient(blob).downloadToBuffer(),
    write: async (blob, content) => {
      await container.getBlockBlobClient(blob).uploadData(content);
    },
    stop: process_.stop,
  };
}
