// Images of one platform each, and the index that they become.
import { describe, expect, test } from '@jest/globals';
import { chooseTags } from '../../../src/cleanup/pure/cleanup-plan.js';
import type { Digest } from '../../../src/image/digest.js';
import { type Part, makeImageIndex } from '../../../src/image/image-index.js';
import { isSamePlatform, parsePlatform, showPlatform, toTagEnding } from '../../../src/image/platform.js';
import { parseTag } from '../../../src/image/reference.js';
import type { WorkflowEvent } from '../../../src/plan/event/event.js';
import { sourceTags } from '../../../src/plan/plan.js';
import { branchTag, deriveTags, gitTagTag, uniqueCandidates } from '../../../src/plan/tags/tags.js';
import { toPlanJson, toPlanLines } from '../../../src/report/plan-text.js';
import {
  NOW,
  NOW_TAG,
  SHA,
  type With,
  digestOf,
  gitTagPush,
  inputsOf,
  messageOf,
  planOf,
  pullRequest,
  pushTo,
  registryWith,
  builderOf,
} from '../../support/fixtures.js';

const OCI = 'application/vnd.oci.image.manifest.v1+json';
const DOCKER = 'application/vnd.docker.distribution.manifest.v2+json';

describe('a platform', () => {
  test.each([
    ['linux/amd64', 'linux/amd64', '-linux_amd64'],
    ['Linux/ARM64/v8', 'linux/arm64', '-linux_arm64'],
    ['linux/arm', 'linux/arm/v7', '-linux_arm_v7'],
    ['linux/arm/v6', 'linux/arm/v6', '-linux_arm_v6'],
    ['windows/amd64', 'windows/amd64', '-windows_amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3', '-linux_amd64_v3'],
  ])('%s', (text, shown, ending) => {
    const platform = parsePlatform(text);
    expect([showPlatform(platform), toTagEnding(platform)]).toEqual([shown, ending]);
    expect(isSamePlatform(platform, parsePlatform(shown))).toBe(true);
  });

  test.each(['linux', 'plan9/amd64', 'linux/vax', 'linux/amd64/fast', ''])('%j can be no part of a tag', (text) =>
    expect(messageOf(() => parsePlatform(text))).toMatch(/^InputError: platforms: .* cannot be part of a tag/),
  );
});

describe('the inputs', () => {
  const image = 'ghcr.io/owner/app';

  test('a part has one platform', () => {
    expect(inputsOf({ 'part-of-index': 'true', platforms: 'linux/arm64' }).part).toMatchObject({
      architecture: 'arm64',
    });
    expect(inputsOf({ platforms: 'linux/arm64' }).part).toBeNull();
  });

  test('parts are digests, or references with one', () =>
    expect(
      inputsOf({ 'index-of': `${digestOf(1)}, ${image}@${digestOf(2)}\n\nGHCR.io/Owner/App:x@${digestOf(3)}\n` })
        .indexOf,
    ).toEqual([digestOf(1), digestOf(2), digestOf(3)]));

  test.each<[With, RegExp]>([
    [{ 'part-of-index': 'true' }, /part-of-index is true, but platforms names none/],
    [{ 'part-of-index': 'true', platforms: 'linux/amd64,linux/arm64' }, /platforms names linux\/amd64, linux\/arm64/],
    [{ 'part-of-index': 'true', platforms: 'linux/arm64', 'index-of': digestOf(1) }, /both given/],
    [{ 'index-of': `${image}:main` }, /item 1, "ghcr\.io\/owner\/app:main", has no digest/],
    [
      { 'index-of': `ghcr.io/owner/other@${digestOf(1)}` },
      /is of ghcr\.io\/owner\/other, and the image is ghcr\.io\/owner\/app/,
    ],
    [{ 'index-of': `${digestOf(1)},${image}@${digestOf(1)}` }, /given twice/],
    [{ 'index-of': '\n \n' }, /index-of is given and empty: the runs that build the parts have pushed none/],
    [{ 'index-of': digestOf(1), verify: 'true' }, /builds nothing to check/],
    [{ 'index-of': digestOf(1), scan: 'grype' }, /builds nothing to check/],
  ])('%j is refused', (given, message) => expect(messageOf(() => inputsOf(given))).toMatch(message));
});

describe('the tags of a part', () => {
  const part = parsePlatform('linux/arm64');
  const tagsOf = (event: WorkflowEvent, ownTag: string | null = null) =>
    deriveTags({
      event,
      now: NOW,
      ownTag: ownTag === null ? null : parseTag(ownTag),
      extraTags: [parseTag('latest')],
      part,
    });

  test.each<[string, ReturnType<typeof tagsOf>, string, readonly string[]]>([
    ['a branch', tagsOf(pushTo('main')), `${SHA}-linux_arm64`, ['main-linux_arm64']],
    ['a pull request', tagsOf(pullRequest()), `review-pr-7-${SHA}-${NOW_TAG}-linux_arm64`, ['feature-x-linux_arm64']],
    ['a git tag: its versions are for the index', tagsOf(gitTagPush('v1.2.3')), 'v1.2.3-linux_arm64', []],
    ['an own tag', tagsOf(pushTo('main'), 'r1'), 'r1-linux_arm64', ['main-linux_arm64']],
    ['a long own tag', tagsOf(pushTo('main'), 'x'.repeat(128)), `${'x'.repeat(116)}-linux_arm64`, ['main-linux_arm64']],
  ])('of %s end with the platform', (_, { unique, moving }, expected, movingTags) => {
    expect([unique, moving]).toEqual([expected, movingTags]);
    expect([...uniqueCandidates(unique, NOW)][1]).toMatch(/-\d{14}$/);
  });

  test('are no tags of a branch or git tag of that name', () => {
    expect(branchTag('main-linux_arm64')).toMatch(/^main-linux_arm64-[0-9a-f]{10}$/);
    expect(gitTagTag('v1.2.3-linux_arm64')).toMatch(/^v1\.2\.3-linux_arm64-[0-9a-f]{10}$/);
    // Only what is a platform: other names stay as they are.
    for (const name of ['fix-my_branch', 'linux_arm64', 'x-linux_arm64-y', 'x-linux-arm64'])
      expect(branchTag(name)).toBe(name);
  });

  test('are all that it writes and reads; the rest is for the index', () => {
    const given: With = {
      'part-of-index': 'true',
      platforms: 'linux/arm64',
      mirrors: 'owner/app',
      'extra-tags': 'latest',
    };
    const plan = planOf(pushTo('topic'), given);
    expect(builderOf(plan).tag).toBe('builder-topic-linux_arm64');
    expect(plan.mirrors).toEqual([]);
    expect(sourceTags(plan)).toEqual([
      'topic-linux_arm64',
      'builder-topic-linux_arm64',
      'main-linux_arm64',
      'builder-main-linux_arm64',
    ]);
    // The labels are the same in all parts.
    expect(plan.production.labels['org.opencontainers.image.version']).toBe(SHA);
  });

  test('go with the branch and the pull request when images are cleaned up', () => {
    const versions = [
      `review-pr-7-${SHA}-${NOW_TAG}-linux_arm64`,
      `review-pr-7-${SHA}-${NOW_TAG}-linux_arm64-${NOW_TAG}`,
      'feature-x-linux_arm64',
      'builder-feature-x-linux_arm_v7',
      'cache-feature-x-linux_arm64',
      'main-linux_arm64',
      'builder-main-linux_arm64',
      'feature-x-linux_arm64-0123456789',
      `${SHA}-linux_arm64`,
    ].map((tag, index) => ({ id: index, digest: digestOf(index + 1), tags: [tag], changedAt: 0 }));
    const ended = [
      { pulls: [7], branch: 'feature-x', branchStays: null },
      { pulls: [], branch: 'main', branchStays: null },
    ];
    const rules = { mainBranches: ['main'], isKept: () => false, sweepBefore: null };
    const { tags, kept } = chooseTags(versions, ended, rules);
    expect([...tags]).toEqual(versions.slice(0, 5).map((version) => version.tags[0]));
    expect(kept.map(({ tag }) => tag)).toEqual(['main-linux_arm64', 'builder-main-linux_arm64']);
  });
});

const part = (digest: Digest, config: object, mediaType = OCI): Part => ({
  digest,
  mediaType,
  size: 400,
  content: { config: {} },
  config: { ...config },
});
const AMD = part(digestOf(1), { os: 'linux', architecture: 'amd64' });
const MANY = { manifests: Array.from({ length: 257 }, () => ({ digest: digestOf(7) })) };
const ARM = part(digestOf(2), { os: 'linux', architecture: 'arm64', variant: 'v8' });

describe('the index', () => {
  test('describes each image as its config does', () => {
    const { mediaType, content, platforms } = makeImageIndex([AMD, ARM], ['linux/arm64', 'linux/amd64']);
    expect(JSON.parse(content)).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        { mediaType: OCI, digest: digestOf(1), size: 400, platform: { architecture: 'amd64', os: 'linux' } },
        {
          mediaType: OCI,
          digest: digestOf(2),
          size: 400,
          platform: { architecture: 'arm64', os: 'linux', variant: 'v8' },
        },
      ],
    });
    expect(mediaType).toBe('application/vnd.oci.image.index.v1+json');
    expect(platforms.map(({ platform }) => showPlatform(platform))).toEqual(['linux/amd64', 'linux/arm64/v8']);
    expect(makeImageIndex([AMD, ARM], []).content).toBe(content);
  });

  test("of Docker's own manifests is Docker's own list, and of both kinds an OCI index", () => {
    const docker = part(digestOf(3), { os: 'linux', architecture: 's390x' }, DOCKER);
    expect(makeImageIndex([docker], []).mediaType).toBe('application/vnd.docker.distribution.manifest.list.v2+json');
    expect(makeImageIndex([docker, AMD], []).mediaType).toBe('application/vnd.oci.image.index.v1+json');
  });

  test('takes over what an index has, attestations too', () => {
    const own = { mediaType: OCI, digest: digestOf(5), size: 1, platform: { os: 'linux', architecture: 'amd64' } };
    const attestation = {
      mediaType: OCI,
      digest: digestOf(6),
      size: 2,
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: { 'vnd.docker.reference.digest': digestOf(5) },
    };
    const index: Part = { ...AMD, digest: digestOf(4), content: { manifests: [own, attestation] }, config: null };
    const { content, platforms } = makeImageIndex([index, ARM], ['linux/amd64', 'linux/arm64']);
    expect((JSON.parse(content) as { manifests: unknown[] }).manifests.slice(0, 2)).toEqual([own, attestation]);
    expect(platforms).toHaveLength(2);
  });

  test.each<[string, readonly Part[], readonly string[], RegExp]>([
    ['more images than an index has', [{ ...AMD, content: MANY }], [], /name 257 images, and an index has 256 at most/],
    ['two for one platform', [AMD, { ...AMD, digest: digestOf(9) }], [], /are both for linux\/amd64/],
    [
      'one that is missing',
      [AMD],
      ['linux/amd64', 'linux/arm64'],
      /no part is for linux\/arm64, which platforms names/,
    ],
    ['one too many', [AMD, ARM], ['linux/amd64'], /is for linux\/arm64\/v8, which platforms does not name/],
    ['no image', [part(digestOf(8), {})], [], /does not say which platform it is for/],
    ['an index of nothing', [{ ...AMD, content: { manifests: [] }, config: null }], [], /so it is no image/],
  ])('%s is an error', (_, parts, wanted, message) =>
    expect(messageOf(() => makeImageIndex(parts, wanted))).toMatch(message),
  );

  test('has the tags of the whole image; its plan names the parts, and no passes', () => {
    const given: With = { 'index-of': `${digestOf(1)},${digestOf(2)}`, mirrors: 'owner/app' };
    const plan = planOf(gitTagPush('v1.2.3'), given, registryWith('main'));
    expect(plan.tags).toEqual({ unique: 'v1.2.3', moving: ['1.2.3', '1.2', '1'] });
    expect(plan.mirrors).toHaveLength(1);
    expect(sourceTags(plan)).toEqual([]);
    expect(JSON.parse(toPlanJson(plan))).toMatchObject({
      builder: null,
      production: null,
      parts: [digestOf(1), digestOf(2)],
    });
    expect(toPlanLines(plan).join('\n')).toContain(`Index of:   ${digestOf(1)}, ${digestOf(2)}`);
    expect(toPlanLines(plan).join('\n')).not.toContain('Production:');
  });
});
