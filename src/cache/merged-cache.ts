// Writes one cache manifest, merged from the caches of all images of the lineage, to the registry.
import { type Registry, RegistryError } from '../adapters/registry/registry.js';
import { OCI_MANIFEST } from '../image/media-types.js';
import { pinnedReference } from '../image/reference.js';
import type { StoredImage } from '../image/stored-image.js';
import type { RegistryState } from '../plan/context.js';
import type { Plan } from '../plan/plan.js';
import { cacheTag } from '../plan/tags/tags.js';
import { errorMessage } from '../shared/text.js';
import type { Warn } from '../shared/types.js';
import { mergeCaches } from './pure/merge-caches.js';

/**
 * Merges the cache records of the images and writes them as one cache manifest; no layer is moved. Images whose layers
 * the registry has lost are left out.
 * @returns `mergedCache`: the reference to import, null when there is nothing to merge or it could not be written;
 *   `images`: those that are not left out
 */
export async function writeMergedCache(
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
      warn(`The merged cache could not be written, so each pass takes the nearest image: ${errorMessage(error)}`);
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
  // A run without scope may not move the tag, so its cache manifest is written by digest only.
  const tag = scope === null ? null : cacheTag(scope.tag);
  await registry.writeBlob(merged.configDigest, merged.config);
  // Written even if it exists: the registry then checks that it still has every layer that the manifest names.
  const manifest = { mediaType: OCI_MANIFEST, bytes: Buffer.from(merged.manifest, 'utf8') };
  await registry.writeManifest(tag ?? merged.manifestDigest, manifest);
  // With the digest: a long-lived engine may remember an older manifest of the tag.
  return tag === null ? `${image.name}@${merged.manifestDigest}` : pinnedReference(image, tag, merged.manifestDigest);
}
