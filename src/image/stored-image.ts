// The type of an image in the registry: layers, sizes, and its inline cache from BuildKit.
import type { JsonRecord } from '../shared/json.js';
import type { Digest } from './digest.js';
import type { Tag } from './reference.js';
import type { Labels } from './unique-label.js';

/** Compressed layers of the production image; null when that is not known. */
export interface ImageBytes {
  /** Compressed; of the first platform where there are several. */
  readonly image: number | null;
  /** How many platforms the image has; left out: one. */
  readonly platforms?: number;
  /** Of the image that the main branch had before this run. */
  readonly main: number | null;
}

/** A layer of an image, in the order of its manifest. */
export interface ImageLayer {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes, compressed. */
  readonly size: number;
  /** Digest of the uncompressed layer. */
  readonly diffId: string;
  /** ISO 8601; empty when the image does not say. */
  readonly createdAt: string;
  /** The instruction that made it. */
  readonly createdBy: string;
}

/** One image of one platform, as far as its inline cache goes. */
export interface CachedImage {
  /** For messages: its tag, or digest within an index. */
  readonly name: string;
  readonly layers: readonly ImageLayer[];
  /** `moby.buildkit.cache.v0` of the config, decoded; unknown until it is checked here. */
  readonly records: unknown;
  /** Left out where there is none. */
  readonly labels?: Labels;
  /** Left out where it could not be read. */
  readonly content?: ImageContent;
}

/** What a container gets of an image. */
export interface ImageContent {
  /** `linux/arm64/v8` */
  readonly platform: string;
  /** Digests of the uncompressed layers. */
  readonly diffIds: readonly string[];
  /** Environment, command, labels and so on, as the image has them. */
  readonly config: JsonRecord;
}

/** What the registry has under a tag: one image, or one for each platform. */
export interface StoredImage {
  readonly tag: Tag;
  readonly digest: Digest;
  readonly images: readonly CachedImage[];
  /** The tag leads to another image by now, or to none. */
  readonly moved?: true;
  /** Those of the first of the images; an index says itself which unique tag it has. Left out where there is none. */
  readonly labels?: Labels;
}

/** Bytes of the compressed layers of the first platform; null when they cannot be read. */
export function sumBytes([image]: readonly CachedImage[]): number | null {
  return image === undefined || image.layers.length === 0
    ? null
    : image.layers.reduce((sum, { size }) => sum + size, 0);
}

/** Removes the inline cache from a config's text. BuildKit sorts the keys, and this one is never the last. */
export function withoutInlineCache(config: string): string {
  return config.replace(/"moby\.buildkit\.cache\.v0":"[^"\\]*",/, '');
}
