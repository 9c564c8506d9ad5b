// Copies the pushed image to the mirrors. A mirror that fails is reported, and does not stop the copies to the others.
import type { OpenMirror } from '../access/open-mirrors.js';
import { copyContent } from '../adapters/registry/copy.js';
import { readStoredImage } from '../adapters/registry/read-image.js';
import type { Manifest, Registry } from '../adapters/registry/registry.js';
import type { World } from '../adapters/world.js';
import type { Digest } from '../image/digest.js';
import type { ImageName, Tag } from '../image/reference.js';
import { isUniqueTagOf } from '../image/unique-label.js';
import { describeTaken } from '../plan/tags/moving-tags.js';
import { errorMessage, formatMegabytes, formatSeconds } from '../shared/text.js';
import type { PublishedImage, PushTarget } from './publish.js';
import type { MirrorOutcome } from './pure/mirror-outcome.js';

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

/** Refuses a tag that is the unique tag of an image there, also of one that was pushed to the mirror directly. */
async function expectMovable(registry: Registry, images: readonly ImageName[], tag: Tag): Promise<void> {
  const { labels = {} } = (await readStoredImage(registry, tag)) ?? {};
  if (images.some((image) => isUniqueTagOf(image, tag, labels))) throw new Error(`there ${describeTaken(tag)}`);
}
