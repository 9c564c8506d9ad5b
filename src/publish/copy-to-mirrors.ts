// Copies the pushed image to the mirrors. A mirror that fails is reported, and does not stop the copies to the others.
import type { OpenMirror } from '../access/open-mirrors.js';
import { copyContent } from '../adapters/registry/copy.js';
import { readStoredImage } from '../adapters/registry/read-image.js';
import type { Manifest, Registry } from '../adapters/registry/registry.js';
import type { World } from '../adapters/world.js';
import type { Digest } from '../image/digest.js';
import type { ImageName, Tag } from '../image/reference.js';
import { isUniqueTagOf } from '../image/unique-label.js';
import type { Plan } from '../plan/plan.js';
import { describeTaken } from '../plan/tags/moving-tags.js';
import { explainOtherBuild } from '../plan/tags/other-build.js';
import { errorMessage, formatMegabytes, formatSeconds } from '../shared/text.js';
import type { PublishedImage, PushTarget } from './publish.js';
import type { MirrorOutcome } from './pure/mirror-outcome.js';

interface CopyRequest {
  readonly world: Pick<World, 'signal' | 'wait'>;
  /** Its image is where it was pushed first. */
  readonly own: Plan['own'];
  readonly from: Registry;
  readonly manifest: Manifest;
  /** The unique tag first. */
  readonly tags: readonly Tag[];
}

/** Copies to all mirrors at once. Never throws: each outcome says how it went. */
export function copyPublished(
  world: CopyRequest['world'],
  own: Plan['own'],
  { registry: from }: Pick<PushTarget, 'registry'>,
  mirrors: readonly OpenMirror[],
  { manifest, moved: { tags } }: Pick<PublishedImage, 'manifest' | 'moved'>,
): Promise<readonly MirrorOutcome[]> {
  return Promise.all(mirrors.map((mirror) => copyToMirror({ world, own, from, manifest, tags }, mirror)));
}

async function copyToMirror(
  { world, own, from, manifest, tags }: CopyRequest,
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
      if (tag !== unique) await expectMovable(registry, own, image, tag);
      await registry.writeManifest(tag, manifest);
      const served = await registry.readDigest(tag);
      if (served !== manifest.digest)
        throw new Error(`it serves ${served ?? 'nothing'} for ${tag}, and not ${manifest.digest}, which was copied`);
      written.push(tag);
    }
    return {
      image,
      tags: written,
      error: null,
      effort: `${effort}, ${formatSeconds((performance.now() - start) / 1000)}`,
    };
  } catch (error) {
    return { image, tags: written, error: errorMessage(error), effort };
  }
}

/** A unique tag is never moved. It was free before the build; another run may have written it since. */
async function expectFree(registry: Registry, unique: Tag, digest: Digest): Promise<void> {
  const there = await registry.readDigest(unique);
  if (there !== null && there !== digest) throw new Error(`it has another image under ${unique}, ${there}`);
}

/** Refuses a tag of an image that was built from something else, or that is the unique tag of an image there, also of one that was pushed to the mirror directly. */
async function expectMovable(registry: Registry, own: Plan['own'], at: ImageName, tag: Tag): Promise<void> {
  const { labels = {} } = (await readStoredImage(registry, tag)) ?? {};
  if ([own.image, at].some((image) => isUniqueTagOf(image, tag, labels)))
    throw new Error(`there ${describeTaken(tag)}`);
  const other = explainOtherBuild(own, { at, tag, labels });
  if (other !== null) throw new Error(other);
}
