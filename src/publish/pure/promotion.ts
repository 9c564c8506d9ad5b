// Whether an image may be released as it is: it must be what the main branch has built of this commit, and what this run
// would build. Pure. docs: reference.md, "Built once, promoted".
import type { Digest } from '../../image/digest.js';
import { REVISION_LABEL } from '../../image/label-names.js';
import { readBuiltBy, readBuiltFrom, showOrigin } from '../../image/origin-labels.js';
import { showPlatform, toPlatform } from '../../image/platform.js';
import { type ImageName, TIME_ENDING, type Tag, isTag, taggedReference } from '../../image/reference.js';
import type { CachedImage, StoredImage } from '../../image/stored-image.js';
import { isUniqueTagOf } from '../../image/unique-label.js';
import type { BuildFlag } from '../../inputs/build-options.js';
import type { Inputs } from '../../inputs/inputs.js';
import type { WorkflowEvent } from '../../plan/event/event.js';
import { describePush } from '../../plan/tags/promoted.js';

/** What the image must be. */
export interface Wanted {
  readonly image: ImageName;
  readonly commit: string;
  readonly mainBranch: string;
  /** Of `describeBuild`: what this run would build. */
  readonly builtFrom: string | null;
  /** As they were asked for; none: one platform, whichever it is. */
  readonly platforms: readonly string[];
  /** The image that a run of main has recorded, where no other is trusted; null: whichever says that main has built it. */
  readonly recorded: Digest | null;
  /** The input that asks for an attestation; null for none. */
  readonly attestation: 'provenance' | 'sbom' | null;
}

/** An image that may be the one. */
export interface Source {
  readonly stored: StoredImage;
  readonly attested: boolean;
}

export function getAttestation({ provenance, sbom }: Pick<Inputs, 'provenance' | 'sbom'>): Wanted['attestation'] {
  if (provenance !== null) return 'provenance';
  return sbom === null ? null : 'sbom';
}

/** More builds of one commit than anyone makes; each is read. */
const MOST_SOURCES = 16;

/**
 * The tags that a build of the commit may have, the newest first: of two builds by pushes, the later one is deployed.
 * @param names first choices of the unique tag
 * @param existing tags of the registry
 */
export function listSourceTags(names: readonly Tag[], existing: readonly string[]): readonly Tag[] {
  const time = (tag: string): string => TIME_ENDING.exec(tag)?.[0] ?? '';
  const later = existing
    .filter(isTag)
    .filter((tag) => TIME_ENDING.test(tag) && names.some((name) => tag.replace(TIME_ENDING, '') === name))
    .sort((one, other) => (time(one) < time(other) ? 1 : -1));
  return [...later.slice(0, MOST_SOURCES - names.length), ...names];
}

/** @returns why the image is not the one to release, as a sentence without its end; null when it is */
export function explainUnfit({ stored, attested }: Source, wanted: Wanted): string | null {
  const { tag, images, labels = {} } = stored;
  const name = taggedReference(wanted.image, tag);
  if (wanted.recorded !== null && wanted.recorded !== stored.digest)
    return `${name} is not the image that main has recorded (trust-cache: own)`;
  const [first] = images;
  if (first === undefined || images.some(({ content }) => content === undefined)) return `${name} cannot be read`;
  const reason = images.map((one) => explainOrigin(one, wanted)).find((one) => one !== null);
  if (reason !== undefined) return `${name} ${reason}`;
  if (!isUniqueTagOf(wanted.image, tag, labels))
    return `${name} leads to an image that was first pushed under another tag`;
  const platforms = explainPlatforms(images, wanted.platforms);
  if (platforms !== null) return `${name} ${platforms}`;
  if (wanted.attestation !== null && !attested)
    return `${name} has no attestation, and the input ${wanted.attestation} asks for one`;
  return null;
}

/** Of each platform's image by itself: an index has no labels. */
function explainOrigin({ labels = {} }: CachedImage, wanted: Wanted): string | null {
  const { image, commit, mainBranch, builtFrom } = wanted;
  const by = readBuiltBy(labels, image);
  if (by === null) return 'does not say which event has built it, as images of earlier versions of the action do not';
  if (by !== describePush(mainBranch)) return `was built by ${showOrigin(by)}, and not by a push to ${mainBranch}`;
  const revision = labels[REVISION_LABEL] ?? 'an unknown commit';
  if (revision !== commit) return `was built from ${showOrigin(revision)}`;
  const from = readBuiltFrom(labels, image);
  if (from === null || from !== builtFrom)
    return `was built from ${showOrigin(from ?? 'something that it does not name')}, and this run builds ${builtFrom ?? 'something else'}`;
  return null;
}

function explainPlatforms(images: readonly CachedImage[], wanted: readonly string[]): string | null {
  const found = listPlatforms(images.map(({ content }) => content?.platform ?? ''));
  const asked = listPlatforms(wanted);
  if (wanted.length === 0 ? images.length === 1 : found === asked) return null;
  return `is for ${found}, and this run asks for ${asked || 'no platforms'}`;
}

/** In one spelling and order, so that two lists can be compared. */
function listPlatforms(platforms: readonly string[]): string {
  return [...new Set(platforms.map((platform) => showPlatform(toPlatform(platform))))].sort().join(', ');
}

/**
 * What this run asks for and the image of the main branch cannot have: labels with another value, and build arguments and
 * annotations that name the release.
 * @returns a warning; null where there is nothing
 */
export function describeIneffective(
  flags: readonly BuildFlag[],
  event: WorkflowEvent,
  { labels = {} }: Pick<StoredImage, 'labels'>,
): string | null {
  const isMissing = ({ input, value }: BuildFlag): boolean => {
    const [, name = '', text = ''] = /^([^=]*)=(.*)$/s.exec(value) ?? [];
    if (input === 'labels') return labels[name] !== text;
    return (input === 'build-args' || input === 'annotations') && namesRelease(text, event);
  };
  const missing = flags.filter(isMissing).map(({ input, value }) => `${input} ${value.split('=', 1).join()}`);
  if (missing.length === 0) return null;
  return `${missing.join(', ')}: without effect, since the image is what the main branch has built. Give this to the deployment instead, or leave promote out.`;
}

/** `v1.2.3`, and `1.2.3` for it, as a word of the text. */
function namesRelease(text: string, event: WorkflowEvent): boolean {
  if (event.kind !== 'git-tag') return false;
  const words = text.split(/[^0-9A-Za-z._+-]+/);
  return [event.gitTag, event.gitTag.replace(/^v(?=\d)/, '')].some((name) => words.includes(name));
}
