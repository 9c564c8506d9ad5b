// What somebody with write access to the package can put under a tag: an image that says of itself all that the one there says,
// and has the cache records of the same steps, but other layers.
import { type MemoryRegistry, sha256 } from './memory-registry.js';

interface Content {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
}

export const OTHER_LAYER = sha256('a layer of somebody else');

/** @returns its digest */
export async function replaceImage(
  registry: MemoryRegistry,
  repository: string,
  tag: string,
  from = tag,
): Promise<string> {
  const content = JSON.parse(registry.manifest(repository, from)?.bytes.toString() ?? '') as Content;
  const config = JSON.parse(registry.blob(content.config.digest)?.toString() ?? '') as object;
  const layer = Buffer.from('a layer of somebody else');
  const layers = content.layers.map((one) => ({ ...one, digest: sha256(layer), size: layer.length }));
  const text = Buffer.from(
    JSON.stringify({ ...config, rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) } }),
  );
  const replaced = { ...content, config: { ...content.config, digest: sha256(text), size: text.length }, layers };
  return registry.push(repository, tag, replaced, [layer, text]);
}

/** Whether the manifest under the reference names a layer of `replaceImage`. */
export function hasOtherLayer(registry: MemoryRegistry, repository: string, reference: string): boolean {
  return registry.manifest(repository, reference)?.bytes.includes(OTHER_LAYER) === true;
}

/** Puts another image under a tag as soon as that was read once. @returns digests that were answered */
export function moveAfterLookUp(
  registry: MemoryRegistry,
  repository: string,
  ...tags: readonly string[]
): () => readonly string[] {
  const waiting = new Set(tags);
  const answered: string[] = [];
  registry.intercept = async (method, path, place) => {
    const tag = path.replace('manifests/', '');
    const found = registry.manifest(repository, tag);
    if (method !== 'GET' || place !== repository || !waiting.has(tag) || found === undefined) return undefined;
    waiting.delete(tag);
    answered.push(found.digest);
    await replaceImage(registry, repository, tag);
    const headers = { 'content-type': found.mediaType, 'docker-content-digest': found.digest };
    return { status: 200, headers, body: found.bytes };
  };
  return () => answered;
}
