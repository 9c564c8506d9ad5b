// The login of a run: for the docker client by its config, and for our own small requests.
import {
  type StoredLogin,
  createPrivateConfig,
  logInPersistently,
  readDockerConfig,
  readStoredLogin,
} from './docker/docker-config.js';
import { type ServerAnswer, explainDenial, showAnswer, toRunFacts } from './plan/denial.js';
import { InputError } from './plan/input-error.js';
import type { Inputs } from './plan/inputs.js';
import { CACHE_MANIFEST_TYPE, type StoredImage, mergeCaches } from './plan/cache-manifest.js';
import { type Tag, isLoopback, pinnedReference } from './plan/image-name.js';
import { NOTHING_ASKED, type Plan, type RegistryState, type WriteAccess, sourceTags } from './plan/plan.js';
import { cacheTag, uniqueCandidates } from './plan/tags.js';
import { describeFault } from './plan/words.js';
import type { WorkflowEvent } from './plan/workflow-event.js';
import type { RunProcess } from './process/process.js';
import { ConnectionError, createSender } from './registry/http.js';
import { readStoredImage } from './registry/image.js';
import { Registry, RegistryError } from './registry/registry.js';
import { LoginRejectedError, TokenServerError } from './registry/token.js';
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
}

export interface SessionRequest {
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
}

type Warn = (message: string) => void;

/**
 * Logs in: into a private Docker config that still has the user's other logins, or with `logout: false` into the
 * user's own.
 * @throws InputError when the credentials are refused or the registry cannot be reached
 */
export async function openRegistrySession(request: SessionRequest): Promise<RegistrySession> {
  const { runner, run, inputs, write, warn } = request;
  const { image, credentials, logout } = inputs;
  const config = await readDockerConfig(runner.dockerConfigDirectory);
  const login: StoredLogin | null =
    credentials ?? (await readStoredLogin(config, image.registry, run, runner.childEnv));
  const connect = async (insecure: boolean): Promise<Registry> => {
    const registry = new Registry(image, { send: createSender('two-pass-build'), login, insecure, write });
    await registry.connect();
    return registry;
  };
  const connected = await connect(isLoopback(image.registry)).catch(async (error: unknown) => {
    if (!(error instanceof ConnectionError) || !(await request.findInsecureRegistries()).includes(image.registry))
      return error;
    return connect(true).catch((second: unknown) => second);
  });
  const reachable = connected instanceof Registry;
  if (!reachable) {
    if (write || !isFault(connected)) throw explainConnection(connected, request);
    warn(`There is no cache from ${image.registry} in this run: ${connected.message}`);
  }
  const registry = reachable ? connected : null;
  const session = { registry, write, hasLogin: login !== null, configDirectory: config.directory };
  if (credentials === null) return session;
  if (!logout) {
    await logInPersistently(run, runner.childEnv, image.registry, credentials);
    return session;
  }
  const configDirectory = await createPrivateConfig(config, request.privateDirectory, image.registry, credentials);
  return { ...session, configDirectory };
}

/** Asks everything that the plan wants to know, all at once, and writes the merged cache where the run may write. */
export async function readRegistryState(
  session: RegistrySession,
  draft: Plan,
  now: Date,
  warn: Warn,
): Promise<RegistryState> {
  const { registry, write, hasLogin } = session;
  if (registry === null) return NOTHING_ASKED;
  const [writeAccess, unique, images] = await Promise.all([
    write ? probe(registry, hasLogin) : null,
    findUniqueTag(registry, uniqueCandidates(draft.tags.unique, now), write),
    Promise.all(sourceTags(draft).map((tag) => readSource(registry, tag, warn))),
  ]);
  const found = images.filter((image) => image !== null);
  if (writeAccess?.allowed !== true) return { writeAccess, unique, images: found, mergedCache: null };
  return { writeAccess, unique, ...(await writeMergedCache(registry, draft, found, warn)) };
}

/**
 * The first candidate that does not exist.
 * @throws InputError when there is none; RegistryError or ConnectionError when it cannot be found out
 */
export async function findFreeTag(registry: Registry, candidates: Iterable<Tag>): Promise<Tag> {
  for (const tag of candidates) {
    if ((await registry.readDigest(tag)) === null) return tag;
  }
  throw new InputError(
    'All tags that this build could have exist in the registry already, and such a tag is never moved. Set the input tag.',
  );
}

/** A run that does not push need not know; for one that does, not knowing could overwrite an image that is deployed. */
async function findUniqueTag(registry: Registry, candidates: Iterable<Tag>, write: boolean): Promise<Tag | null> {
  try {
    return await findFreeTag(registry, candidates);
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

async function probe(registry: Registry, hasLogin: boolean): Promise<WriteAccess> {
  const answer = await registry.probeWriteAccess();
  return answer === null ? { allowed: true } : { allowed: false, answer, hasLogin };
}

/** The network's or the registry's fault, not that of the credentials. */
function isFault(error: unknown): error is ConnectionError | RegistryError | TokenServerError {
  return [ConnectionError, RegistryError, TokenServerError].some((kind) => error instanceof kind);
}

function explainConnection(error: unknown, { inputs, event, runner }: SessionRequest): unknown {
  const { image, credentials } = inputs;
  const answer = readRefusal(error);
  if (answer !== null) {
    const who = credentials === null ? 'with the login of the Docker config' : `as ${credentials.username}`;
    const { repository, actor } = runner;
    const facts = toRunFacts(inputs, event, { repository, actor, hasLogin: true });
    const { cause, change } = explainDenial({ ...facts, action: 'login', image, answer, readable: false });
    const said = error instanceof LoginRejectedError ? error.message : showAnswer(answer);
    return new InputError(`Login to ${image.registry} ${who} was refused (${said}): ${cause}. ${change}.`, {
      cause: error,
    });
  }
  if (error instanceof ConnectionError) {
    return new InputError(
      `The registry ${image.registry} cannot be reached: ${error.message}. Check the input image, and the network of the runner.`,
      { cause: error },
    );
  }
  return error;
}

/** A registry behind a firewall says 403 before anybody logs in. */
function readRefusal(error: unknown): ServerAnswer | null {
  if (error instanceof LoginRejectedError) return error.answer;
  return error instanceof RegistryError && error.status === 403 ? error.answer : null;
}
