// Whether what a registry serves is whole: every manifest that an index names, every blob that a manifest names, with its size.
import { type JsonObject, isObject, objectMember, stringMember } from '../json.js';
import type { Registry, ServedManifest } from './registry.js';

/** Fails on the first part that is missing. Gives the manifest or index behind the reference. */
export async function readWholeImage(
  registry: Registry,
  repository: string,
  reference: string,
): Promise<ServedManifest> {
  const served = await registry.manifest(repository, reference);
  const children = served.body.manifests;
  if (Array.isArray(children)) {
    for (const child of children.filter(isObject))
      await readWholeImage(registry, repository, stringMember(child, 'digest'));
    return served;
  }
  const layers: readonly JsonObject[] = Array.isArray(served.body.layers) ? served.body.layers.filter(isObject) : [];
  for (const blob of [objectMember(served.body, 'config'), ...layers]) {
    const digest = stringMember(blob, 'digest');
    const { length } = await registry.blob(repository, digest);
    if (length !== blob.size) throw new Error(`${repository}:${reference}: ${digest} has ${length} bytes`);
  }
  return served;
}
