// The inputs of the cleanup, and the event that it runs on.
import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { parseCleanupEvent } from '../../../src/cleanup/pure/event.js';
import { type CleanupInputName, parseCleanupInputs } from '../../../src/cleanup/pure/inputs.js';
import { messageOf } from '../../support/fixtures.js';

type With = Partial<Record<CleanupInputName, string>>;
const DEFAULTS: With = {
  image: 'ghcr.io/owner/app',
  'github-token': 'ghs_token',
  'older-than-days': '14',
  'dry-run': 'false',
};
const imagesOf = (given: With = {}) => {
  const block = { ...DEFAULTS, ...given };
  return parseCleanupInputs((name) => block[name] ?? '');
};
const inputsOf = (given: With = {}) => imagesOf(given)[0]!;

describe('inputs', () => {
  test('the defaults', () =>
    expect(inputsOf()).toMatchObject({
      owner: 'owner',
      packageName: 'app',
      olderThanDays: 14,
      mainBranch: null,
      dryRun: false,
    }));

  test.each([
    ['lines', 'ghcr.io/owner/app\nghcr.io/owner/app/worker\n'],
    ['commas', 'ghcr.io/owner/app, ghcr.io/owner/app/worker'],
    ['one twice', 'ghcr.io/owner/app,ghcr.io/owner/app/worker,ghcr.io/Owner/App'],
  ])('several images: %s', (_, image) =>
    expect(imagesOf({ image }).map(({ packageName, olderThanDays }) => [packageName, olderThanDays])).toEqual([
      ['app', 14],
      ['app/worker', 14],
    ]),
  );

  test('one wrong name of several is an error, before anything is removed', () =>
    expect(messageOf(() => imagesOf({ image: 'ghcr.io/owner/app,example.azurecr.io/app' }))).toMatch(
      /"example\.azurecr\.io\/app" is not on ghcr\.io/,
    ));

  test('a name may have slashes, and upper case', () =>
    expect(inputsOf({ image: 'ghcr.io/DFE-Digital/Service/web' })).toMatchObject({
      owner: 'dfe-digital',
      packageName: 'service/web',
    }));

  test.each<[With, RegExp]>([
    [
      { image: 'example.azurecr.io/app' },
      /^InputError: image "example.azurecr.io\/app" is not on ghcr\.io: .* Give ghcr/,
    ],
    [{ image: 'owner/app' }, /^InputError: image "owner\/app" is not on ghcr\.io/],
    [{ image: 'ghcr.io/app' }, /^InputError: image "ghcr\.io\/app" has an owner and no name/],
    [{ image: 'ghcr.io/owner/app:main' }, /^InputError: image .* has a tag/],
    [{ image: '' }, /^InputError: image "" is not an image name/],
    [{ 'github-token': ' ' }, /^InputError: github-token is empty/],
    [{ 'older-than-days': '0' }, /^InputError: older-than-days is "0"\. Give whole days, 1 to 3650\./],
    [{ 'older-than-days': '-1' }, /older-than-days is "-1"/],
    [{ 'older-than-days': '1.5' }, /older-than-days is "1\.5"/],
    [{ 'older-than-days': 'two weeks' }, /older-than-days is "two weeks"/],
    [{ 'older-than-days': '9999' }, /older-than-days is "9999"/],
    [{ 'dry-run': 'yes' }, /^InputError: dry-run is "yes"\. Use true or false\./],
    [{ 'keep-tags': 'v1,a b' }, /^InputError: keep-tags: "a b" is no pattern of tags/],
    [{ 'keep-tags': '^v.*$' }, /^InputError: keep-tags: "\^v\.\*\$" is no pattern/],
  ])('%j', (given, message) => {
    expect(messageOf(() => inputsOf(given))).toMatch(message);
    expect(messageOf(() => inputsOf(given))).not.toContain('\n');
  });

  test.each([
    ['staging', 'staging', true],
    ['staging', 'staging2', false],
    ['v*', 'v1.2', true],
    ['v*', 'rev', false],
    ['*-keep', 'x-keep', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c', false],
    ['ab*ba', 'aba', false],
    ['1.2', '1x2', false],
    ['*', 'anything', true],
    ['x, v*\nstaging', 'staging', true],
    ['', 'anything', false],
  ])('keep-tags %j names %s: %s', (patterns, tag, expected) =>
    expect(inputsOf({ 'keep-tags': patterns }).isKept(tag)).toBe(expected),
  );

  test('a pattern of stars takes no time', () =>
    expect(inputsOf({ 'keep-tags': `${'*a'.repeat(60)}*b` }).isKept('a'.repeat(128))).toBe(false));
});

type Json = Record<string, unknown>;
const webhooks = createRequire(import.meta.url)('@octokit/webhooks-examples') as { name: string; examples: Json[] }[];
const recorded = (event: string, matches: (payload: Json) => boolean = () => true): Json =>
  structuredClone(webhooks.find(({ name }) => name === event)!.examples.find(matches)!);
const repository = 'Codertocat/Hello-World';
const parse = (name: string, payload: unknown) => parseCleanupEvent({ name, payload, repository });
const closed = recorded('pull_request', ({ action }) => action === 'closed');

describe("GitHub's recorded payloads", () => {
  test.each(['pull_request', 'pull_request_target'])('%s, closed', (name) =>
    expect(parse(name, closed)).toEqual({ kind: 'pull-request', number: 2 }),
  );

  test.each([[{ full_name: 'stranger/Hello-World' }], [null]])('closed, from a fork: %j', (repo) => {
    const payload = structuredClone(closed);
    (payload.pull_request as { head: Json }).head.repo = repo;
    expect(parse('pull_request', payload)).toMatchObject({
      kind: 'nothing',
      reason: expect.stringMatching(/#2 .*fork/),
    });
  });

  test('of a git tag that was deleted', () =>
    expect(parse('delete', recorded('delete'))).toMatchObject({
      kind: 'nothing',
      reason: expect.stringContaining('git tag'),
    }));

  test('of a branch that was deleted', () =>
    expect(parse('delete', { ...recorded('delete'), ref: 'feature/x', ref_type: 'branch' })).toEqual({
      kind: 'branch',
      branch: 'feature/x',
    }));
});

test.each(['schedule', 'workflow_dispatch', 'repository_dispatch'])('%s is a sweep', (name) =>
  expect(parse(name, null)).toEqual({ kind: 'sweep' }),
);

test.each<[string, unknown, RegExp]>([
  [
    'push',
    {},
    /^InputError: The cleanup does not run on the event "push"\. Run it on pull_request with "types: \[closed\]"/,
  ],
  ['', null, /^InputError: There is no event/],
  [
    'pull_request',
    { ...closed, action: 'opened' },
    /^InputError: .* with the activity "opened"\. Set "types: \[closed\]"/,
  ],
  ['pull_request', null, /activity ""/],
  ['pull_request', { action: 'closed' }, /no usable pull_request\.number/],
  ['pull_request', { action: 'closed', pull_request: { number: -2 } }, /no usable pull_request\.number/],
  ['delete', {}, /no usable ref\./],
  ['delete', { ref: 'x', ref_type: 'repository' }, /no usable ref_type/],
])('%s %#', (name, payload, message) => expect(messageOf(() => parse(name, payload))).toMatch(message));
