// A stand-in for GitHub's cache service, protocol version 2, in front of a real blob store: the service gives out signed
// addresses, and the toolkit speaks to the store itself.
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from '../listen.js';
import { startBlobStore } from './blob-store.js';
import {
  CACHE_METHODS,
  type CacheContent,
  type CacheEntry,
  type CacheScopes,
  parseCacheRequest,
} from './cache-methods.js';
import { type Reply, sendReply } from './reply.js';

export interface ActionsCacheStandIn {
  /** What the runner gives the steps of a run with these scopes. */
  readonly env: (scopes: CacheScopes) => Readonly<Record<string, string>>;
  /** Bytes between the blob store and its clients until now. */
  readonly transferred: () => { readonly uploaded: number; readonly downloaded: number };
  /** Names of the methods that were called, in order. */
  readonly calls: () => readonly string[];
  /** Entries that were saved to their end, the oldest first. */
  readonly entries: () => readonly CacheEntry[];
  /** The archive of an entry. */
  readonly read: (key: string) => Promise<Buffer>;
  /** Puts another archive in its place, as a fault of the store or an attacker would. */
  readonly replace: (key: string, archive: Buffer) => Promise<void>;
  /** From now on every question gets that status; null ends it. */
  readonly answerWith: (status: number | null) => void;
  readonly stop: () => Promise<void>;
}

interface State {
  readonly cache: CacheContent;
  /** By the token of the run. */
  readonly scopes: Map<string, CacheScopes>;
  readonly calls: string[];
  fault: number | null;
}

const SERVICE = '/twirp/github.actions.results.api.v1.CacheService/';

/** Starts service and store on the loopback address. @param directory a folder of their own, removed at the end */
export async function startActionsCache(directory: string): Promise<ActionsCacheStandIn> {
  const store = await startBlobStore(directory);
  const cache: CacheContent = { store, entries: [] };
  const state: State = { cache, scopes: new Map(), calls: [], fault: null };
  const server = createServer((request, response) => {
    void reply(state, request)
      .catch((error: unknown): Reply => ({ status: 500, body: { code: 'internal', msg: String(error) } }))
      .then((ready) => sendReply(response, ready));
  });
  const { port, stop } = await listen(server);
  return {
    env: (scopes) => {
      const token = writeToken(scopes);
      state.scopes.set(token, scopes);
      return {
        ACTIONS_CACHE_SERVICE_V2: 'True',
        ACTIONS_RESULTS_URL: `http://127.0.0.1:${port}/`,
        ACTIONS_RUNTIME_TOKEN: token,
      };
    },
    transferred: store.transferred,
    calls: () => state.calls,
    entries: () => cache.entries.filter(({ complete }) => complete).map(({ key, ref, bytes }) => ({ key, ref, bytes })),
    read: (key) => store.read(findBlob(cache, key)),
    replace: (key, archive) => store.write(findBlob(cache, key), archive),
    answerWith: (status) => void (state.fault = status),
    stop: async () => {
      await stop();
      await store.stop();
    },
  };
}

/** As the runner's: BuildKit reads from it which scopes there are, and in which of them it may write. */
function writeToken({ own, others = [] }: CacheScopes): string {
  const now = Math.floor(Date.now() / 1000);
  const access = [{ Scope: own, Permission: 3 }, ...others.map((Scope) => ({ Scope, Permission: 1 }))];
  const claims = { ac: JSON.stringify(access), nbf: now - 60, exp: now + 6 * 3600, jti: randomUUID() };
  return [{ alg: 'HS256', typ: 'JWT' }, claims, 'unsigned']
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
}

async function reply(state: State, request: IncomingMessage): Promise<Reply> {
  const { cache, scopes, calls } = state;
  const name = (request.url ?? '').replace(SERVICE, '');
  calls.push(name);
  const sent = parseCacheRequest(await text(request));
  const own = scopes.get((request.headers.authorization ?? '').replace(/^Bearer /, ''));
  const { fault } = state;
  if (fault !== null) return { status: fault, body: { code: 'internal', msg: `fault ${fault}` } };
  if (own === undefined) return { status: 401, body: { code: 'unauthenticated', msg: 'no such token' } };
  const method = CACHE_METHODS.get(name);
  if (method === undefined) return { status: 404, body: { code: 'bad_route', msg: name } };
  return { status: 200, body: await method(cache, own, sent) };
}

function findBlob({ entries }: CacheContent, key: string): string {
  const found = entries.find((entry) => entry.key === key);
  if (found === undefined) throw new Error(`The cache has no entry ${key}.`);
  return found.blob;
}
