// Texts made to do harm stay text in the summary.
import { expect, test } from '@jest/globals';
import { escapeMarkdown } from '../../../src/shared/markdown.js';

test.each([
  '<script>x</script>',
  '</td><img src=x>',
  '[a](javascript:b)',
  '![a](http://b)',
  '`code`',
  '| cell |',
  '@team',
  'a\n# title',
  'a\r\n- item',
  '<!-- x',
  '&lt;script&gt;',
])('%j is only text in the summary', (text) =>
  expect(escapeMarkdown(text)).not.toMatch(/<|(?<!\\)[[\]`|]|@|[\r\n]|&(?!amp;|lt;|#64;|#8203;)/),
);
