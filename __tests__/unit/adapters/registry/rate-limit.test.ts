// Jobs that share a registry's limit on requests, by a clock of the test's own: the waits are those of the client.
import { expect, test } from '@jest/globals';
import { limitedDelay } from '../../../../src/adapters/registry/http.js';

const SECOND = 1000;
const LIMIT = 50;
/** Requests of a usual run that are under way at once, one group after the other. */
const ROUNDS = [1, 1, 4, 4, 1, 1, 2, 2, 1];
/** Milliseconds. */
const ANSWER = 20;

interface Request {
  readonly at: number;
  readonly attempt: number;
  readonly job: Job;
}

interface Job {
  round: number;
  unanswered: number;
}

/** @returns how many of the jobs, which begin at once, have got all answers */
function serve(jobs: number): number {
  const waiting: Request[] = [];
  const answered = new Map<number, number>();
  let done = 0;
  const begin = (job: Job, at: number): void => {
    job.unanswered = ROUNDS[job.round] ?? 0;
    for (let count = 0; count < job.unanswered; count += 1) waiting.push({ at, attempt: 1, job });
    if (job.unanswered === 0) done += 1;
  };
  for (let count = 0; count < jobs; count += 1) begin({ round: 0, unanswered: 0 }, 0);
  for (let next = takeFirst(waiting); next !== undefined; next = takeFirst(waiting)) {
    const { at, attempt, job } = next;
    const second = Math.floor(at / SECOND);
    const asked = (answered.get(second) ?? 0) + 1;
    answered.set(second, asked);
    const after = at + ANSWER;
    if (asked > LIMIT) {
      const delay = limitedDelay(attempt, '1');
      if (delay !== null) waiting.push({ at: after + delay, attempt: attempt + 1, job });
      continue;
    }
    job.unanswered -= 1;
    if (job.unanswered > 0) continue;
    job.round += 1;
    begin(job, after);
  }
  return done;
}

function takeFirst(waiting: Request[]): Request | undefined {
  const first = waiting.reduce((least, { at }, index) => (at < (waiting[least]?.at ?? at) ? index : least), 0);
  return waiting.splice(first, 1)[0];
}

test.each([1, 10, 40])('%s jobs share 50 requests a second, and all get their answers', (jobs) => {
  expect(serve(jobs)).toBe(jobs);
});

test('a limit that is over in hours, or said without a time, is asked as often as any fault', () => {
  for (const text of [undefined, '0', '21600']) {
    expect(limitedDelay(3, text)).not.toBeNull();
    expect(limitedDelay(4, text)).toBeNull();
  }
});

test('no request waits for ever: of ten seconds each there are seven', () => {
  expect(limitedDelay(6, '10')).not.toBeNull();
  expect(limitedDelay(7, '10')).toBeNull();
});
