// The whole laboratory: engines, a registry with a base image in it, and a folder for everything, gone after close().
import { accessSync, constants, mkdtempSync, statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pushBaseImage } from './engine/base-image.js';
import { type Engine, type ImageStore, startEngine } from './engine/engine.js';
import { startGuarded } from './guarded-process.js';
import { type Registry, type RegistryOptions, startRegistry } from './registry/registry.js';
import { type SampleService, type SampleServiceOptions, writeSampleService } from './services/sample-service.js';
import { type Tools, findTools } from './tools.js';

/** An open laboratory. */
export interface Lab {
  /** For whatever a test writes. */
  readonly directory: string;
  readonly tools: Tools;
  readonly registry: Registry;
  /** Reference of the base image of sample services. */
  readonly baseImage: string;
  /** The engines, in the order that was asked for. */
  readonly engines: readonly Engine[];
  /** The engine with that store; it must have been asked for. */
  readonly engine: (store: ImageStore) => Engine;
  /** A new repository in the lab's folder. */
  readonly sampleService: (name: string, options?: SampleServiceOptions) => Promise<SampleService>;
  readonly close: () => Promise<void>;
}

/** What a laboratory shall have. */
export type LabOptions = Pick<RegistryOptions, 'users' | 'anonymousPull' | 'deleteEnabled'> & {
  /** No engine unless asked for. */
  readonly stores?: readonly ImageStore[];
  readonly auth?: RegistryOptions['auth'];
  /** Another Docker Engine than the tools': a path of dockerd. */
  readonly dockerd?: string;
  /** Engines and registry keep their data in memory: for tests, not for measurements. */
  readonly inMemory?: boolean;
};

/** Opens a laboratory. It ends with this process even if nobody closes it. */
export async function openLab(options: LabOptions = {}): Promise<Lab> {
  const tools = await findTools();
  const directory = mkdtempSync(join(tmpdir(), 'tpb-'));
  const folder = startGuarded({
    name: 'the lab folder',
    command: [join(import.meta.dirname, 'guard'), directory],
    directory,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
  });
  const running: Stoppable[] = [];
  const keep = async <T extends Stoppable>(starting: Promise<T>): Promise<T> => {
    const started = await starting;
    running.push(started);
    return started;
  };
  const close = async () => {
    await Promise.all(running.splice(0).map((one) => one.stop()));
    await folder.stop();
  };
  const started = await Promise.allSettled([
    openRegistry(options, tools, keep),
    // Sockets lie below an engine's folder, so it is beside the lab's, not deep inside.
    Promise.all(
      (options.stores ?? []).map((store) =>
        keep(
          startEngine({
            store,
            directory: shortFolder(),
            inMemory: options.inMemory ?? false,
            tools: { ...tools, dockerd: options.dockerd ?? tools.dockerd },
          }),
        ),
      ),
    ),
  ]);
  const [registry, engines] = started;
  if (registry.status === 'rejected' || engines.status === 'rejected') {
    await close();
    const reason: unknown =
      registry.status === 'rejected' ? registry.reason : engines.status === 'rejected' && engines.reason;
    throw new Error('The lab did not open.', { cause: reason });
  }
  return {
    directory,
    tools,
    ...registry.value,
    engines: engines.value,
    engine: (store) => {
      const found = engines.value.find((engine) => engine.store === store);
      if (found === undefined) throw new Error(`This lab was opened without an engine for ${store}.`);
      return found;
    },
    sampleService: (name, more) => writeSampleService(join(directory, name), more),
    close,
  };
}

interface Stoppable {
  readonly stop: () => Promise<void>;
}

type Keep = <T extends Stoppable>(starting: Promise<T>) => Promise<T>;

async function openRegistry(
  options: LabOptions,
  tools: Tools,
  keep: Keep,
): Promise<{ registry: Registry; baseImage: string }> {
  const registry = await keep(
    startRegistry({
      ...options,
      directory: shortFolder(options.inMemory),
      auth: options.auth ?? 'none',
      anonymousPull: ['base/*', ...(options.anonymousPull ?? [])],
      tools,
    }),
  );
  return { registry, baseImage: await pushBaseImage(registry, tools) };
}

// Short, since sockets lie below it.
function shortFolder(inMemory = false): string {
  return mkdtempSync(join(inMemory && hasMemoryFor(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), 'tpb-'));
}

/** Linux keeps what is written here in memory. In a container it may have no more than 64 MB. */
const MEMORY_FOLDER = '/dev/shm';
const ROOM_BYTES = 2e9;

function hasMemoryFor(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return Math.min(bavail * bsize, freemem()) > ROOM_BYTES;
  } catch {
    return false;
  }
}
