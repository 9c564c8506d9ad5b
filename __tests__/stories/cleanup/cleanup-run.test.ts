// A cleanup's story over packages in memory: what stays and why, sweeps, refusals, and what is said of it. That a closed pull
// request and a deleted branch take their images along is in contract/cleanup, on both versions of Node.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { BUILT_BY_LABEL } from '../../../src/image/origin-labels.js';
import { UNIQUE_TAG_LABEL } from '../../../src/image/unique-label.js';
import {
  DAY,
  LONG_AGO,
  MERGED,
  OLDER_REVIEW,
  type Package,
  type PackageOptions,
  type PackageRegistry,
  REVIEW,
  SHA,
  errorOf,
  expectSuccess,
} from '../../support/cleanup-lab.js';
import { useCleanupWorld } from '../../support/world/cleanup-world.js';

const stand = useCleanupWorld();
const { push, clean, about, closing, deleting, schedule, closePull, tags, served, lines, deletions } = stand;
let registry: PackageRegistry;
beforeEach(() => {
  registry = stand.registry();
});

let { repository, packages, github } = {} as Package;
async function open(options: PackageOptions = {}): Promise<void> {
  ({ repository, packages, github } = await stand.open(options));
}

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
    await open();
    closePull();
    await push([REVIEW, 'feature-x']);
    const { digest } = await registry.manifest(repository, 'main');
    stand.memory().intercept = (_method, path) => (path === `manifests/${digest}` ? { status: 404 } : undefined);
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
    stand.memory().users = [];
    const result = await clean(closing());
    expect(errorOf(result)).toMatch(
      /^ghcr\.io\/octo\/app-\d+ could not be read from the registry, so nothing was removed: .*\. If it is a refusal: add /,
    );
    expect(deletions()).toEqual([]);
  });

  test('a version that a build gives another tag at that moment', async () => {
    await open();
    closePull();
    const builder = await push(['builder-feature-x']);
    const manifest = await registry.manifest(repository, builder);
    const copy = () =>
      registry.putManifest(repository, 'builder-main', manifest.mediaType, JSON.stringify(manifest.body));
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
    await open();
    const deployed = await push([SHA, 'feature-x']);
    let built: string | null = null;
    const build = async () => {
      const { digest } = await registry.manifest(repository, 'feature-x');
      if (digest !== deployed) built ??= await push(['feature-x']);
    };
    packages.fail({ request: /^GET .*versions$/, status: 0, meanwhile: build, goOn: true });
    const result = await clean(deleting('feature-x'));
    expectSuccess(result);
    expect(built).not.toBeNull();
    expect((await registry.manifest(repository, 'feature-x')).digest).toBe(built);
    expect(result.log).toContain('it was moved just now');
    expect(deletions()).toEqual([]);
  });

  test('a branch tag that a build has written since the package was read', async () => {
    await open();
    await push([SHA, 'feature-x']);
    await push(['cache-feature-x']);
    let built = '';
    const build = async () => (built = await push(['feature-x']));
    packages.fail({ request: /^DELETE/, status: 0, meanwhile: build, goOn: true, times: 1 });
    const result = await clean(deleting('feature-x'));
    expectSuccess(result);
    expect((await registry.manifest(repository, 'feature-x')).digest).toBe(built);
    expect(lines(result.outputs.kept)).toEqual([':feature-x']);
  });

  test('a version that comes while the package is read', async () => {
    await open();
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

test('the two events of a merge may be cleaned up after at the same time', async () => {
  await open();
  closePull({ mergedAs: MERGED });
  await push([REVIEW, 'feature-x']);
  await push([SHA, 'extra', 'builder-feature-x']);
  await push(['cache-feature-x']);
  const results = await Promise.all([clean(closing()), clean(deleting('feature-x'))]);
  results.forEach(expectSuccess);
  expect(await tags()).toEqual([SHA, MERGED, 'extra', 'main'].sort());
});

describe('nothing goes', () => {
  test('of a unique tag with the name of a deleted branch', async () => {
    await open();
    const labels = { [UNIQUE_TAG_LABEL]: `ghcr.io/${repository}:release-42` };
    await push(['release-42'], { labels });
    await push(['builder-release-42']);
    const result = await clean(deleting('release-42'));
    expectSuccess(result);
    expect(await tags()).toEqual(['main', MERGED, 'release-42'].sort());
    // Its labels are those of the version that GitHub lists, wherever the tag leads by now.
    expect(stand.memory().requests.filter((request) => request === 'GET manifests/release-42')).toEqual([]);
    expect(result.log).toContain('it is the unique tag of an image, which somebody may have deployed');
  });

  test('of the unique tag of a promoted image with the name of a deleted branch', async () => {
    await open();
    const labels = { [BUILT_BY_LABEL]: `ghcr.io/${repository}: push refs/heads/main` };
    await push([SHA, 'release-42', 'promoted-release-42'], { labels });
    await push(['release-43'], { labels });
    for (const branch of ['release-42', 'release-43']) expectSuccess(await clean(deleting(branch)));
    expect(await tags()).toEqual(['main', MERGED, SHA, 'release-42', 'promoted-release-42'].sort());
  });

  test.each([
    ['<sha>', SHA],
    ['sha-<7>', `sha-${SHA.slice(0, 7)}`],
    ['<branch>-<sha>', `feature-x-${SHA}`],
  ])(
    'of an image that the input tag has named %s, after its pull request and after a branch of that name',
    async (_, tag) => {
      await open();
      closePull();
      await push([tag, 'feature-x'], { labels: { [UNIQUE_TAG_LABEL]: `ghcr.io/${repository}:${tag}` } });
      const image = await stand.digestOf(tag);
      expectSuccess(await clean(closing()));
      expect(await tags()).toEqual(['main', MERGED, tag].sort());
      expectSuccess(await clean(deleting(tag)));
      expect(await stand.digestOf(tag)).toBe(image);
    },
  );

  test.each<[string, () => void, RegExp]>([
    [
      'when the branch is still there',
      () => github.setBranch('feature-x', SHA),
      /the branch "feature-x" is still there/,
    ],
    ['when a git tag has its name', () => github.setGitTag('feature-x'), /there is a git tag "feature-x", too/],
    [
      'before main has built the merge',
      () => closePull({ mergedAs: SHA }),
      new RegExp(`build of main may still .* no image of ${SHA} yet`),
    ],
  ])('%s', async (_, arrange, reason) => {
    await open();
    closePull();
    arrange();
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
    await open();
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
    await open();
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
    await open();
    github.setPull({ number: 7, headRef: 'feature-x', headRepository: repository });
    await push([REVIEW, 'feature-x']);
    const result = await clean(closing());
    expect(result.annotations.map(({ message }) => message)).toEqual([
      'Pull request #7 is open again, so its images stay.',
    ]);
    expect(await tags()).toContain(REVIEW);
  });

  test('for a fork, whose branch has the name of one of ours', async () => {
    await open();
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
    await open();
    closePull();
    await push([REVIEW]);
    await push([SHA, 'feature-x']);
    const before = await tags();
    const result = await clean(closing(), {
      inputs: { 'dry-run': 'true' },
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

describe('a sweep', () => {
  test('removes what is old and nobody needs, and old review images', async () => {
    await open();
    const old = await push([]);
    const child = await push([]);
    const young = await push([], { at: new Date(Date.now() - 13 * DAY) });
    await push(['v1'], { children: [child] });
    github.setPull({ number: 7, headRef: 'feature-x', headRepository: repository, closedAt: LONG_AGO, mergedAs: SHA });
    github.setPull({ number: 8, headRef: 'feature-y', headRepository: repository, closedAt: new Date() });
    github.setPull({ number: 9, headRef: 'feature-z', headRepository: repository });
    await push([REVIEW, 'feature-x']);
    await push(['builder-feature-x']);
    const others = [8, 9].map((number) => REVIEW.replace('-7-', `-${number}-`));
    for (const tag of others) await push([tag]);
    const result = await clean(schedule());
    expectSuccess(result);
    expect(await Promise.all([old, child, young].map(served))).toEqual([false, true, true]);
    expect(await tags()).toEqual([...others, MERGED, 'main', 'v1'].sort());
    expect(lines(result.outputs.deleted)).toEqual([':builder-feature-x', ':feature-x', `:${REVIEW}`, `@${old}`].sort());
    expect(result.log).toContain('Stays:    1 without a tag of their own, which others need');
  });

  test('takes its age from older-than-days, and leaves what keep-tags names', async () => {
    await open();
    const young = await push([], { at: new Date(Date.now() - 2 * DAY) });
    github.setPull({ number: 7, headRef: 'feature-x', headRepository: repository, closedAt: LONG_AGO });
    await push([REVIEW]);
    const inputs = { 'older-than-days': '1', 'keep-tags': 'review-pr-7-*' };
    expect(lines((await clean({ name: 'workflow_dispatch', payload: about() }, { inputs })).outputs.deleted)).toEqual([
      `@${young}`,
    ]);
    expect(await tags()).toContain(REVIEW);
  });

  test('looks at so many pull requests at most that the next run has requests left', async () => {
    await open();
    const manifest = await registry.manifest(repository, await push([REVIEW]));
    for (let number = 101; number <= 154; number += 1) {
      const tag = REVIEW.replace('-7-', `-${number}-`);
      await registry.putManifest(repository, tag, manifest.mediaType, JSON.stringify(manifest.body));
      github.setPull({ number, headRef: `branch-${number}`, headRepository: repository, closedAt: LONG_AGO });
    }
    closePull({ closedAt: LONG_AGO });
    const result = await clean(schedule(), { inputs: { 'dry-run': 'true' } });
    expectSuccess(result);
    expect(lines(result.outputs.deleted)).toHaveLength(50);
    const note = '5 more pull requests with review tags were not looked at; the next run does.';
    expect(result.annotations.map(({ message }) => message)).toEqual([note]);
    expect(result.summary).toContain(note);
  });

  test('goes on when GitHub does not tell of one pull request, and is red', async () => {
    await open();
    const old = await push([]);
    await push([REVIEW]);
    expect(errorOf(await clean(schedule()))).toMatch(
      /^The cleanup is not complete: GitHub does not say .* pull request #7/,
    );
    expect(await served(old)).toBe(false);
    expect(await tags()).toContain(REVIEW);
  });
});

describe('what GitHub refuses', () => {
  test('is no fault of a version that is gone already', async () => {
    await open();
    closePull();
    const gone = await push([REVIEW]);
    packages.fail({
      request: /^DELETE/,
      status: 404,
      message: 'Package version not found.',
      times: 1,
      meanwhile: () => registry.deleteManifest(repository, gone),
    });
    packages.fail({ request: /^GET .*versions\/\d+$/, status: 0, goOn: true, times: 1 });
    packages.fail({ request: /^GET .*versions\/\d+$/, status: 404, message: 'Package version not found.' });
    const result = await clean(closing());
    expectSuccess(result);
    expect(lines(result.outputs.deleted)).toEqual([`:${REVIEW}`]);
  });

  test.each<[number, string]>([
    [403, 'Resource not accessible by integration'],
    [404, 'Package not found.'],
  ])('to this token (%i) is said once, and nothing more is tried', async (status, message) => {
    await open();
    closePull();
    await push([REVIEW]);
    await push([OLDER_REVIEW]);
    await push([SHA, 'feature-x']);
    packages.fail({ request: /^DELETE/, status, message });
    const before = await tags();
    const error = errorOf(await clean(closing()));
    expect(error).toMatch(
      /^The cleanup is not complete: .*the token may not delete it \(\d+ .*\): add "permissions: packages: write" to the job, and in the package's settings, under "Manage Actions access", give octo\/app-\d+ the role Admin; /,
    );
    expect(error.match(/not tried, since the token may not delete/g)).toHaveLength(2);
    expect(deletions()).toHaveLength(1);
    expect(await tags()).toEqual(before);
  });

  test('is red in the end, and does not stop the others', async () => {
    await open();
    closePull();
    const child = await push([]);
    const index = await push([REVIEW], { children: [child] });
    await push([OLDER_REVIEW]);
    packages.fail({ request: /^DELETE/, status: 422, message: 'Validation Failed', times: 1 });
    const result = await clean(closing());
    expect(errorOf(result)).toMatch(/^The cleanup is not complete: ghcr\.io\/\S+: 422 Validation Failed$/);
    expect(await tags()).toHaveLength(3);
    // Whichever of the two it was: an index keeps its images.
    expect(await served(child)).toBe(await served(index));
  });

  test('as the last version with a tag is explained, and no fault', async () => {
    await open({ main: false });
    closePull();
    const images = [await push([REVIEW]), await push([OLDER_REVIEW])];
    const result = await clean(closing());
    expectSuccess(result);
    expect(result.log).toMatch(
      /Stays: .*: it is the last version with a tag, and GitHub deletes that only with the whole/,
    );
    expect(lines(result.outputs.kept)).toHaveLength(1);
    expect((await Promise.all(images.map(served))).sort()).toEqual([false, true]);
  });

  test('for its many downloads is explained, and no fault', async () => {
    await open();
    closePull();
    const child = await push([]);
    await push([REVIEW], { children: [child] });
    const message = 'Publicly visible package versions with more than 5000 downloads cannot be deleted.';
    packages.fail({ request: /^DELETE/, status: 400, message });
    const result = await clean(closing());
    expectSuccess(result);
    expect(result.log).toMatch(/downloaded more than 5000 times/);
    expect(lines(result.outputs.kept)).toEqual([`:${REVIEW}`, `@${child}`]);
    expect(await served(child)).toBe(true);
  });

  test('puts a branch tag back, when the copy that it was moved to stays', async () => {
    await open();
    const deployed = await push([SHA, 'feature-x']);
    packages.fail({ request: /^DELETE/, status: 403, message: 'Resource not accessible by integration' });
    expect(errorOf(await clean(deleting('feature-x')))).toMatch(
      /feature-x: taking it off sha256:\S+ failed: 403 Resource/,
    );
    expect((await registry.manifest(repository, 'feature-x')).digest).toBe(deployed);
  });

  test('the copy is deleted only when it has the tags that were moved, and no others', async () => {
    await open();
    const deployed = await push([SHA, 'feature-x']);
    const intrude = async () => {
      const { digest, mediaType, text } = await registry.manifest(repository, 'feature-x');
      if (digest !== deployed) await registry.putManifest(repository, 'v9', mediaType, text);
    };
    packages.fail({ request: /^GET .*versions$/, status: 0, meanwhile: intrude, goOn: true });
    expect(errorOf(await clean(deleting('feature-x')))).toMatch(/has other tags, too: v9/);
    expect(await tags()).toEqual([SHA, MERGED, 'feature-x', 'main', 'v9'].sort());
    expect((await registry.manifest(repository, 'feature-x')).digest).toBe(deployed);
    expect(deletions()).toEqual([]);
  });
});

describe('wrong input is one line', () => {
  test.each<[Record<string, string>, RegExp]>([
    [{ image: 'example.azurecr.io/app' }, /^image "example\.azurecr\.io\/app" is not on ghcr\.io: /],
    [
      { image: 'ghcr.io/nobody/app' },
      /^image ghcr\.io\/nobody\/app: GitHub has no owner nobody\. Correct the owner in the input image\.$/,
    ],
    [{ 'older-than-days': '0' }, /^older-than-days is "0"/],
    [{ 'github-token': '' }, /^github-token is empty/],
    [{ 'dry-run': 'perhaps' }, /^dry-run is "perhaps"/],
  ])('%j', async (inputs, message) => {
    await open();
    expect(errorOf(await clean(closing(), { inputs }))).toMatch(message);
  });

  test('an event that ends nothing', async () => {
    await open();
    expect(errorOf(await clean({ name: 'push', payload: about() }))).toMatch(/does not run on the event "push"/);
    expect(errorOf(await clean({ name: 'pull_request', payload: { action: 'opened' } }))).toMatch(
      /Set "types: \[closed\]"/,
    );
  });
});

describe('a cancelled run', () => {
  test('brings what it has begun to its end, and tells what is left', async () => {
    await open();
    closePull();
    for (const tag of [REVIEW, OLDER_REVIEW, 'cache-feature-x']) await push([tag]);
    await push([SHA, 'feature-x']);
    const meanwhile = (): Promise<void> => {
      stand.cancel();
      return Promise.resolve();
    };
    packages.fail({ request: /^DELETE/, status: 0, meanwhile, goOn: true, times: 1 });
    const result = await clean(closing());
    expect(lines(result.outputs.deleted)).toHaveLength(1);
    expect(lines(result.outputs.kept)).toHaveLength(3);
    expect(result.log).toMatch(/Stays: .*: the run was cancelled before its turn/);
  });

  test('that has changed nothing ends at once', async () => {
    await open();
    closePull();
    await push([REVIEW]);
    stand.cancel();
    expect(errorOf(await clean(closing()))).toMatch(/^The run was cancelled before it had changed anything\.$/);
    expect(deletions()).toEqual([]);
  });
});

describe('tags that are taken off an image', () => {
  const LISTS = /^GET .*versions$/;
  test('are put back when GitHub never lists the copy, after some looks', async () => {
    await open();
    const deployed = await push([SHA, 'feature-x']);
    packages.fail({ request: LISTS, status: 0, goOn: true, times: 2 });
    packages.fail({ request: LISTS, status: 500, message: 'Server Error' });
    expect(errorOf(await clean(deleting('feature-x')))).toMatch(/taking it off sha256:\S+ failed: 500 Server Error$/);
    expect((await registry.manifest(repository, 'feature-x')).digest).toBe(deployed);
  });

  test('and cannot be put back are told with where they are', async () => {
    await open();
    await push([SHA, 'feature-x']);
    let writes = 0;
    stand.memory().intercept = (method, path) =>
      method === 'PUT' && path === 'manifests/feature-x' && (writes += 1) > 1 ? { status: 400, body: '{}' } : undefined;
    packages.fail({ request: /^DELETE/, status: 422, message: 'Validation Failed' });
    expect(errorOf(await clean(deleting('feature-x')))).toMatch(
      /; feature-x may be at a copy of the image now, sha256:\S+, until the job runs again/,
    );
  });
});

describe('several images of one repository, in one step', () => {
  const worker = (): string => `${repository}/worker`;
  const cleanBoth = (...others: readonly string[]) =>
    clean(closing(), {
      inputs: { image: [repository, ...others, worker()].map((name) => `ghcr.io/${name}`).join('\n') },
    });
  beforeEach(async () => {
    await open();
    closePull();
    await push([REVIEW, 'feature-x']);
    await push([`${REVIEW}-20260203040507`, 'feature-x'], { to: worker() });
    await push(['main', MERGED], { to: worker() });
  });

  test('each is cleaned up, and the outputs and the summary name all', async () => {
    const result = await cleanBoth();
    expectSuccess(result);
    expect(await tags()).toEqual(['main', MERGED].sort());
    expect(await registry.tags(worker())).toEqual(['main', MERGED].sort());
    expect(lines(result.outputs.deleted)).toEqual(
      [REVIEW, 'feature-x']
        .flatMap((tag) => [`:${tag}`, `/worker:${tag}${tag === REVIEW ? '-20260203040507' : ''}`])
        .sort(),
    );
    for (const name of [repository, worker()]) expect(result.summary).toContain(`Cleanup of \`ghcr.io/${name}\``);
  });

  test('one that fails does not stop the others, and the run is red', async () => {
    const result = await cleanBoth('nobody/app');
    expect(errorOf(result)).toBe(
      '1 of 3 images: image ghcr.io/nobody/app: GitHub has no owner nobody. Correct the owner in the input image.',
    );
    expect(await registry.tags(worker())).toEqual(['main', MERGED].sort());
    expect(lines(result.outputs.deleted)).toHaveLength(4);
  });

  test('one that was never pushed is a warning', async () => {
    const result = await cleanBoth(`${repository}/new`);
    expect(result.main?.code).toBe(0);
    expect(result.annotations.map(({ level }) => level)).toEqual(['warning']);
    expect(lines(result.outputs.deleted)).toHaveLength(4);
  });
});
