// What somebody with write access to the package can put under its tags: images with the cache records of the same steps, and
// other files in their layers.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Registry } from '../../lab/registry/registry.js';

interface Layer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}
interface Manifest {
  readonly mediaType: string;
  readonly config: { readonly digest: string; readonly size: number };
  readonly layers: readonly Layer[];
}

const sha256 = (content: Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

/**
 * Replaces a text in the files of an image's layers, by one of the same length.
 * @param tag of an image, or of a merged cache, which names layers of images
 * @returns digests of the layers that are other ones now
 */
export async function poison(
  registry: Registry,
  repository: string,
  tag: string,
  [text, other]: readonly [string, string],
): Promise<readonly string[]> {
  if (text.length !== other.length) throw new Error('The checksums of an archive cover the length of its files.');
  const manifest = (await registry.manifest(repository, tag)).body as unknown as Manifest;
  const renamed = new Map<string, string>();
  const layers = await Promise.all(
    manifest.layers.map(async (layer) => {
      const content = unpack(await registry.blob(repository, layer.digest), layer.mediaType);
      if (!content.includes(text)) return layer;
      const changed = Buffer.from(content.toString('latin1').replaceAll(text, other), 'latin1');
      const packed = gzipSync(changed);
      const digest = await registry.putBlob(repository, packed);
      renamed.set(layer.digest, digest).set(sha256(content), sha256(changed));
      return { ...layer, mediaType: layer.mediaType.replace('zstd', 'gzip'), digest, size: packed.length };
    }),
  );
  if (renamed.size === 0) throw new Error(`No layer of ${tag} has the text.`);
  const rename = (json: string): string => [...renamed].reduce((now, [from, to]) => now.replaceAll(from, to), json);
  const config = Buffer.from(rename((await registry.blob(repository, manifest.config.digest)).toString('utf8')));
  const described = { ...manifest.config, digest: await registry.putBlob(repository, config), size: config.length };
  const body = rename(JSON.stringify({ ...manifest, config: described, layers }));
  await registry.putManifest(repository, tag, manifest.mediaType, body);
  return layers.map(({ digest }) => digest).filter((digest) => [...renamed.values()].includes(digest));
}

function unpack(content: Buffer, mediaType: string): Buffer {
  if (!mediaType.endsWith('zstd')) return gunzipSync(content);
  const { stdout, status } = spawnSync('zstd', ['-dc'], { input: content, maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error('The layer is not zstd.');
  return stdout;
}
