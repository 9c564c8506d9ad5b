import { describe, expect, test } from '@jest/globals';
import { type ListSyntax, parseList } from '../../../src/inputs/syntax.js';
import { messageOf } from '../../support/fixtures.js';

const ITEM: ListSyntax = { separator: 'item' };
const LINE: ListSyntax = { separator: 'line' };
const SECRET: ListSyntax = { separator: 'line', keepWhitespace: true };

describe('the list syntax of docker/build-push-action', () => {
  test.each<[string, ListSyntax, string, readonly string[]]>([
    ['nothing is no item', ITEM, '', []],
    ['white space is no item', ITEM, ' \n\n  \n', []],
    ['commas separate items', ITEM, 'linux/amd64,linux/arm64', ['linux/amd64', 'linux/arm64']],
    ['lines separate items', ITEM, 'linux/amd64\nlinux/arm64\n', ['linux/amd64', 'linux/arm64']],
    ['so do both at once', ITEM, 'a, b\n\n c ,d', ['a', 'b', 'c', 'd']],
    ['empty items are left out', ITEM, ',a,,b,', ['a', 'b']],
    ['a quoted item is split at its commas too', ITEM, '"a,b"', ['a', 'b']],
    ['Windows line ends', ITEM, 'a\r\nb\r\n', ['a', 'b']],
    ['a comma stays in a line', LINE, 'MY_ARG=val1,val2,val3\nARG=val', ['MY_ARG=val1,val2,val3', 'ARG=val']],
    [
      'so does the space after it',
      LINE,
      'description=concurrent, cache-efficient, and agnostic\n  title=buildkit  ',
      ['description=concurrent, cache-efficient, and agnostic', 'title=buildkit'],
    ],
    ['empty lines are left out', LINE, 'A=b\n\n\nC=d', ['A=b', 'C=d']],
    ['a line in quotes loses them', LINE, '"a=b,c"', ['a=b,c']],
    ['quotes inside a line stay', LINE, 'FLAGS="-a -b"', ['FLAGS="-a -b"']],
    ['a hash sign is no comment', LINE, '# a\n#b', ['# a', '#b']],
    [
      'a quoted item may span lines',
      LINE,
      '"MYSECRET=aaaaaaaa\nbbbbbbb"\nFOO=bar',
      ['MYSECRET=aaaaaaaa\nbbbbbbb', 'FOO=bar'],
    ],
    ['white space inside a secret stays', SECRET, '"PEM=-- a --\n\n  b\n-- c --"', ['PEM=-- a --\n\n  b\n-- c --']],
  ])('%s', (_, syntax, text, items) => expect(parseList('platforms', text, syntax)).toEqual(items));

  test('an open quote names the input and the line, and does not repeat the text', () => {
    const message = messageOf(() => parseList('secrets', 'A=1\n"KEY=canary-value\nmore', SECRET));
    expect(message).toMatch(/^InputError: secrets: .*line \d+/);
    expect(message).not.toContain('canary');
  });
});
