// Reads which other manifests the manifests of a package refer to.
import type { PackageVersion } from '../adapters/github/packages.js';
import type { Registry } from '../adapters/registry/registry.js';
import type { Digest } from '../image/digest.js';
import { parseObject } from '../shared/json.js';
import { inPool } from '../shared/pool.js';
import { type References, parseReferences } from './pure/cleanup-plan.js';

const AT_ONCE = 8;

/**
 * Reads the manifests that are not in `known`, or null there.
 * @param known references that were read before; null for a manifest that the registry did not show
 * @returns `known` with the new ones
 * @throws RegistryError or ConnectionError for an answer other than a manifest or 404
 */
export async function readReferences(
  registry: Registry,
  versions: readonly PackageVersion[],
  known: ReadonlyMap<Digest, References | null>,
): Promise<ReadonlyMap<Digest, References | null>> {
  const missing = versions.map(({ digest }) => digest).filter((digest) => (known.get(digest) ?? null) === null);
  const found = await inPool(missing, AT_ONCE, async (digest): Promise<[Digest, References | null]> => {
    const manifest = await registry.readManifest(digest);
    return [digest, manifest === null ? null : readContent(manifest.bytes)];
  });
  return new Map([...known, ...found]);
}

/** Bytes that are no JSON object are no manifest that anybody could use; what they mean is not known all the same. */
function readContent(bytes: Buffer): References | null {
  const content = parseObject(bytes);
  return content === null ? null : parseReferences(content);
}
