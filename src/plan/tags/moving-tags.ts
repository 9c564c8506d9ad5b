// Decides which moving tags are moved to a run's image. A tag is never moved back to an older image, and a unique tag of
// another image is never moved. Pure. docs: reference.md, "Tags".
import type SemVer from 'semver/classes/semver.js';
import parseVersion from 'semver/functions/parse.js';
import { CREATED_LABEL } from '../../image/label-names.js';
import { type ImageName, TIME_ENDING, type Tag } from '../../image/reference.js';
import type { StoredImage } from '../../image/stored-image.js';
import { type Labels, isUniqueTagOf } from '../../image/unique-label.js';
import { InputError } from '../../shared/errors.js';
import type { WorkflowEvent } from '../event/event.js';
import type { Scope } from './tags.js';

/** `1`, `v1.2`, `1.2-slim`: only versions of that major or minor version move such a tag. */
const VERSION_LINE = /^v?(\d+)(?:\.(\d+)(?:\.(\d+))?)?(?![\d.])/;

/**
 * The moving tags that a release of this git tag writes: version tags and extra tags stay with a newer version. After
 * v1.3.0, a fix v1.2.4 moves `1.2` and leaves `1` and `latest`. A stable version gives way to newer stable versions only, a
 * pre-release to every newer version. A git tag that is no version is compared with none.
 * @param existing all tags of the registry; null when they cannot be listed: then nothing moves that could go back
 */
export function withoutOlderVersions(
  moving: readonly Tag[],
  gitTag: string,
  existing: readonly string[] | null,
): readonly Tag[] {
  const version = parseVersion(gitTag);
  if (version === null) return moving;
  const newer = existing === null ? null : listNewer(version, existing);
  return moving.filter(
    (tag) => !mayGoBack(tag, gitTag) || (newer !== null && !newer.some((other) => isOfLine(tag, other))),
  );
}

/** Whether a tag could be moved back: not a full version, which no other release writes, nor tags of a release without version. */
export function mayGoBack(tag: Tag, gitTag: string): boolean {
  return parseVersion(gitTag) !== null && VERSION_LINE.exec(tag)?.[3] === undefined;
}

function listNewer(version: SemVer, existing: readonly string[]): readonly SemVer[] {
  const known = new Set(existing);
  // v1.2.3-20260102030405 is another build of v1.2.3 where that exists, and no pre-release of it.
  const isAnotherBuild = (tag: string): boolean => TIME_ENDING.test(tag) && known.has(tag.replace(TIME_ENDING, ''));
  return existing
    .filter((tag) => !isAnotherBuild(tag))
    .map((tag) => parseVersion(tag))
    .filter((other) => other !== null)
    .filter(({ prerelease }) => prerelease.length === 0 || version.prerelease.length > 0)
    .filter((other) => other.compare(version) > 0);
}

function isOfLine(tag: Tag, { major, minor }: SemVer): boolean {
  const [, ...line] = VERSION_LINE.exec(tag) ?? [];
  return [major, minor].every((number, index) => line[index] === undefined || Number(line[index]) === number);
}

/**
 * @param labels of the run's own image, without those that people have set themselves
 * @returns the time of its commit (ISO 8601), if only that tells which of two images is newer; null if the branch or the
 *   version tells, or the time is not known
 */
export function getOrderingTime(scope: Scope | null, event: WorkflowEvent, labels: Labels): string | null {
  if (scope !== null || (event.kind === 'git-tag' && parseVersion(event.gitTag) !== null)) return null;
  return labels[CREATED_LABEL] ?? null;
}

/**
 * @param image whose tag it is
 * @param labels of the image that is under the tag now
 * @param committedAt from `getOrderingTime`
 * @returns why the tag is not moved, as a message; null when it may be moved
 */
export function explainStay(image: ImageName, tag: Tag, labels: Labels, committedAt: string | null): string | null {
  if (isUniqueTagOf(image, tag, labels)) return `${describeTaken(tag)}, so it is left where it is.`;
  const [own, other] = [Date.parse(committedAt ?? ''), Date.parse(labels[CREATED_LABEL] ?? '')];
  return other > own ? `${tag} leads to the image of a later commit, so it is left where it is.` : null;
}

/**
 * The moving tags that are the unique tag of another image, as far as that is known before the build.
 * @param targets the images that are under the tags now
 * @throws InputError when the input extra-tags names one of them
 */
export function findTaken(
  image: ImageName,
  moving: readonly Tag[],
  extraTags: readonly Tag[],
  targets: readonly StoredImage[],
): readonly Tag[] {
  const taken = moving.filter((tag) =>
    targets.some((target) => target.tag === tag && isUniqueTagOf(image, tag, target.labels ?? {})),
  );
  const asked = taken.find((tag) => extraTags.includes(tag));
  if (asked === undefined) return taken;
  throw new InputError(`extra-tags: ${describeTaken(asked)}. Choose another name, or leave it out.`);
}

/** Sentence on a tag that is the unique tag of another image. */
export function describeTaken(tag: Tag): string {
  return `${tag} is the unique tag of another image and is never moved`;
}

/** `1 is left where it is`, `1, latest are left where they are` */
export function describeLeft(tags: readonly Tag[]): string {
  return tags.length === 1 ? `${tags.join()} is left where it is` : `${tags.join(', ')} are left where they are`;
}
