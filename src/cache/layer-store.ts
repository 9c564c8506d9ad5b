// Restores and saves layers in the Actions cache, for runs that may not push. It only makes builds faster, so every
// fault is a warning.
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type LocalEngine, loadImage, readImageSize, removeImage, saveImage } from '../adapters/docker/local-image.js';
import { checkLayout } from '../adapters/docker/oci-layout.js';
import type { BuildStep } from '../adapters/progress/build-progress.js';
import type { ActionsCache } from '../adapters/runner/actions-cache.js';
import type { Runner } from '../adapters/runner/runner.js';
import { type BuildRequest, toLocalEngine } from '../build/build-request.js';
import { builderStages, stageLabels } from '../build/pure/builder-decision.js';
import type { PassRunner } from '../build/run-pass.js';
import { type ImageName, taggedReference } from '../image/reference.js';
import { csvFields } from '../inputs/syntax.js';
import type { PassPlan, Plan } from '../plan/plan.js';
import { showTarget } from '../plan/targets.js';
import { errorMessage, formatMegabytes, formatSeconds } from '../shared/text.js';
import { chooseExport, planLayerExport, rejectSize } from './pure/layer-export.js';
import type { LayerKeys } from './pure/layer-keys.js';

export interface LayerStore {
  /** Value of --cache-from for both passes; null when nothing was restored. */
  readonly source: string | null;
  /** Key of the restored entry; null when there is none. */
  readonly restored: string | null;
  /** Must be called for each step that was not cached: without any, there is nothing new to save. */
  readonly onStep: (step: BuildStep) => void;
  /** Saves the layers of the passes; of these builder passes only, where production has failed. */
  readonly save: (built: BuiltLayers, which: 'all' | readonly PassPlan[]) => Promise<void>;
  /** Removes files and images of the store from this machine. */
  readonly close: () => Promise<void>;
}

/** Access to the built layers, which are in the engine. */
interface BuiltLayers {
  readonly plan: Plan;
  readonly passes: PassRunner;
}

/**
 * Restores the nearest entry.
 * @returns null without a cache service
 */
export async function restoreLayers(request: BuildRequest, keys: LayerKeys): Promise<LayerStore | null> {
  const cache = await request.world.openActionsCache().catch((error: unknown) => {
    request.warn(`The Actions cache cannot be used: ${errorMessage(error)}`);
    return null;
  });
  if (cache === null) return null;
  const place: StorePlace = { cache, keys, local: toLocalEngine(request) };
  return createStore(request, place, await restore(request, place));
}

interface StorePlace {
  readonly cache: ActionsCache;
  readonly keys: LayerKeys;
  readonly local: LocalEngine;
}

/** `answered` is false when the cache service failed: then nothing is saved either. */
interface Restored extends Pick<LayerStore, 'source' | 'restored'> {
  readonly answered: boolean;
}

/** Never throws: without an entry the passes build everything. */
async function restore(request: BuildRequest, place: StorePlace): Promise<Restored> {
  const { world, warn } = request;
  const { cache, keys } = place;
  const nothing: Restored = { answered: true, source: null, restored: null };
  const started = performance.now();
  let key: string | null;
  try {
    key = await cache.restore(keys.restore);
  } catch (error) {
    warn(`Nothing was taken from the Actions cache: ${errorMessage(error)}.`);
    return { ...nothing, answered: false };
  }
  if (key === null) {
    world.runner.log.info(`Actions cache: nothing there for ${keys.restore.join(', ')}`);
    return nothing;
  }
  try {
    return { ...nothing, source: await takeEntry(request, place, { key, started }), restored: key };
  } catch (error) {
    warn(`Nothing was taken from the Actions cache, since its entry is damaged: ${errorMessage(error)}.`);
    return nothing;
  }
}

function createStore(request: BuildRequest, place: StorePlace, restored: Restored): LayerStore {
  const { world, plan, dockerfile, warn } = request;
  const { cache, keys, local } = place;
  const [builder] = plan.builders;
  const stages =
    keys.form === 'image' && builder !== undefined
      ? stageLabels(builder.target, dockerfile)
      : builderStages(plan, dockerfile);
  let isNew = false;
  return {
    ...restored,
    onStep: ({ stage }) => {
      isNew ||= keys.form === 'directory' || builder === undefined || stages.has(stage);
    },
    save: async (built, which) => {
      if (keys.save === null || !isNew || !restored.answered || !cache.canSave || world.signal.aborted) return;
      const pass = chooseExport(built.plan, dockerfile, keys, which === 'all' ? null : which);
      if (pass === null) return;
      try {
        await save(built, place, { key: keys.save, pass, log: world.runner.log });
      } catch (error) {
        warn(`The layers of this run were not kept in the Actions cache: ${errorMessage(error)}.`);
      }
    },
    close: async () => {
      try {
        await rm(cache.folder, { recursive: true, force: true });
        if (keys.form === 'image') await removeImage(local, taggedReference(keys.image, keys.tag));
      } catch (error) {
        warn(`What the Actions cache left on this machine could not be removed: ${errorMessage(error)}.`);
      }
    },
  };
}

/**
 * @returns the value of --cache-from
 * @throws Error when the restored entry is not whole, or not what this action writes
 */
async function takeEntry(
  { world, directory }: BuildRequest,
  { cache, keys, local }: StorePlace,
  entry: { readonly key: string; readonly started: number },
): Promise<string> {
  const bytes = await measureFolder(cache.folder);
  const folder = join(directory, 'layers');
  // Moved away: `save` writes to the same folder.
  await rename(cache.folder, folder);
  const reference = taggedReference(keys.image, keys.tag);
  // Checked first: once BuildKit has read a broken layer, it fails even without this source ("lease … not found").
  if (keys.form === 'image') await loadImage(local, join(folder, IMAGE_FILE), reference);
  else await checkLayout(folder);
  const took = formatSeconds((performance.now() - entry.started) / 1000);
  world.runner.log.info(`Actions cache: restored ${entry.key}, ${formatMegabytes(bytes)} in ${took}`);
  return keys.form === 'image' ? `type=registry,ref=${reference}` : csvFields('type=local', `src=${folder}`);
}

interface SaveRequest {
  readonly key: string;
  /** The pass whose layers are saved. */
  readonly pass: PassPlan;
  readonly log: Runner['log'];
}

/** @throws Error when the engine cannot export its layers, or they are too large */
async function save(
  { plan, passes }: BuiltLayers,
  { cache, keys, local }: StorePlace,
  { key, pass, log }: SaveRequest,
): Promise<void> {
  const { folder } = cache;
  const started = performance.now();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    if (keys.form === 'image') {
      const reference = taggedReference(keys.image, keys.tag);
      await exportLayers(passes, keys.image, planLayerExport(plan, keys, pass, 'type=inline'));
      // Checked before the image is written, which could fill the disk.
      checkSize(await readImageSize(local, reference));
      await saveImage(local, reference, join(folder, IMAGE_FILE));
    } else {
      // mode=max: also layers of stages that production copies from. zstd does not change layers of the production
      // image: they have been compressed already.
      const cacheTo = csvFields('type=local', `dest=${folder}`, 'mode=max', 'compression=zstd', 'oci-mediatypes=true');
      await exportLayers(passes, keys.image, planLayerExport(plan, keys, pass, cacheTo));
    }
    const bytes = await measureFolder(folder);
    checkSize(bytes);
    const kept = await cache.save(key);
    const took = formatSeconds((performance.now() - started) / 1000);
    log.info(
      kept ? `Actions cache: kept ${key}, ${formatMegabytes(bytes)} in ${took}` : `Actions cache: ${key} was not kept`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs the export. @throws PassFailedError */
async function exportLayers(passes: PassRunner, image: ImageName, pass: PassPlan): Promise<void> {
  await passes.runOnce(pass, { title: `Writing out the layers of ${showTarget(pass.target)}`, silent: true, image });
}

const IMAGE_FILE = 'image.tar';

function checkSize(bytes: number): void {
  const reason = rejectSize(bytes);
  if (reason !== null) throw new Error(reason);
}

async function measureFolder(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
