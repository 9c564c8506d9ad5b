// What is old is told by GitHub's clock: a runner whose own is days off removes the same.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { DAY, REVIEW, expectSuccess, useCleanupLab } from '../../support/cleanup-lab.js';
import { sampleOf } from '../../support/nightly.js';

const stand = useCleanupLab();
const { push, clean, schedule, tags, served, lines } = stand;

/** Loaded before the bundle: a clock that is so far from the right one. */
const toShiftedClock = (days: number): string => `
  const RightDate = Date;
  const now = () => RightDate.now() + ${days * DAY};
  globalThis.Date = class extends RightDate {
    constructor(...values) {
      super(...(values.length === 0 ? [now()] : values));
    }
    static now() {
      return now();
    }
  };
`;

// By day the two that are furthest off.
test.each(sampleOf([-400, -10, 0, 10, 400], (days) => Math.abs(days) === 400))(
  'a sweep on a runner whose clock is %d days ahead',
  async (days) => {
    const { github, repository, packages } = await stand.open();
    const file = join(stand.lab().directory, `clock-${days}.cjs`);
    await writeFile(file, toShiftedClock(days));
    const old = await push([], { at: new Date(Date.now() - 15 * DAY) });
    const young = await push([], { at: new Date(Date.now() - 13 * DAY) });
    const closed = { headRef: 'feature-x', headRepository: repository };
    github.setPull({ number: 7, ...closed, closedAt: new Date(Date.now() - 15 * DAY) });
    github.setPull({ number: 8, ...closed, closedAt: new Date(Date.now() - 13 * DAY) });
    const recent = REVIEW.replace('-7-', '-8-');
    for (const tag of [REVIEW, recent]) await push([tag]);
    // A limit that is over soon, by the same clock.
    packages.fail({
      request: /^GET .*versions$/,
      status: 403,
      message: 'API rate limit exceeded for installation.',
      headers: {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 3),
      },
      times: 1,
    });
    const result = await clean(schedule(), { env: { NODE_OPTIONS: `--require=${file}` } });
    expectSuccess(result);
    expect(lines(result.outputs.deleted)).toEqual([`:${REVIEW}`, `@${old}`]);
    expect(await served(young)).toBe(true);
    expect(await tags()).toContain(recent);
    expect(result.main!.seconds).toBeGreaterThan(2);
  },
);
