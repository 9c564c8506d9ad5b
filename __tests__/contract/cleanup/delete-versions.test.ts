// Very many deletions, against a package in memory: how many, how fast, and in which order.
import { expect, test } from '@jest/globals';
import type { PackageVersion } from '../../../src/adapters/github/packages.js';
import { removeVersions } from '../../../src/cleanup/delete-versions.js';
import { parseDigest } from '../../../src/image/digest.js';

const VERSIONS = Array.from({ length: 250 }, (_, index): PackageVersion => {
  const digest = parseDigest(`sha256:${String(index).padStart(64, '0')}`);
  return { id: index + 1, digest, tags: [], changedAt: 0 };
});

async function remove(
  versions: readonly PackageVersion[],
  fails: (id: number) => boolean = () => false,
  signal = new AbortController().signal,
) {
  const deleted: number[] = [];
  const waits: number[] = [];
  const result = await removeVersions({
    runner: { repository: 'octo/app' },
    most: 200,
    inputs: { dryRun: false },
    packages: {
      openedAt: 0,
      listVersions: () => Promise.resolve(versions),
      findVersion: (digest) => Promise.resolve(versions.find((version) => version.digest === digest) ?? null),
      readVersion: (id) => Promise.resolve(versions.find((version) => version.id === id) ?? null),
      deleteVersion: (id) =>
        fails(id) ? Promise.reject(new Error('no answer')) : Promise.resolve(void deleted.push(id)),
    },
    plan: {
      remove: versions,
      free: [],
      needed: 0,
      // Each needs the one that comes after it.
      needs: new Map(
        versions.map(({ digest }, index) => [digest, versions.slice(index + 1, index + 2).map((next) => next.digest)]),
      ),
    },
    openRegistry: () => {
      throw new Error('There is nothing to write.');
    },
    name: 'test',
    wait: (milliseconds) => Promise.resolve(void waits.push(milliseconds)),
    signal,
  });
  return { deleted, waits, result };
}

test('a run deletes 200 versions at most, one a second, and says what is left', async () => {
  const { deleted, waits, result } = await remove(VERSIONS);
  expect(deleted).toEqual(VERSIONS.slice(0, 200).map(({ id }) => id));
  expect(waits).toEqual(deleted.map(() => 1000));
  expect(result.deleted).toHaveLength(200);
  expect(result.left).toEqual(['50 more versions could go; the next run goes on with them.']);
});

test('a few are deleted at once', async () => {
  const { deleted, waits, result } = await remove(VERSIONS.slice(0, 20));
  expect(deleted).toHaveLength(20);
  expect(waits).toEqual([]);
  expect(result.left).toEqual([]);
});

test('what one that stays needs stays, however far down', async () => {
  const { deleted, result } = await remove(VERSIONS.slice(0, 10), (id) => id === 4);
  expect(deleted).toEqual([1, 2, 3]);
  expect(result.failed.map(({ version, reason }) => [version.id, reason])).toEqual([[4, 'no answer']]);
  expect(result.kept.map(({ version }) => version.id)).toEqual([5, 6, 7, 8, 9, 10]);
  expect(result.kept[0]?.reason).toBe(`${VERSIONS[3]!.digest} stays and needs it`);
});

test('a cancelled run brings the deletion that it is at to its end, and begins no other', async () => {
  const cancellation = new AbortController();
  const cancelAt = (id: number): boolean => {
    if (id === 3) cancellation.abort();
    return false;
  };
  const { deleted, result } = await remove(VERSIONS.slice(0, 10), cancelAt, cancellation.signal);
  expect(deleted).toEqual([1, 2, 3]);
  expect(result.kept.map(({ version, reason }) => [version.id, reason])).toEqual(
    [4, 5, 6, 7, 8, 9, 10].map((id) => [id, 'the run was cancelled before its turn']),
  );
});
