// Whether an existing tag is the unique tag of its image, which must not be moved. The name does not tell (a branch and a git
// tag may both be called release-42), so the image's labels decide. Pure.
import { VERSION_LABEL } from './label-names.js';
import { type ImageName, OWN_PREFIXES, TIME_ENDING, type Tag, toFullName } from './reference.js';

/** Labels of an image, and annotations of an index, by name. */
export type Labels = Readonly<Record<string, string>>;

/**
 * The unique tag that an image was made for, with registry and repository: an image that is built on another one has its
 * labels, too. Branch tags and extra tags that lead to the same image are not named in it.
 */
export const UNIQUE_TAG_LABEL = 'io.github.dfe-digital.two-pass-build.unique-tag';

/** `<sha>`, `review-pr-<number>-<sha>-…`, `dev-<sha>-…`, `v1.2.3`: no branch has such a tag, and no version moves one. */
const TELLING = new RegExp(
  `^(?:(?:${OWN_PREFIXES.review}[1-9]\\d*-|${OWN_PREFIXES.local})?(?:[0-9a-f]{40}|[0-9a-f]{64})(?:-|$)|v\\d+\\.\\d+\\.\\d+)`,
);
/** src/plan/tags/tags.ts cuts a tag to 128 characters. */
const LONGEST_BEFORE_TIME = 128 - '-20060102150405'.length;

/**
 * Adds the label where the image's version does not tell as well. The version alone will do for a name that only unique tags
 * have; elsewhere people set versions of their own, and some tools set it to the name of the branch.
 * @param labels that the action sets itself
 */
export function withUniqueLabel(labels: Labels, image: ImageName, unique: Tag): Labels {
  return { ...labels, ...getUniqueAnnotation(labels, image, unique) };
}

/** The label alone, as the annotation of an index, whose parts have labels of their own; none where their version will do. */
export function getUniqueAnnotation(labels: Labels, image: ImageName, unique: Tag): Labels {
  return isToldByVersion(unique, labels) ? {} : { [UNIQUE_TAG_LABEL]: `${toFullName(image)}:${unique}` };
}

/**
 * @param image where the image that is under the tag now was first pushed to
 * @param labels of that image
 */
export function isUniqueTagOf(image: ImageName, tag: Tag, labels: Labels): boolean {
  const reference = labels[UNIQUE_TAG_LABEL] ?? '';
  const prefix = `${toFullName(image)}:`;
  const name = reference.startsWith(prefix) ? reference.slice(prefix.length) : '';
  if (name === tag || isLaterChoice(tag, name) || isToldByVersion(tag, labels)) return true;
  return TELLING.test(tag) && isLaterChoice(tag, labels[VERSION_LABEL] ?? '');
}

function isToldByVersion(tag: Tag, labels: Labels): boolean {
  return TELLING.test(tag) && labels[VERSION_LABEL] === tag;
}

/** A run that found its tag taken after the build has the same image under the tag and the time. */
function isLaterChoice(tag: Tag, name: string): boolean {
  return TIME_ENDING.test(tag) && tag.replace(TIME_ENDING, '') === name.slice(0, LONGEST_BEFORE_TIME);
}
