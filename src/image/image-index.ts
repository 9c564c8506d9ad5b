// Images of one platform each -> one index of them. Pure.
// https://github.com/opencontainers/image-spec/blob/main/image-index.md
import { type JsonRecord, asText, isRecord } from '../shared/json.js';
import type { Digest } from './digest.js';
import { readDescriptors } from './manifest.js';
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX } from './media-types.js';
import { type Platform, isSamePlatform, parsePlatform, showPlatform } from './platform.js';
import type { Labels } from './unique-label.js';

/** A part as the registry has it. */
export interface Part {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of its manifest. */
  readonly size: number;
  /** Its manifest, or an index where the image has attestations. */
  readonly content: JsonRecord;
  /** The config of its manifest; null for an index. */
  readonly config: JsonRecord | null;
}

export interface ImageIndex {
  readonly mediaType: string;
  /** JSON; the same parts in the same order give the same bytes. */
  readonly content: string;
  readonly platforms: readonly { readonly platform: Platform; readonly part: Digest }[];
}

/** Far more platforms and attestations than anyone builds; bounded, since each is compared with each. */
const MOST_ENTRIES = 256;

/**
 * @param wanted the input platforms; none: whatever the parts are for
 * @param annotations what the index says of itself; left out where it is nothing
 * @throws Error when two parts are for one platform, one is for none, or the platforms are not those that were wanted
 */
export function makeImageIndex(
  parts: readonly Part[],
  wanted: readonly string[],
  annotations: Labels = {},
): ImageIndex {
  const entries = parts.flatMap((part) =>
    listDescriptors(part).map((descriptor) => ({ part: part.digest, descriptor })),
  );
  if (entries.length > MOST_ENTRIES)
    throw new Error(`index-of: the parts name ${entries.length} images, and an index has ${MOST_ENTRIES} at most.`);
  const platforms = entries.flatMap(({ part, descriptor }) => {
    const platform = readPlatform(descriptor.platform);
    // BuildKit gives attestations the platform unknown/unknown.
    return platform === null || platform.os === 'unknown' ? [] : [{ platform, part }];
  });
  for (const { digest } of parts) {
    if (!platforms.some(({ part }) => part === digest))
      throw new Error(`index-of: ${digest} does not say which platform it is for, so it is no image.`);
  }
  checkPlatforms(platforms, wanted);
  const types = entries.map(({ descriptor }) => descriptor.mediaType);
  // Engines and registries that know one kind only have seen the other in neither.
  const mediaType = types.every((type) => type === DOCKER_MANIFEST) ? DOCKER_LIST : OCI_INDEX;
  const content = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    manifests: entries.map(({ descriptor }) => descriptor),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  });
  return { mediaType, content, platforms };
}

function checkPlatforms(found: ImageIndex['platforms'], wanted: readonly string[]): void {
  for (const [index, { platform, part }] of found.entries()) {
    const twin = found.slice(0, index).find((other) => isSamePlatform(other.platform, platform));
    if (twin !== undefined)
      throw new Error(`index-of: ${twin.part} and ${part} are both for ${showPlatform(platform)}. Give one of them.`);
  }
  if (wanted.length === 0) return;
  const asked = wanted.map(parsePlatform);
  const missing = asked.filter((one) => !found.some(({ platform }) => isSamePlatform(platform, one)));
  if (missing.length > 0)
    throw new Error(
      `index-of: no part is for ${missing.map(showPlatform).join(', ')}, which platforms names. The parts are for ${found.map(({ platform }) => showPlatform(platform)).join(', ')}.`,
    );
  const surplus = found.find(({ platform }) => !asked.some((one) => isSamePlatform(one, platform)));
  if (surplus !== undefined)
    throw new Error(
      `index-of: ${surplus.part} is for ${showPlatform(surplus.platform)}, which platforms does not name. Add it there, or leave the part out.`,
    );
}

/** Of an index its own descriptors, attestations too; an image has one, whose platform stands in its config. */
function listDescriptors({ digest, mediaType, size, content, config }: Part): readonly JsonRecord[] {
  const { manifests } = readDescriptors(content);
  if (manifests !== null) return manifests.map((manifest) => manifest.content);
  const names = ['architecture', 'os', 'os.version', 'os.features', 'variant'];
  const platform = Object.fromEntries(
    names.flatMap((name) => (config?.[name] === undefined ? [] : [[name, config[name]]])),
  );
  return [{ mediaType, digest, size, platform }];
}

function readPlatform(value: unknown): Platform | null {
  if (!isRecord(value) || typeof value.os !== 'string' || typeof value.architecture !== 'string') return null;
  const { os, architecture, variant } = value;
  return { os, architecture, variant: asText(variant) };
}
