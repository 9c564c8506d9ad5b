// Whether a version may be released, and what is released then. Pure.
import compare from 'semver/functions/compare.js';
import parseVersion from 'semver/functions/parse.js';

export interface ReleaseRequest {
  /** As somebody typed it: `1.2.3`. */
  readonly version: string;
  /** All git tags of the repository. */
  readonly tags: readonly string[];
  readonly packageVersion: string;
  readonly changelog: string;
  /** Images that the action runs scanners in: NAME:TAG@DIGEST. */
  readonly scannerImages: readonly string[];
}

export interface Release {
  /** `v1.2.3`, which never moves. */
  readonly tag: string;
  /** `v1`, which moves to it; empty for a pre-release. */
  readonly major: string;
  /** The section of the changelog. */
  readonly notes: string;
}

/** @throws Error that says why not, and what to do */
export function planRelease({ version, tags, packageVersion, changelog, scannerImages }: ReleaseRequest): Release {
  const parsed = parseVersion(version);
  // The parser takes a leading v, and drops what follows a plus sign.
  if (parsed?.version !== version)
    throw new Error(`${JSON.stringify(version)} is no version. Use X.Y.Z or X.Y.Z-PRERELEASE, without a v.`);
  const tag = `v${version}`;
  if (tags.includes(tag)) throw new Error(`The tag ${tag} exists already, and a release never moves.`);
  const released = tags.flatMap((name) => {
    const found = /^v\d+\.\d+\.\d+/.test(name) ? parseVersion(name) : null;
    return found === null ? [] : [found];
  });
  const newest = released.sort(compare).at(-1);
  if (newest !== undefined && newest.compare(parsed) >= 0)
    throw new Error(`${version} is not newer than ${newest.version}, the newest version that is released.`);
  if (packageVersion !== version)
    throw new Error(`package.json has the version ${packageVersion}. Set it to ${version} and commit that first.`);
  const notes = findSection(changelog, version);
  if (notes === null || notes === '')
    throw new Error(`CHANGELOG.md has nothing under "## [${version}] - DATE". Rename "## [Unreleased]" first.`);
  const moving = scannerImages.find((image) => !/@sha256:[0-9a-f]{64}$/.test(image));
  if (moving !== undefined)
    throw new Error(
      `The scanner image ${moving} has no digest, and a tag can be moved to anything, which then gets a token and the engine. ` +
        'Run script/update-scanners and script/bundle, and commit that first.',
    );
  return { tag, major: parsed.prerelease.length > 0 ? '' : `v${parsed.major}`, notes };
}

function findSection(changelog: string, version: string): string | null {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.startsWith(`[${version}] - `));
  if (section === undefined) return null;
  return section.slice(section.indexOf('\n') + 1).trim();
}
