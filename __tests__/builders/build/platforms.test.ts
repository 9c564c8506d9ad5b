// Images of several platforms: one docker-container builder, one builder of two nodes, and the engine's own. All platforms
// have this machine's programs, and BuildKit runs what it has no emulator for as it is: nothing is emulated here.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pushIndexedBaseImage } from '../../../lab/engine/base-image.js';
import { BUILDKIT_IMAGE, loadBuildkitImage } from '../../../lab/engine/buildkit-image.js';
import type { Engine } from '../../../lab/engine/engine.js';
import { objectList, objectMember, stringMember } from '../../../lab/json.js';
import type { ActionResult } from '../../../lab/runner/action-run.js';
import type { WorkflowRun } from '../../../lab/runner/workflow-run.js';
import type { Team } from '../../../lab/services/team.js';
import { expectFailure, expectSuccess, readCachedSteps, splitLines, useLab, warningsOf } from '../../support/e2e.js';
import { sampleOf, testByNight } from '../../support/nightly.js';

const bin = process.env.BUILDKIT_BIN ?? '';
const fixture = useLab({ stores: ['overlay2', 'containerd'] });
const overlay2 = () => fixture.lab().engine('overlay2');
const containerd = () => fixture.lab().engine('containerd');
let baseImage = '';

interface Builder {
  readonly engine: () => Engine;
  readonly inputs: Readonly<Record<string, string>>;
  /** Makes it what a fresh runner has. */
  readonly renew: () => Promise<void>;
}

async function docker(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await overlay2().docker(args);
  if (code !== 0) throw new Error(stderr);
}

const remove = (name: string) => overlay2().docker(['buildx', 'rm', '--force', name]);
const OPTIONS = ['--driver', 'docker-container', '--driver-opt', `image=${BUILDKIT_IMAGE},network=host`, '--bootstrap'];

const ONE: Builder = {
  engine: overlay2,
  inputs: { builder: 'one' },
  renew: async () => {
    await remove('one');
    await docker('buildx', 'create', '--name', 'one', ...OPTIONS);
  },
};
/** Each on an engine of its own, as on two machines. */
const TWO: Builder = {
  engine: overlay2,
  inputs: { builder: 'two' },
  renew: async () => {
    await remove('two');
    const node = (platform: string) => [
      '--name',
      'two',
      '--node',
      `two-${platform}`,
      '--platform',
      `linux/${platform}`,
    ];
    await docker('buildx', 'create', ...node('amd64'), ...OPTIONS);
    await docker('buildx', 'create', '--append', ...node('arm64'), ...OPTIONS, containerd().host);
  },
};
const OWN: Builder = {
  engine: containerd,
  inputs: {},
  renew: async () => {
    await containerd().docker(['buildx', 'prune', '--all', '--force']);
  },
};

beforeAll(async () => {
  if (bin === '')
    throw new Error('BUILDKIT_BIN must name a folder with buildkitd and buildctl: run script/check-builders.');
  const lab = fixture.lab();
  baseImage = await pushIndexedBaseImage(lab.registry, lab.tools, ['amd64', 'arm64']);
  await Promise.all([overlay2(), containerd()].map((engine) => loadBuildkitImage(lab, engine, bin)));
});
afterAll(async () => {
  await Promise.all(['one', 'two'].map(remove));
});

function build(
  team: Team,
  event: WorkflowRun,
  { engine, inputs }: Builder,
  more: Readonly<Record<string, string>> = {},
): Promise<ActionResult> {
  const own = { platforms: 'linux/amd64,linux/arm64', 'build-args': `BASE_IMAGE=${baseImage}` };
  return team.build(event, { engine: engine(), inputs: { ...own, ...inputs, ...more } });
}

/** `amd64`, as the configs of an index's children say it; `attestation` for what is no image. */
async function readArchitectures(team: Team, reference: string): Promise<string[]> {
  const { registry } = fixture.lab();
  const { body } = await registry.manifest(team.repository, reference);
  return Promise.all(
    objectList(body, 'manifests').map(async (child) => {
      const architecture = stringMember(objectMember(child, 'platform'), 'architecture');
      if (architecture === 'unknown') return 'attestation';
      const config = await registry.config(team.repository, stringMember(child, 'digest'));
      expect(stringMember(config, 'architecture')).toBe(architecture);
      return architecture;
    }),
  );
}

/** The outputs are the index, and every tag that was told of is what the registry serves. */
async function expectIndex(team: Team, { outputs }: ActionResult): Promise<void> {
  const { registry } = fixture.lab();
  const { digest = '', tag = '' } = outputs;
  expect((await registry.manifest(team.repository, tag)).digest).toBe(digest);
  expect((await registry.manifest(team.repository, 'main')).digest).toBe(digest);
  expect(outputs.image).toBe(`${team.image}:${tag}`);
  expect(outputs['pinned-image']).toBe(`${team.image}:${tag}@${digest}`);
  expect((await registry.manifest(team.repository, 'builder-main')).digest).toBe(outputs['builder-digest']);
  for (const reference of [digest, 'builder-main']) {
    const images = (await readArchitectures(team, reference)).filter((one) => one !== 'attestation');
    expect(images).toEqual(['amd64', 'arm64']);
  }
  expect(JSON.parse(outputs.summary ?? '')).toMatchObject({ bytes: { platforms: 2 } });
}

const KINDS = [
  ['one docker-container builder', 'one', ONE],
  ['one builder of two nodes', 'two', TWO],
  ['the docker driver with the containerd store', 'own', OWN],
] as const;

// docker-container.test.ts has one node every day.
describe.each(sampleOf(KINDS, ([, name]) => name === 'two'))('%s', (_, name, builder) => {
  test('both passes for both platforms, and their cache on a fresh builder', async () => {
    const team = await fixture.team(name);
    const event = await team.push();
    await builder.renew();
    const first = await build(team, event, builder);
    expectSuccess(first);
    expect(warningsOf(first)).toEqual([]);
    expect(readCachedSteps(first)).toEqual({ builder: '0 of 10', production: '0 of 2' });
    for (const platform of ['amd64', 'arm64']) expect(first.log).toContain(`[linux/${platform} builder 6/6] RUN`);
    await expectIndex(team, first);
    expect(await readArchitectures(team, event.sha)).toEqual(['amd64', 'arm64']);
    expect(first.summary).toContain('(the first of 2 platforms)');

    await builder.renew();
    const again = await build(team, event, builder);
    expectSuccess(again);
    expect(warningsOf(again)).toEqual([]);
    expect(readCachedSteps(again)).toEqual({ builder: '10 of 10', production: '2 of 2' });
    expect(JSON.parse(again.outputs.summary ?? '')).toMatchObject({
      builder: { steps: 10, cached: 10 },
      production: { steps: 2, cached: 2 },
    });
    expect(again.outputs['builder-digest']).toBe(first.outputs['builder-digest']);
    await expectIndex(team, again);

    await builder.renew();
    await team.service.changeSource('changed');
    const changed = await build(team, await team.push(), builder);
    expectSuccess(changed);
    // Of each platform: the working directory, the list of dependencies, and their installation.
    expect(readCachedSteps(changed)).toEqual({ builder: '6 of 10', production: '0 of 2' });
    expect(changed.outputs['builder-digest']).not.toBe(first.outputs['builder-digest']);
    await expectIndex(team, changed);
    expect(await team.runImage(containerd(), changed.outputs['pinned-image']!)).toContain('changed');
  });

  testByNight('attestations belong to the index and are no platforms', async () => {
    const team = await fixture.team(`${name}-attested`);
    const result = await build(team, await team.push(), builder, { provenance: 'true' });
    expectSuccess(result);
    expect(warningsOf(result)).toEqual([]);
    await expectIndex(team, result);
    const children = await readArchitectures(team, result.outputs.digest!);
    expect(children.toSorted()).toEqual(['amd64', 'arm64', 'attestation', 'attestation']);
  });

  testByNight('push: false builds both', async () => {
    const team = await fixture.team(`${name}-unpushed`);
    const result = await build(team, await team.push(), builder, { push: 'false' });
    expectSuccess(result);
    expect(warningsOf(result)).toEqual([]);
    expect(readCachedSteps(result).builder).toMatch(/ of 10$/);
    expect(await fixture.lab().registry.tags(team.repository)).toEqual([]);
    const loads = builder === OWN;
    expect(result.outputs.image ?? '').toBe(loads ? `${team.image}:${result.outputs.tag!}` : '');
    expect(result.log.includes('The image is not loaded into the engine')).toBe(!loads);
  });

  test('one platform is checked, and the index is published as it was', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team(`${name}-checked`);
    const event = await team.push();
    const verify = 'docker run --rm --network=none "$IMAGE"';
    expectFailure(await build(team, event, builder, { verify: 'exit 3' }), /The verify script ended with exit code 3/);
    expect(await registry.tags(team.repository)).toEqual(['builder-main']);

    await builder.renew();
    const mark = registry.mark();
    await team.service.changeSource('checked');
    const result = await build(team, await team.push(), builder, { verify, provenance: 'true' });
    expectSuccess(result);
    expect(warningsOf(result)).toEqual([]);
    expect(splitLines(result.log)).toContain('checked');
    expect(readCachedSteps(result)).toEqual({ builder: '6 of 10', production: '0 of 2' });
    await expectIndex(team, result);
    // No tag but those of the outputs: Buildx would write latest for an index that has no tag.
    const expected = [...splitLines(result.outputs.tags).map((tag) => tag.replace(/^.*:/, '')), 'cache-main'];
    expect(await registry.tags(team.repository)).toEqual(expected.toSorted());
    const written = (await registry.requests(mark)).filter(
      ({ method, path }) => method === 'PUT' && path.endsWith(`/manifests/${result.outputs.tag!}`),
    );
    expect(written).toHaveLength(1);

    const unpushed = await build(team, await team.push(), builder, { verify, push: 'false' });
    expectSuccess(unpushed);
    expect(readCachedSteps(unpushed)).toEqual({ builder: '10 of 10', production: '2 of 2' });
    expect(unpushed.outputs.image).toBe(`${team.image}:${unpushed.outputs.tag!}`);
    expect(unpushed.log).not.toContain('The image is not loaded into the engine');
  });
});

testByNight('cross-compiling runs on the machine, once for what the platforms share', async () => {
  const team = await fixture.team('cross');
  const file = join(team.service.directory, 'Dockerfile');
  const text = await readFile(file, 'utf8');
  const compile = 'RUN ./src/build vendor dist';
  await writeFile(
    file,
    text
      .replace(/^FROM (.*) AS builder$/m, 'FROM --platform=$BUILDPLATFORM $1 AS builder')
      .replace(compile, `ARG TARGETARCH\n${compile} && echo "$TARGETARCH" >dist/architecture`),
  );
  await team.service.commit('Compile for other platforms');
  const event = await team.push();
  await ONE.renew();
  const first = await build(team, event, ONE);
  expectSuccess(first);
  expect(warningsOf(first)).toEqual([]);
  // Four steps that both share, one for each, and of production a working directory where the base is another one.
  expect(readCachedSteps(first)).toEqual({ builder: '0 of 6', production: '0 of 3' });
  expect(first.log).toContain('[linux/amd64->arm64 builder 6/6] RUN');
  expect(await readArchitectures(team, first.outputs.digest!)).toEqual(['amd64', 'arm64']);
  expect(first.outputs.digest).toBe((await fixture.lab().registry.manifest(team.repository, event.sha)).digest);

  await ONE.renew();
  const again = await build(team, event, ONE);
  expectSuccess(again);
  expect(readCachedSteps(again)).toEqual({ builder: '6 of 6', production: '3 of 3' });
  expect(again.outputs['builder-digest']).toBe(first.outputs['builder-digest']);
});

testByNight('two nodes, of which one builds all: what was checked is still published without a tag first', async () => {
  await remove('two');
  const node = (name: string, platforms: string) => ['--name', 'two', '--node', name, '--platform', platforms];
  await docker('buildx', 'create', ...node('two-all', 'linux/amd64,linux/arm64'), ...OPTIONS);
  await docker('buildx', 'create', '--append', ...node('two-other', 'linux/s390x'), ...OPTIONS, containerd().host);
  const team = await fixture.team('uneven');
  const event = await team.push();
  const result = await build(team, event, TWO, { verify: 'true' });
  expectSuccess(result);
  await expectIndex(team, result);
  expect(await fixture.lab().registry.tags(team.repository)).toEqual([event.sha, 'builder-main', 'main'].toSorted());
});

test('the docker driver with the overlay2 store says before the build what to use instead', async () => {
  const team = await fixture.team('overlay2');
  const result = await build(team, await team.push(), { engine: overlay2, inputs: {}, renew: () => Promise.resolve() });
  expectFailure(result, /^platforms: .* builds one platform, not 2\. Use a docker-container builder/);
  expect(result.log).not.toContain('docker buildx build');
  expect(await fixture.lab().registry.tags(team.repository)).toEqual([]);
});
