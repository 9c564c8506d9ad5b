// What tests of hostile input share: names that mean harm, and what nothing may do with them.
import { InputError } from '../../src/shared/errors.js';
import { SHA } from './fixtures.js';

/** What a branch may be called by somebody who means harm; git refuses some, payloads may have them all the same. */
export const HOSTILE_NAMES = [
  '$(touch /tmp/x)',
  '`id`',
  ';reboot',
  'a|b&c>d<e',
  '"; echo x; "',
  "'--output=x'",
  '--output=type=local,dest=/',
  '-x',
  '../../etc/passwd',
  '..',
  '.',
  '/',
  'a\nmain',
  'main\r',
  'main\n',
  ' main',
  'main ',
  'main\0',
  'Main',
  'ｍａｉｎ',
  'mаin', // a Cyrillic letter
  'ma\u200bin',
  '\u202eniam',
  '🙂',
  '\ud800',
  '',
  '::set-output name=tag::x',
  '##[add-mask]main',
  '%0A::error::x',
  'builder-main',
  'cache-main',
  'latest',
  'v1.2.3',
  '1',
  SHA,
  SHA.slice(0, 7),
  'review-pr-1-x',
  'dev-x',
  'main-0123456789',
  '__proto__',
  'constructor',
  'a'.repeat(250),
  `${'a'.repeat(249)}b`,
  '-'.repeat(250),
  '<img src=x onerror=alert(1)>',
  '[x](javascript:alert(1))',
  '${{ secrets.X }}',
];

/** Passes where the action ends, or fails with an error that is meant for people. */
export function mayRefuse(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
}
