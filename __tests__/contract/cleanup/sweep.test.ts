// The cleanup on a schedule: old versions that nobody needs, and old review images.
import { describe, expect, test } from '@jest/globals';
import {
  DAY,
  LONG_AGO,
  MERGED,
  REVIEW,
  SHA,
  errorOf,
  expectSuccess,
  useCleanupLab,
} from '../../support/cleanup-lab.js';

const { open, push, clean, about, schedule, closePull, tags, served, lines, lab } = useCleanupLab();

describe('a sweep', () => {
  test('removes what is old and nobody needs, and old review images', async () => {
    const { repository, github } = await open();
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
    const { repository, github } = await open();
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
    const { repository, github } = await open();
    const manifest = await lab().registry.manifest(repository, await push([REVIEW]));
    for (let number = 101; number <= 154; number += 1) {
      const tag = REVIEW.replace('-7-', `-${number}-`);
      await lab().registry.putManifest(repository, tag, manifest.mediaType, JSON.stringify(manifest.body));
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
