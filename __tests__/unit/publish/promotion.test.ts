// Whether an image may be released as it is.
import { describe, expect, test } from '@jest/globals';
import { withBuiltByLabel, withBuiltFromLabel } from '../../../src/image/origin-labels.js';
import { parseImageName, parseTag } from '../../../src/image/reference.js';
import type { CachedImage } from '../../../src/image/stored-image.js';
import type { Labels } from '../../../src/image/unique-label.js';
import { type Wanted, describeIneffective, explainUnfit, listSourceTags } from '../../../src/publish/pure/promotion.js';
import {
  NOW_TAG,
  SHA,
  type With,
  digestOf,
  gitTagPush,
  inputsOf,
  onBranch,
  storedImage,
} from '../../support/fixtures.js';

const { image: IMAGE } = inputsOf();
const BUILD = 'Dockerfile (context ., target production)';
const BASE = parseImageName('ghcr.io/owner/base');
const REVISION = 'org.opencontainers.image.revision';
const VERSION = 'org.opencontainers.image.version';
const MAIN = 'push refs/heads/main';
const OWN = { [REVISION]: SHA, [VERSION]: SHA };
const labelsOf = (by = MAIN, from = BUILD, image = IMAGE): Labels =>
  withBuiltByLabel(withBuiltFromLabel(OWN, image, from), image, by);

const one = (labels: Labels = labelsOf(), platform = 'linux/amd64'): CachedImage => ({
  ...{ name: 'x', layers: [], records: [], labels },
  content: { platform, diffIds: [], config: {} },
});
const wanted = (change: Partial<Wanted> = {}): Wanted => ({
  ...{
    image: IMAGE,
    commit: SHA,
    mainBranch: 'main',
    builtFrom: BUILD,
    platforms: [],
    recorded: null,
    attestation: null,
  },
  ...change,
});
const explain = (
  images: readonly CachedImage[],
  change: Partial<Wanted> = {},
  { attested = false, tag = SHA }: { readonly attested?: boolean; readonly tag?: string } = {},
): string | null => {
  const labels = images[0]?.labels;
  return explainUnfit({ stored: storedImage(tag, { images, ...(labels && { labels }) }), attested }, wanted(change));
};

describe('an image that is released', () => {
  test.each<[string, readonly CachedImage[], Partial<Wanted>]>([
    ['of one platform, none asked for', [one()], {}],
    ['of one platform, which is asked for', [one()], { platforms: ['linux/amd64'] }],
    ['that main has recorded, where no other is trusted', [one()], { recorded: digestOf(1) }],
    ['whose platform is written in another way', [one(labelsOf(), 'linux/arm64')], { platforms: ['linux/arm64/v8'] }],
    [
      'of two platforms, in any order',
      [one(), one(labelsOf(), 'linux/arm/v7')],
      { platforms: ['linux/arm', 'linux/amd64'] },
    ],
    ['of a platform that no tag can have', [one(labelsOf(), 'wasi/wasm')], { platforms: ['wasi/wasm'] }],
    ['of another main branch', [one(labelsOf('push refs/heads/trunk/1'))], { mainBranch: 'trunk/1' }],
  ])('%s', (_, images, change) => expect(explain(images, change)).toBeNull());

  test('with an attestation, where one is asked for', () =>
    expect(explain([one()], { attestation: 'sbom' }, { attested: true })).toBeNull());

  test('is no other than main has recorded, where no other is trusted', () =>
    expect(explain([one()], { recorded: digestOf(2) })).toContain('is not the image that main has recorded'));
  test('under the tag with the time', () => expect(explain([one()], {}, { tag: `${SHA}-${NOW_TAG}` })).toBeNull());
});

describe('an image that is not', () => {
  const NAME = `ghcr.io/owner/app:${SHA}`;
  const unread: CachedImage = { name: 'x', layers: [], records: [], labels: labelsOf() };
  test.each<[string, readonly CachedImage[], Partial<Wanted>, string]>([
    ['no image at all', [], {}, 'cannot be read'],
    ['what cannot be read', [unread], {}, 'cannot be read'],
    ['one of two that cannot be read', [one(), unread], {}, 'cannot be read'],
    [
      'of an earlier version',
      [one(withBuiltFromLabel(OWN, IMAGE, BUILD))],
      {},
      'does not say which event has built it, as images of earlier versions of the action do not',
    ],
    [
      'whose label is inherited from a base image',
      [one(labelsOf(MAIN, BUILD, BASE))],
      {},
      'does not say which event has built it, as images of earlier versions of the action do not',
    ],
    [
      'of a branch whose name ends like that of main',
      [one(labelsOf('push refs/heads/hotfix/main'))],
      {},
      'was built by push refs/heads/hotfix/main, and not by a push to main',
    ],
    [
      'of a run by hand',
      [one(labelsOf('workflow_dispatch refs/heads/main'))],
      {},
      'was built by workflow_dispatch refs/heads/main, and not by a push to main',
    ],
    [
      'whose second platform is of another run',
      [one(), one(labelsOf('pull_request'), 'linux/arm64')],
      { platforms: ['linux/amd64', 'linux/arm64'] },
      'was built by pull_request, and not by a push to main',
    ],
    ['of another commit', [one({ ...labelsOf(), [REVISION]: 'f00' })], {}, 'was built from f00'],
    ['without a commit', [one({ ...labelsOf(), [REVISION]: '' })], {}, 'was built from '],
    [
      'of another Dockerfile',
      [one(labelsOf(MAIN, 'worker/Dockerfile'))],
      {},
      `was built from worker/Dockerfile, and this run builds ${BUILD}`,
    ],
    [
      'that does not say what it was built from',
      [one(withBuiltByLabel(OWN, IMAGE, MAIN))],
      {},
      `was built from something that it does not name, and this run builds ${BUILD}`,
    ],
    ['of a build that is not known here', [one()], { builtFrom: null }, `was built from ${BUILD}, and this run builds`],
    [
      'that was made for another tag',
      [one({ ...labelsOf(), [VERSION]: 'v1' })],
      {},
      'leads to an image that was first pushed under another tag',
    ],
    [
      'for a platform that is not asked for',
      [one()],
      { platforms: ['linux/arm64'] },
      'is for linux/amd64, and this run asks for linux/arm64',
    ],
    [
      'for one platform of two',
      [one()],
      { platforms: ['linux/amd64', 'linux/arm64'] },
      'is for linux/amd64, and this run asks for linux/amd64, linux/arm64',
    ],
    ['without an attestation', [one()], { attestation: 'sbom' }, 'has no attestation, and the input sbom asks for one'],
  ])('%s', (_, images, change, reason) => expect(explain(images, change)).toContain(`${NAME} ${reason}`));

  test('what its labels say is shown on one line, and not without end', () => {
    const reason = explain([one(labelsOf(`a\n::error::b${'c'.repeat(5000)}`))]) ?? '';
    expect(reason).not.toContain('\n');
    expect(reason.length).toBeLessThan(800);
  });
});

test('the tags that a build may have, the newest first', () => {
  const names = [parseTag(SHA), parseTag('sha-8f5c2e1')];
  const existing = [
    ...[SHA, 'main', 'v1.2.3', `${SHA}-20260101000000`, `${SHA}-20260103000000`, 'sha-8f5c2e1-20260102000000'],
    ...[`${SHA}-linux_amd64`, `x${SHA}-20260101000000`, `${SHA}-20260101000000-x`, 'no tag/'],
  ];
  expect(listSourceTags(names, existing)).toEqual([
    ...[`${SHA}-20260103000000`, 'sha-8f5c2e1-20260102000000', `${SHA}-20260101000000`],
    ...names,
  ]);
  const many = Array.from({ length: 500 }, (_, index) => `${SHA}-2026010100${String(index).padStart(4, '0')}`);
  const listed = listSourceTags([parseTag(SHA)], many);
  expect([listed.length, listed[0], listed.at(-1)]).toEqual([16, many.at(-1), SHA]);
});

describe('inputs that the image cannot have', () => {
  const tell = (given: With, gitTag: string | null = 'v1.2.3', labels: Labels = {}): string | null => {
    const event = gitTag === null ? onBranch('workflow_dispatch') : gitTagPush(gitTag);
    return describeIneffective(inputsOf(given).flags, event, { labels });
  };

  test.each<[string, With]>([
    ['a build argument with the git tag', { 'build-args': 'VERSION=v1.2.3' }],
    ['one with the version', { 'build-args': 'VERSION=app/1.2.3' }],
    ['a label that the image has not', { labels: 'VERSION=web' }],
    ['an annotation with the git tag', { annotations: 'VERSION=v1.2.3' }],
  ])('%s is named', (_, given) =>
    expect(tell(given)).toBe(
      `${Object.keys(given).join()} VERSION: without effect, since the image is what the main branch has built. Give this to the deployment instead, or leave promote out.`,
    ),
  );

  test.each<[string, With, (string | null)?]>([
    ['nothing', {}],
    ['a build argument of the commit', { 'build-args': `COMMIT_SHA=${SHA}` }],
    ['one that has another version', { 'build-args': 'NODE_VERSION=11.2.34\nRUBY=v1.2.3-rc.1' }],
    ['one from the environment', { 'build-args': 'VERSION' }],
    ['a label that the image has', { labels: 'team=web' }],
    ['any value in a run by hand', { 'build-args': 'VERSION=v1.2.3' }, null],
    ['a secret', { secrets: 'key=v1.2.3' }],
  ])('%s is not', (_, given, gitTag = 'v1.2.3') => expect(tell(given, gitTag, { team: 'web' })).toBeNull());
});
