// What a run that may not push keeps for its next one: builder layers in the Actions cache. It can only make a build
// faster: every fault is a warning.
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildStep } from './progress/build-step.js';
import { checkLayout } from './docker/oci-layout.js';
import { type LocalEngine, loadImage, readImageSize, removeImage, saveImage } from './docker/local-image.js';
import { type PassesRequest, runLayerExport } from './passes.js';
import { type LayerKeys, decideLayers, planLayerExport, rejectSize, useLayers } from './plan/actions-cache.js';
import { builderStages, isMadeOfBuilder } from './plan/builder-image.js';
import { csvFields } from './plan/build-options.js';
import { taggedReference } from './plan/image-name.js';
import type { Plan } from './plan/plan.js';
import { describeFault, formatMegabytes } from './plan/words.js';
import { type ActionsCache, openActionsCache } from './runner/actions-cache.js';

/** What is known before the passes are. */
export type KeptLayersRequest = Pick<
  PassesRequest,
  'world' | 'inputs' | 'plan' | 'engine' | 'dockerfile' | 'directory' | 'configDirectory' | 'warn'
>;

export interface KeptLayers {
  /** The plan, with the restored layers as the source of both passes. */
  readonly plan: Plan;
  /** Key of the entry that they come from; null when there is none. */
  readonly restored: string | null;
  /** To be told of each step that really ran: without one there is nothing new to keep. */
  readonly onStep: (step: BuildStep) => void;
  /** Keeps what the passes have built. `builderOnly`: production's own steps failed. */
  readonly save: (request: PassesRequest, how?: { readonly builderOnly: boolean }) => Promise<void>;
  /** Leaves nothing on the machine. */
  readonly close: () => Promise<void>;
}

/** Restores the nearest entry. Runs that push, and those without a cache service, get a store that does nothing. */
export async function openKeptLayers(request: KeptLayersRequest): Promise<KeptLayers> {
  const { world, inputs, plan, engine, dockerfile, configDirectory, warn } = request;
  const { runner, run, now } = world;
  const nothing: KeptLayers = {
    plan,
    restored: null,
    onStep: () => undefined,
    save: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const decision = decideLayers(plan, inputs, engine, now);
  if (decision.kind === 'off') {
    if (decision.reason !== null) runner.log.info(`The Actions cache is not used: ${decision.reason}.`);
    return nothing;
  }
  const cache = await openActionsCache().catch((error: unknown) => {
    warn(`The Actions cache cannot be used: ${describeFault(error)}`);
    return null;
  });
  if (cache === null) return nothing;

  const { keys } = decision;
  const local: LocalEngine = {
    run,
    env: { ...runner.childEnv, DOCKER_CONFIG: configDirectory },
    builder: engine.builder,
  };
  const reference = taggedReference(keys.image, keys.tag);
  const stages = builderStages(plan, dockerfile);
  let isNew = false;
  const started = performance.now();
  const { answered, key } = await cache.restore(keys.restore).then(
    (found) => ({ answered: true, key: found }),
    (error: unknown) => {
      warn(`Nothing was taken from the Actions cache: ${describeFault(error)}.`);
      return { answered: false, key: null };
    },
  );
  if (answered && key === null) runner.log.info(`Actions cache: nothing there for ${keys.restore.join(', ')}`);
  const entry = key === null ? null : { key, started };
  const source =
    entry === null
      ? null
      : await takeEntry(request, cache, keys, local, entry).catch((error: unknown) => {
          warn(`Nothing was taken from the Actions cache, since its entry is damaged: ${describeFault(error)}.`);
          return null;
        });
  return {
    plan: source === null ? plan : useLayers(plan, inputs, source),
    restored: source === null ? null : key,
    onStep: ({ stage }) => {
      isNew ||= keys.form === 'directory' || stages.has(stage);
    },
    save: async (passes, { builderOnly } = { builderOnly: false }) => {
      if (keys.save === null || !isNew || !answered || !cache.canSave || world.signal.aborted) return;
      const target = builderOnly || !isMadeOfBuilder(plan, dockerfile) ? 'builder' : 'production';
      try {
        await save(passes, cache, { keys, key: keys.save, target, local });
      } catch (error) {
        warn(`The layers of this run were not kept in the Actions cache: ${describeFault(error)}.`);
      }
    },
    close: async () => {
      try {
        await rm(cache.folder, { recursive: true, force: true });
        if (keys.form === 'image') await removeImage(local, reference);
      } catch (error) {
        warn(`What the Actions cache left on this machine could not be removed: ${describeFault(error)}.`);
      }
    },
  };
}

/**
 * @returns the value of --cache-from
 * @throws Error when the restored entry is not whole, or not what this action writes
 */
async function takeEntry(
  { world, directory }: KeptLayersRequest,
  cache: ActionsCache,
  keys: LayerKeys,
  local: LocalEngine,
  entry: { readonly key: string; readonly started: number },
): Promise<string> {
  const bytes = await measureFolder(cache.folder);
  const folder = join(directory, 'layers');
  // The folder itself is needed again to save from.
  await rename(cache.folder, folder);
  const reference = taggedReference(keys.image, keys.tag);
  // Whole, or not at all: once BuildKit has met a broken layer here, it fails without the source too (lease … not found).
  if (keys.form === 'image') await loadImage(local, join(folder, IMAGE_FILE), reference);
  else await checkLayout(folder);
  const seconds = ((performance.now() - entry.started) / 1000).toFixed(1);
  world.runner.log.info(`Actions cache: restored ${entry.key}, ${formatMegabytes(bytes)} in ${seconds} s`);
  return keys.form === 'image' ? `type=registry,ref=${reference}` : csvFields('type=local', `src=${folder}`);
}

interface SaveRequest {
  readonly keys: LayerKeys;
  readonly key: string;
  readonly target: 'builder' | 'production';
  readonly local: LocalEngine;
}

/** @throws Error when the engine cannot write its layers out, or they are too large */
async function save(
  passes: PassesRequest,
  cache: ActionsCache,
  { keys, key, target, local }: SaveRequest,
): Promise<void> {
  const { folder } = cache;
  const started = performance.now();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    if (keys.form === 'image') {
      const reference = taggedReference(keys.image, keys.tag);
      await runLayerExport(passes, keys.image, planLayerExport(passes.plan, keys, target, 'type=inline'));
      // Asked before it is written: it could fill the disk.
      checkSize(await readImageSize(local, reference));
      await saveImage(local, reference, join(folder, IMAGE_FILE));
    } else {
      // All layers, of stages that production only copies from too. zstd reaches none that production's own image has:
      // their blobs were made with it.
      const cacheTo = csvFields('type=local', `dest=${folder}`, 'mode=max', 'compression=zstd', 'oci-mediatypes=true');
      await runLayerExport(passes, keys.image, planLayerExport(passes.plan, keys, target, cacheTo));
    }
    const bytes = await measureFolder(folder);
    checkSize(bytes);
    const kept = await cache.save(key);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    passes.world.runner.log.info(
      kept
        ? `Actions cache: kept ${key}, ${formatMegabytes(bytes)} in ${seconds} s`
        : `Actions cache: ${key} was not kept`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
