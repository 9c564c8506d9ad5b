// Decides which versions and tags of a package are removed, and why others stay. Pure.
//
// GitHub deletes only versions: a manifest with all its tags. So a version is removed when all of its tags are to be
// removed and no version that stays needs it. From a version that stays, single tags are removed by `removeTags`.
import type { PackageVersion } from '../../adapters/github/packages.js';
import { type Digest, isDigest } from '../../image/digest.js';
import { listDigests, readDescriptors } from '../../image/manifest.js';
import { PLATFORM_ENDING, PLATFORM_PATTERN } from '../../image/platform.js';
import { OWN_PREFIXES, type Tag, isTag } from '../../image/reference.js';
import { isBuilderTagOf } from '../../plan/tags/builder-tags.js';
import { cacheTag, toScope } from '../../plan/tags/tags.js';

/** The other manifests that a manifest names. */
export interface References {
  /** Of an index: images of its platforms, and BuildKit's attestations. */
  readonly children: readonly Digest[];
  /** Of an attestation or signature: the manifest that it is about. */
  readonly subject: Digest | null;
}

/** Closed pull requests of one head branch, or a branch without any. */
export interface ClosedWork {
  readonly pulls: readonly number[];
  /** Null for a branch of a fork. */
  readonly branch: string | null;
  /** Why the branch's tags stay; its newest review image then stays for the same reason. Null when they are removed. */
  readonly branchStays: string | null;
}

export interface CleanupRules {
  /** Branches whose tags always stay. */
  readonly mainBranches: readonly string[];
  /** Input `keep-tags`. */
  readonly isKept: (tag: string) => boolean;
  /** Tags that look like a branch's tag, but are the unique tag of their image. */
  readonly uniqueTags?: ReadonlySet<string>;
  /**
   * For a run on a schedule, in milliseconds: versions that changed later stay, older ones without tags are removed. Null
   * for a run on a closed pull request or deleted branch, which removes by tag only.
   */
  readonly sweepBefore: number | null;
}

/** A tag that was due to be removed, and why it stays. */
interface Kept {
  readonly version: PackageVersion;
  readonly tag: string;
  readonly reason: string;
}

/** Tags to remove from a version that stays. */
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
  /** In the order of deletion: an index before its images, an image before its attestations. */
  readonly remove: readonly PackageVersion[];
  readonly free: readonly Freed[];
  /** How many versions without a tag of their own are old enough, but are needed by others. */
  readonly needed: number;
  /** Digest of a version -> digests that must stay if that version cannot be deleted. */
  readonly needs: ReadonlyMap<Digest, readonly Digest[]>;
}

/**
 * `review-pr-<number>-<sha>-<time>`, then the platform for a part of an index, then a second time when the first tag was
 * taken; see src/plan/tags/tags.ts.
 */
const REVIEW_TAG = new RegExp(
  `^${OWN_PREFIXES.review}([1-9]\\d{0,14})-(?:[0-9a-f]{40}|[0-9a-f]{64})-\\d{14}(?:${PLATFORM_PATTERN})?(?:-\\d{14})?$`,
);
/**
 * Tags of attestations and signatures in registries without the referrers API.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema, and cosign's `.sig`
 */
const REFERRERS_TAG = /^sha256-([0-9a-f]{64})(?:\.[A-Za-z0-9]+)?$/;

/** @returns the number of the pull request that a review tag is of, or null */
export function readPullNumber(tag: string): number | null {
  const number = REVIEW_TAG.exec(tag)?.[1];
  return number === undefined ? null : Number(number);
}

/** The references of a manifest or index, OCI or Docker; none for other JSON. */
export function parseReferences(content: unknown): References {
  const { manifests, subject } = readDescriptors(content);
  return { children: listDigests(manifests ?? []), subject: subject?.digest ?? null };
}

/** Chooses the tags to remove: review tags of closed pull requests, and the tags of their branches. */
export function chooseTags(
  versions: readonly PackageVersion[],
  closed: readonly ClosedWork[],
  rules: CleanupRules,
): Choice {
  const { mainBranches, isKept, uniqueTags = new Set() } = rules;
  const ofMain = mainBranches.map(toTag);
  const tags = new Set<string>();
  const kept = new Map<string, Kept>();
  for (const { pulls, branch, branchStays } of closed) {
    const scope = branch === null ? null : toTag(branch);
    for (const version of versions) {
      const onStayingBranch = branchStays !== null && version.tags.some((tag) => withoutPlatform(tag) === scope);
      for (const tag of version.tags) {
        const review = pulls.includes(readPullNumber(tag) ?? 0);
        if (!review && (scope === null || !isTagOf(tag, scope))) continue;
        const reason = ofMain.some((main) => isTagOf(tag, main))
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
  // A tag can belong to several closed branches: if one of them keeps it, it stays.
  return { tags: new Set([...tags].filter((tag) => !kept.has(tag))), kept: [...kept.values()] };
}

/** Existing branch tags of the closed branches. A git tag or the input `tag` may have given an image the same tag. */
export function listBranchTags(versions: readonly PackageVersion[], closed: readonly ClosedWork[]): readonly Tag[] {
  const scopes: readonly string[] = closed.flatMap(({ branch }) => (branch === null ? [] : [toTag(branch)]));
  return versions.flatMap(({ tags }) => tags.filter(isTag).filter((tag) => scopes.includes(withoutPlatform(tag))));
}

function toTag(branch: string): Tag {
  return toScope(branch, null).tag;
}

/** Whether the build writes the tag for the branch with this tag: for its image, its merged cache, or a stage that is kept. */
function isTagOf(tag: string, scope: Tag): boolean {
  const whole = withoutPlatform(tag);
  return whole === scope || whole === cacheTag(scope) || isBuilderTagOf(whole, scope);
}

/** Tags of parts of an index have a platform at the end. */
function withoutPlatform(tag: string): string {
  return tag.replace(PLATFORM_ENDING, '');
}

/** True when nothing can be removed, so that no manifest need be read. */
export function isIdle(versions: readonly PackageVersion[], tags: ReadonlySet<string>, rules: CleanupRules): boolean {
  return !versions.some((version) => version.tags.some((tag) => tags.has(tag)) || isLeftover(version, rules));
}

/**
 * Divides the versions into those to remove and those that stay. A version stays when it has a tag that stays, or has no
 * tags and is not old enough. Everything that it needs stays too: the children of an index, the subject of an
 * attestation, and the attestations of a subject.
 * @param references of every version; null for one whose manifest could not be read
 * @returns `unknown` when a version that stays could not be read: it may need any of the others, so nothing is removed
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

/** `feature-x`, or `sha256:…` for a version without tags. */
export function describeVersion({ tags, digest }: PackageVersion): string {
  return tags[0] ?? digest;
}

const YOUNG = 'it is not old enough';

/** Why a version stays by itself; null when it is removed, or stays only if another version needs it. */
function findOwnReason(
  version: PackageVersion,
  owned: boolean,
  going: ReadonlySet<string>,
  rules: CleanupRules,
): string | null {
  if (isYoung(version, rules)) return YOUNG;
  const [staying] = version.tags.filter((tag) => !going.has(tag) && !isReferrersTag(tag));
  if (staying !== undefined) return `it has the tag ${staying}, too`;
  // Attestations, and the images of an index, are removed together with their subject or index.
  if (owned || version.tags.some((tag) => going.has(tag))) return null;
  return rules.sweepBefore === null ? 'it does not belong to the closed pull request or branch' : null;
}

function isYoung({ changedAt }: PackageVersion, { sweepBefore }: CleanupRules): boolean {
  return sweepBefore !== null && changedAt >= sweepBefore;
}

/** A version without a tag of its own, too old for a running build to be about to tag it. */
function isLeftover({ tags, changedAt }: Pick<PackageVersion, 'tags' | 'changedAt'>, rules: CleanupRules): boolean {
  return rules.sweepBefore !== null && changedAt < rules.sweepBefore && tags.every(isReferrersTag);
}

function isReferrersTag(tag: string): boolean {
  return readReferred(tag) !== null;
}

/** The digest of the manifest that a tag `sha256-<hex>` describes, or null for another tag. */
function readReferred(tag: string): Digest | null {
  const hex = REFERRERS_TAG.exec(tag)?.[1];
  const digest = `sha256:${hex ?? ''}`;
  return isDigest(digest) ? digest : null;
}

/** For each version what stays with it: its children, its attestations and its signatures. */
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

/** Sorts a version behind all that need it: when one of those cannot be deleted, this one must still be there. */
function ownersFirst(
  versions: readonly PackageVersion[],
  needs: ReadonlyMap<Digest, readonly Digest[]>,
): readonly PackageVersion[] {
  const known = new Map(versions.map((version) => [version.digest, version]));
  const seen = new Set<Digest>();
  const ordered: PackageVersion[] = [];
  // A stack instead of recursion: the depth depends on manifests that anybody may have pushed.
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

/** Everything that must stay when this version stays: what it needs, and what those need. */
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
