// docs/troubleshooting.md quotes what is really said: each message is made to happen by its cause, in a world in memory.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { BUILDS_AND_MACHINES } from '../../support/causes/builds.js';
import { type Cause, type Causes, listTexts } from '../../support/causes/cause.js';
import { CHECKS } from '../../support/causes/checks.js';
import { OTHER_COMMITS } from '../../support/causes/other-commits.js';
import { PUBLISHING } from '../../support/causes/publishing.js';
import { REFUSED } from '../../support/causes/refused.js';
import { WRONG_INPUTS } from '../../support/causes/wrong-inputs.js';
import { useSmallWorld } from '../../support/world/small-world.js';

const text = readFileSync(new URL('../../../docs/troubleshooting.md', import.meta.url), 'utf8');
const [own = '', others] = text.split('\n## What others say\n');
const messages = own
  .split('\n')
  .flatMap((line) => /^\| `([^`]+)`\s+\|/.exec(line)?.[1] ?? [])
  .concat(
    [...own.matchAll(/^With .*$/gm)].flatMap(([line]) => [...line.matchAll(/`([^`]+…)`/g)].map(([, one = '']) => one)),
  );

const causes = Object.entries<Cause>({
  ...REFUSED,
  ...WRONG_INPUTS,
  ...OTHER_COMMITS,
  ...BUILDS_AND_MACHINES,
  ...CHECKS,
  ...PUBLISHING,
} satisfies Causes);

/** What stands between the parts that differ. */
const listFragments = (message: string): readonly string[] => message.split('…').map((part) => part.trim());

/** All of it is said in one text, in this order. */
function isSaid(message: string, said: string): boolean {
  const parts = listFragments(message).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(parts.join('.+')).test(said);
}

/** Cause -> the messages of the page that were said. */
const said = new Map<string, readonly string[]>();

describe('docs/troubleshooting.md', () => {
  test('names each message once, and has some of others', () => {
    expect(messages.length).toBeGreaterThan(90);
    expect(messages.filter((one, index) => messages.indexOf(one) !== index)).toEqual([]);
    expect(others).toContain('| `');
  });

  test('quotes enough of each to be this message and no other', () =>
    expect(messages.filter((one) => Math.max(...listFragments(one).map(({ length }) => length)) < 12)).toEqual([]));

  describe('has what is said of', () => {
    const openWorld = useSmallWorld();

    test.each(causes)('%s', async (name, cause) => {
      const texts = listTexts(await cause(openWorld()));
      const found = messages.filter((message) => texts.some((one) => isSaid(message, one)));
      said.set(name, found);
      expect({ texts, found }).toEqual({ texts, found: [expect.any(String), ...found.slice(1)] });
    });
  });

  const listCauses = (message: string): readonly string[] =>
    causes.map(([name]) => name).filter((name) => said.get(name)?.includes(message) === true);

  test.each(messages)('quotes what is said: %s', (message) => expect(listCauses(message)).not.toEqual([]));

  // What a cause is for must not be lost in what many runs say.
  test('and each cause has a message that hardly any other has', () => {
    const rare = messages.map(listCauses).filter((names) => names.length <= 5);
    expect(causes.map(([name]) => name).filter((name) => !rare.flat().includes(name))).toEqual([]);
  });
});

test.each([
  ['Docker … Use a runner', true],
  ['Docker is not on PATH. Buy one.', false],
  ['Docker … Install it', false],
  ['is … Docker', false],
])('a message that nobody says is found out: %s', (message, expected) =>
  expect(isSaid(message, 'Docker is not on PATH. Use a runner that has it.')).toBe(expected),
);
