// Whether an image differs from the one before in anything but the commit that it was made of. Pure.
// docs: reference.md, "Outputs".
import { CREATED_LABEL, REVISION_LABEL, VERSION_LABEL } from '../../image/label-names.js';
import { BUILT_BY_LABEL } from '../../image/origin-labels.js';
import type { CachedImage } from '../../image/stored-image.js';
import { type Labels, UNIQUE_TAG_LABEL } from '../../image/unique-label.js';
import { isRecord } from '../../shared/json.js';

/** Labels that differ with each commit, or with the event. */
const OF_THE_COMMIT: readonly string[] = [
  REVISION_LABEL,
  VERSION_LABEL,
  CREATED_LABEL,
  UNIQUE_TAG_LABEL,
  BUILT_BY_LABEL,
];

/**
 * Compares layers and configuration, platform by platform. The history, the time in the config, and the labels of the
 * commit do not count; nor does a value of the configuration that differs only in the image's own commit, version or time, as
 * a build argument brings it there.
 * @param own the image of this run, one for each platform
 * @param before the image that the branch tag had; null where it had no image, undefined where that is not
 *   known
 * @returns null when one of them could not be read
 */
export function hasChanged(
  own: readonly CachedImage[],
  before: readonly CachedImage[] | null | undefined,
): boolean | null {
  if (own.length === 0 || before === undefined) return null;
  if (before === null) return true;
  const [now, then] = [own, before].map((images) => images.map(toFingerprint));
  if (now === undefined || then === undefined || [...now, ...then].includes(null)) return null;
  return now.sort().join('\n') !== then.sort().join('\n');
}

/** Everything of an image that a container of it could notice, on one line; null when it could not be read. */
function toFingerprint({ content, labels = {} }: CachedImage): string | null {
  if (content === undefined) return null;
  const { platform, diffIds, config } = content;
  const { Labels: all, ...rest } = config;
  const own = Object.entries(isRecord(all) ? all : {}).filter(([name]) => !OF_THE_COMMIT.includes(name));
  const withoutCommit = (text: string): string => replaceCommit(text, labels);
  return JSON.stringify(toComparable([platform, diffIds, rest, Object.fromEntries(own)], withoutCommit));
}

/** The keys of objects sorted, and each text changed. */
function toComparable(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => toComparable(item, change));
  if (!isRecord(value)) return value;
  return Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, item]) => [key, toComparable(item, change)]);
}

const COMMIT = /(?<![0-9A-Za-z])[0-9a-f]{7,64}(?![0-9A-Za-z])/g;

/**
 * Puts one word in the place of commit, version and time of the image. Whole words only: the version 1 is no part of port 8100.
 */
function replaceCommit(text: string, labels: Labels): string {
  const version = labels[VERSION_LABEL] ?? '';
  const unique = labels[UNIQUE_TAG_LABEL]?.split(':').at(-1) ?? '';
  // The longer ones first: they may have the commit in them.
  const replaced = [unique, version, labels[CREATED_LABEL] ?? ''].reduce(replaceWord, text);
  const commits = [labels[REVISION_LABEL] ?? '', ...(version.match(COMMIT) ?? [])];
  return replaced.replace(COMMIT, (found) => (commits.some((commit) => commit.startsWith(found)) ? OWN : found));
}

const OWN = '<own>';
/** What may stand beside a word: `v1.2.3` is none of `v1.2.34`, `1.2.3` or `v1.2.3-rc.1`. */
const BESIDE = /[0-9A-Za-z._-]/;

function replaceWord(text: string, value: string): string {
  if (value === '') return text;
  const parts = text.split(value);
  return parts.reduce((joined, part, index) => {
    const free = !BESIDE.test(parts[index - 1]?.at(-1) ?? '') && !BESIDE.test(part.at(0) ?? '');
    return `${joined}${free ? OWN : value}${part}`;
  });
}
