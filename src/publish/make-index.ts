// Makes one image index of images that other runs have built, one for each platform.
import type { Manifest } from '../adapters/registry/registry.js';
import { digestOf } from '../image/digest.js';
import { type ImageIndex, type Part, makeImageIndex } from '../image/image-index.js';
import { getUniqueAnnotation } from '../image/unique-label.js';
import type { Plan } from '../plan/plan.js';

export function makeIndex(
  parts: readonly Part[],
  wanted: readonly string[],
  { image, tags, production }: Plan,
): { readonly platforms: ImageIndex['platforms']; readonly index: Manifest } {
  const annotation = getUniqueAnnotation(production.labels, image, tags.unique);
  const { content, mediaType, platforms } = makeImageIndex(parts, wanted, annotation);
  const bytes = Buffer.from(content, 'utf8');
  return { platforms, index: { bytes, mediaType, digest: digestOf(bytes) } };
}
