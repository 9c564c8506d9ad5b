// Copies an image or index from one repository to another, byte for byte: layers first, tags last.
// https://github.com/opencontainers/image-spec/blob/main/descriptor.md
import type { Digest } from '../../image/digest.js';
import { type ManifestContent, isForeignLayer, listDigests, readDescriptors } from '../../image/manifest.js';
import { parseObject } from '../../shared/json.js';
import { inPool } from '../../shared/pool.js';
import { retry } from '../../shared/retry.js';
import { BoundedReader } from './bounded-reader.js';
import { ConnectionError, isTransient, isTransientStatus, retryDelay } from './http.js';
import { type Manifest, type Registry, RegistryError } from './registry.js';

/** How much was copied. */
export interface CopyFigures {
  /** Layers and configs, each once. */
  readonly blobs: number;
  /** How many of them were sent by this machine; the registry had the others, or mounted them. */
  readonly sent: number;
  readonly bytes: number;
}

export interface CopyOptions {
  readonly signal: AbortSignal;
  readonly wait: (milliseconds: number) => Promise<void>;
}

interface Blob {
  readonly digest: Digest;
  readonly size: number;
}

/** As many layers as `docker push` sends at once, less two: there may be several mirrors. */
const AT_ONCE = 3;
/** Far more platforms and attestations than anyone builds. */
const MOST_CHILDREN = 128;

/**
 * Copies all blobs of a manifest, and the manifests that an index lists, by digest. The caller then writes the manifest
 * itself under its tags.
 * @throws Error that names what could not be copied
 */
export async function copyContent(
  from: Registry,
  to: Registry,
  manifest: Manifest,
  options: CopyOptions,
): Promise<CopyFigures> {
  const children = await readChildren(from, manifest);
  const blobs = listBlobs([manifest, ...children]);
  const outcomes = await inPool(blobs, AT_ONCE, (blob) => copyBlobWithRetry(from, to, blob, options));
  for (const child of children) await to.writeManifest(child.digest, child);
  const sent = blobs.filter((_, index) => outcomes[index] === true);
  return { blobs: blobs.length, sent: sent.length, bytes: sent.reduce((sum, { size }) => sum + size, 0) };
}

/** The images and attestations of an index. No build makes an index within an index. */
async function readChildren(from: Registry, manifest: Manifest): Promise<readonly Manifest[]> {
  const { manifests } = parseContent(manifest);
  if (manifests === null) return [];
  const digests = listDigests(manifests);
  if (manifests.length > MOST_CHILDREN || digests.length < manifests.length)
    throw new Error(`The index ${manifest.digest} names what cannot be copied.`);
  const reader = new BoundedReader(from, manifest.digest);
  return reader.readEach([...new Set(digests)], async (digest) => {
    const child = await reader.readManifest(digest);
    if (child === null) throw new Error(`The registry has lost ${digest}, which ${manifest.digest} names.`);
    return child;
  });
}

function listBlobs(manifests: readonly Manifest[]): readonly Blob[] {
  const blobs = new Map<Digest, Blob>();
  for (const manifest of manifests) {
    const { config, layers } = parseContent(manifest);
    for (const descriptor of [...(config === null ? [] : [config]), ...layers]) {
      if (isForeignLayer(descriptor)) continue;
      const { digest, size } = descriptor;
      if (digest === null || size === null)
        throw new Error(`The manifest ${manifest.digest} names what cannot be copied.`);
      blobs.set(digest, { digest, size });
    }
  }
  return [...blobs.values()];
}

function parseContent({ digest, bytes }: Manifest): ManifestContent {
  const content = parseObject(bytes);
  if (content === null) throw new Error(`The manifest ${digest} is no JSON object.`);
  return readDescriptors(content);
}

/** Retries temporary faults. Small requests are retried by `createSender`; streams are not. */
async function copyBlobWithRetry(
  from: Registry,
  to: Registry,
  blob: Blob,
  { signal, wait }: CopyOptions,
): Promise<boolean> {
  return retry(
    () => to.copyBlob(blob, () => from.openBlob(blob.digest, signal), signal),
    (outcome, attempt) =>
      'error' in outcome && mayPass(outcome.error) && !signal.aborted ? retryDelay(attempt) : null,
    wait,
  );
}

function mayPass(error: unknown): boolean {
  if (error instanceof ConnectionError) return isTransient(error);
  return error instanceof RegistryError && isTransientStatus(error.status);
}
