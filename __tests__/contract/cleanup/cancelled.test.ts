// A cleanup that is cancelled or killed at any request (by day at a sample of them), and run again: no tag ever names an image that is not its own, none
// that must stay is touched, and the second run leaves what a whole run would have left.
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { SignalOnLine } from '../../../lab/runner/action-run.js';
import { LEAVE_AFTER_MS } from '../../../src/adapters/process/cancellation.js';
import {
  MERGED,
  OLDER_REVIEW,
  type Package,
  REVIEW,
  SHA,
  errorOf,
  expectSuccess,
  useCleanupLab,
} from '../../support/cleanup-lab.js';
import { IS_NIGHTLY, sampleOf } from '../../support/nightly.js';

/** What is done with each request of the run; true lets it go on. */
let onRequest: (request: string) => Promise<boolean> = () => Promise.resolve(true);
const stand = useCleanupLab((request) => onRequest(request));
const { push, clean, closing, deleting, closePull, tags, digestOf } = stand;
const lab = () => stand.lab();

const OTHER = 'abcdef0123456789abcdef0123456789abcdef01';
const STAYS = [SHA, OTHER, MERGED, 'main', 'v1'].sort();

let opened: Package;
/** Tag -> digest and content. */
let before: Map<string, { digest: string; body: object }>;

/** Two images with tags to be taken off, one of them an index, and, unless left out, two versions that go before. */
async function open({ going = true } = {}): Promise<void> {
  onRequest = () => Promise.resolve(true);
  opened = await stand.open();
  closePull();
  const child = await push([]);
  await push([SHA, 'feature-x', REVIEW]);
  await push([OTHER, 'builder-feature-x', 'v1'], { children: [child] });
  if (going) for (const tag of [OLDER_REVIEW, 'cache-feature-x']) await push([tag]);
  before = new Map();
  for (const tag of await tags()) before.set(tag, await lab().registry.manifest(opened.repository, tag));
}

/** Every tag is gone, if it may go, or serves what it served. */
async function expectOwnContent(): Promise<void> {
  const now = await tags();
  expect(now.filter((tag) => !before.has(tag))).toEqual([]);
  expect(now).toEqual(expect.arrayContaining(STAYS));
  for (const tag of now) {
    const served = await lab().registry.findManifest(opened.repository, tag);
    // It may go between the two questions.
    if (served !== undefined) expect([tag, served.body]).toEqual([tag, before.get(tag)?.body]);
    if (STAYS.includes(tag)) expect([tag, served?.digest]).toEqual([tag, before.get(tag)?.digest]);
  }
}

/** And by its own digest: nothing is on its way. */
async function expectOwnDigest(): Promise<void> {
  for (const tag of await tags()) expect([tag, await digestOf(tag)]).toEqual([tag, before.get(tag)?.digest]);
}

async function isUntouched(): Promise<boolean> {
  const now = await tags();
  const digests = await Promise.all(now.map(digestOf));
  return now.length === before.size && now.every((tag, index) => digests[index] === before.get(tag)?.digest);
}

/** A signal for a run, and what sends it. */
function prepare(name: SignalOnLine['signal']): { signal: SignalOnLine; send: () => Promise<true> } {
  let sender = (): void => undefined;
  const send = (): Promise<true> => {
    sender();
    return Promise.resolve(true);
  };
  return { send, signal: { signal: name, after: (given: () => void) => (sender = given) } };
}

/** Runs until the request of that number, and sends the signal before it is answered. */
async function cleanUntil(name: 'SIGINT' | 'SIGKILL', number: number) {
  const { signal, send } = prepare(name);
  let count = 0;
  let at = '';
  onRequest = (request) => {
    count += 1;
    if (count === number) {
      at = request;
      void send();
    }
    return Promise.resolve(name === 'SIGINT' || count < number);
  };
  const result = await clean(closing(), { signal });
  onRequest = () => Promise.resolve(true);
  return { result, at };
}

beforeEach(() => open());

describe('at each request', () => {
  test.each(['SIGKILL', 'SIGINT'] as const)(
    '%s, and run again',
    async (signal) => {
      let count = 0;
      const faults: unknown[] = [];
      onRequest = async () => {
        count += 1;
        await expectOwnContent().catch((error: unknown) => faults.push(error));
        return true;
      };
      expectSuccess(await clean(closing()));
      expect(faults).toEqual([]);
      expect(await tags()).toEqual(STAYS);
      const whole = count;
      expect(whole).toBeGreaterThan(30);

      let finished = 0;
      const numbers = sampleOf(
        Array.from({ length: whole }, (_, index) => index + 1),
        // Thirteen and two have no common divisor: questions and changes, which take turns, both come up.
        (number) => number % 13 === 0 || number === whole,
      );
      for (const number of numbers) {
        await open();
        const { result, at } = await cleanUntil(signal, number);
        try {
          await expectOwnContent();
          if (signal === 'SIGINT') {
            await expectOwnDigest();
            expect(errorOf(result)).toMatch(/^The run was cancelled/);
          } else expect(result.main?.code).toBe(137);
          // What has changed nothing was only reading, and running again is running the first time.
          if (!(await isUntouched())) {
            expectSuccess(await clean(closing()));
            expect(await tags()).toEqual(STAYS);
            await expectOwnDigest();
            finished += 1;
          }
        } catch (error) {
          throw new Error(`${signal} at request ${number} of ${whole}, ${at}:\n${result.log}`, { cause: error });
        }
      }
      expect(finished).toBeGreaterThan(IS_NIGHTLY ? 10 : 1);
    },
    600_000,
  );
});

describe('a cancelled run', () => {
  test('tells what it has done, and what is left', async () => {
    const { signal, send } = prepare('SIGINT');
    opened.packages.fail({
      request: /^DELETE/,
      status: 0,
      meanwhile: send,
      goOn: true,
      times: 1,
    });
    const result = await clean(closing(), { signal });
    expect(errorOf(result)).toBe('The run was cancelled. Run the job again: it goes on where this one has ended.');
    expect(stand.lines(result.outputs.deleted)).toHaveLength(1);
    expect(stand.lines(result.outputs.kept)).toHaveLength(4);
    expect(result.log).toMatch(/Stays: .*: the run was cancelled before its turn/);
    expect(result.summary).toContain('| gone |');
  });

  test('puts tags back that it cannot free in time', async () => {
    await open({ going: false });
    const { signal, send } = prepare('SIGINT');
    opened.packages.fail({
      request: /^DELETE/,
      status: 429,
      message: 'You have exceeded a secondary rate limit.',
      headers: { 'retry-after': '60' },
      meanwhile: send,
    });
    const result = await clean(deleting('feature-x'), { signal });
    // The minute that GitHub asks for is not waited for: afterwards it would have been asked again.
    expect(stand.deletions()).toHaveLength(1);
    expect(errorOf(result)).toMatch(
      /^The cleanup is not complete: .* failed: 429 You have exceeded .*; run the job again/,
    );
    expect(await digestOf('feature-x')).toBe(before.get('feature-x')?.digest);
    await expectOwnDigest();
  });

  test('ends in time when GitHub does not answer, and its tags still serve their image', async () => {
    const { signal, send } = prepare('SIGINT');
    onRequest = (request) => {
      if (!request.startsWith('DELETE')) return Promise.resolve(true);
      void send();
      return new Promise(() => undefined);
    };
    const result = await clean(closing(), { signal });
    // What is said when the time is over that GitHub gives a cancelled run.
    expect(LEAVE_AFTER_MS).toBeLessThan(7500);
    expect(errorOf(result)).toBe('The run was cancelled (SIGINT).');
    await expectOwnContent();
    onRequest = () => Promise.resolve(true);
    expectSuccess(await clean(closing()));
    expect(await tags()).toEqual(STAYS);
  });

  test('by SIGTERM ends as by SIGINT', async () => {
    const { signal, send } = prepare('SIGTERM');
    onRequest = send;
    const result = await clean(closing(), { signal });
    expect(errorOf(result)).toBe('The run was cancelled before it had changed anything.');
    await expectOwnDigest();
  });
});
