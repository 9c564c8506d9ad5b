// Names of git branches for property tests, and names that a rule which is not quite injective would take for the same.
import fc from 'fast-check';
import { builderTag } from '../../src/plan/tags/builder-tags.js';
import { branchTag } from '../../src/plan/tags/tags.js';
import { hashText } from '../../src/shared/hash.js';
import { NOW_TAG, SHA } from './fixtures.js';

const hashOf = (text: string): string => hashText(text).slice(0, 10);

const character = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyzABCXYZ0123456789')) },
  { weight: 4, arbitrary: fc.constantFrom(...Array.from('-_./')) },
  { weight: 1, arbitrary: fc.constantFrom(...Array.from('!"#$%&\'()+,;<=>@]`{|}')) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }) },
);
/** Names that `git check-ref-format --branch` accepts. */
const isBranchName = (name: string): boolean =>
  name !== '' &&
  name !== '@' &&
  !/^-|^\/|\/$|\/\/|\.\.|@\{|\.$/.test(name) &&
  !/[\u0000-\u0020\u007F~^:?*[\\]/.test(name) &&
  name.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'));
const special = fc.constantFrom(
  'main',
  'latest',
  'v1.2.3',
  '1.2',
  'deadbeef',
  SHA,
  'builder-main',
  'cache-main',
  'review-pr-1',
  'dev-x',
  'promoted-x',
  'x',
  `x-${'0'.repeat(10)}`,
  `${SHA}-${NOW_TAG}`,
);
export const branchName = fc
  .oneof(
    { weight: 6, arbitrary: fc.array(character, { minLength: 1, maxLength: 30 }).map((list) => list.join('')) },
    { weight: 1, arbitrary: fc.array(character, { minLength: 90, maxLength: 140 }).map((list) => list.join('')) },
    { weight: 2, arbitrary: special },
  )
  .filter(isBranchName);

/** What a rule that is not quite injective would send to the same tag. */
export const nearMiss = (name: string): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.constantFrom(
        name.replaceAll('/', '-'),
        name.replace('/', '_'),
        name.replace(/[^A-Za-z0-9_.-]/gu, '-'),
        name.replace(/-/, '/'),
        name.replace(/^.*\//, ''),
        name.toLowerCase(),
        name.normalize('NFD'),
        name.slice(0, 100),
        name.slice(0, 89),
        `${name}-${hashOf(name)}`,
        `${name.replaceAll('/', '-')}-${hashOf(name)}`,
      ),
      fc
        .constantFrom('feature/', 'hotfix/', 'builder-', 'builder/', 'cache-', 'dev-', 'promoted-', 'x')
        .map((prefix) => prefix + name),
      fc.constant(branchTag(name)),
      fc.constant(branchTag(branchTag(name))),
      fc.constant(builderTag(branchTag(name))),
      fc
        .tuple(fc.nat(Math.max(0, name.length - 1)), character)
        .map(([at, other]) => name.slice(0, at) + other + name.slice(at + 1)),
    )
    .filter(isBranchName);
