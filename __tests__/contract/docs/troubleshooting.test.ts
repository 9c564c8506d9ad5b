// docs/troubleshooting.md quotes messages that the code still has.
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

const root = new URL('../../../', import.meta.url);
const text = readFileSync(new URL('docs/troubleshooting.md', root), 'utf8');

/** All of src, with strings over several lines put together. */
const source = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(new URL(`src/${path}`, root), 'utf8'))
  .join('\n')
  .replace(/['"`]\s*\+\s*['"`]/g, '')
  .replaceAll("\\'", "'");

const [own = '', others] = text.split('\n## What others say\n');
const messages = own
  .split('\n')
  .flatMap((line) => /^\| `([^`]+)`\s+\|/.exec(line)?.[1] ?? [])
  .concat(
    [...own.matchAll(/^With .*$/gm)].flatMap(([line]) => [...line.matchAll(/`([^`]+…)`/g)].map(([, one = '']) => one)),
  );

/** What stands between the parts that differ. */
const listFragments = (message: string): string[] => message.split('…').map((part) => part.trim());

/** Each fragment is in the code, and one of them is long enough to be this message's and no other's. */
function isSaid(message: string): boolean {
  const fragments = listFragments(message);
  return (
    Math.max(...fragments.map(({ length }) => length)) >= 12 && fragments.every((fragment) => source.includes(fragment))
  );
}

describe('docs/troubleshooting.md', () => {
  test('has messages of its own, and some of others', () => {
    expect(messages.length).toBeGreaterThan(60);
    expect(others).toContain('| `');
  });

  test('names each once', () => expect(messages.filter((one, index) => messages.indexOf(one) !== index)).toEqual([]));

  test.each(messages)('%s', (message) => expect(isSaid(message)).toBe(true));

  test.each(['the job has no token', 'Docker is not on PATH. Buy one.', 'Nothing was … pushed: no reason', 'push …'])(
    'a message that is not in the code is found out: %s',
    (message) => expect(isSaid(message)).toBe(false),
  );
});
