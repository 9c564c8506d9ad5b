import { describe, expect, test } from '@jest/globals';
import { describeBuild } from '../../../src/build/pure/built-from.js';
import { inputsOf } from '../../support/fixtures.js';

const at = (context: string, file: string | null, dockerfile: string | null, target = 'production'): string =>
  describeBuild({ ...inputsOf(), context, file, productionTarget: target }, dockerfile, '/home/me/app');

test.each<[string, Parameters<typeof at>, string]>([
  ['the defaults', ['.', null, 'Dockerfile'], 'Dockerfile (context ., target production)'],
  ['a folder', ['./worker/', null, 'worker/Dockerfile'], 'worker/Dockerfile (context worker, target production)'],
  [
    'absolute paths',
    ['/home/me/app/worker', null, '/home/me/app/worker/Dockerfile'],
    'worker/Dockerfile (context worker, target production)',
  ],
  ['another stage, in whatever case', ['.', null, 'Dockerfile', 'Worker'], 'Dockerfile (context ., target worker)'],
  [
    'characters of a label of its own',
    ['my app', null, 'my app/Dockerfile'],
    'my%20app/Dockerfile (context my%20app, target production)',
  ],
  [
    'an address',
    ['https://github.com/owner/app.git#main:worker', null, null],
    'Dockerfile (context https://github.com/owner/app.git#:worker, target production)',
  ],
])('%s', (_, given, expected) => expect(at(...given)).toBe(expected));

describe('an address', () => {
  test('gives away no login and no query', () => {
    const shown = at('https://me:ghp_secret@github.com/owner/app.git?token=abc#v1', 'Dockerfile.worker', null);
    expect(shown).toBe('Dockerfile.worker (context https://github.com/owner/app.git, target production)');
  });

  test('names the same build at each commit', () =>
    expect(at(`https://github.com/owner/app.git#${'a'.repeat(40)}`, null, null)).toBe(
      at(`https://github.com/owner/app.git#${'b'.repeat(40)}`, null, null),
    ));
});

test('half a character of two is no error', () =>
  expect(at('a\ud800', null, 'a\ud800/Dockerfile')).toContain('context a?'));
