import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BUILD_OPTIONS } from '../../../src/inputs/build-options.js';
import {
  FLAGS,
  type GivenInputs,
  deriveImage,
  parseCommandLine,
  toImage,
  toInputs,
} from '../../../src/inputs/command-line.js';
import { INPUT_NAMES, parseInputs } from '../../../src/inputs/inputs.js';
import { messageOf } from '../../support/fixtures.js';

function parse(...args: readonly string[]): GivenInputs {
  const request = parseCommandLine(args);
  if (request.kind !== 'build') throw new Error(`It is ${request.kind}.`);
  return request.given;
}

const errorOf = (...args: readonly string[]): string => messageOf(() => parseCommandLine(args));

test('there is a flag for each input', () => expect(FLAGS.map(({ name }) => name).sort()).toEqual(INPUT_NAMES));

test('each option of Buildx that takes a list may be repeated', () => {
  const lists = FLAGS.filter(({ kind }) => kind === 'list').map(({ name }) => name);
  const options = Object.entries(BUILD_OPTIONS).filter(([, { syntax }]) => syntax !== 'text');
  const others = ['builder-target', 'cache-from', 'extra-tags', 'index-of', 'mirrors', 'mirror-logins', 'scan-args'];
  expect(lists.sort()).toEqual([...options.map(([name]) => name), ...others].sort());
});

describe('arguments', () => {
  test.each<[readonly string[], GivenInputs]>([
    [[], {}],
    [['--image', 'ghcr.io/owner/app'], { image: 'ghcr.io/owner/app' }],
    [['--image=ghcr.io/owner/app'], { image: 'ghcr.io/owner/app' }],
    [['--file='], { file: '' }],
    [['--push'], { push: 'true' }],
    [['--push=auto'], { push: 'auto' }],
    [['--pull', '--reuse-cache=false'], { pull: 'true', 'reuse-cache': 'false' }],
    [['--build-args', 'A=B=C', '--build-args=D=a, b'], { 'build-args': 'A=B=C\nD=a, b' }],
    [['--scan-args=--severity-threshold=low'], { 'scan-args': '--severity-threshold=low' }],
    [['--push', 'service'], { push: 'true', context: 'service' }],
    [['.', '--dry-run'], { context: '.', 'dry-run': 'true' }],
    [['--context', 'service'], { context: 'service' }],
    [['--file', '-'], { file: '-' }],
  ])('%j', (args, expected) => expect(parse(...args)).toEqual(expected));

  test.each<[readonly string[], string]>([
    [['--help'], 'help'],
    [['-h'], 'help'],
    [['--nonsense', '--help'], 'help'],
    [['--version'], 'version'],
  ])('%j asks for %s', (args, kind) => expect(parseCommandLine(args)).toEqual({ kind }));

  test.each<[readonly string[], RegExp]>([
    [['--build-arg', 'A=B'], /no flag "--build-arg"\. Is it --build-args\?/],
    [['--prodution-targt', 'x'], /Is it --production-target\?/],
    [['--pussh'], /Is it --push\?/],
    [['--platform=linux/arm64'], /Is it --platforms\?/],
    [['-f', 'x'], /no flag "-f"\. --help lists them all/],
    [['--tags-and-other-things'], /no flag "--tags-and-other-things"\. --help/],
    [['--'], /no flag "--"\./],
    [['--image'], /--image has no value/],
    [['--image', '--push'], /--image has no value/],
    [['--image', 'a', '--image', 'b'], /--image is given twice/],
    [['--push', '--push=false'], /--push is given twice/],
    [['one', 'two'], /"two" belongs to no flag/],
    [['--build-args', 'A=1', 'B=2', 'C=3'], /"C=3" belongs to no flag, and the context is "B=2" already/],
    [['--context', 'one', 'two'], /"two" belongs to no flag/],
  ])('%j is refused', (args, message) => {
    expect(errorOf(...args)).toMatch(message);
    expect(errorOf(...args)).toMatch(/^InputError: [^\n]*$/);
  });

  test('the value of an unknown flag is not repeated', () =>
    expect(errorOf('--pasword=hunter2')).not.toContain('hunter2'));

  test('any value is taken as it is after "="', () =>
    fc.assert(
      fc.property(fc.constantFrom(...FLAGS), fc.string({ unit: 'binary' }), ({ name }, value) => {
        expect(parse(`--${name}=${value}`)).toEqual({ [name]: value });
      }),
    ));
});

describe('defaults', () => {
  test('are inputs that the action takes: no login, no push, the image of the remote', () => {
    const inputs = toInputs({}, 'ghcr.io/owner/app');
    expect(Object.keys(inputs).sort()).toEqual(INPUT_NAMES);
    expect(Object.values(inputs).filter((value) => value.includes('${{'))).toEqual([]);
    expect(parseInputs((name) => inputs[name], 'ghcr.io')).toMatchObject({
      image: { name: 'ghcr.io/owner/app' },
      credentials: null,
      githubToken: null,
      push: 'never',
      builderTargets: [],
    });
  });

  test('give way to what was given, also to nothing', () =>
    expect(toInputs({ image: 'a/b', 'builder-target': '' }, 'ghcr.io/owner/app')).toMatchObject({
      image: 'a/b',
      'builder-target': '',
      'production-target': '',
    }));
});

describe('the image of a remote', () => {
  test.each([
    'https://github.com/Owner/App',
    'https://github.com/Owner/App.git',
    'https://github.com/owner/app/',
    'https://someone:secret@github.com/Owner/App.git',
    'git@github.com:Owner/App.git',
    'github.com:owner/app',
    'ssh://git@github.com/Owner/App.git',
    'ssh://git@ssh.github.com:443/Owner/App.git',
    'git://github.com/Owner/App.git',
  ])('%s', (remote) => expect(toImage(remote)).toBe('ghcr.io/owner/app'));

  test.each([
    'https://gitlab.com/owner/app.git',
    'https://github.com.example.com/owner/app',
    'https://example.com/github.com/owner/app',
    'git@example.com:owner/app.git',
    'https://github.com/owner',
    '/srv/git/app.git',
    '../app',
    '',
  ])('none for %j', (remote) => expect(toImage(remote)).toBeNull());

  test('keeps a dot in a name', () =>
    expect(toImage('git@github.com:owner/app.net.git')).toBe('ghcr.io/owner/app.net'));

  test('without one the error says what to give, and no password', () => {
    expect(messageOf(() => deriveImage(null))).toMatch(/no git remote "origin".*Give --image/);
    const message = messageOf(() => deriveImage('https://someone:hunter2@example.com/a/b'));
    expect(message).toMatch(/example\.com\/a\/b.*Give --image/);
    expect(message).not.toContain('hunter2');
  });
});
