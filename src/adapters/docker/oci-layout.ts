// Checks an OCI layout on disk, the form of BuildKit's local cache.
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Digest, isHashOf, startHash } from '../../image/digest.js';
import { type Descriptor, readDescriptors } from '../../image/manifest.js';
import { isManifestType } from '../../image/media-types.js';
import { parseObject } from '../../shared/json.js';

/**
 * Reads every blob that can be reached from the layout's index.
 * @throws Error when a blob is missing or does not match its digest
 */
export async function checkLayout(folder: string): Promise<void> {
  const left = listDescriptors(await readFile(join(folder, 'index.json'), 'utf8'));
  if (left.length === 0) throw new Error('its index names nothing');
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const file = join(folder, 'blobs', ...next.digest.split(':'));
    const hash = startHash(next.digest);
    await pipeline(createReadStream(file), hash);
    if (!isHashOf(hash, next.digest)) throw new Error(`what it has as ${next.digest} is something else`);
    if (isManifestType(next.mediaType)) left.push(...listDescriptors(await readFile(file, 'utf8')));
  }
}

/** The descriptors in an index or manifest. @throws Error when it is neither */
function listDescriptors(text: string): (Descriptor & { readonly digest: Digest })[] {
  const document = parseObject(text);
  if (document === null) throw new Error('a manifest in it is none');
  const { manifests, config, layers } = readDescriptors(document);
  return [...(manifests ?? []), ...layers, ...(config === null ? [] : [config])].flatMap((descriptor) =>
    descriptor.digest === null ? [] : [{ ...descriptor, digest: descriptor.digest }],
  );
}
