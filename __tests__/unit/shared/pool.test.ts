import { expect, test } from '@jest/globals';
import { inPool } from '../../../src/shared/pool.js';

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('results come in the order of the items, however long each takes, and no more are at work than may', async () => {
  let running = 0;
  let most = 0;
  const results = await inPool([5, 1, 4, 2, 3], 2, async (turns) => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < turns; turn += 1) await pause();
    running -= 1;
    return turns * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(2);
});

test('a failure begins nothing more, and comes when what was begun has ended', async () => {
  const ended: string[] = [];
  const work = async (name: string): Promise<void> => {
    if (name === 'bad') throw new Error('first');
    await pause();
    ended.push(name);
    if (name === 'slow') throw new Error('second');
  };
  await expect(inPool(['slow', 'bad', 'never'], 2, work)).rejects.toThrow('first');
  expect(ended).toEqual(['slow']);
});

test('there may be nothing to do, and a result may be nothing', async () => {
  expect(await inPool([], 3, () => Promise.reject(new Error('never asked')))).toEqual([]);
  expect(await inPool([1, 2], 3, () => Promise.resolve(undefined))).toEqual([undefined, undefined]);
});
