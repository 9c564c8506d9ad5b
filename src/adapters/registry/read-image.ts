// Images as a registry has them: manifest or index, configs, and the inline cache in them. Layers are never read.
// https://github.com/opencontainers/image-spec/blob/main/manifest.md and .../config.md
import { type Digest, digestOf, isDigest } from '../../image/digest.js';
import type { Part } from '../../image/image-index.js';
import type { Tag } from '../../image/reference.js';
import { type CachedImage, type ImageLayer, type StoredImage, withoutInlineCache } from '../../image/stored-image.js';
import { type Labels, UNIQUE_TAG_LABEL } from '../../image/unique-label.js';
import { type JsonRecord, isRecord } from '../../shared/json.js';
import { BoundedReader } from './bounded-reader.js';
import type { Manifest, Registry } from './registry.js';

/** Far more platforms than anyone builds. */
const MOST_MANIFESTS = 64;

/** @returns null when there is no image under the tag; an image without readable cache has no records */
export async function readStoredImage(registry: Registry, tag: Tag): Promise<StoredImage | null> {
  const manifest = await registry.readManifest(tag);
  if (manifest === null) return null;
  const images = await readImages(registry, tag, manifest);
  const index = toLabels(parseJson(manifest.bytes).annotations)[UNIQUE_TAG_LABEL];
  const labels = { ...images[0]?.labels, ...(index !== undefined && { [UNIQUE_TAG_LABEL]: index }) };
  return { tag, digest: manifest.digest, images, ...(Object.keys(labels).length > 0 && { labels }) };
}

/** The image or images behind a manifest or index; attestations are none. @throws TooLargeError for more than any image has */
export async function readImages(
  registry: Registry,
  name: string,
  manifest: Manifest,
): Promise<readonly CachedImage[]> {
  const content = parseJson(manifest.bytes);
  const children = listChildren(content);
  const reader = new BoundedReader(registry, name);
  if (children === null) return [await readImage(reader, name, content)];
  return reader.readEach(children, async (digest) => {
    const child = await reader.readManifest(digest);
    return readImage(reader, `${name}@${digest}`, child === null ? {} : parseJson(child.bytes));
  });
}

/**
 * Digests of the configs behind a manifest or index, which cover the layers too, each as it is and without its inline
 * cache; attestations have none that counts.
 */
export async function readConfigDigests(registry: Registry, manifest: Manifest): Promise<readonly Digest[]> {
  const content = parseJson(manifest.bytes);
  const children = listChildren(content);
  const reader = new BoundedReader(registry, manifest.digest);
  if (children === null) return listConfigs(reader, content);
  const found = await reader.readEach(children, async (digest) => {
    const child = await reader.readManifest(digest);
    return child === null ? [] : listConfigs(reader, parseJson(child.bytes));
  });
  return found.flat();
}

async function listConfigs(reader: BoundedReader, content: JsonRecord): Promise<readonly Digest[]> {
  const digest = readConfigDigest(content);
  if (digest === null) return [];
  const text = (await reader.readBlob(digest))?.toString('utf8') ?? '';
  return [digest, digestOf(withoutInlineCache(text))];
}

function readConfigDigest({ config }: JsonRecord): Digest | null {
  return isRecord(config) && isDigest(config.digest) ? config.digest : null;
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
  const content = parseJson(manifest.bytes);
  const part = { digest, mediaType: manifest.mediaType, size: manifest.bytes.length, content };
  if (listChildren(content) !== null) return { ...part, config: null };
  const configDigest = readConfigDigest(content);
  const config = configDigest === null ? null : await reader.readBlob(configDigest);
  return config === null ? null : { ...part, config: parseJson(config) };
}

/** The commit that an image names in its label, as it stands there; null without one. @throws TooLargeError */
export async function readRevision(
  registry: Registry,
  name: string,
  { content, config }: Part,
): Promise<string | null> {
  const [child] = listChildren(content) ?? [];
  const found = config ?? (child === undefined ? null : (await readParts(registry, name, [child]))[0]?.config);
  const labels = isRecord(found?.config) ? found.config.Labels : null;
  const revision = isRecord(labels) ? labels['org.opencontainers.image.revision'] : null;
  return typeof revision === 'string' ? revision : null;
}

async function readImage(reader: BoundedReader, name: string, manifest: JsonRecord): Promise<CachedImage> {
  const none = { name, layers: [], records: [] };
  const digest = readConfigDigest(manifest);
  if (digest === null) return none;
  const config = await reader.readBlob(digest);
  return config === null ? none : parseImage(name, manifest, parseJson(config));
}

/** An image whose manifest and config do not agree has no cache, as in BuildKit. */
function parseImage(name: string, manifest: JsonRecord, config: JsonRecord): CachedImage {
  const descriptors = Array.isArray(manifest.layers) ? manifest.layers.filter(isRecord) : [];
  const rootfs = isRecord(config.rootfs) ? config.rootfs : {};
  const diffIds = Array.isArray(rootfs.diff_ids) ? rootfs.diff_ids.filter((id) => typeof id === 'string') : [];
  const history = (Array.isArray(config.history) ? config.history.filter(isRecord) : []).filter(
    (entry) => entry.empty_layer !== true,
  );
  const layers = descriptors.flatMap((descriptor, index): ImageLayer[] => {
    const { digest, mediaType, size } = descriptor;
    const diffId = diffIds[index];
    if (!isDigest(digest) || typeof mediaType !== 'string' || !isSize(size) || diffId === undefined) return [];
    const { created, created_by: createdBy } = history[index] ?? {};
    return [{ digest, mediaType, size, diffId, createdAt: toText(created), createdBy: toText(createdBy) }];
  });
  const agree = layers.length === descriptors.length && layers.length === diffIds.length;
  const labels = toLabels(isRecord(config.config) ? config.config.Labels : null);
  const told = Object.keys(labels).length > 0 ? { labels } : {};
  return agree
    ? { name, layers, records: decodeRecords(config['moby.buildkit.cache.v0']), ...told }
    : { name, layers: [], records: [], ...told };
}

function toLabels(value: unknown): Labels {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
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

/** What an index names, attestations too; nothing for what is no index. */
export async function readChildren(registry: Registry, digest: Digest): Promise<readonly Digest[]> {
  const manifest = await registry.readManifest(digest);
  const manifests: unknown = manifest === null ? null : parseJson(manifest.bytes).manifests;
  return Array.isArray(manifests)
    ? manifests.map((one: unknown) => (isRecord(one) ? one.digest : null)).filter(isDigest)
    : [];
}

/** @returns null for what is no index */
function listChildren(content: JsonRecord): readonly Digest[] | null {
  if (!Array.isArray(content.manifests)) return null;
  return content.manifests
    .filter(isRecord)
    .filter(({ platform }) => !isRecord(platform) || platform.os !== 'unknown')
    .map(({ digest }) => digest)
    .filter(isDigest)
    .slice(0, MOST_MANIFESTS);
}

function parseJson(bytes: Buffer): JsonRecord {
  try {
    const content: unknown = JSON.parse(bytes.toString('utf8'));
    return isRecord(content) ? content : {};
  } catch {
    return {};
  }
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
