// Event -> scope, unique tag, moving tags. docs: reference.md, "Tags"; every row of that table is a row of the unit test.
import parseVersion from 'semver/functions/parse.js';
import { PLATFORM_ENDING, type Platform, toTagEnding } from '../../image/platform.js';
import { OWN_PREFIXES, TIME_ENDING, type Tag, isTag, parseTag } from '../../image/reference.js';
import { InputError } from '../../shared/errors.js';
import { hashText } from '../../shared/hash.js';
import { quote } from '../../shared/text.js';
import type { WorkflowEvent } from '../event/event.js';

/** The branch whose moving tags a run may write, and its tag. */
export interface Scope {
  readonly branch: string;
  readonly tag: Tag;
}

export interface DerivedTags {
  readonly scope: Scope | null;
  /** Written once and never moved: the tag to deploy. */
  readonly unique: Tag;
  /** Moving tags of the production image, in the order in which they are written. */
  readonly moving: readonly Tag[];
}

export interface TagRequest {
  readonly event: WorkflowEvent;
  readonly now: Date;
  /** Input `tag`: a unique tag instead of the one from the event. */
  readonly ownTag: Tag | null;
  /** Input `extra-tags`. */
  readonly extraTags: readonly Tag[];
  /** The one platform of a part of an index: its tags end with it, and no other tag is written. */
  readonly part: Platform | null;
}

const LONGEST_PLAIN_BRANCH = 100;
const HASH_DIGITS = 10;
const OWN_WORDS = Object.values(OWN_PREFIXES)
  .map((prefix) => prefix.slice(0, -1))
  .join('|');
const OWN_PREFIX = new RegExp(`^(${OWN_WORDS})(?:-|$)`);
/** How names end that `withHash` has made. */
export const HASH_ENDING = /-[0-9a-f]{10}$/;
/** Endings that this file gives to tags: hash, time, platform of a part. */
const OWN_ENDINGS = [HASH_ENDING, TIME_ENDING, PLATFORM_ENDING];
const VERSIONS = [
  /^v?\d+(?:\.\d+){0,2}$/, // 1, 1.2, v1.2.3
  /^v?\d+\.\d+\.\d+[-+]/, // v1.2.3-rc.1
];
/** Branch names that look like another kind of tag; such a branch's tag gets a hash. */
const LOOKS_LIKE_ANOTHER_TAG = [
  new RegExp(`^(?:${OWN_WORDS})-`),
  /^[0-9a-f]{7,64}$/i, // a commit SHA, short or full
  /^latest$/,
  ...VERSIONS,
  ...OWN_ENDINGS,
];

/**
 * Git branch -> tag, injective: two branches never share a tag. A name that is already a valid tag of at most 100
 * characters, and that no other kind of tag looks like, stays as it is; anything else becomes
 * `<slug>-<first 10 hex digits of the SHA-256 of the full name>`.
 */
export function branchTag(branch: string): Tag {
  const plain = isTag(branch) && branch.length <= LONGEST_PLAIN_BRANCH;
  if (plain && !LOOKS_LIKE_ANOTHER_TAG.some((pattern) => pattern.test(branch))) return branch;
  return hashedTag(branch);
}

/**
 * Git tag -> unique tag. Versions (`v1.2.3`) and other valid tags stay as they are; what is no valid image tag, or
 * could be mistaken for a tag of ours, gets the same hash as a branch of that name would.
 */
export function gitTagTag(gitTag: string): Tag {
  const matches = (pattern: RegExp): boolean => pattern.test(gitTag);
  // `1` and `1.2` are moving tags of v1.2.3, and a tag that ends like a hash may be that of a branch.
  const keeps = VERSIONS.some(matches) && !/^\d+(?:\.\d+)?$/.test(gitTag) && !OWN_ENDINGS.some(matches);
  return isTag(gitTag) && keeps ? gitTag : branchTag(gitTag);
}

/** `NAME:cache-<scope>`, the merged cache of a scope's lineage. */
export function cacheTag(scope: Tag): Tag {
  return parseTag(`${OWN_PREFIXES.cache}${scope}`);
}

/**
 * Candidates for the unique tag: the tag itself, then with the time, then with each of the following seconds, so that two
 * runs of one commit within a second get different tags.
 */
export function* uniqueCandidates(unique: Tag, now: Date): Generator<Tag, void> {
  yield unique;
  for (let seconds = 0; seconds < MOST_RUNS_AT_ONCE; seconds += 1) {
    yield withTime(unique, new Date(now.getTime() + seconds * 1000));
  }
}

/**
 * Main does not keep an image that another branch has built of the same commit: a commit's tag does not say which branch
 * built it, and that branch's cache is not trusted.
 */
export function describeOtherBuild(taken: Tag, unique: Tag, sha: string): string {
  const whose = taken.startsWith(sha) ? ', of this branch, another one or a merge queue' : '';
  return `${taken} exists in the registry and is never moved: this build is ${unique}. Deploy what the outputs name: ${taken} is the image of another run${whose}.`;
}

/** The tags of one commit. */
const MOST_RUNS_AT_ONCE = 60;

function withTime(tag: Tag, now: Date): Tag {
  return withEnding(tag, `-${compactUtc(now)}`);
}

function withEnding(tag: Tag, ending: string): Tag {
  return parseTag(tag.slice(0, 128 - ending.length) + ending);
}

function withPlatform(tag: Tag, platform: Platform | null): Tag {
  return platform === null ? tag : withEnding(tag, toTagEnding(platform));
}

/** UTC as `yyyymmddhhmmss`. */
export function compactUtc(now: Date): string {
  return now.toISOString().replace(/\D/g, '').slice(0, 14);
}

/**
 * The whole tag table.
 * @throws InputError when the caller's own tag is one that moves.
 */
export function deriveTags({ event, now, ownTag, extraTags, part }: TagRequest): DerivedTags {
  const scope = getScope(event, part);
  const unique = withPlatform(ownTag ?? uniqueTag(event, now), part);
  if (part !== null) return { scope, unique, moving: scope === null ? [] : [scope.tag] };
  const moving = [
    ...(event.kind === 'git-tag' ? versionTags(event.gitTag) : []),
    ...(scope === null ? [] : [scope.tag]),
  ];
  if (ownTag !== null && moving.includes(ownTag)) {
    throw new InputError(
      `tag ${quote(ownTag)} is a moving tag of this run (${moving.join(', ')}): an image under it could not be deployed ` +
        'safely. Choose a tag of its own, or leave the input empty.',
    );
  }
  // extra-tags are meant for the event's commit, so another commit does not get them.
  const further = event.kind === 'checkout' ? [] : extraTags;
  return { scope, unique, moving: [...new Set([...moving, ...further])].filter((tag) => tag !== unique) };
}

function getScope(event: WorkflowEvent, part: Platform | null): Scope | null {
  switch (event.kind) {
    case 'branch':
      return toScope(event.branch, part);
    case 'pull-request':
      return event.fork ? null : toScope(event.headBranch, part);
    case 'local':
      return event.branch === null || event.dirty ? null : toScope(event.branch, part);
    case 'git-tag':
    case 'merge-group':
    case 'other':
    case 'checkout':
      return null;
  }
}

/** @param part the platform, for a part of an index; null for an image of its own */
export function toScope(branch: string, part: Platform | null): Scope {
  return { branch, tag: withPlatform(branchTag(branch), part) };
}

function uniqueTag(event: WorkflowEvent, now: Date): Tag {
  switch (event.kind) {
    case 'branch':
    case 'merge-group':
    case 'other':
    case 'checkout':
      return parseTag(event.sha);
    case 'git-tag':
      return gitTagTag(event.gitTag);
    case 'pull-request':
      return parseTag(`${OWN_PREFIXES.review}${event.number}-${event.sha}-${compactUtc(now)}`);
    case 'local':
      return parseTag(`${OWN_PREFIXES.local}${event.sha}-${compactUtc(now)}${event.dirty ? '-dirty' : ''}`);
  }
}

/** `1.2.3`, `1.2`, `1` of a stable version (`0.x` has no `0`); only the full version of a pre-release. */
function versionTags(gitTag: string): Tag[] {
  const version = parseVersion(gitTag);
  // A git tag that is not exactly a version (`v1.2.3+build`, ` 1.2.3`) gets only its unique tag.
  if (version === null || !isTag(gitTag)) return [];
  const { major, minor, prerelease } = version;
  if (prerelease.length > 0) return [parseTag(version.version)];
  return [version.version, `${major}.${minor}`, ...(major > 0 ? [`${major}`] : [])].map((text) => parseTag(text));
}

function hashedTag(name: string): Tag {
  const slug = toSlug(name.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[.-]+/, ''), LONGEST_PLAIN_BRANCH)
    // A branch called builder-x must not get the prefix of builder images.
    .replace(OWN_PREFIX, '$1_');
  return parseTag(withHash(slug === '' ? 'branch' : slug, name));
}

/** Shortens a text so that it has at most that many characters with the hash behind it. */
export function toSlug(text: string, longest: number): string {
  return text.slice(0, longest - HASH_DIGITS - 1).replace(/[.-]+$/, '');
}

/** `<slug>-<first 10 hex digits of the SHA-256 of the full name>` */
export function withHash(slug: string, name: string): string {
  return `${slug}-${hashText(name).slice(0, HASH_DIGITS)}`;
}
