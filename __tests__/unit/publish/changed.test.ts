import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CachedImage } from '../../../src/image/stored-image.js';
import { UNIQUE_TAG_LABEL } from '../../../src/image/unique-label.js';
import { hasChanged } from '../../../src/publish/pure/changed.js';

const FIRST = '8f5c2e1d4b7a9063f1e2d3c4b5a6978812345678';
const SECOND = '1111111222222233333334444444555555566666';

interface Given {
  readonly commit?: string;
  readonly version?: string;
  readonly created?: string;
  readonly env?: readonly string[];
  readonly layers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly config?: object;
  readonly platform?: string;
}

function image(given: Given = {}): CachedImage {
  const { commit = FIRST, version = commit, created = '2026-01-01T00:00:00Z', env = ['PATH=/bin'] } = given;
  const labels = {
    'org.opencontainers.image.revision': commit,
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.created': created,
    ...given.labels,
  };
  const config = { Env: env, Cmd: ['serve'], ...given.config, Labels: labels };
  const { layers: diffIds = ['sha256:1', 'sha256:2'], platform = 'linux/amd64' } = given;
  return { name: 'x', layers: [], records: [], labels, content: { platform, diffIds, config } };
}

const compare = (before: Given, own: Given): boolean | null => hasChanged([image(own)], [image(before)]);
const LATER = { commit: SECOND, created: '2026-01-02T00:00:00Z' };

describe('nothing but the commit differs', () => {
  test.each<[string, Given, Given]>([
    ['labels', {}, LATER],
    [
      'the unique tag as a label',
      { labels: { [UNIQUE_TAG_LABEL]: 'ghcr.io/o/a:a' } },
      { labels: { [UNIQUE_TAG_LABEL]: 'ghcr.io/o/a:b' } },
    ],
    ['a build argument with the commit', { env: [`COMMIT_SHA=${FIRST}`] }, { ...LATER, env: [`COMMIT_SHA=${SECOND}`] }],
    ['one with a short commit', { env: ['SHA=8f5c2e1'] }, { ...LATER, env: ['SHA=1111111'] }],
    ['the short commit in a tag', { env: ['TAG=sha-8f5c2e1'] }, { ...LATER, env: ['TAG=sha-1111111'] }],
    [
      'the version of a review image',
      { version: `review-pr-1-${FIRST}-20260101000000`, env: [`TAG=review-pr-1-${FIRST}-20260101000000`] },
      { ...LATER, version: `review-pr-1-${SECOND}-20260102000000`, env: [`TAG=review-pr-1-${SECOND}-20260102000000`] },
    ],
    [
      'the head of a pull request, which the version names',
      { version: `review-pr-1-${SECOND}-20260101000000`, env: [`SHA=${SECOND}`] },
      { commit: 'f'.repeat(40), version: `review-pr-1-${FIRST}-20260102000000`, env: [`SHA=${FIRST}`] },
    ],
    [
      'a second build of a commit',
      { env: [`SHA=${FIRST}`] },
      { version: `${FIRST}-20260102000000`, env: [`SHA=${FIRST}`] },
    ],
    [
      'an own version',
      { version: 'v1.2.3', env: ['APP_VERSION=v1.2.3'] },
      { ...LATER, version: 'v1.2.4', env: ['APP_VERSION=v1.2.4'] },
    ],
    [
      'the time of the commit',
      { env: ['BUILT=2026-01-01T00:00:00Z'] },
      { ...LATER, env: ['BUILT=2026-01-02T00:00:00Z'] },
    ],
    ['the order of labels', { labels: { a: '1', b: '2' } }, { labels: { b: '2', a: '1' } }],
  ])('%s', (_, before, own) => expect(compare(before, own)).toBe(false));
});

describe('something differs', () => {
  test.each<[string, Given, Given]>([
    ['a layer', {}, { layers: ['sha256:1', 'sha256:3'] }],
    ['the order of layers', {}, { layers: ['sha256:2', 'sha256:1'] }],
    ['one layer more', {}, { layers: ['sha256:1', 'sha256:2', 'sha256:3'] }],
    ['the environment', { env: ['A=1'] }, { env: ['A=2'] }],
    ['the command', {}, { config: { Cmd: ['other'] } }],
    ['the user', {}, { config: { User: '1000' } }],
    ['a label of the team', { labels: { team: 'a' } }, { labels: { team: 'b' } }],
    ['the platform', {}, { platform: 'linux/arm64' }],
    ['a commit of something else', { env: [`THEME=${'a'.repeat(40)}`] }, { env: [`THEME=${'b'.repeat(40)}`] }],
    ['a value that has the version in it', { version: '1', env: ['PORT=8100'] }, { version: '2', env: ['PORT=8200'] }],
    ['a longer version than its own', { version: 'v1', env: ['V=v1.5'] }, { version: 'v2', env: ['V=v2.5'] }],
    ['the other commit, kept', { env: [`SHA=${FIRST}`] }, { ...LATER, env: [`SHA=${FIRST}`] }],
  ])('%s', (_, before, own) => expect(compare(before, own)).toBe(true));
});

test('platforms are compared each with its own, in whatever order', () => {
  const [amd64, arm64] = [image(), image({ platform: 'linux/arm64', layers: ['sha256:9'] })];
  expect(hasChanged([amd64, arm64], [arm64, amd64])).toBe(false);
  expect(hasChanged([amd64], [amd64, arm64])).toBe(true);
});

test('a branch without an image has something new', () => expect(hasChanged([image()], null)).toBe(true));

test.each([
  ['the new image', [], [image()]],
  ['the config of one', [image()], [{ name: 'x', layers: [], records: [] }]],
  ['the image before', [image()], undefined],
])('nobody knows without %s', (_, own, before) => expect(hasChanged(own, before)).toBeNull());

test('an image equals itself, whatever is in it', () =>
  fc.assert(
    fc.property(fc.array(fc.string()), fc.string(), fc.string(), (env, version, commit) => {
      const given = { env, version, commit };
      expect(compare(given, given)).toBe(false);
    }),
  ));

test('an environment that differs in a value without commit or version is a change', () =>
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      fc.pre(one !== other);
      expect(compare({ env: [one] }, { env: [other] })).toBe(true);
    }),
  ));
