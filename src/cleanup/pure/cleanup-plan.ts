// What of a package goes, and what stays although its turn has come. Pure.
//
// GitHub deletes *versions*: a manifest with all its tags. So a version goes only when every one of its tags goes and
// nothing that stays needs it; a tag that goes while its version stays is taken off it (`free`).
import type { PackageVersion } from '../../adapters/github/packages.js';
import { type Digest, isDigest } from '../../image/digest.js';
import { listDigests, readDescriptors } from '../../image/manifest.js';
import { PLATFORM_ENDING, PLATFORM_PATTERN } from '../../image/platform.js';
import { OWN_PREFIXES, type Tag, isTag } from '../../image/reference.js';
import { builderTag, cacheTag, toScope } from '../../plan/tags/tags.js';

/** What a manifest says about others. */
export interface References {
  /** Of an index: images of its platforms, and BuildKit's attestations. */
  readonly children: readonly Digest[];
  /** Of an attestation or signature: the manifest that it is about. */
  readonly subject: Digest | null;
}

/** Closed pull requests of one head branch, or a branch without any. */
export interface ClosedWork {
  readonly pulls: readonly number[];
  /** Null when the branch is none of this repository. */
  readonly branch: string | null;
  /** Why the tags of the branch stay, which is then also why its newest review image does; null when they go. */
  readonly branchStays: string | null;
}

export interface CleanupRules {
  /** Branches whose tags stay, whatever else is said of them. */
  readonly mainBranches: readonly string[];
  /** Input `keep-tags`. */
  readonly isKept: (tag: string) => boolean;
  /** Tags that have the name of a branch's, and are the unique tag of the image that they lead to. */
  readonly uniqueTags?: ReadonlySet<string>;
  /** Milliseconds: nothing that has changed since then goes, nor without having had a tag; null when only tags count. */
  readonly sweepBefore: number | null;
}

/** A tag whose turn has come, and why it stays. */
interface Kept {
  readonly version: PackageVersion;
  readonly tag: string;
  readonly reason: string;
}

/** Tags that go from a version that stays. */
export interface Freed {
  readonly version: PackageVersion;
  readonly tags: readonly Tag[];
  /** Why the version stays. */
  readonly reason: string;
}

export interface Choice {
  readonly tags: ReadonlySet<string>;
  readonly kept: readonly Kept[];
}

export interface CleanupPlan {
  /** In the order in which they must go: an index before its images, an image before its attestations. */
  readonly remove: readonly PackageVersion[];
  readonly free: readonly Freed[];
  /** How many versions without a tag of their own are old enough to go, and needed. */
  readonly needed: number;
  /** Digest of a version that goes -> what must stay if it cannot be deleted. */
  readonly needs: ReadonlyMap<Digest, readonly Digest[]>;
}

/**
 * `review-pr-<number>-<sha>-<time>`, of a part of an index with its platform, and with a second time where a tag of that
 * name was taken; see src/plan/tags/tags.ts.
 */
const REVIEW_TAG = new RegExp(
  `^${OWN_PREFIXES.review}([1-9]\\d{0,14})-(?:[0-9a-f]{40}|[0-9a-f]{64})-\\d{14}(?:${PLATFORM_PATTERN})?(?:-\\d{14})?$`,
);
/**
 * Where registries without the referrers API have attestations and signatures of a manifest.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema, and cosign's `.sig`
 */
const REFERRERS_TAG = /^sha256-([0-9a-f]{64})(?:\.[A-Za-z0-9]+)?$/;

/** @returns the number of the pull request that a review tag is of, or null */
export function readPullNumber(tag: string): number | null {
  const number = REVIEW_TAG.exec(tag)?.[1];
  return number === undefined ? null : Number(number);
}

/** What a manifest or index of either kind refers to; what is none refers to nothing. */
export function parseReferences(content: unknown): References {
  const { manifests, subject } = readDescriptors(content);
  return { children: listDigests(manifests ?? []), subject: subject?.digest ?? null };
}

/** Chooses the tags whose turn has come: review tags of closed pull requests, and the three tags of their branches. */
export function chooseTags(
  versions: readonly PackageVersion[],
  ended: readonly ClosedWork[],
  rules: CleanupRules,
): Choice {
  const { mainBranches, isKept, uniqueTags = new Set() } = rules;
  const protectedTags = mainBranches.flatMap(scopeTags);
  const tags = new Set<string>();
  const kept = new Map<string, Kept>();
  for (const { pulls, branch, branchStays } of ended) {
    const scope = branch === null ? [] : scopeTags(branch);
    for (const version of versions) {
      const onStayingBranch = branchStays !== null && version.tags.some((tag) => isOneOf(tag, scope.slice(0, 1)));
      for (const tag of version.tags) {
        const review = pulls.includes(readPullNumber(tag) ?? 0);
        if (!review && !isOneOf(tag, scope)) continue;
        const reason = isOneOf(tag, protectedTags)
          ? 'it is a tag of the main branch'
          : isKept(tag)
            ? 'the input keep-tags names it'
            : uniqueTags.has(tag)
              ? 'it is the unique tag of an image, which somebody may have deployed'
              : isYoung(version, rules)
                ? YOUNG
                : onStayingBranch || !review
                  ? branchStays
                  : null;
        if (reason === null) tags.add(tag);
        else kept.set(tag, { version, tag, reason });
      }
    }
  }
  // What one of them says stays, stays.
  return { tags: new Set([...tags].filter((tag) => !kept.has(tag))), kept: [...kept.values()] };
}

/** Branch tags of what has ended, as far as they are there. A git tag or the input `tag` may have had the same name. */
export function listBranchTags(versions: readonly PackageVersion[], ended: readonly ClosedWork[]): readonly Tag[] {
  const scopes = ended.flatMap(({ branch }) => (branch === null ? [] : scopeTags(branch).slice(0, 1)));
  return versions.flatMap(({ tags }) => tags.filter(isTag).filter((tag) => isOneOf(tag, scopes)));
}

/** What the build writes for a branch: the branch tag first. */
function scopeTags(branch: string): readonly Tag[] {
  const { tag } = toScope(branch, null);
  return [tag, builderTag(tag), cacheTag(tag)];
}

/** Also with a platform behind it, as parts of an index have. */
function isOneOf(tag: string, scope: readonly Tag[]): boolean {
  const whole = tag.replace(PLATFORM_ENDING, '');
  return scope.some((one) => one === whole);
}

/** True when nothing can go, so that no manifest need be read. */
export function isIdle(versions: readonly PackageVersion[], tags: ReadonlySet<string>, rules: CleanupRules): boolean {
  return !versions.some((version) => version.tags.some((tag) => tags.has(tag)) || isLeftover(version, rules));
}

/**
 * Splits the package into what goes and what stays. What stays by itself is a version with a tag that stays, and one
 * without tags that is not old enough; with each of them stays what it needs: the children of an index, the subject of
 * an attestation, and the attestations of a subject.
 * @param references of every version; what a version that stays refers to must be known
 * @returns null, and the version, when that is not known: then nothing can be said to be needed by nobody
 */
export function planCleanup(
  versions: readonly PackageVersion[],
  references: ReadonlyMap<Digest, References | null>,
  choice: Choice,
  rules: CleanupRules,
): CleanupPlan | { readonly unknown: PackageVersion } {
  const needs = findNeeds(versions, references);
  const reasons = new Map<Digest, string>();
  const waiting: PackageVersion[] = [];
  const keep = (version: PackageVersion, reason: string): void => {
    if (reasons.has(version.digest)) return;
    reasons.set(version.digest, reason);
    waiting.push(version);
  };
  const known = new Map(versions.map((version) => [version.digest, version]));
  const owned = new Set([...needs].flatMap(([owner, needed]) => (known.has(owner) ? needed : [])));
  for (const version of versions) {
    const reason = findOwnReason(version, owned.has(version.digest), choice.tags, rules);
    if (reason !== null) keep(version, reason);
  }
  for (let version = waiting.pop(); version !== undefined; version = waiting.pop()) {
    const found = references.get(version.digest) ?? null;
    if (found === null) return { unknown: version };
    const subject = found.subject === null ? [] : [found.subject];
    for (const digest of [...(needs.get(version.digest) ?? []), ...subject]) {
      const needed = known.get(digest);
      if (needed !== undefined) keep(needed, `${describeVersion(version)} needs it`);
    }
  }
  const free = versions.flatMap((version): Freed[] => {
    const reason = reasons.get(version.digest);
    const tags = version.tags.filter(isTag).filter((tag) => choice.tags.has(tag));
    return reason === undefined || tags.length === 0 ? [] : [{ version, tags, reason }];
  });
  const needed = versions.filter(({ digest, ...rest }) => reasons.has(digest) && isLeftover(rest, rules)).length;
  const gone = versions.filter(({ digest }) => !reasons.has(digest));
  return { remove: ownersFirst(gone, needs), free, needed, needs };
}

/** `feature-x` or `sha256:…`, whichever people know it by. */
export function describeVersion({ tags, digest }: PackageVersion): string {
  return tags[0] ?? digest;
}

const YOUNG = 'it is not old enough';

/** Why a version stays whatever becomes of the others; null when that depends on them, or it goes. */
function findOwnReason(
  version: PackageVersion,
  owned: boolean,
  going: ReadonlySet<string>,
  rules: CleanupRules,
): string | null {
  if (isYoung(version, rules)) return YOUNG;
  const [staying] = version.tags.filter((tag) => !going.has(tag) && !isReferrersTag(tag));
  if (staying !== undefined) return `it is ${staying}, too`;
  // Attestations and images of an index go with what they belong to.
  if (owned || version.tags.some((tag) => going.has(tag))) return null;
  return rules.sweepBefore === null ? 'it is no part of what has ended' : null;
}

function isYoung({ changedAt }: PackageVersion, { sweepBefore }: CleanupRules): boolean {
  return sweepBefore !== null && changedAt >= sweepBefore;
}

/** Without a tag of its own for so long that no running build can still be about to use it. */
function isLeftover({ tags, changedAt }: Pick<PackageVersion, 'tags' | 'changedAt'>, rules: CleanupRules): boolean {
  return rules.sweepBefore !== null && changedAt < rules.sweepBefore && tags.every(isReferrersTag);
}

function isReferrersTag(tag: string): boolean {
  return readReferred(tag) !== null;
}

/** The manifest that a tag like `sha256-<hex>` is about, or null. */
function readReferred(tag: string): Digest | null {
  const hex = REFERRERS_TAG.exec(tag)?.[1];
  const digest = `sha256:${hex ?? ''}`;
  return isDigest(digest) ? digest : null;
}

/** What stays with a version: its children, and what is about it. */
function findNeeds(
  versions: readonly PackageVersion[],
  references: ReadonlyMap<Digest, References | null>,
): Map<Digest, Digest[]> {
  const needs = new Map<Digest, Digest[]>();
  const add = (digest: Digest, needed: readonly Digest[]): void => {
    needs.set(digest, [...(needs.get(digest) ?? []), ...needed]);
  };
  for (const { digest, tags } of versions) {
    const { children = [], subject = null } = references.get(digest) ?? {};
    add(digest, children);
    if (subject !== null) add(subject, [digest]);
    for (const tag of tags) {
      const referred = readReferred(tag);
      if (referred !== null) add(referred, [digest]);
    }
  }
  return needs;
}

/** A version whose owner could not be deleted must not have gone before. */
function ownersFirst(
  versions: readonly PackageVersion[],
  needs: ReadonlyMap<Digest, readonly Digest[]>,
): readonly PackageVersion[] {
  const known = new Map(versions.map((version) => [version.digest, version]));
  const seen = new Set<Digest>();
  const ordered: PackageVersion[] = [];
  // By hand, since foreign manifests decide how deep this goes.
  for (const { digest: start } of versions) {
    const stack: { readonly digest: Digest; readonly done: boolean }[] = [{ digest: start, done: false }];
    for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
      const { digest, done } = step;
      const version = known.get(digest);
      if (version === undefined) continue;
      if (done) ordered.push(version);
      else if (!seen.has(digest)) {
        seen.add(digest);
        stack.push(
          { digest, done: true },
          ...(needs.get(digest) ?? []).map((needed) => ({ digest: needed, done: false })),
        );
      }
    }
  }
  return ordered.reverse();
}

/** Everything that would lose something if it were deleted although the version stays. */
export function listNeeded(digest: Digest, needs: ReadonlyMap<Digest, readonly Digest[]>): ReadonlySet<Digest> {
  const found = new Set<Digest>();
  const waiting = [digest];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const needed of needs.get(next) ?? []) {
      if (found.has(needed)) continue;
      found.add(needed);
      waiting.push(needed);
    }
  }
  return found;
}
