// What an image was built from, as a label says it. Two builds that share an image name are told apart by it. Pure.
import { type ImageName, toFullName } from './reference.js';
import type { Labels } from './unique-label.js';

/**
 * `ghcr.io/owner/app: worker/Dockerfile (context worker, target production)`. With the image name, since an image that is
 * built on another one inherits its labels.
 */
export const BUILT_FROM_LABEL = 'io.github.dfe-digital.two-pass-build.built-from';

/** @param builtFrom of `describeBuild`; null adds no label */
export function withBuiltFromLabel(labels: Labels, image: ImageName, builtFrom: string | null): Labels {
  return builtFrom === null ? labels : { ...labels, [BUILT_FROM_LABEL]: `${toFullName(image)}: ${builtFrom}` };
}

/**
 * What the image says of itself; null when it says nothing.
 * @param image the name that it must have been pushed to first; null for any name
 */
export function readBuiltFrom(labels: Labels, image: ImageName | null): string | null {
  const value = labels[BUILT_FROM_LABEL] ?? '';
  if (image === null) return /^\S+: (.+)$/s.exec(value)?.[1] ?? null;
  const prefix = `${toFullName(image)}: `;
  return value.startsWith(prefix) && value.length > prefix.length ? value.slice(prefix.length) : null;
}
