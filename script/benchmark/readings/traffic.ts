// What a try moved, from the registry's access log. Pure.
import { type RegistryRequest, listUploadedBlobs } from '../../../lab/registry/access-log.js';
import type { BlobKinds } from './repository.js';

/** Bytes of blobs. */
export interface Traffic {
  /** Layers that the service's own steps made. */
  readonly layersPulled: number;
  readonly layersPushed: number;
  /** Layers of the base image. */
  readonly basePulled: number;
  readonly basePushed: number;
  /** Configs, cache records and attestations. Manifests are no blobs and in none of these. */
  readonly metadataPulled: number;
  readonly metadataPushed: number;
  /** Requests of any kind. */
  readonly requests: number;
}

type Kind = 'layers' | 'base' | 'metadata';

/** @param sizes of the blobs that were uploaded */
export function countTraffic(
  requests: readonly RegistryRequest[],
  sizes: ReadonlyMap<string, number>,
  kinds: Pick<BlobKinds, 'metadata' | 'base'>,
): Traffic {
  const kindOf = (digest: string): Kind =>
    kinds.metadata.has(digest) ? 'metadata' : kinds.base.has(digest) ? 'base' : 'layers';
  const pulled = { layers: 0, base: 0, metadata: 0 };
  const pushed = { layers: 0, base: 0, metadata: 0 };
  for (const { method, path, status, bytes } of requests) {
    const [, repository = '', digest] = /^\/v2\/(.+)\/blobs\/(sha256:[0-9a-f]{64})/.exec(path) ?? [];
    // The refusals that ask for a token have a body too.
    if (method !== 'GET' || digest === undefined || status >= 300) continue;
    const kind = kindOf(digest);
    pulled[repository.startsWith('base/') && kind === 'layers' ? 'base' : kind] += bytes;
  }
  for (const digest of listUploadedBlobs(requests)) pushed[kindOf(digest)] += sizes.get(digest) ?? 0;
  return {
    layersPulled: pulled.layers,
    layersPushed: pushed.layers,
    basePulled: pulled.base,
    basePushed: pushed.base,
    metadataPulled: pulled.metadata,
    metadataPushed: pushed.metadata,
    requests: requests.length,
  };
}
