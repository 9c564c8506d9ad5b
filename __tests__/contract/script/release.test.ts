// What may be released, and how its tags are written.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ReleaseRequest, planRelease } from '../../../script/release/release.js';

const root = new URL('../../../', import.meta.url).pathname;
const CHANGELOG = `# Changelog\n\n## [Unreleased]\n\n- next\n\n## [1.3.0] - 2026-01-02\n\n### Added\n\n- a thing\n\n## [1.2.0] - 2026-01-01\n\n- old\n`;
const plan = (change: Partial<ReleaseRequest> = {}): ReturnType<typeof planRelease> => {
  const version = change.version ?? '1.3.0';
  return planRelease({
    version,
    tags: ['v1', 'v1.2.0', 'other', ''],
    packageVersion: version,
    changelog: CHANGELOG.replace('[1.3.0]', `[${version}]`),
    scannerImages: [`grype:v1@sha256:${'1'.repeat(64)}`],
    ...change,
  });
};

describe('a release', () => {
  test('has its tag, the tag of its major version, and the notes of the changelog', () =>
    expect(plan()).toEqual({ tag: 'v1.3.0', major: 'v1', notes: '### Added\n\n- a thing' }));

  test('may be the first', () => expect(plan({ version: '1.0.0', tags: [''] }).tag).toBe('v1.0.0'));

  test('of a pre-release moves no tag', () => expect(plan({ version: '1.3.0-rc.1' }).major).toBe(''));

  test('follows its pre-releases', () => expect(plan({ tags: ['v1.3.0-rc.1'] }).tag).toBe('v1.3.0'));

  test.each(['', '1', '1.2', 'v1.3.0', '1.3.0+build', ' 1.3.0', '01.3.0', '1.3.0-', 'next', '1.3.0; rm -rf /'])(
    'needs a semantic version: %j',
    (version) => expect(() => plan({ version, packageVersion: version })).toThrow('is no version'),
  );

  test('must be new', () => expect(() => plan({ tags: ['v1.3.0'] })).toThrow('v1.3.0 exists already'));

  test.each([
    ['1.1.9', ['v1.2.0']],
    ['1.3.0', ['v1.10.0', 'v1.2.0']],
    ['1.3.0', ['v2.0.0']],
    ['1.3.0-rc.1', ['v1.3.0']],
    ['1.3.0-rc.2', ['v1.3.0-rc.10']],
  ])('must be newer than all: %s after %j', (version, tags) =>
    expect(() => plan({ version, tags })).toThrow('is not newer than'),
  );

  test('must be what package.json has', () =>
    expect(() => plan({ packageVersion: '1.2.0' })).toThrow('package.json has the version 1.2.0'));

  test.each([CHANGELOG.replace('[1.3.0]', '[1.4.0]'), '## [1.3.0] - 2026-01-02\n\n## [1.2.0] - 2026-01-01\n', ''])(
    'must be in the changelog: %j',
    (changelog) => expect(() => plan({ changelog })).toThrow('CHANGELOG.md has nothing under'),
  );
});

test.each(['snyk/snyk:docker', 'grype:v1.2.3', 'x@sha256:12'])(
  'a scanner image without a digest is not released: %s',
  (image) =>
    expect(() => plan({ scannerImages: [`x:1@sha256:${'1'.repeat(64)}`, image] })).toThrow(`${image} has no digest`),
);

test('the changelog has what is to come', () =>
  expect(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')).toMatch(/^## \[Unreleased\]$/m));

/** GitHub's CLI: keeps one release, and what it was asked for. A release is immutable where the setting is on. */
const GH = `#!/bin/sh
echo "$*" >>"$STATE/calls"
case "$1 $2" in
  'release view') test -f "$STATE/draft" && cat "$STATE/draft" ;;
  'release create')
    for file; do :; done
    test -f "$file" && test ! -f "$STATE/draft" && test -z "$(cat "$STATE/fails" 2>/dev/null)" && echo true >"$STATE/draft" ;;
  'release edit') echo false >"$STATE/draft" ;;
  'release delete') rm "$STATE/draft" ;;
  "api repos/$GITHUB_REPOSITORY/releases/tags/"*) cat "$STATE/immutable" ;;
  *) exit 1 ;;
esac
`;

describe('script/push-release', () => {
  let folder: string;
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: join(folder, 'clone'), encoding: 'utf8', stdio: 'pipe' }).trim();
  const push = (...args: readonly string[]) => {
    const PATH = `${join(folder, 'bin')}:${process.env.PATH}`;
    const env = { ...process.env, PATH, STATE: folder, GITHUB_REPOSITORY: 'owner/app' };
    const cwd = join(folder, 'clone');
    return spawnSync('script/push-release', [...args, 'What is new'], { cwd, env, encoding: 'utf8' });
  };
  const setState = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const readCalls = (): readonly string[] => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
  const forgetRelease = (): void => rmSync(join(folder, 'draft'));
  const commit = (): string => {
    git('-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '--quiet', '--allow-empty', '--message=x');
    return git('rev-parse', 'HEAD');
  };
  const remoteTag = (tag: string): string => git('ls-remote', 'origin', `refs/tags/${tag}`).split('\t')[0] ?? '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'two-pass-build-release-'));
    execFileSync('git', ['init', '--quiet', '--bare', join(folder, 'remote')]);
    // Deleting is refused, as a rule for tags may do: nothing here needs it.
    const hook = '#!/bin/sh\nexpr "$3" : "00*$" >/dev/null && exit 1\nexit 0\n';
    writeFileSync(join(folder, 'remote/hooks/update'), hook, { mode: 0o755 });
    execFileSync('git', ['init', '--quiet', join(folder, 'clone')]);
    git('remote', 'add', 'origin', join(folder, 'remote'));
    for (const path of ['clone/script', 'clone/dist', 'bin']) mkdirSync(join(folder, path));
    cpSync(join(root, 'script/push-release'), join(folder, 'clone/script/push-release'));
    setState('clone/dist/sbom.cdx.json', '{}');
    writeFileSync(join(folder, 'bin/gh'), GH, { mode: 0o755 });
    setState('immutable', 'true\n');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('writes the tag, publishes it with the SBOM, and then moves the tag of the major version', () => {
    const first = commit();
    expect(push('1.0.0').status).toBe(0);
    expect(readCalls()).toEqual([
      'release view v1.0.0 --json isDraft --jq .isDraft',
      'release create v1.0.0 --draft --verify-tag --title v1.0.0 --notes What is new dist/sbom.cdx.json',
      'release edit v1.0.0 --draft=false',
      'api repos/owner/app/releases/tags/v1.0.0 --jq .immutable',
    ]);
    forgetRelease();
    const second = commit();
    expect(push('1.1.0').status).toBe(0);
    expect([remoteTag('v1.0.0'), remoteTag('v1.1.0'), remoteTag('v1')]).toEqual([first, second, second]);
    // Only what has no release can be moved.
    expect(readCalls().filter((call) => /\bv1\b/.test(call.replaceAll(/v1\.\d\.\d/g, '')))).toEqual([]);
  });

  test.each(['', 'v1.0.0', '1.0', '1.0.0;x', '../../heads/main', '1.0.0\n', '1.0.0-rc/1', '--delete', '01.0.0'])(
    'writes no tag of what is no version: %j',
    (version) => {
      commit();
      expect(push(version).status).toBe(2);
      expect(git('ls-remote', 'origin')).toBe('');
    },
  );

  test('moves nothing for a pre-release', () => {
    commit();
    expect(push('1.0.0-rc.1').status).toBe(0);
    expect([remoteTag('v1.0.0-rc.1') === '', remoteTag('v1')]).toEqual([false, '']);
    expect(readCalls()[1]).toContain('--notes What is new --prerelease dist/sbom.cdx.json');
  });

  test('never moves a release, and leaves the major version where it is then', () => {
    const first = commit();
    expect(push('1.0.0').status).toBe(0);
    commit();
    expect(push('1.0.0').status).not.toBe(0);
    expect([remoteTag('v1.0.0'), remoteTag('v1')]).toEqual([first, first]);
  });

  test.each(['false', 'null', ''])('moves no major version to a release that is not immutable: %j', (immutable) => {
    const first = commit();
    expect(push('1.0.0').status).toBe(0);
    forgetRelease();
    setState('immutable', `${immutable}\n`);
    commit();
    const { status, stderr } = push('1.1.0');
    expect([status, remoteTag('v1')]).toEqual([1, first]);
    expect(stderr).toMatch(/The release v1\.1\.0 is not immutable.* Turn on "Immutable releases".* v1 has not moved\./);
  });

  test('goes on where an earlier try has ended', () => {
    const first = commit();
    setState('fails', 'yes');
    expect(push('1.0.0').status).not.toBe(0);
    expect([remoteTag('v1.0.0'), remoteTag('v1')]).toEqual([first, '']);
    setState('fails', '');
    // A draft may lack its file.
    setState('draft', 'true\n');
    expect(push('1.0.0').status).toBe(0);
    expect(readCalls()).toContain('release delete v1.0.0 --yes');
    const before = readCalls().length;
    expect(push('1.0.0').status).toBe(0);
    expect(readCalls().slice(before)).toEqual([
      'release view v1.0.0 --json isDraft --jq .isDraft',
      'api repos/owner/app/releases/tags/v1.0.0 --jq .immutable',
    ]);
    expect(remoteTag('v1')).toBe(first);
  });
});

test('the README shows the form that is pinned by commit, with the released version as its comment', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  for (const file of ['README.md', 'docs/security.md'])
    expect(readFileSync(join(root, file), 'utf8')).toContain(`uses: DFE-Digital/two-pass-build@COMMIT # v${version}`);
});
