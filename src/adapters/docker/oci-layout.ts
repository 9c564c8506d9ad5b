// Checks an OCI layout on disk, as BuildKit's local cache is one.
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isDigest } from '../../image/digest.js';
import { isRecord } from '../../shared/json.js';

/**
 * Reads every blob that the layout's index leads to.
 * @throws Error when one is missing or is not what its digest says
 */
export async function checkLayout(folder: string): Promise<void> {
  const left = listDescriptors(await readFile(join(folder, 'index.json'), 'utf8'));
  if (left.length === 0) throw new Error('its index names nothing');
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [algorithm = '', hex = ''] = next.digest.split(':');
    const file = join(folder, 'blobs', algorithm, hex);
    const hash = createHash(algorithm);
    await pipeline(createReadStream(file), hash);
    if (hash.digest('hex') !== hex) throw new Error(`what it has as ${next.digest} is something else`);
    if (/\b(?:manifest|index)\b/.test(next.mediaType)) left.push(...listDescriptors(await readFile(file, 'utf8')));
  }
}

interface Descriptor {
  readonly digest: string;
  readonly mediaType: string;
}

/** What an index or a manifest names. @throws Error when it is none */
function listDescriptors(text: string): Descriptor[] {
  const document: unknown = JSON.parse(text);
  if (!isRecord(document)) throw new Error('a manifest in it is none');
  return [document.manifests, document.layers, [document.config]]
    .flatMap((list: unknown): readonly unknown[] => (Array.isArray(list) ? list : []))
    .flatMap((entry) => {
      if (!isRecord(entry) || !isDigest(entry.digest)) return [];
      return [{ digest: entry.digest, mediaType: typeof entry.mediaType === 'string' ? entry.mediaType : '' }];
    });
}
