// The `with:` block of cleanup/action.yml -> frozen, typed objects, one for each image. Defaults live in cleanup/action.yml, not here.
import { type ImageName, isSameImage, parseImageName } from '../../image/reference.js';
import { parseBoolean, parseList } from '../../inputs/syntax.js';
import { InputError } from '../../shared/errors.js';
import { isMadeOf, quote } from '../../shared/text.js';

export interface CleanupInputs {
  readonly image: ImageName;
  /** Who the package belongs to: the first part of the path on ghcr.io. */
  readonly owner: string;
  /** The rest of the path, which may hold slashes. */
  readonly packageName: string;
  readonly githubToken: string;
  readonly olderThanDays: number;
  readonly mainBranch: string | null;
  /** Whether the input keep-tags names a tag. */
  readonly isKept: (tag: string) => boolean;
  readonly dryRun: boolean;
}

/** Every input that is read; the contract test compares with cleanup/action.yml what is asked for. */
export type CleanupInputName = 'image' | 'github-token' | 'older-than-days' | 'main-branch' | 'keep-tags' | 'dry-run';

/** What the action sets; the contract test compares it with cleanup/action.yml. */
export type CleanupOutputName = 'deleted' | 'kept';

const REGISTRY = 'ghcr.io';
const LONGEST_AGE = 3650;

/**
 * One for each image, in the order that they are given in; what is said of one image only is the same in all.
 * @param readRaw the text of an input as it was given, untrimmed; empty when it was not
 * @throws InputError with what is wrong, the value (never the token), and what to change
 */
export function parseCleanupInputs(readRaw: (name: CleanupInputName) => string): readonly CleanupInputs[] {
  const read = (name: CleanupInputName): string => readRaw(name).trim();
  const images = parseImages(readRaw('image'));
  const githubToken = read('github-token');
  if (githubToken === '')
    throw new InputError('github-token is empty. Leave it out, so that it is the token of the workflow.');
  const shared = {
    githubToken,
    olderThanDays: parseDays(read('older-than-days')),
    mainBranch: read('main-branch') || null,
    isKept: parsePatterns(parseList('keep-tags', readRaw('keep-tags'), { separator: 'item' })),
    dryRun: parseBoolean('dry-run', read('dry-run')),
  };
  return images.map((image) => Object.freeze({ ...image, ...shared }));
}

type PackageOfImage = Pick<CleanupInputs, 'image' | 'owner' | 'packageName'>;

/** Each once: a second clean-up of the same image would find nothing. */
function parseImages(text: string): readonly PackageOfImage[] {
  const names = parseList('image', text, { separator: 'item' });
  const packages = (names.length === 0 ? [text] : names).map(parsePackage);
  return packages.filter(({ image }, index) => packages.findIndex((one) => isSameImage(one.image, image)) === index);
}

function parsePackage(text: string): PackageOfImage {
  const image = parseImageName(text);
  if (image.registry !== REGISTRY)
    throw new InputError(
      `image ${quote(image.name)} is not on ${REGISTRY}: only GitHub's own packages can be cleaned up. Give ${REGISTRY}/owner/app.`,
    );
  const [owner = '', ...rest] = image.repository.split('/');
  if (rest.length === 0)
    throw new InputError(`image ${quote(image.name)} has an owner and no name. Give ${REGISTRY}/owner/app.`);
  return { image, owner, packageName: rest.join('/') };
}

/** At least 1: a running build pushes versions that have no tag yet, and they must not be taken for leftovers. */
function parseDays(text: string): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days < 1 || days > LONGEST_AGE)
    throw new InputError(`older-than-days is ${quote(text)}. Give whole days, 1 to ${LONGEST_AGE}.`);
  return days;
}

function parsePatterns(patterns: readonly string[]): (tag: string) => boolean {
  for (const pattern of patterns) {
    if (!/^[A-Za-z0-9_.*-]{1,128}$/.test(pattern))
      throw new InputError(
        `keep-tags: ${quote(pattern)} is no pattern of tags. Use letters, digits, "_", "." and "-", and "*" for any of them.`,
      );
  }
  // `*` stands for any characters.
  return (tag) => patterns.some((pattern) => isMadeOf(tag, pattern.split('*')));
}
