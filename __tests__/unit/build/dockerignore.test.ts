// What a .dockerignore leaves out, by the rules of BuildKit, and what counts as credentials of git.
import { describe, expect, test } from '@jest/globals';
import { isLeftOut } from '../../../src/build/pure/context/dockerignore.js';
import { holdsGitCredentials } from '../../../src/build/pure/context/git-credentials.js';

describe('.git/config', () => {
  test.each([
    '.git',
    '/.git',
    './.git',
    '.git/',
    ' .git ',
    'node_modules\n.git\ndist',
    '\uFEFF.git',
    'a\r\n.git\r\n',
    '**/.git',
    '**/.git/',
    '.git/**',
    '.git/*',
    '.git*',
    '.*',
    '*',
    '**',
    '**/*',
    '**/config',
    '.git/config',
    '.gi?',
    '.[a-g]it',
    '\\.git',
    'x/../.git',
    '*\n!src\n!package.json',
    '!.git\n.git',
    '.git\n!.gitignore',
    '*\n!**/*.ts',
  ])('is left out by %j', (text) => expect(isLeftOut(text, '.git/config')).toBe(true));

  test.each([
    '',
    '\n\n',
    '# .git',
    '.gitignore',
    '.github',
    'git',
    '?git/x',
    '.git/hooks',
    '*/.git',
    'src/**',
    '.git\n!.git',
    '*\n!.git',
    '*\n!.git/config',
    '**\n!**/config',
    '*\n!.*',
    '.',
    '/',
    '!',
    '[',
    'config',
    'x.git',
    '\\',
  ])('is not left out by %j', (text) => expect(isLeftOut(text, '.git/config')).toBe(false));

  test.each([
    ['.git', false],
    ['**/.git', true],
    ['*/.git', true],
    ['other', true],
    ['other\n!other/.git', false],
  ])('of a folder, by %j: %s', (text, expected) => expect(isLeftOut(text, 'other/.git/config')).toBe(expected));

  test('many patterns are read', () => {
    for (const part of ['**/', '*', '**', '?*', '[^/]*', '*.', '(', '\\'])
      for (const length of [499, 60_000]) isLeftOut(`${part.repeat(length / part.length)}x`, '.git/config');
    isLeftOut('**/**/**/a*b\n'.repeat(5000), '.git/config');
  });
});

describe('a configuration of git', () => {
  const HEADER = '[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic eDpnaHNfMDEyMzQ1Njc4OQ==\n';
  test.each([
    HEADER,
    HEADER.replace('AUTHORIZATION', 'Authorization').replace('extraheader', 'extraHeader'),
    HEADER.replaceAll('\n', '\r\n'),
    '[http "https://github.example.com/"] extraheader=AUTHORIZATION: bearer x',
    '[remote "origin"]\n\turl = https://x-access-token:ghs_0123456789@github.com/o/a\n',
    '[remote "origin"]\n\turl = https://ghp_0123456789@github.com/o/a\n',
    '[remote "origin"]\n\tpushurl = "https://u:p@git.test/o/a"\n',
  ])('%j has credentials', (config) => expect(holdsGitCredentials(`[core]\n\tbare = false\n${config}`)).toBe(true));

  test.each([
    '',
    '[remote "origin"]\n\turl = https://github.com/o/a\n',
    '[remote "origin"]\n\turl = git@github.com:o/a.git\n',
    '[remote "origin"]\n\turl = ssh://git@github.com/o/a.git\n',
    '[remote "origin"]\n\turl = https://octo@github.com/o/a\n',
    '[http "https://github.com/"]\n\textraheader = X-Trace: 1\n',
    '[http "https://github.com/"]\n\textraheader =\n',
    // As actions/checkout writes it from v6 on.
    '[includeIf "gitdir:/home/runner/work/a/a/.git"]\n\tpath = /home/runner/work/_temp/git-credentials-1.config\n',
  ])('%j has none', (config) => expect(holdsGitCredentials(config)).toBe(false));
});
