// What GitHub's API and registry refuse to the bundle. What follows from single answers is in stories/cleanup.
import { describe, expect, test } from '@jest/globals';
import { REVIEW, errorOf, expectSuccess, useCleanupLab } from '../../support/cleanup-lab.js';

const { open, push, clean, closing, schedule, closePull, lines, deletions } = useCleanupLab();

describe('what GitHub refuses', () => {
  test('the registry, to a token that may not read it: nothing is removed', async () => {
    await open();
    closePull();
    await push([REVIEW, 'feature-x']);
    const result = await clean(closing(), { token: 'ghs_of_somebody_else' });
    expect(errorOf(result)).toMatch(
      /^ghcr\.io\/octo\/app-\d+ could not be read from the registry, so nothing was removed: .* 403 DENIED denied\. If it is a refusal: add /,
    );
    expect(deletions()).toEqual([]);
  });

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
});
