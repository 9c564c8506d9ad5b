// The inputs part-of-index and index-of: an image whose platforms are built by several runs. Pure.
import { type Digest, isDigest } from '../image/digest.js';
import { type Platform, parsePlatform } from '../image/platform.js';
import { type ImageName, isSameImage, parseImageName } from '../image/reference.js';
import { InputError } from '../shared/errors.js';
import { quote } from '../shared/text.js';
import { parseList } from './syntax.js';

/** @throws InputError unless there is exactly one platform, which can be part of a tag */
export function parsePart(platforms: readonly string[]): Platform {
  const [platform] = platforms;
  if (platform === undefined || platforms.length > 1)
    throw new InputError(
      `part-of-index is true, but platforms names ${platforms.length === 0 ? 'none' : platforms.join(', ')}. Name the one platform that this run builds.`,
    );
  return parsePlatform(platform);
}

/**
 * Digests, or references that end with one, such as the output pinned-image of each part.
 * @param text as it was given
 * @throws InputError for what has no digest, or is another image's
 */
export function parseIndexOf(text: string, image: ImageName): readonly Digest[] {
  const items = parseList('index-of', text, { separator: 'item' });
  if (items.length === 0 && text !== '')
    throw new InputError(
      'index-of is given and empty: the runs that build the parts have pushed none. Let this one run only when they have (their output pushed).',
    );
  const digests = items.map((item, index) => parsePartReference(item, index, image));
  const twice = digests.find((digest, index) => digests.indexOf(digest) !== index);
  if (twice !== undefined)
    throw new InputError(`index-of: ${twice} is given twice. Each platform has a part of its own.`);
  return digests;
}

function parsePartReference(item: string, index: number, image: ImageName): Digest {
  const at = item.lastIndexOf('@');
  const digest = item.slice(at + 1);
  if (!isDigest(digest))
    throw new InputError(
      `index-of: item ${index + 1}, ${quote(item)}, has no digest. Give the output digest or pinned-image of each part.`,
    );
  if (at === -1) return digest;
  const name = parseImageName(item.slice(0, at).replace(/:[^/:]*$/, ''), `index-of: item ${index + 1},`);
  if (!isSameImage(name, image))
    throw new InputError(
      `index-of: item ${index + 1} is of ${name.name}, and the image is ${image.name}. Build the parts with the same image.`,
    );
  return digest;
}
