// Keeps records of what the main branch's runs have written in the Actions cache, and reads them. Every fault costs layers and
// no build.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from '../adapters/world.js';
import type { KeptBuilder } from '../build/keep-builder.js';
import type { Digest } from '../image/digest.js';
import type { Tag } from '../image/reference.js';
import type { StoredImage } from '../image/stored-image.js';
import type { Plan } from '../plan/plan.js';
import { compactUtc } from '../plan/tags/tags.js';
import { errorMessage } from '../shared/text.js';
import type { Warn } from '../shared/types.js';
import { type OwnRecord, parseRecord, toRecordText } from './pure/own-record.js';

/** A record; null with the reason, as a clause, where none can be had, and with none where there is none yet. */
export type Restored =
  { readonly record: OwnRecord; readonly fault: null } | { readonly record: null; readonly fault: string | null };

/**
 * Reads the newest record. Never throws.
 * @param keys beginning of its key
 */
export async function restoreRecord(
  { openActionsCache }: Pick<World, 'openActionsCache'>,
  keys: string,
): Promise<Restored> {
  try {
    const cache = await openActionsCache();
    if (cache === null) return { record: null, fault: 'there is no Actions cache here' };
    const key = await cache.restore([keys]);
    if (key === null) return { record: null, fault: null };
    const text = await readFile(join(cache.folder, RECORD_FILE), 'utf8').catch(() => '');
    await rm(cache.folder, { recursive: true, force: true });
    const record = key.startsWith(keys) ? parseRecord(text) : null;
    return record === null
      ? { record, fault: `the entry ${key} of the Actions cache is no record` }
      : { record, fault: null };
  } catch (error) {
    return { record: null, fault: `the Actions cache cannot be asked: ${errorMessage(error)}` };
  }
}

export interface RecordRequest {
  readonly world: World;
  readonly plan: Plan;
  /** What the run has taken layers from: it stays recorded where nothing else is under its tag now. */
  readonly images: readonly StoredImage[];
  readonly warn: Warn;
}

/** What a run has published, and the tags that the image has. */
interface PublishedTags {
  readonly manifest: { readonly digest: Digest };
  readonly moved: { readonly tags: readonly Tag[] };
  /** What was pushed; null where nothing names it. */
  readonly pushed: Digest | null;
}

/**
 * A run that leaves the branch's tags to a newer commit records nothing: that commit's run does. Nor is recorded what only has the
 * config of what was made: a manifest can name other layers for it.
 */
export async function recordPublished(
  request: RecordRequest,
  { manifest, moved, pushed }: PublishedTags,
  kept: readonly Pick<KeptBuilder, 'digest' | 'proved'>[],
): Promise<void> {
  const { scope, builders } = request.plan;
  if (scope === null || !moved.tags.includes(scope.tag) || pushed !== manifest.digest) return;
  const written = builders.flatMap(({ tag }, index): [Tag, Digest][] => {
    const { digest = null, proved = false } = kept[index] ?? {};
    return tag === null || digest === null || !proved ? [] : [[tag, digest]];
  });
  await record(request, manifest.digest, [[scope.tag, manifest.digest], ...written]);
}

/** Of a run that failed after its builder stages. */
export async function recordBuilders(
  request: RecordRequest,
  written: readonly (readonly [Tag, Digest])[],
): Promise<void> {
  await record(request, null, written);
}

async function record(
  { world, plan: { trust, event }, images, warn }: RecordRequest,
  built: Digest | null,
  written: readonly (readonly [Tag, Digest])[],
): Promise<void> {
  if (trust.kind !== 'recorded' || !trust.writes || world.signal.aborted) return;
  const before = images.map(({ tag, digest }) => [tag, digest] as const);
  // A release looks for the record of its commit, and not for that of a run which failed.
  const name = `${built === null ? 'failed-' : ''}${event.sha}-${compactUtc(world.now)}`;
  const content = { commit: event.sha, built, images: new Map([...before, ...written]) };
  await saveRecord(world, `${trust.keys}${name}`, content, warn);
}

/** Never throws: without it the next run of main takes fewer layers. */
async function saveRecord(
  { openActionsCache, runner }: Pick<World, 'openActionsCache' | 'runner'>,
  key: string,
  record: OwnRecord,
  warn: Warn,
): Promise<void> {
  const fail = (reason: string): void => {
    warn(`What this run has written was not recorded, so the next one takes no layers of it: ${reason}`);
  };
  try {
    const cache = await openActionsCache();
    // A run that has found no cache has said so before.
    if (cache === null) return;
    if (!cache.canSave) {
      fail('this run may only read the Actions cache.');
      return;
    }
    await rm(cache.folder, { recursive: true, force: true });
    await mkdir(cache.folder, { recursive: true, mode: 0o700 });
    await writeFile(join(cache.folder, RECORD_FILE), toRecordText(record));
    const kept = await cache.save(key).finally(() => rm(cache.folder, { recursive: true, force: true }));
    if (kept) runner.log.info(`Recorded in the Actions cache what this run has written: ${key}`);
    else fail(`the Actions cache did not keep ${key}.`);
  } catch (error) {
    fail(`${errorMessage(error)}.`);
  }
}

const RECORD_FILE = 'record.json';
