// Which image of a scanner is the newest, and how that is written down. Pure.
import compare from 'semver/functions/compare.js';
import parseVersion from 'semver/functions/parse.js';

export interface ScannerImage {
  readonly scanner: string;
  /** `anchore/grype`, on Docker Hub. */
  readonly name: string;
  readonly tag: string;
  /** Null: the tag alone says which image it is, and may move. */
  readonly digest: string | null;
}

export interface Change {
  readonly before: ScannerImage;
  readonly after: ScannerImage;
}

/** @throws Error for anything but NAME:TAG or NAME:TAG@DIGEST */
export function parseImage(scanner: string, text: string): ScannerImage {
  const [, name, tag, digest = null] = /^([a-z\d/-]+):([\w.-]+)(?:@(sha256:[0-9a-f]{64}))?$/.exec(text) ?? [];
  if (name === undefined || tag === undefined)
    throw new Error(`${scanner}: ${JSON.stringify(text)} is no image. Write NAME:TAG or NAME:TAG@DIGEST.`);
  return { scanner, name, tag, digest };
}

/** The newest stable version that is tagged in the same form (`v1.2.3` or `1.2.3`); the same tag where it is no version. */
export function chooseTag(current: string, tags: readonly string[]): string {
  const form = /^(v?)\d+\.\d+\.\d+$/.exec(current);
  if (form === null) return current;
  const versions = tags.filter((tag) => /^(v?)\d+\.\d+\.\d+$/.exec(tag)?.[1] === form[1] && parseVersion(tag) !== null);
  return [current, ...versions].sort((one, other) => compare(one, other)).at(-1) ?? current;
}

export function isChanged({ before, after }: Change): boolean {
  return before.tag !== after.tag || before.digest !== after.digest;
}

/** One line: what it was, and what it is. */
export function describeChange(change: Change): string {
  const { before, after } = change;
  const show = ({ tag, digest }: ScannerImage): string => (digest === null ? `${tag} (no digest)` : `${tag}@${digest}`);
  const what = `${after.scanner} (${after.name})`;
  if (!isChanged(change)) return `${what}: ${show(after)}, as it was`;
  return `${what}: ${show(before)} -> ${show(after)}`;
}

/**
 * The source file with other images.
 * @throws Error when it has no line of a scanner
 */
export function writeImages(source: string, images: readonly ScannerImage[]): string {
  return images.reduce((text, image) => {
    const line = new RegExp(`^( {2}${image.scanner}: )'.*',$`, 'm');
    if (!line.test(text)) throw new Error(`The source has no line of ${image.scanner}.`);
    return text.replace(line, `$1'${toText(image)}',`);
  }, source);
}

/**
 * The document with other rows in its table of images.
 * @throws Error when it has no row of a scanner
 */
export function writeRows(document: string, images: readonly ScannerImage[]): string {
  return images.reduce((text, image) => {
    const row = new RegExp(`^\\| ${image.scanner} +\\| \`${image.name}:.*\\|$`, 'm');
    if (!row.test(text)) throw new Error(`The document has no row of ${image.scanner}.`);
    return text.replace(row, `| ${image.scanner} | ${describeImage(image)} |`);
  }, document);
}

function describeImage({ name, tag, digest }: ScannerImage): string {
  const moves = parseVersion(tag) === null;
  if (digest !== null) return `\`${name}:${tag}\`, by digest${moves ? '; it has no tags with a version' : ''}`;
  return `\`${name}:${tag}\`, which moves; install the tool in the job to have a fixed one`;
}

function toText({ name, tag, digest }: ScannerImage): string {
  return `${name}:${tag}${digest === null ? '' : `@${digest}`}`;
}
