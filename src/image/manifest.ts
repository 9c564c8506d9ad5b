// What an image manifest or an index names, of Docker's kind or OCI's: foreign JSON, read in one place.
// https://github.com/opencontainers/image-spec/blob/main/descriptor.md, .../manifest.md and .../image-index.md
import { type JsonRecord, asRecord, asRecords, asText, at, isCount, isRecord } from '../shared/json.js';
import { type Digest, isDigest } from './digest.js';

/** One thing that a manifest names. */
export interface Descriptor {
  /** Null where it has none that can be used. */
  readonly digest: Digest | null;
  /** Empty where it does not say. */
  readonly mediaType: string;
  /** Bytes; null where it does not say. */
  readonly size: number | null;
  /** As it stands there. */
  readonly content: JsonRecord;
}

export interface ManifestContent {
  /** Of an index: its images and their attestations, in order. Null for what is no index. */
  readonly manifests: readonly Descriptor[] | null;
  readonly config: Descriptor | null;
  /** Bottom first; none for an index. */
  readonly layers: readonly Descriptor[];
  /** The manifest that this one is about, such as an image that a signature is for. */
  readonly subject: Descriptor | null;
}

/** Reads what is there; what is no object names nothing. */
export function readDescriptors(content: unknown): ManifestContent {
  const { manifests, config, layers, subject } = asRecord(content);
  return {
    manifests: Array.isArray(manifests) ? asRecords(manifests).map(toDescriptor) : null,
    config: isRecord(config) ? toDescriptor(config) : null,
    layers: asRecords(layers).map(toDescriptor),
    subject: isRecord(subject) ? toDescriptor(subject) : null,
  };
}

function toDescriptor(content: JsonRecord): Descriptor {
  const { digest, mediaType, size } = content;
  return {
    digest: isDigest(digest) ? digest : null,
    mediaType: asText(mediaType),
    size: isCount(size) ? size : null,
    content,
  };
}

/** The digests of descriptors; those without are left out. */
export function listDigests(descriptors: readonly Descriptor[]): readonly Digest[] {
  return descriptors.flatMap(({ digest }) => digest ?? []);
}

/** BuildKit writes attestations into an index as manifests for a platform that there is not. */
export function isAttestation({ content }: Descriptor): boolean {
  return at(content, 'platform', 'os') === 'unknown';
}

/** Layers of Windows base images, which registries do not hold: they stay where their addresses say. */
export function isForeignLayer({ mediaType, content: { urls } }: Descriptor): boolean {
  return Array.isArray(urls) && urls.length > 0 && /foreign|nondistributable/.test(mediaType);
}
