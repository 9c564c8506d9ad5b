// The login of a run: for the docker client by its config, and for our own small requests.
import { join } from 'node:path';
import {
  type StoredLogin,
  createPrivateConfig,
  logInPersistently,
  readDockerConfig,
  readStoredLogin,
} from './docker/docker-config.js';
import { toRunFacts } from './plan/denial.js';
import { InputError } from './plan/input-error.js';
import type { Inputs } from './plan/inputs.js';
import { CACHE_MANIFEST_TYPE, type StoredImage, mergeCaches } from './plan/cache-manifest.js';
import { type Tag, pinnedReference } from './plan/image-name.js';
import { NOTHING_ASKED, type Plan, type RegistryState, mayWantToPush, sourceTags } from './plan/plan.js';
import { cacheTag, uniqueCandidates } from './plan/tags.js';
import { describeFault } from './plan/words.js';
import type { WorkflowEvent } from './plan/workflow-event.js';
import type { RunProcess } from './process/process.js';
import { type OpenMirror, openMirrors } from './mirrors.js';
import { connectRegistry, explainConnection, isFault, probeWriteAccess } from './registry-connection.js';
import { readStoredImage } from './registry/image.js';
import { type Registry, RegistryError } from './registry/registry.js';
import type { RunFrame, RunSetup } from './reported-run.js';
import type { Runner } from './runner/runner.js';

export interface RegistrySession {
  /** Null when it gave no answer, and the run has no need to push: it goes on without cache. */
  readonly registry: Registry | null;
  /** DOCKER_CONFIG for the docker client. */
  readonly configDirectory: string;
  /** False when there is nothing to log in with. */
  readonly hasLogin: boolean;
  /** Whether the run wants to push. */
  readonly write: boolean;
  readonly hasMirrors: boolean;
  /** Logs in to the mirrors and asks each for write access; to be called when the image itself may be pushed. */
  readonly openMirrors: () => Promise<readonly OpenMirror[]>;
}

interface SessionRequest {
  readonly runner: Runner;
  readonly run: RunProcess;
  readonly inputs: Inputs;
  readonly event: WorkflowEvent;
  /** Where a private Docker config may be made. */
  readonly privateDirectory: string;
  /** Registries that the engine may speak plain HTTP to; asked for only when HTTPS fails. */
  readonly findInsecureRegistries: () => Promise<readonly string[]>;
  /** Whether the run wants to push. */
  readonly write: boolean;
  readonly warn: Warn;
  /** Fires when the run is cancelled. */
  readonly signal: AbortSignal;
}

type Warn = (message: string) => void;

/**
 * Logs in: into a private Docker config that still has the user's other logins, or with `logout: false` into the
 * user's own.
 * @throws InputError when the credentials are refused or the registry cannot be reached
 */
async function openRegistrySession(request: SessionRequest): Promise<RegistrySession> {
  const { runner, run, inputs, write, warn, signal } = request;
  const { image, credentials, logout } = inputs;
  const config = await readDockerConfig(runner.dockerConfigDirectory);
  const login: StoredLogin | null =
    credentials ?? (await readStoredLogin(config, image.registry, run, runner.childEnv, signal));
  const { repository, actor } = runner;
  const runFacts = toRunFacts(inputs, request.event, { repository, actor, hasLogin: login !== null });
  const connected = await connectRegistry(image, { ...request, login }).catch((error: unknown) => {
    if (write || !isFault(error)) throw explainConnection(error, image, runFacts);
    return error;
  });
  if (connected instanceof Error) warn(`There is no cache from ${image.registry} in this run: ${connected.message}`);
  const registry = connected instanceof Error ? null : connected;
  const session: RegistrySession = {
    registry,
    write,
    hasLogin: login !== null,
    configDirectory: config.directory,
    hasMirrors: inputs.mirrors.length > 0,
    openMirrors: () => openMirrors({ ...request, config, login, runFacts }),
  };
  if (credentials === null) return session;
  if (!logout) {
    await logInPersistently(run, runner.childEnv, image.registry, credentials, signal);
    return session;
  }
  const configDirectory = await createPrivateConfig(config, request.privateDirectory, image.registry, credentials);
  return { ...session, configDirectory };
}

export interface AskedRegistry extends RegistryState {
  readonly mirrors: readonly OpenMirror[];
}

/**
 * Logs in and asks everything that the plan wants to know.
 * @param findInsecureRegistries registries that the engine may speak plain HTTP to; called only when HTTPS fails
 * @throws InputError when a login is refused or a registry cannot be reached
 */
export async function askRegistry(
  { world: { runner, run, signal }, inputs, draft, context }: RunSetup,
  { directory, warn }: RunFrame,
  findInsecureRegistries: SessionRequest['findInsecureRegistries'],
): Promise<{ readonly session: RegistrySession; readonly state: AskedRegistry }> {
  const { event } = draft;
  const privateDirectory = join(directory, 'docker-config');
  const write = mayWantToPush(inputs, event);
  const request = { runner, run, inputs, event, privateDirectory, findInsecureRegistries, write, warn, signal };
  const session = await openRegistrySession(request);
  return { session, state: await readRegistryState(session, draft, context.now, warn) };
}

/** All at once; writes the merged cache where the run may write. */
async function readRegistryState(session: RegistrySession, draft: Plan, now: Date, warn: Warn): Promise<AskedRegistry> {
  const { registry, write, hasLogin } = session;
  if (registry === null) return { ...NOTHING_ASKED, mirrors: [] };
  const probing = write ? probeWriteAccess(registry, hasLogin) : Promise.resolve(null);
  // Those of a part too, which copies nothing itself: what cannot be copied in the end is found out before the build.
  const opening = probing.then((access) => (access?.allowed === true ? session.openMirrors() : []));
  const findUnique = async (): Promise<Tag | null> => {
    // Free everywhere, so that the image has one tag. Without mirrors there is nothing to wait for.
    const others = session.hasMirrors ? await opening : [];
    const registries = [registry, ...others.map((mirror) => mirror.registry)];
    return findUniqueTag(registries, uniqueCandidates(draft.tags.unique, now), write);
  };
  const sources = sourceTags(draft);
  const further = write ? draft.tags.moving.filter((tag) => !sources.includes(tag)) : [];
  const [writeAccess, mirrors, unique, images, others] = await Promise.all([
    probing,
    opening,
    findUnique(),
    Promise.all(sources.map((tag) => readSource(registry, tag, warn))),
    // They are looked at again before they are moved.
    Promise.all(further.map((tag) => readStoredImage(registry, tag).catch(() => null))),
  ]);
  const found = images.filter((image) => image !== null);
  const targets = [...images, ...others]
    .filter((image) => image !== null)
    .filter(({ tag }) => draft.tags.moving.includes(tag));
  const asked = { writeAccess, unique, mirrors, targets };
  // What will not be pushed everywhere is pushed nowhere, and the run writes nothing.
  const mayWrite = writeAccess?.allowed === true && mirrors.every(({ access }) => access.allowed);
  if (!mayWrite) return { ...asked, images: found, mergedCache: null };
  return { ...asked, ...(await writeMergedCache(registry, draft, found, warn)) };
}

/**
 * The first candidate that does not exist, in none of the registries.
 * @throws InputError when there is none; RegistryError or ConnectionError when it cannot be found out
 */
export async function findFreeTag(registries: readonly Registry[], candidates: Iterable<Tag>): Promise<Tag> {
  for (const tag of candidates) {
    const digests = await Promise.all(registries.map((registry) => registry.readDigest(tag)));
    if (digests.every((digest) => digest === null)) return tag;
  }
  throw new InputError(
    'All tags that this build could have exist in the registry already, and such a tag is never moved. Set the input tag.',
  );
}

/** A run that does not push need not know; for one that does, not knowing could overwrite an image that is deployed. */
async function findUniqueTag(
  registries: readonly Registry[],
  candidates: Iterable<Tag>,
  write: boolean,
): Promise<Tag | null> {
  try {
    return await findFreeTag(registries, candidates);
  } catch (error) {
    if (write || error instanceof InputError) throw error;
    return null;
  }
}

async function readSource(registry: Registry, tag: Tag, warn: Warn): Promise<StoredImage | null> {
  try {
    return await readStoredImage(registry, tag);
  } catch (error) {
    warn(`Reading ${tag} from the registry failed, so it is no cache for this run: ${describeFault(error)}`);
    return null;
  }
}

/**
 * Merges what the images of the lineage know and writes it as one cache manifest: nothing but JSON moves. Images whose
 * layers the registry has lost are left out.
 * @returns the reference to import, or null when there is nothing to merge or it cannot be written; and the images left
 */
async function writeMergedCache(
  registry: Registry,
  draft: Plan,
  images: readonly StoredImage[],
  warn: Warn,
): Promise<Pick<RegistryState, 'images' | 'mergedCache'>> {
  try {
    return { images, mergedCache: await writeCacheManifest(registry, draft, images, warn) };
  } catch (error) {
    const lost = new Set<string>(error instanceof RegistryError ? error.digests : []);
    const whole = images.filter(
      (stored) => !stored.images.some(({ layers }) => layers.some(({ digest }) => lost.has(digest))),
    );
    if (whole.length === images.length) {
      warn(`The merged cache could not be written, so each pass takes the nearest image: ${describeFault(error)}`);
      return { images, mergedCache: null };
    }
    const broken = images.filter((image) => !whole.includes(image)).map(({ tag }) => tag);
    warn(`The registry has lost layers of ${broken.join(', ')}, so they are no cache for this run.`);
    return writeMergedCache(registry, draft, whole, warn);
  }
}

async function writeCacheManifest(
  registry: Registry,
  { image, scope }: Plan,
  stored: readonly StoredImage[],
  warn: Warn,
): Promise<string | null> {
  const { cache: merged, warnings } = mergeCaches(stored.flatMap(({ images }) => images));
  warnings.forEach(warn);
  if (merged === null) return null;
  // A run without scope may move no tag; its cache manifest is found by its digest alone.
  const tag = scope === null ? null : cacheTag(scope.tag);
  await registry.writeBlob(merged.configDigest, merged.config);
  // Even when it is there: a registry checks that it still has every layer that a manifest names.
  const manifest = { mediaType: CACHE_MANIFEST_TYPE, bytes: Buffer.from(merged.manifest, 'utf8') };
  await registry.writeManifest(tag ?? merged.manifestDigest, manifest);
  // By digest as well: an engine that lives longer than a run may remember what the tag was.
  return tag === null ? `${image.name}@${merged.manifestDigest}` : pinnedReference(image, tag, merged.manifestDigest);
}
