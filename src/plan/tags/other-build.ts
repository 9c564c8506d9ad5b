// Two images of one repository under one image name would take each other's tags. Decides whether a tag leads to an image
// that was built from something else than this run builds, and names the way out. Pure.
// docs: reference.md, "Several images of one repository".
import parseVersion from 'semver/functions/parse.js';
import { readBuiltFrom, showOrigin } from '../../image/origin-labels.js';
import { VERSION_LABEL } from '../../image/label-names.js';
import { type ImageName, type Tag, isSameImage, taggedReference } from '../../image/reference.js';
import type { StoredImage } from '../../image/stored-image.js';
import type { Labels } from '../../image/unique-label.js';
import { InputError } from '../../shared/errors.js';
import type { WorkflowEvent } from '../event/event.js';

/** What a run builds, to be compared with what a tag leads to. */
export interface OwnBuild {
  /** Where the image is pushed first. */
  readonly image: ImageName;
  /** Of `describeBuild`; null when that is not known: then every tag may be moved. */
  readonly builtFrom: string | null;
  /** The input moved-from: what else the images under the tags may have been built from. */
  readonly movedFrom: string | null;
  readonly event: WorkflowEvent;
}

/** An image under a moving tag, in the registry of the image or of a mirror. */
export interface Target {
  readonly at: ImageName;
  readonly tag: Tag;
  readonly labels: Labels;
}

/** @throws InputError for the first target that was built from something else */
export function expectSameBuild(own: OwnBuild, targets: readonly Target[]): void {
  for (const target of targets) {
    const fault = explainOtherBuild(own, target);
    if (fault !== null) throw new InputError(fault);
  }
}

/** The images under the moving tags, as `expectSameBuild` takes them. */
export function toTargets(at: ImageName, stored: readonly StoredImage[], moving: readonly Tag[]): Target[] {
  return stored.filter(({ tag }) => moving.includes(tag)).map(({ tag, labels = {} }) => ({ at, tag, labels }));
}

/** @returns why the tag must not be moved, as a message; null when the image under it is of the same build, or does not say */
export function explainOtherBuild(own: OwnBuild, { at, tag, labels }: Target): string | null {
  const { image, builtFrom, movedFrom, event } = own;
  // In a mirror the images of several names may meet. Elsewhere a label with another name is inherited from a base image.
  const found = readBuiltFrom(labels, isSameImage(at, image) ? image : null);
  if (builtFrom === null || found === null || found === builtFrom || found === movedFrom) return null;
  // Such a tag is left where it is: see `withoutOlderVersions`.
  if (isOfNewerVersion(labels, event)) return null;
  return (
    `${taggedReference(at, tag)} leads to an image that was built from ${showOrigin(found)}, and this run builds ${builtFrom}. ` +
    `Two images need two names: give this one a name of its own, such as ${suggestName(at, image)}. ` +
    `If it is the same image, and its Dockerfile, context or stage has moved, say so by: moved-from: ${showOrigin(found)}`
  );
}

function isOfNewerVersion(labels: Labels, event: WorkflowEvent): boolean {
  if (event.kind !== 'git-tag') return false;
  const own = parseVersion(event.gitTag);
  const other = parseVersion(labels[VERSION_LABEL]);
  return own !== null && other !== null && other.compare(own) > 0;
}

/** Docker Hub takes no name of three parts. */
function suggestName(at: ImageName, image: ImageName): string {
  const input = isSameImage(at, image) ? 'image' : 'mirrors';
  return `${input}: ${at.name}${at.registry === 'docker.io' ? '-' : '/'}worker`;
}
