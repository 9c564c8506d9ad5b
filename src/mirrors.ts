// The same image under further names: logins and access before the build, copies after the push. Each mirror for itself:
// what fails at one is told, and the others have the image all the same.
import { type DockerConfig, type StoredLogin, readStoredLogin } from './docker/docker-config.js';
import { type RunFacts, toMirrorFacts } from './plan/denial.js';
import type { Digest, ImageName, Tag } from './plan/image-name.js';
import type { Inputs } from './plan/inputs.js';
import type { Mirror } from './plan/mirror-inputs.js';
import type { MirrorOutcome } from './plan/mirror-outcome.js';
import type { MirrorAccess } from './plan/plan.js';
import { describeTaken } from './plan/moving-tags.js';
import { isUniqueTagOf } from './plan/unique-label.js';
import { describeFault, formatMegabytes } from './plan/words.js';
import type { RunProcess } from './process/process.js';
import type { PublishedImage, PushTarget } from './publish.js';
import { connectRegistry, explainConnection, probeWriteAccess } from './registry-connection.js';
import { copyContent } from './registry/copy.js';
import { readStoredImage } from './registry/image.js';
import type { Manifest, Registry } from './registry/registry.js';
import type { Runner } from './runner/runner.js';
import type { World } from './world.js';

export interface OpenMirror extends MirrorAccess {
  readonly registry: Registry;
}

export interface OpenRequest {
  readonly runner: Runner;
  readonly run: RunProcess;
  readonly inputs: Inputs;
  readonly config: DockerConfig;
  /** Of the image itself. */
  readonly login: StoredLogin | null;
  readonly runFacts: RunFacts;
  readonly findInsecureRegistries: () => Promise<readonly string[]>;
  /** Fires when the run is cancelled. */
  readonly signal: AbortSignal;
}

/** @throws InputError when a login is refused, or a registry cannot be reached */
export async function openMirrors(request: OpenRequest): Promise<readonly OpenMirror[]> {
  return Promise.all(request.inputs.mirrors.map((mirror) => openMirror(request, mirror)));
}

async function openMirror(request: OpenRequest, mirror: Mirror): Promise<OpenMirror> {
  const { runner, run, inputs, config, runFacts, signal } = request;
  const { image } = mirror;
  const own = image.registry === inputs.image.registry;
  const login =
    mirror.credentials ??
    (own ? request.login : await readStoredLogin(config, image.registry, run, runner.childEnv, signal));
  const hasLogin = login !== null;
  try {
    const registry = await connectRegistry(image, {
      login,
      write: true,
      // Another login may not be let into the image's repository.
      ...(own && mirror.credentials === null && { mountFrom: inputs.image.repository }),
      findInsecureRegistries: request.findInsecureRegistries,
      signal,
    });
    return { mirror, registry, access: await probeWriteAccess(registry, hasLogin) };
  } catch (error) {
    throw explainConnection(error, image, toMirrorFacts(mirror, inputs, runFacts, hasLogin));
  }
}

interface CopyRequest {
  readonly world: Pick<World, 'signal' | 'wait'>;
  /** Where the image was pushed first. */
  readonly image: ImageName;
  readonly from: Registry;
  readonly manifest: Manifest;
  /** The unique tag first. */
  readonly tags: readonly Tag[];
}

/** Copies to all mirrors at once. Never throws: each outcome says how it went. */
export function copyPublished(
  world: CopyRequest['world'],
  image: ImageName,
  { registry: from }: Pick<PushTarget, 'registry'>,
  mirrors: readonly OpenMirror[],
  { manifest, moved: { tags } }: Pick<PublishedImage, 'manifest' | 'moved'>,
): Promise<readonly MirrorOutcome[]> {
  return Promise.all(mirrors.map((mirror) => copyToMirror({ world, image, from, manifest, tags }, mirror)));
}

async function copyToMirror(
  { world, image: source, from, manifest, tags }: CopyRequest,
  { mirror: { image }, registry }: OpenMirror,
): Promise<MirrorOutcome> {
  const start = performance.now();
  const written: Tag[] = [];
  let effort = '';
  try {
    const { blobs, sent, bytes } = await copyContent(from, registry, manifest, world);
    effort = `${sent} of ${blobs} blobs sent, ${formatMegabytes(bytes)}`;
    const [unique] = tags;
    if (unique !== undefined) await expectFree(registry, unique, manifest.digest);
    for (const tag of tags) {
      if (tag !== unique) await expectMovable(registry, [source, image], tag);
      await registry.writeManifest(tag, manifest);
      const served = await registry.readDigest(tag);
      if (served !== manifest.digest)
        throw new Error(`it serves ${served ?? 'nothing'} for ${tag}, and not ${manifest.digest}, which was copied`);
      written.push(tag);
    }
    return { image, tags: written, error: null, effort: `${effort}, ${formatSeconds(start)}` };
  } catch (error) {
    return { image, tags: written, error: describeFault(error), effort };
  }
}

/** A unique tag is never moved: another image under it came since the run looked. */
async function expectFree(registry: Registry, unique: Tag, digest: Digest): Promise<void> {
  const there = await registry.readDigest(unique);
  if (there !== null && there !== digest) throw new Error(`it has another image under ${unique}, ${there}`);
}

/** A mirror may have images that were pushed to it first. */
async function expectMovable(registry: Registry, images: readonly ImageName[], tag: Tag): Promise<void> {
  const { labels = {} } = (await readStoredImage(registry, tag)) ?? {};
  if (images.some((image) => isUniqueTagOf(image, tag, labels))) throw new Error(`there ${describeTaken(tag)}`);
}

function formatSeconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
