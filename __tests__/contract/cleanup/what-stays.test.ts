// What a cleanup leaves alone: what is needed, what was tagged at that moment, and everything where its event ends nothing.
import { describe, expect, test } from '@jest/globals';
import type { GitHubApiStandIn } from '../../../lab/github/github-api.js';
import { READER } from '../../../lab/services/team.js';
import { UNIQUE_TAG_LABEL } from '../../../src/image/unique-label.js';
import { MERGED, OLDER_REVIEW, REVIEW, SHA, errorOf, expectSuccess, useCleanupLab } from '../../support/cleanup-lab.js';

const { open, push, clean, closing, deleting, closePull, tags, served, lines, deletions, lab, front } = useCleanupLab();

describe('what is needed stays', () => {
  test('images of an index that main has, and attestations of both kinds', async () => {
    await open();
    closePull();
    const [shared, own, builtIn] = [await push([]), await push([]), await push([])];
    const index = await push([REVIEW, 'feature-x'], { children: [shared, own, builtIn] });
    const kept = await push(['v1'], { children: [shared] });
    const signature = await push([], { subject: kept });
    const fallback = await push([`sha256-${kept.slice(7)}`], { children: [signature] });
    const gone = await push([], { subject: index });
    const result = await clean(closing());
    expectSuccess(result);
    expect(await Promise.all([shared, kept, signature, fallback].map(served))).toEqual([true, true, true, true]);
    expect(await Promise.all([index, own, builtIn, gone].map(served))).toEqual([false, false, false, false]);
    expect(lines(result.outputs.deleted)).toEqual(
      [`:${REVIEW}`, ':feature-x', `@${own}`, `@${builtIn}`, `@${gone}`].sort(),
    );
  });

  test('all of it, when a manifest cannot be read', async () => {
    const { repository } = await open();
    closePull();
    await push([REVIEW, 'feature-x']);
    const { digest } = await lab().registry.manifest(repository, 'main');
    front().fail({ path: new RegExp(`/manifests/${digest}`), answer: { status: 404 } });
    const before = await tags();
    expect(errorOf(await clean(closing()))).toMatch(
      /^The registry does not show .* \(sha256:.*\), so nobody knows what it needs/,
    );
    expect(await tags()).toEqual(before);
    expect(deletions()).toEqual([]);
  });

  test('all of it, when the token may not read the registry', async () => {
    await open();
    closePull();
    await push([REVIEW, 'feature-x']);
    const result = await clean(closing(), { token: 'ghs_of_somebody_else' });
    expect(errorOf(result)).toMatch(
      /^ghcr\.io\/octo\/app-\d+ could not be read from the registry, so nothing was removed: .* 403 DENIED denied\. If it is a refusal: add /,
    );
    expect(deletions()).toEqual([]);
  });

  test('a version that a build gives another tag at that moment', async () => {
    const { repository, packages } = await open();
    closePull();
    const builder = await push(['builder-feature-x']);
    const manifest = await lab().registry.manifest(repository, builder);
    const copy = () =>
      lab().registry.putManifest(repository, 'builder-main', manifest.mediaType, JSON.stringify(manifest.body));
    packages.fail({ request: /^GET .*versions\/\d+$/, status: 0, meanwhile: copy, goOn: true, times: 1 });
    const result = await clean(closing());
    expectSuccess(result);
    expect(await served(builder)).toBe(true);
    expect(result.log).toContain(
      `Stays:    ghcr.io/${repository}:builder-feature-x (${builder}): it has just been given the tag builder-main`,
    );
    expect(lines(result.outputs.kept)).toEqual([':builder-feature-x']);
  });

  test('a branch tag that a build writes at that moment', async () => {
    const { repository, packages } = await open();
    const deployed = await push([SHA, 'feature-x']);
    let built: string | null = null;
    const build = async () => {
      const { digest } = await lab().registry.manifest(repository, 'feature-x');
      if (digest !== deployed) built ??= await push(['feature-x']);
    };
    packages.fail({ request: /^GET .*versions$/, status: 0, meanwhile: build, goOn: true });
    const result = await clean(deleting('feature-x'));
    expectSuccess(result);
    expect(built).not.toBeNull();
    expect((await lab().registry.manifest(repository, 'feature-x')).digest).toBe(built);
    expect(result.log).toContain('it was moved just now');
    expect(deletions()).toEqual([]);
  });

  test('a branch tag that a build has written since the package was read', async () => {
    const { repository, packages } = await open();
    await push([SHA, 'feature-x']);
    await push(['cache-feature-x']);
    let built = '';
    const build = async () => (built = await push(['feature-x']));
    packages.fail({ request: /^DELETE/, status: 0, meanwhile: build, goOn: true, times: 1 });
    const result = await clean(deleting('feature-x'));
    expectSuccess(result);
    expect((await lab().registry.manifest(repository, 'feature-x')).digest).toBe(built);
    expect(lines(result.outputs.kept)).toEqual([':feature-x']);
  });

  test('a version that comes while the package is read', async () => {
    const { packages } = await open();
    closePull();
    const child = await push([]);
    await push([REVIEW], { children: [child] });
    let lists = 0;
    const build = async () => {
      lists += 1;
      if (lists === 2) await push(['v2'], { children: [child] });
    };
    packages.fail({ request: /^GET .*versions$/, status: 0, meanwhile: build, goOn: true });
    expectSuccess(await clean(closing()));
    expect(await served(child)).toBe(true);
    expect(await tags()).toEqual([MERGED, 'main', 'v2'].sort());
  });
});

describe('nothing goes', () => {
  test('of a unique tag with the name of a deleted branch', async () => {
    const { repository } = await open();
    const labels = { [UNIQUE_TAG_LABEL]: `ghcr.io/${repository}:release-42` };
    await push(['release-42'], { labels });
    await push(['builder-release-42']);
    const result = await clean(deleting('release-42'));
    expectSuccess(result);
    expect(await tags()).toEqual(['main', MERGED, 'release-42'].sort());
    expect(result.log).toContain('it is the unique tag of an image, which somebody may have deployed');
  });

  test.each<[string, (github: GitHubApiStandIn) => void, RegExp]>([
    [
      'when the branch is still there',
      (github) => github.setBranch('feature-x', SHA),
      /the branch "feature-x" is still there/,
    ],
    ['when a git tag has its name', (github) => github.setGitTag('feature-x'), /there is a git tag "feature-x", too/],
    [
      'before main has built the merge',
      () => closePull({ mergedAs: SHA }),
      new RegExp(`build of main may still .* no image of ${SHA} yet`),
    ],
  ])('%s', async (_, arrange, reason) => {
    const { github } = await open();
    closePull();
    arrange(github);
    await push([REVIEW, 'feature-x']);
    await push(['builder-feature-x']);
    const before = await tags();
    const result = await clean(closing());
    expectSuccess(result);
    expect(await tags()).toEqual(before);
    expect(result.log).toMatch(reason);
    expect(lines(result.outputs.kept)).toEqual([':builder-feature-x', ':feature-x', `:${REVIEW}`]);
    expect(await clean(deleting('feature-x')).then((again) => again.outputs.deleted)).toBe('');
    expect(await tags()).toEqual(before);
  });

  test('but older review images, while the branch is there', async () => {
    const { github } = await open();
    closePull();
    github.setBranch('feature-x', SHA);
    await push([REVIEW, 'feature-x']);
    await push([OLDER_REVIEW]);
    const result = await clean(closing());
    expect(lines(result.outputs.deleted)).toEqual([`:${OLDER_REVIEW}`]);
  });

  test('once main has built the merge, it does', async () => {
    await open();
    closePull({ mergedAs: MERGED });
    await push([REVIEW, 'feature-x']);
    expect(lines((await clean(closing())).outputs.deleted)).toEqual([':feature-x', `:${REVIEW}`]);
  });

  test.each(['main', 'trunk'])('of %s, whatever the event says', async (branch) => {
    const { repository, github } = await open();
    await push(['builder-main', 'cache-main']);
    await push(['trunk', 'builder-trunk']);
    const before = await tags();
    github.setBranch('main', null);
    const result = await clean(deleting(branch), { inputs: { 'main-branch': 'trunk' } });
    expectSuccess(result);
    expect(result.outputs.deleted).toBe('');
    expect(await tags()).toEqual(before);
    // Nor does it matter which branch the event calls the default one.
    const payload = { ref: branch, ref_type: 'branch', repository: { full_name: repository, default_branch: 'other' } };
    await clean({ name: 'delete', payload }, { inputs: { 'main-branch': 'trunk' } });
    expect(await tags()).toEqual(before);
  });

  test('of a pull request that was opened again', async () => {
    const { repository, github } = await open();
    github.setPull({ number: 7, headRef: 'feature-x', headRepository: repository });
    await push([REVIEW, 'feature-x']);
    const result = await clean(closing());
    expect(result.annotations.map(({ message }) => message)).toEqual([
      'Pull request #7 is open again, so its images stay.',
    ]);
    expect(await tags()).toContain(REVIEW);
  });

  test('for a fork, whose branch has the name of one of ours', async () => {
    const { github } = await open();
    await push(['feature-x']);
    const event = closing();
    event.payload.pull_request.head.repo = { full_name: 'mallory/app' };
    const result = await clean(event);
    expectSuccess(result);
    expect(github.requests()).toEqual([]);
    expect(result.annotations[0]?.message).toMatch(/nothing to clean up: pull request #7 came from a fork/);
    // Not even when the event does not say so.
    github.setPull({ number: 7, headRef: 'feature-x', headRepository: 'mallory/app', closedAt: new Date() });
    await push([REVIEW]);
    expect(lines((await clean(closing())).outputs.deleted)).toEqual([`:${REVIEW}`]);
    expect(await tags()).toContain('feature-x');
  });

  test('in a dry run, which says what would', async () => {
    const { repository } = await open();
    closePull();
    await push([REVIEW]);
    await push([SHA, 'feature-x']);
    const before = await tags();
    const result = await clean(closing(), {
      inputs: { 'dry-run': 'true' },
      token: READER.password,
      actor: READER.name,
    });
    expectSuccess(result);
    expect(await tags()).toEqual(before);
    expect(lines(result.outputs.deleted)).toEqual([':feature-x', `:${REVIEW}`]);
    expect(result.log).toContain(`Would go: ghcr.io/${repository}:feature-x`);
    expect(result.summary).toContain('(dry run)');
    expect(deletions()).toEqual([]);
  });

  test('when GitHub does not say what has become of the pull request', async () => {
    await open();
    await push([REVIEW]);
    const error = errorOf(await clean(closing()));
    expect(error).toMatch(
      /^GitHub does not say what has become of pull request #7, so its images stay: 404 Not Found\. /,
    );
    expect(error).toContain('permissions: contents: read, pull-requests: read');
  });

  test('where there is no package: a warning', async () => {
    await open();
    const result = await clean(closing(), { inputs: { image: 'ghcr.io/octo/unknown' } });
    expectSuccess(result);
    expect(result.annotations[0]?.message).toMatch(
      /^GitHub shows no package ghcr\.io\/octo\/unknown to this token.*role Admin/,
    );
  });
});
