// An empty image that takes tags off other images: registries let nobody delete a tag, but a tag can be moved, and what
// it was moved to can be deleted.
import { digestOf } from '../plan/image-name.js';
import type { Manifest, Registry } from './registry.js';

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';

/**
 * Writes the config of a placeholder, so that its manifest can be written under a tag.
 * @param name makes it another image than every other placeholder
 */
export async function preparePlaceholder(registry: Registry, name: string): Promise<Manifest> {
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: { Labels: { 'two-pass-build.placeholder': name } },
    rootfs: { type: 'layers', diff_ids: [] },
  });
  const configDigest = digestOf(config);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: { mediaType: CONFIG_TYPE, digest: configDigest, size: Buffer.byteLength(config) },
    layers: [],
  });
  await registry.writeBlob(configDigest, config);
  return { digest: digestOf(manifest), mediaType: MANIFEST_TYPE, bytes: Buffer.from(manifest, 'utf8') };
}
