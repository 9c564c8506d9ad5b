// Reads the manifests and configs of an index within one limit on their total size and time.
import type { Digest } from '../../image/digest.js';
import { inPool } from '../../shared/pool.js';
import { formatMegabytes } from '../../shared/text.js';
import type { Manifest, Registry } from './registry.js';

/** Total bytes of manifests and configs. 64 platforms with inline cache have a quarter of that. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Total milliseconds, since a slow server could use up the limit of each single request. */
const MOST_TIME = 120_000;
/** Requests at once. Those under way may exceed the limit, each by the largest answer. */
const AT_ONCE = 4;

/** The manifests and configs exceed the limits. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

export class BoundedReader {
  private readonly registry: Registry;
  private readonly name: string;
  private readonly startedAt = performance.now();
  private bytes = 0;

  /** @param name of the image, for messages */
  constructor(registry: Registry, name: string) {
    this.registry = registry;
    this.name = name;
  }

  /** As the registry's. @throws TooLargeError */
  async readManifest(digest: Digest): Promise<Manifest | null> {
    this.check();
    const manifest = await this.registry.readManifest(digest);
    this.count(manifest?.bytes);
    return manifest;
  }

  /** As the registry's. @throws TooLargeError */
  async readBlob(digest: Digest): Promise<Buffer | null> {
    this.check();
    const blob = await this.registry.readBlob(digest);
    this.count(blob ?? undefined);
    return blob;
  }

  /**
   * Calls `read` for each digest, a few at once.
   * @returns in the order of the digests
   * @throws the first error; no further call is begun then
   */
  async readEach<T>(digests: readonly Digest[], read: (digest: Digest) => Promise<T>): Promise<readonly T[]> {
    return inPool(digests, AT_ONCE, read);
  }

  private count(bytes: Buffer | undefined): void {
    this.bytes += bytes?.length ?? 0;
    this.check();
  }

  private check(): void {
    if (this.bytes > MOST_BYTES)
      throw new TooLargeError(
        `the manifests and configs of ${this.name} are larger than ${formatMegabytes(MOST_BYTES)} together, which no image is`,
      );
    if (performance.now() - this.startedAt > MOST_TIME)
      throw new TooLargeError(`the registry needs more than ${MOST_TIME / 1000} s to show ${this.name}`);
  }
}
