// What GitHub's API refuses to delete, and what the cleanup makes of it.
import { describe, expect, test } from '@jest/globals';
import { MERGED, OLDER_REVIEW, REVIEW, SHA, errorOf, expectSuccess, useCleanupLab } from '../../support/cleanup-lab.js';

const { open, push, clean, closing, deleting, schedule, closePull, tags, served, lines, deletions, lab } =
  useCleanupLab();

describe('what GitHub refuses', () => {
  test('is waited for within bounds, when it is too much at once', async () => {
    const { packages } = await open();
    closePull();
    await push([REVIEW]);
    const limited = { status: 403, message: 'API rate limit exceeded for installation.' };
    const reset = String(Math.floor(Date.now() / 1000) + 2);
    packages.fail({
      ...limited,
      request: /^GET .*versions$/,
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
      times: 1,
    });
    packages.fail({
      request: /^DELETE/,
      status: 429,
      message: 'You have exceeded a secondary rate limit.',
      headers: { 'retry-after': '1' },
      times: 1,
    });
    packages.fail({ request: /^DELETE/, status: 502, times: 1 });
    const result = await clean(closing());
    expectSuccess(result);
    expect(result.main!.seconds).toBeGreaterThan(2);
    expect(lines(result.outputs.deleted)).toEqual([`:${REVIEW}`]);
    expect(deletions()).toHaveLength(3);
  });

  test.each<[string, Record<string, string>]>([
    [
      'for an hour',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 3600) },
    ],
    ['for a day', { 'retry-after': '86400' }],
  ])('%s is not waited for', async (_, headers) => {
    const { packages } = await open();
    packages.fail({ request: /^GET .*versions$/, status: 403, message: 'API rate limit exceeded', headers });
    const result = await clean(schedule());
    expect(errorOf(result)).toMatch(/403 API rate limit exceeded; run the job again later/);
  });

  test('is no fault of a version that is gone already', async () => {
    const { repository, packages } = await open();
    closePull();
    const gone = await push([REVIEW]);
    packages.fail({
      request: /^DELETE/,
      status: 404,
      message: 'Package version not found.',
      times: 1,
      meanwhile: () => lab().registry.deleteManifest(repository, gone),
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
    const { packages } = await open();
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
    const { packages } = await open();
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
    const { packages } = await open();
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
    const { repository, packages } = await open();
    const deployed = await push([SHA, 'feature-x']);
    packages.fail({ request: /^DELETE/, status: 403, message: 'Resource not accessible by integration' });
    expect(errorOf(await clean(deleting('feature-x')))).toMatch(
      /feature-x: taking it off sha256:\S+ failed: 403 Resource/,
    );
    expect((await lab().registry.manifest(repository, 'feature-x')).digest).toBe(deployed);
  });

  test('the copy is deleted only when it has the tags that were moved, and no others', async () => {
    const { repository, packages } = await open();
    const deployed = await push([SHA, 'feature-x']);
    const intrude = async () => {
      const { digest, mediaType, text } = await lab().registry.manifest(repository, 'feature-x');
      if (digest !== deployed) await lab().registry.putManifest(repository, 'v9', mediaType, text);
    };
    packages.fail({ request: /^GET .*versions$/, status: 0, meanwhile: intrude, goOn: true });
    expect(errorOf(await clean(deleting('feature-x')))).toMatch(/has other tags, too: v9/);
    expect(await tags()).toEqual([SHA, MERGED, 'feature-x', 'main', 'v9'].sort());
    expect((await lab().registry.manifest(repository, 'feature-x')).digest).toBe(deployed);
    expect(deletions()).toEqual([]);
  });
});
