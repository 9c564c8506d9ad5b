// Asks the engine and the registry everything that the plan needs to know of them.
import { join } from 'node:path';
import { probeWriteAccess } from '../../access/connect.js';
import { type RegistrySession, type SessionRequest, openRegistrySession } from '../../access/login.js';
import type { OpenMirror } from '../../access/open-mirrors.js';
import { type InspectedEngine, inspectEngine } from '../../adapters/docker/inspect-engine.js';
import { readStoredImage } from '../../adapters/registry/read-image.js';
import type { Registry } from '../../adapters/registry/registry.js';
import { writeMergedCache } from '../../cache/merged-cache.js';
import type { Tag } from '../../image/reference.js';
import type { StoredImage } from '../../image/stored-image.js';
import type { Inputs } from '../../inputs/inputs.js';
import { NOTHING_ASKED, type RegistryState } from '../../plan/context.js';
import { type Plan, sourceTags, withoutReplaced } from '../../plan/plan.js';
import { mayWantToPush } from '../../plan/push-decision.js';
import { uniqueCandidates } from '../../plan/tags/tags.js';
import { findUniqueTag } from '../../publish/unique-tag.js';
import type { Warn } from '../../shared/types.js';
import type { RunFrame, RunSetup } from './setup.js';
import { readSources, startRestoring } from './sources.js';

export interface Survey {
  readonly engine: InspectedEngine['engine'];
  readonly session: RegistrySession;
  readonly state: AskedRegistry;
}

/**
 * Asks the engine and the registry at the same time; of two faults the engine's is reported.
 * @throws InputError for what is wrong with either
 */
export async function inspect(run: RunSetup, frame: RunFrame): Promise<Survey> {
  const { world, inputs } = run;
  const inspecting = inspectEngine(world.run, world.runner.childEnv, inputs.builder, world.signal);
  const asking = askRegistry(run, frame, async () => (await inspecting).insecureRegistries);
  // Waits for both, also when one has failed: nothing may write into the run's folder after it is removed.
  const [inspected, asked] = await Promise.allSettled([inspecting, asking]);
  if (inspected.status === 'rejected') throw inspected.reason;
  if (asked.status === 'rejected') throw asked.reason;
  return { engine: inspected.value.engine, ...asked.value };
}

/**
 * For a run that builds nothing. Without an engine no registry counts as insecure: the list of those comes from the
 * engine's settings.
 */
export function askWithoutEngine(run: RunSetup, frame: RunFrame): ReturnType<typeof askRegistry> {
  const { world, inputs } = run;
  return askRegistry(run, frame, async () => {
    const found = await inspectEngine(world.run, world.runner.childEnv, inputs.builder, world.signal).catch(() => null);
    return found?.insecureRegistries ?? [];
  });
}

export interface AskedRegistry extends RegistryState {
  readonly mirrors: readonly OpenMirror[];
}

/**
 * Logs in and asks everything that the plan wants to know.
 * @param findInsecureRegistries registries that the engine may speak plain HTTP to; called only when HTTPS fails
 * @throws InputError when a login is refused or a registry cannot be reached
 */
async function askRegistry(
  { world, inputs, draft, context }: RunSetup,
  { directory, warn }: RunFrame,
  findInsecureRegistries: SessionRequest['findInsecureRegistries'],
): Promise<{ readonly session: RegistrySession; readonly state: AskedRegistry }> {
  const { runner, run, signal } = world;
  const { event } = draft;
  const restoring = startRestoring(world, draft);
  const privateDirectory = join(directory, 'docker-config');
  const write = mayWantToPush(inputs, event);
  const request = { runner, run, inputs, event, privateDirectory, findInsecureRegistries, write, warn, signal };
  try {
    const session = await openRegistrySession(request);
    // The build does not wait for the cancelling of an upload that no cache was written by.
    const state = await readRegistryState(session, { draft, inputs, restoring, now: context.now, warn }).finally(() => {
      void session.registry?.cancelProbe();
    });
    return { session, state };
  } finally {
    // Files of the record are written and removed by then.
    await restoring;
  }
}

interface StateRequest {
  readonly draft: Plan;
  readonly inputs: Inputs;
  /** Of `startRestoring`. */
  readonly restoring: ReturnType<typeof startRestoring>;
  readonly now: Date;
  readonly warn: Warn;
}

/** Asks everything at once; then writes the merged cache, if the run may write. */
async function readRegistryState(session: RegistrySession, request: StateRequest): Promise<AskedRegistry> {
  const { draft, now, warn } = request;
  const { registry, write, hasLogin } = session;
  if (registry === null) return { ...NOTHING_ASKED, mirrors: [] };
  const probing = write ? probeWriteAccess(registry, hasLogin) : Promise.resolve(null);
  // A part opens the mirrors too, although only the index is copied: a refusal shall come before the build.
  const opening = probing.then((access) => (access?.allowed === true ? session.openMirrors() : []));
  const findUnique = async (): Promise<Tag | null> => {
    // The tag must be free in each mirror too, so that the image has the same tag everywhere.
    const others = session.hasMirrors ? await opening : [];
    const registries = [registry, ...others.map((mirror) => mirror.registry)];
    return findUniqueTag(registries, uniqueCandidates(draft.tags.unique, now), write);
  };
  const known = sourceTags(draft);
  const further = write ? draft.tags.moving.filter((tag) => !known.includes(tag)) : [];
  const readMirror = async ({ mirror: { image }, registry: other }: OpenMirror): Promise<MirrorTargets> => ({
    at: image,
    stored: await readTargets(other, draft.tags.moving),
  });
  const [writeAccess, mirrors, unique, sources, others, mirrorTargets] = await Promise.all([
    probing,
    opening,
    findUnique(),
    readSources(registry, request),
    readTargets(registry, further),
    opening.then((open) => Promise.all(open.filter(({ access }) => access.allowed).map(readMirror))),
  ]);
  const found = withoutReplaced(draft, sources.images);
  const targets = [...sources.targets, ...others].filter(({ tag }) => draft.tags.moving.includes(tag));
  const asked = { writeAccess, unique, mirrors, targets, mirrorTargets, notes: sources.notes };
  // When one mirror refuses, nothing is pushed anywhere, so the run writes no cache either.
  const mayWrite = writeAccess?.allowed === true && mirrors.every(({ access }) => access.allowed);
  if (!mayWrite) return { ...asked, images: found, mergedCache: null };
  return { ...asked, ...(await writeMergedCache(registry, draft, found, warn)) };
}

type MirrorTargets = NonNullable<RegistryState['mirrorTargets']>[number];

/** A fault is passed over: the tags are read again before they are moved. */
async function readTargets(registry: Registry, tags: readonly Tag[]): Promise<readonly StoredImage[]> {
  const stored = await Promise.all(tags.map((tag) => readStoredImage(registry, tag).catch(() => null)));
  return stored.filter((image) => image !== null);
}
