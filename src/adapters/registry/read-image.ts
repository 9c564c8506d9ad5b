// Reads images from a registry: manifest or index, configs, and the inline cache in the configs. Layers are never read.
// https://github.com/opencontainers/image-spec/blob/main/manifest.md and .../config.md
import { type Digest, digestOf } from '../../image/digest.js';
import type { Part } from '../../image/image-index.js';
import { isAttestation, listDigests, readDescriptors } from '../../image/manifest.js';
import type { Tag } from '../../image/reference.js';
import {
  type CachedImage,
  type ImageContent,
  type ImageLayer,
  type StoredImage,
  withoutInlineCache,
} from '../../image/stored-image.js';
import { type Labels, UNIQUE_TAG_LABEL } from '../../image/unique-label.js';
import { findMark } from '../../plan/tags/promoted.js';
import { type JsonRecord, asList, asRecord, asRecords, asText, at, parseObject } from '../../shared/json.js';
import { BoundedReader } from './bounded-reader.js';
import type { Manifest, Registry } from './registry.js';

/** Far more platforms than anyone builds. */
const MOST_MANIFESTS = 64;

/**
 * @param digest of the image under the tag, where it is known: the tag is not looked up again then
 * @returns null when there is no image under the tag; an image without readable cache has no records. Of a promoted image
 *   the label of the unique tag names the tag, as the mark beside it says.
 */
export async function readStoredImage(
  registry: Registry,
  tag: Tag,
  digest: Digest | null = null,
): Promise<StoredImage | null> {
  const manifest = await registry.readManifest(digest ?? tag);
  if (manifest === null) return null;
  const stored = await readStored(registry, tag, manifest);
  const { labels = {} } = stored;
  const found = findMark(tag, labels);
  if (found === null || (await registry.readDigest(found.mark)) !== stored.digest) return stored;
  return { ...stored, labels: { ...labels, ...found.label } };
}

/** The image of a manifest that was read under the tag; nothing of it is read by the tag again. */
export async function readStored(registry: Registry, tag: Tag, manifest: Manifest): Promise<StoredImage> {
  const images = await readImages(registry, tag, manifest);
  const index = toLabels(parseContent(manifest.bytes).annotations)[UNIQUE_TAG_LABEL];
  const labels = { ...images[0]?.labels, ...(index !== undefined && { [UNIQUE_TAG_LABEL]: index }) };
  return { tag, digest: manifest.digest, images, ...(Object.keys(labels).length > 0 && { labels }) };
}

/** Whether an index has attestations of its images, as BuildKit writes them. */
export function hasAttestations({ bytes }: Pick<Manifest, 'bytes'>): boolean {
  return readDescriptors(parseContent(bytes)).manifests?.some(isAttestation) ?? false;
}

/** The image of a manifest, or the images of an index, without attestations. @throws TooLargeError */
export async function readImages(
  registry: Registry,
  name: string,
  manifest: Manifest,
): Promise<readonly CachedImage[]> {
  const content = parseContent(manifest.bytes);
  const children = listChildren(content);
  const reader = new BoundedReader(registry, name);
  if (children === null) return [await readImage(reader, name, content)];
  return reader.readEach(children, async (digest) => {
    const child = await reader.readManifest(digest);
    return readImage(reader, `${name}@${digest}`, child === null ? {} : parseContent(child.bytes));
  });
}

/**
 * Digests of the configs of a manifest or index; a config covers its layers. Two digests for each config: as it is, and
 * without its inline cache. Attestations are left out.
 */
export async function readConfigDigests(registry: Registry, manifest: Manifest): Promise<readonly Digest[]> {
  const content = parseContent(manifest.bytes);
  const children = listChildren(content);
  const reader = new BoundedReader(registry, manifest.digest);
  if (children === null) return listConfigs(reader, content);
  const found = await reader.readEach(children, async (digest) => {
    const child = await reader.readManifest(digest);
    return child === null ? [] : listConfigs(reader, parseContent(child.bytes));
  });
  return found.flat();
}

async function listConfigs(reader: BoundedReader, content: JsonRecord): Promise<readonly Digest[]> {
  const digest = getConfigDigest(content);
  if (digest === null) return [];
  const text = (await reader.readBlob(digest))?.toString('utf8') ?? '';
  return [digest, digestOf(withoutInlineCache(text))];
}

function getConfigDigest(content: JsonRecord): Digest | null {
  return readDescriptors(content).config?.digest ?? null;
}

/**
 * Reads the parts of an index that is to be made.
 * @param name of the image, for messages
 * @returns in their order; null for one whose manifest or config the registry does not have
 * @throws TooLargeError for more than any index has
 */
export async function readParts(
  registry: Registry,
  name: string,
  digests: readonly Digest[],
): Promise<readonly (Part | null)[]> {
  const reader = new BoundedReader(registry, name);
  return reader.readEach(digests, (digest) => readPart(reader, digest));
}

async function readPart(reader: BoundedReader, digest: Digest): Promise<Part | null> {
  const manifest = await reader.readManifest(digest);
  if (manifest === null) return null;
  const content = parseContent(manifest.bytes);
  const part = { digest, mediaType: manifest.mediaType, size: manifest.bytes.length, content };
  if (listChildren(content) !== null) return { ...part, config: null };
  const configDigest = getConfigDigest(content);
  const config = configDigest === null ? null : await reader.readBlob(configDigest);
  return config === null ? null : { ...part, config: parseContent(config) };
}

/** Labels of a part, of its first image where it has several; unchecked. @throws TooLargeError */
export async function readPartLabels(registry: Registry, name: string, { content, config }: Part): Promise<Labels> {
  const [child] = listChildren(content) ?? [];
  const found = config ?? (child === undefined ? null : (await readParts(registry, name, [child]))[0]?.config);
  return toLabels(at(found, 'config', 'Labels'));
}

async function readImage(reader: BoundedReader, name: string, manifest: JsonRecord): Promise<CachedImage> {
  const none = { name, layers: [], records: [] };
  const digest = getConfigDigest(manifest);
  if (digest === null) return none;
  const config = await reader.readBlob(digest);
  return config === null ? none : parseImage(name, manifest, parseContent(config));
}

/** An image whose manifest and config do not agree has no cache, as in BuildKit. */
function parseImage(name: string, manifest: JsonRecord, config: JsonRecord): CachedImage {
  const { layers: descriptors } = readDescriptors(manifest);
  const diffIds = asList(at(config, 'rootfs', 'diff_ids')).filter((id) => typeof id === 'string');
  const history = asRecords(config.history).filter((entry) => entry.empty_layer !== true);
  const layers = descriptors.flatMap(({ digest, mediaType, size }, index): ImageLayer[] => {
    const diffId = diffIds[index];
    if (digest === null || mediaType === '' || size === null || diffId === undefined) return [];
    const { created, created_by: createdBy } = history[index] ?? {};
    return [{ digest, mediaType, size, diffId, createdAt: asText(created), createdBy: asText(createdBy) }];
  });
  const agree = layers.length === descriptors.length && layers.length === diffIds.length;
  const labels = toLabels(at(config, 'config', 'Labels'));
  const told = {
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(agree && { content: toContent(config, diffIds) }),
  };
  return agree
    ? { name, layers, records: decodeRecords(config['moby.buildkit.cache.v0']), ...told }
    : { name, layers: [], records: [], ...told };
}

function toContent(config: JsonRecord, diffIds: readonly string[]): ImageContent {
  const platform = [config.os, config.architecture, config.variant].map(asText).filter((part) => part !== '');
  return { platform: platform.join('/'), diffIds, config: asRecord(config.config) };
}

function toLabels(value: unknown): Labels {
  return Object.fromEntries(
    Object.entries(asRecord(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** A Go `[]byte` in JSON: base64. */
function decodeRecords(value: unknown): unknown {
  if (typeof value !== 'string') return [];
  try {
    return JSON.parse(Buffer.from(value, 'base64').toString('utf8'));
  } catch {
    return [];
  }
}

/** What a push has written, as far as the build tells. */
export interface Pushed {
  /** Null when nothing names it. */
  readonly digest: Digest | null;
  /** Digests of manifest or index, and of config, as they were made; none when the build does not tell. */
  readonly ids: readonly Digest[];
}

/**
 * Finds what a push has written: by its digest, or where nothing names that, as what is under the tag and has its config. So
 * a tag that somebody has moved since is not taken for it.
 * @param served what is under the tag now
 * @returns null when the registry does not serve it
 */
export async function findPushed(
  registry: Registry,
  served: Manifest | null,
  { digest, ids }: Pushed,
): Promise<Manifest | null> {
  if (digest !== null) return served?.digest === digest ? served : registry.readManifest(digest);
  if (served === null || ids.length === 0) return served;
  const config = getConfigDigest(parseContent(served.bytes));
  return ids.some((id) => id === served.digest || id === config) ? served : null;
}

/** Digests that an index lists, with attestations; empty when it is not an index. */
export async function readChildren(registry: Registry, digest: Digest): Promise<readonly Digest[]> {
  const manifest = await registry.readManifest(digest);
  const manifests = manifest === null ? null : readDescriptors(parseContent(manifest.bytes)).manifests;
  return listDigests(manifests ?? []);
}

/** @returns null when it is not an index */
function listChildren(content: JsonRecord): readonly Digest[] | null {
  const { manifests } = readDescriptors(content);
  if (manifests === null) return null;
  return listDigests(manifests.filter((manifest) => !isAttestation(manifest))).slice(0, MOST_MANIFESTS);
}

/** Of a manifest or a config; one that is not to be read has nothing in it. */
function parseContent(bytes: Buffer): JsonRecord {
  return parseObject(bytes) ?? {};
}
