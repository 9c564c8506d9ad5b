// Image names and tags as types that cannot be wrong: the only way to get one is to parse it here.
// Grammar: https://github.com/distribution/reference/blob/main/reference.go
import { InputError } from '../shared/errors.js';
import { quote } from '../shared/text.js';
import type { brand } from '../shared/types.js';
import type { Digest } from './digest.js';

/** A valid image tag: 1 to 128 characters of `[A-Za-z0-9_.-]`, not starting with `.` or `-`. */
export type Tag = string & { readonly [brand]: 'tag' };

/** Registry and repository, lower case, without tag or digest. */
export interface ImageName {
  /** As it is written in references: `ghcr.io/owner/app`, `owner/app` for Docker Hub. */
  readonly name: string;
  /** Host (and port) that Docker knows the registry by: `ghcr.io`, `docker.io`, `localhost:5000`. */
  readonly registry: string;
  /** Path below the registry: `owner/app`, `library/alpine`. */
  readonly repository: string;
}

const DOCKER_HUB = 'docker.io';
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const PATH = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::[0-9]+)?$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
/**
 * How tags of this action begin: of builder images, of merged caches, of a pull request's images, of a developer's, and of
 * the marks beside promoted images. No branch and no input has a tag that begins so.
 */
export const OWN_PREFIXES = {
  builder: 'builder-',
  cache: 'cache-',
  review: 'review-pr-',
  local: 'dev-',
  promoted: 'promoted-',
} as const;

/** What a unique tag ends with where its first choice was taken: the time in UTC. */
export const TIME_ENDING = /-\d{14}$/;

/** The length that registries accept for a name (distribution/reference `NameTotalLengthMax`). */
const LONGEST_NAME = 255;

export function isTag(text: string): text is Tag {
  return TAG.test(text);
}

/** @throws InputError when the text is not a valid tag. */
export function parseTag(text: string, what = 'tag'): Tag {
  if (!isTag(text)) {
    throw new InputError(
      `${what} ${quote(text)} is not a valid image tag. ` +
        'Use 1 to 128 letters, digits, "_", "." and "-", not starting with "." or "-".',
    );
  }
  return text;
}

/**
 * Parses an image name; upper case is lowered for the user, since registries only know lower case.
 * @param what the input that it comes from
 * @throws InputError when the text is not an image name, or has a tag or digest.
 */
export function parseImageName(text: string, what = 'image'): ImageName {
  const name = text.trim().toLowerCase();
  const wrong = (why: string): InputError =>
    new InputError(
      `${what} ${quote(text)} is not an image name: ${why} Give registry and repository, like ghcr.io/owner/app.`,
    );
  if (name === '') throw wrong('it is empty.');
  if (name.includes('://')) throw wrong('it starts with a URL scheme.');
  if (name.includes('@')) throw wrong('it has a digest, and digests are what a build makes.');
  if (name.length > LONGEST_NAME) throw wrong(`it is longer than ${LONGEST_NAME} characters.`);

  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const hasHost = isHost(first);
  const host = hasHost ? first : DOCKER_HUB;
  const path = hasHost ? name.slice(slash + 1) : name;
  if (path.includes(':'))
    throw wrong('it has a tag, and tags come from the workflow context (or the inputs tag and extra-tags).');
  if (!HOST.test(host)) throw wrong(`${quote(host)} is not a host name.`);
  if (!PATH.test(path))
    throw wrong(`${quote(path)} is not a repository path (a-z, 0-9, and single ".", "_", "-" between them).`);

  const registry = withoutAlias(host);
  const repository = registry === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path;
  return Object.freeze({ name, registry, repository });
}

/** @returns the registry that an image name with this host has, or null for what is no host of one */
export function parseRegistry(text: string): string | null {
  const host = text.toLowerCase();
  return isHost(host) && HOST.test(host) ? withoutAlias(host) : null;
}

/** Whether the first part of a name is a host, and not a user on Docker Hub. */
function isHost(first: string): boolean {
  return first === 'localhost' || /[.:]/.test(first);
}

function withoutAlias(host: string): string {
  return host === 'index.docker.io' ? DOCKER_HUB : host;
}

/** One spelling for all names of the same image: with the registry, also for Docker Hub. */
export function toFullName({ registry, repository }: ImageName): string {
  return `${registry}/${repository}`;
}

/** `NAME:TAG` */
export function taggedReference(image: ImageName, tag: Tag): string {
  return `${image.name}:${tag}`;
}

/** `NAME:TAG@DIGEST`: people can read it, and machines resolve it by digest alone. */
export function pinnedReference(image: ImageName, tag: Tag, digest: Digest): string {
  return `${image.name}:${tag}@${digest}`;
}

/** Loopback hosts, which Docker always treats as insecure registries. */
export function isLoopback(registry: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/.test(registry);
}

/** Whether both names are of the same image. Parsing has lowered their case and replaced aliases of the host. */
export function isSameImage(one: ImageName, other: ImageName): boolean {
  return one.registry === other.registry && one.repository === other.repository;
}
