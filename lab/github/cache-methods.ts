// The methods of GitHub's cache service, and the entries that they write and find.
// Protocol: https://github.com/actions/toolkit/tree/main/packages/cache/src/generated/results/api/v1
import { randomUUID } from 'node:crypto';
import { parseJsonObject, stringMember } from '../json.js';
import type { BlobStore } from './blob-store.js';

/** Refs as GitHub isolates caches by them: a run writes to its own, and also reads the base's and the main branch's. */
export interface CacheScopes {
  readonly own: string;
  readonly others?: readonly string[];
}

export interface CacheEntry {
  readonly key: string;
  /** The ref that it belongs to. */
  readonly ref: string;
  readonly bytes: number;
}

interface StoredEntry extends CacheEntry {
  readonly version: string;
  readonly blob: string;
  readonly complete: boolean;
}

export interface CacheContent {
  readonly store: Pick<BlobStore, 'sign'>;
  /** The oldest first. */
  entries: readonly StoredEntry[];
}

interface CacheRequest {
  readonly key: string;
  readonly version: string;
  readonly restoreKeys: readonly string[];
  readonly bytes: number;
}

/** @returns the body of the answer */
type CacheMethod = (cache: CacheContent, scopes: CacheScopes, request: CacheRequest) => Promise<object>;

export const CACHE_METHODS: ReadonlyMap<string, CacheMethod> = new Map([
  ['CreateCacheEntry', createEntry],
  ['FinalizeCacheEntryUpload', finishUpload],
  ['GetCacheEntryDownloadURL', findDownload],
]);

async function createEntry(cache: CacheContent, { own }: CacheScopes, request: CacheRequest): Promise<object> {
  const { key, version } = request;
  if (cache.entries.some((entry) => isSame(entry, own, request)))
    return { ok: false, message: 'cache entry with the same key, version, and scope already exists' };
  const blob = randomUUID();
  cache.entries = [...cache.entries, { key, version, ref: own, blob, bytes: 0, complete: false }];
  return { ok: true, signed_upload_url: await cache.store.sign(blob, 'cw') };
}

function finishUpload(cache: CacheContent, { own }: CacheScopes, request: CacheRequest): Promise<object> {
  const { bytes } = request;
  const found = cache.entries.some((entry) => isSame(entry, own, request));
  cache.entries = cache.entries.map((entry) =>
    isSame(entry, own, request) ? { ...entry, bytes, complete: true } : entry,
  );
  return Promise.resolve(found ? { ok: true, entry_id: '1' } : { ok: false, message: 'no such upload' });
}

/** A scope with all keys, then the next scope; of each beginning the newest entry. */
async function findDownload(
  { entries, store }: CacheContent,
  { own, others = [] }: CacheScopes,
  { key, restoreKeys, version }: CacheRequest,
): Promise<object> {
  const candidates = [own, ...others].flatMap((ref) => {
    const there = entries.filter((entry) => entry.complete && entry.version === version && entry.ref === ref);
    const exact = there.filter((entry) => entry.key === key);
    const starts = [key, ...restoreKeys];
    return [...exact, ...starts.flatMap((start) => there.findLast((entry) => entry.key.startsWith(start)) ?? [])];
  });
  const [found] = candidates;
  if (found === undefined) return { ok: false };
  return { ok: true, matched_key: found.key, signed_download_url: await store.sign(found.blob, 'r') };
}

function isSame(entry: StoredEntry, ref: string, { key, version }: CacheRequest): boolean {
  return entry.key === key && entry.version === version && entry.ref === ref;
}

/** @throws Error where the text is no request of the service */
export function parseCacheRequest(text: string): CacheRequest {
  const request = parseJsonObject(text, 'the request');
  const { restore_keys: restoreKeys, size_bytes: bytes } = request;
  return {
    key: stringMember(request, 'key'),
    version: stringMember(request, 'version'),
    restoreKeys: Array.isArray(restoreKeys) ? restoreKeys.map(String) : [],
    // The toolkit sends a text, BuildKit a number.
    bytes: Number(bytes ?? 0),
  };
}
