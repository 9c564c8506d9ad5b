// Links between documents lead to files and headings that there are.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const root = new URL('../../../', import.meta.url);
const list = (folder: string): string[] =>
  readdirSync(new URL(folder, root))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `${folder}${file}`);
const documents = [
  ...list('./'),
  ...list('docs/'),
  ...list('docs/decisions/'),
  ...list('examples/'),
  ...list('.github/'),
  ...list('script/'),
];

const withoutBlocks = (text: string): string => text.replace(/^```[^]*?^```$/gm, '');

/** As GitHub names headings. */
function listAnchors(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function listBrokenLinks(text: string, base: URL): string[] {
  return [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const { href, hash } = new URL(target, base);
      const file = new URL(href.slice(0, href.length - hash.length));
      if (!existsSync(file)) return true;
      const content = target.startsWith('#') ? text : hash === '' ? '' : readFileSync(file, 'utf8');
      return hash !== '' && !listAnchors(content).includes(decodeURIComponent(hash.slice(1)));
    });
}

test.each(documents)('%s', (path) => {
  const file = new URL(path, root);
  expect(listBrokenLinks(readFileSync(file, 'utf8'), file)).toEqual([]);
});

test('a link that leads nowhere is found out', () =>
  expect(
    listBrokenLinks(
      '# A heading\n[a](#a-heading) [b](#another) [c](README.md) [d](README.md#use-it) [e](README.md#puts) [f](no.md) [g](https://example.com)',
      new URL('README.md', root),
    ),
  ).toEqual(['#another', 'README.md#puts', 'no.md']));
