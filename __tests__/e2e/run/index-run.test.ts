// One image whose platforms are built by several runs, each on an engine of its own, and put together by one that builds
// nothing: a part is what any build is, with the platform behind its tags.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { pushIndexedBaseImage } from '../../../lab/engine/base-image.js';
import type { WorkflowRun } from '../../../lab/runner/workflow-run.js';
import type { Team } from '../../../lab/services/team.js';
import { expectSuccess, readCachedSteps, splitLines, useLab, warningsOf } from '../../support/e2e.js';

const fixture = useLab({ stores: ['containerd', 'overlay2'] });
// A runner for each platform; the busybox of both is this machine's.
const PARTS = [
  ['linux/amd64', 'overlay2'],
  ['linux/arm64', 'containerd'],
] as const;
let baseImage = '';

beforeAll(async () => {
  const { registry, tools } = fixture.lab();
  baseImage = await pushIndexedBaseImage(registry, tools, ['amd64', 'arm64']);
});

type Inputs = Readonly<Record<string, string>>;

const buildPart = (team: Team, event: WorkflowRun, [platform, store]: (typeof PARTS)[number], inputs: Inputs = {}) =>
  team.build(event, {
    engine: fixture.lab().engine(store),
    inputs: {
      platforms: platform,
      'part-of-index': 'true',
      'build-args': `BASE_IMAGE=${baseImage}`,
      'extra-tags': 'latest',
      ...inputs,
    },
  });

/** Where there is neither an engine nor a checkout. */
const join = (team: Team, event: WorkflowRun, parts: readonly string[], inputs: Inputs = {}) =>
  team.build(event, {
    engine: fixture.lab().engine('containerd'),
    workspace: fixture.lab().directory,
    env: { DOCKER_HOST: 'unix:///nowhere.sock' },
    inputs: { 'index-of': parts.join('\n'), 'extra-tags': 'latest', 'build-args': '', ...inputs },
  });

interface Index {
  readonly manifests: readonly { readonly digest: string; readonly platform: { readonly architecture: string } }[];
}

describe('an index of two parts', () => {
  test('has the tags of the branch; the parts keep their own, and their cache', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team('parts');
    const event = await team.push();
    const digests: string[] = [];
    for (const part of PARTS) {
      const result = await buildPart(team, event, part);
      expectSuccess(result);
      expect(warningsOf(result)).toEqual([]);
      const ending = part[0].replace('/', '_');
      expect(result.outputs).toMatchObject({
        tag: `${event.sha}-${ending}`,
        'builder-image': `${team.image}:builder-main-${ending}`,
      });
      expect(splitLines(result.outputs.tags)).toEqual(
        [`${event.sha}-${ending}`, `main-${ending}`, `builder-main-${ending}`].map((tag) => `${team.image}:${tag}`),
      );
      digests.push(result.outputs.digest!);
    }
    const before = await registry.tags(team.repository);
    expect(before.filter((tag) => !/-linux_(?:amd|arm)64$/.test(tag))).toEqual([]);

    const mark = registry.mark();
    const mirror = `${registry.host}/${team.repository}-copy`;
    const result = await join(team, event, digests, { platforms: 'linux/arm64,linux/amd64', mirrors: mirror });
    expectSuccess(result);
    expect(warningsOf(result)).toEqual([]);
    const { digest = '' } = result.outputs;
    const index = await registry.manifest(team.repository, event.sha);
    expect(index.digest).toBe(digest);
    for (const tag of ['main', 'latest']) expect((await registry.manifest(team.repository, tag)).digest).toBe(digest);
    expect((await registry.manifest(`${team.repository}-copy`, 'latest')).digest).toBe(digest);
    expect(
      (index.body as unknown as Index).manifests.map(({ digest: one, platform }) => [one, platform.architecture]),
    ).toEqual([
      [digests[0], 'amd64'],
      [digests[1], 'arm64'],
    ]);
    const { plan, summary, ...outputs } = result.outputs;
    expect(outputs).toEqual({
      image: `${team.image}:${event.sha}`,
      tag: event.sha,
      digest,
      'pinned-image': `${team.image}:${event.sha}@${digest}`,
      'pinned-mirrors': `${mirror}:${event.sha}@${digest}`,
      tags: [
        ...[event.sha, 'main', 'latest'].map((tag) => `${team.image}:${tag}`),
        ...[event.sha, 'main', 'latest'].map((tag) => `${mirror}:${tag}`),
      ].join('\n'),
      changed: 'true',
      pushed: 'true',
    });
    expect(JSON.parse(plan ?? '')).toMatchObject({ parts: digests, builder: null, production: null });
    expect(JSON.parse(summary ?? '')).toMatchObject({ pushed: true, bytes: { platforms: 2 } });
    expect(result.summary).toContain(`| \`linux/arm64\` | \`${digests[1]!}\` |`);
    expect(result.summary).not.toContain('Cache:');
    // Only JSON moves.
    expect(await registry.blobBytesReceived(mark)).toBe(0);

    // What people pull is the image of their machine.
    const engine = fixture.lab().engine('overlay2');
    await engine.prune();
    expect(await team.runImage(engine, result.outputs['pinned-image']!)).toContain('Hello');
  });

  test('an unchanged commit builds no part again, on engines that have nothing', async () => {
    const team = await fixture.team('parts-again');
    const event = await team.push();
    for (const part of PARTS) expectSuccess(await buildPart(team, event, part));
    for (const part of PARTS) {
      await fixture.lab().engine(part[1]).prune();
      const again = await buildPart(team, event, part);
      expectSuccess(again);
      expect(readCachedSteps(again)).toEqual({ builder: '5 of 5', production: '1 of 1' });
      expect(again.log).toContain(`Builder image: unchanged, builder-main-${part[0].replace('/', '_')} is what it was`);
      expect(again.outputs.tag).toMatch(new RegExp(`^${event.sha}-linux_a\\w+64-\\d{14}$`));
    }
  });
});
