// A cleanup that is cancelled or killed at any request, and run again: no tag ever names an image that is not its own, none
// that must stay is touched, and the second run leaves what a whole run would have left.
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { SignalOnLine } from '../../script/lab/action-run.js';
import {
  MERGED,
  OLDER_REVIEW,
  type Package,
  REVIEW,
  SHA,
  errorOf,
  expectSuccess,
  useCleanupLab,
} from './cleanup-lab.js';

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

/** Two images with tags to be taken off, one of them an index, and two versions that go. */
async function open(): Promise<void> {
  onRequest = () => Promise.resolve(true);
  opened = await stand.open();
  closePull();
  const child = await push([]);
  await push([SHA, 'feature-x', REVIEW]);
  await push([OTHER, 'builder-feature-x', 'v1'], { children: [child] });
  await push([OLDER_REVIEW]);
  await push(['cache-feature-x']);
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

/** A signal for a run, and what sends it. */
function prepare(name: SignalOnLine['signal']): { signal: SignalOnLine; send: () => Promise<true> } {
  let sender = (): void => undefined;
  const send = (): Promise<true> => {
    sender();
    return Promise.resolve(true);
  };
  return { send, signal: { signal: name, after: (given) => (sender = given) } };
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

beforeEach(open);

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

      for (let number = 1; number <= whole; number += 1) {
        await open();
        const { result, at } = await cleanUntil(signal, number);
        try {
          await expectOwnContent();
          if (signal === 'SIGINT') {
            await expectOwnDigest();
            expect(errorOf(result)).toMatch(/^The run was cancelled/);
          } else expect(result.main?.code).toBe(137);
          expectSuccess(await clean(closing()));
          expect(await tags()).toEqual(STAYS);
          await expectOwnDigest();
        } catch (error) {
          throw new Error(`${signal} at request ${number} of ${whole}, ${at}:\n${result.log}`, { cause: error });
        }
      }
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
    const { signal, send } = prepare('SIGINT');
    opened.packages.fail({
      request: /^DELETE/,
      status: 429,
      message: 'You have exceeded a secondary rate limit.',
      headers: { 'retry-after': '60' },
      meanwhile: send,
    });
    await lab().registry.deleteManifest(opened.repository, before.get('cache-feature-x')!.digest);
    await lab().registry.deleteManifest(opened.repository, before.get(OLDER_REVIEW)!.digest);
    const result = await clean(deleting('feature-x'), { signal });
    expect(result.main?.code).toBe(1);
    expect(result.main?.seconds).toBeLessThan(6);
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
    expect(errorOf(result)).toBe('The run was cancelled (SIGINT).');
    expect(result.main?.seconds).toBeLessThan(7.5);
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
