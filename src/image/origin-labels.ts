// What an image was built from, and by what, as its labels say it. Two builds that share an image name are told apart by the
// first; whether a push to the main branch has built it, by the second. Pure.
import { type ImageName, toFullName } from './reference.js';
import type { Labels } from './unique-label.js';

/**
 * `ghcr.io/owner/app: worker/Dockerfile (context worker, target production)`. With the image name, since an image that is
 * built on another one inherits its labels.
 */
export const BUILT_FROM_LABEL = 'io.github.dfe-digital.two-pass-build.built-from';

/** `ghcr.io/owner/app: push refs/heads/main`: event and ref of the run. Every run sets it, since it may be inherited too. */
export const BUILT_BY_LABEL = 'io.github.dfe-digital.two-pass-build.built-by';

/** @param builtFrom of `describeBuild`; null adds no label */
export function withBuiltFromLabel(labels: Labels, image: ImageName, builtFrom: string | null): Labels {
  return builtFrom === null ? labels : { ...labels, [BUILT_FROM_LABEL]: `${toPrefix(image)}${builtFrom}` };
}

/** @param builtBy of `describeTrigger` */
export function withBuiltByLabel(labels: Labels, image: ImageName, builtBy: string): Labels {
  return { ...labels, [BUILT_BY_LABEL]: `${toPrefix(image)}${builtBy}` };
}

/**
 * What the image was built from; null when it does not say.
 * @param image the name that it must have been pushed to first; null for any name
 */
export function readBuiltFrom(labels: Labels, image: ImageName | null): string | null {
  return readOrigin(labels[BUILT_FROM_LABEL], image);
}

/** Event and ref that it was built by; as above. */
export function readBuiltBy(labels: Labels, image: ImageName | null): string | null {
  return readOrigin(labels[BUILT_BY_LABEL], image);
}

function readOrigin(value = '', image: ImageName | null): string | null {
  if (image === null) return /^\S+: (.+)$/s.exec(value)?.[1] ?? null;
  const prefix = toPrefix(image);
  return value.startsWith(prefix) && value.length > prefix.length ? value.slice(prefix.length) : null;
}

function toPrefix(image: ImageName): string {
  return `${toFullName(image)}: `;
}

/** Whoever may push has written the label: on one line, and no longer than paths are. */
export function showOrigin(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, LONGEST_SHOWN);
}

const LONGEST_SHOWN = 500;
