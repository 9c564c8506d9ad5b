// A release that is the image of main, in a real registry: the tags of the version, the same digest, and nothing built. The
// checks run on a real engine.
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ImageStore } from '../../../lab/engine/engine.js';
import { type Front, startFront } from '../../../lab/registry/front.js';
import type { WorkflowRun } from '../../../lab/runner/workflow-run.js';
import type { Team } from '../../../lab/services/team.js';
import { expectFailure, expectSuccess, splitLines, useLab, warningsOf } from '../../support/e2e.js';
import { sampleOf, testByNight } from '../../support/nightly.js';
import { STORES, STORES_OF_THE_DAY } from '../../support/stores.js';

const fixture = useLab({ stores: STORES });
let front: Front;
beforeAll(async () => {
  front = await startFront({ registry: fixture.lab().registry.host });
});
afterAll(() => front.stop());

type Inputs = Readonly<Record<string, string>>;
const engine = (store: ImageStore = 'containerd') => fixture.lab().engine(store);
const digestOf = async (team: Team, tag: string, repository = team.repository): Promise<string> =>
  (await fixture.lab().registry.manifest(repository, tag)).digest;
const VERSION_TAGS = ['v1.2.3', 'promoted-v1.2.3', '1.2.3', '1.2', '1'];

const build = (team: Team, event: WorkflowRun, inputs: Inputs = {}) => team.build(event, { engine: engine(), inputs });
/** Where no engine answers: what builds something fails. */
const promote = (team: Team, event: WorkflowRun, inputs: Inputs = {}) =>
  team.build(event, {
    engine: engine(),
    env: { DOCKER_HOST: 'unix:///nowhere.sock' },
    inputs: { promote: 'true', ...inputs },
  });

/** What was sent since: bytes of blobs, and the references that were written to the image's own repository. */
async function readWritten(
  team: Team,
  mark: number,
): Promise<{ readonly bytes: number; readonly written: readonly string[] }> {
  const { registry } = fixture.lab();
  const puts = (await registry.requests(mark)).filter(({ method }) => method === 'PUT');
  const written = puts.flatMap(({ path }) => path.split(`/${team.repository}/manifests/`)[1] ?? []);
  return { bytes: await registry.blobBytesReceived(mark), written };
}

test('a git tag on a commit of main: the same digest under all tags and in the mirror, without an engine', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('promoted');
  const main = await build(team, await team.push());
  expectSuccess(main);
  const { digest = '' } = main.outputs;
  const event = await team.pushTag('v1.2.3');
  const copy = `${team.repository}-copy`;
  const inputs = { mirrors: `${registry.host}/${copy}`, 'extra-tags': 'latest' };
  const mark = registry.mark();
  const result = await promote(team, event, inputs);
  expectSuccess(result);
  expect(warningsOf(result)).toEqual([]);
  // The config of the image is mounted in the mirror, and no layer is sent anywhere.
  expect((await readWritten(team, mark)).bytes).toBe(0);
  for (const tag of [...VERSION_TAGS, 'latest']) {
    expect(await digestOf(team, tag)).toBe(digest);
    expect(await digestOf(team, tag, copy)).toBe(digest);
  }
  const { plan, summary, ...outputs } = result.outputs;
  const written = [...VERSION_TAGS, 'latest'];
  expect(outputs).toEqual({
    image: `${team.image}:v1.2.3`,
    tag: 'v1.2.3',
    digest,
    'pinned-image': `${team.image}:v1.2.3@${digest}`,
    'pinned-mirrors': `${registry.host}/${copy}:v1.2.3@${digest}`,
    tags: [team.image, `${registry.host}/${copy}`].flatMap((name) => written.map((tag) => `${name}:${tag}`)).join('\n'),
    pushed: 'true',
  });
  expect(JSON.parse(plan ?? '')).toMatchObject({ promoted: { image: `${team.image}:${event.sha}`, digest } });
  expect(JSON.parse(summary ?? '')).toMatchObject({ promoted: true, builder: null, production: null });
  expect(result.log).not.toMatch(/^Building /m);

  const again = registry.mark();
  const rerun = await promote(team, event, inputs);
  expectSuccess(rerun);
  expect(rerun.outputs).toEqual({ ...result.outputs, summary: rerun.outputs.summary });
  expect((await readWritten(team, again)).written).not.toContain('v1.2.3');
  await engine('overlay2').prune();
  expect(await team.runImage(engine('overlay2'), result.outputs['pinned-image']!)).toContain('Hello');
});

testByNight('a run by hand on main gives extra tags what main has, and moves no tag of the branch', async () => {
  const team = await fixture.team('promoted-by-hand');
  const push = await team.push();
  const main = await build(team, push);
  expectSuccess(main);
  const { ref, repository } = push.payload as { ref: string; repository: object };
  const event = { ...push, name: 'workflow_dispatch', payload: { ref, repository } };
  const mark = fixture.lab().registry.mark();
  const result = await promote(team, event, { 'extra-tags': 'production' });
  expectSuccess(result);
  expect(result.outputs).toMatchObject({ tag: push.sha, digest: main.outputs.digest, pushed: 'true' });
  expect(await readWritten(team, mark)).toEqual({ bytes: 0, written: ['production'] });
  expect(splitLines(result.outputs.tags)).toEqual([`${team.image}:${push.sha}`, `${team.image}:production`]);
});

describe('without such an image it is built, and said why', () => {
  const REASONS: readonly [string, (team: Team) => Promise<unknown>, string][] = [
    ['no run has built the commit', () => Promise.resolve(), 'has no image of commit'],
    [
      'another branch has built it',
      async (team) => build(team, await team.push('feature')),
      'was built by push refs/heads/feature, and not by a push to main',
    ],
    [
      'main has built another stage of it',
      async (team) =>
        build(team, await team.push(), { 'builder-target': 'production', 'production-target': 'builder' }),
      'was built from Dockerfile (context ., target builder), and this run builds Dockerfile (context ., target production)',
    ],
  ];
  test.each(sampleOf(REASONS, ([name]) => name.startsWith('another')))('%s', async (name, before, reason) => {
    const team = await fixture.team(name.replaceAll(' ', '-'));
    await before(team);
    const event = await team.pushTag('v1.2.3');
    const result = await build(team, event, { promote: 'true' });
    expectSuccess(result);
    expect(result.annotations.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(new RegExp(`^Not promoted, so it is built: .*${reason.replace(/[().]/g, '\\$&')}`)),
    );
    expect(result.outputs).toMatchObject({ tag: 'v1.2.3', digest: await digestOf(team, 'v1.2.3') });
    expect(await fixture.lab().registry.tags(team.repository)).not.toContain('promoted-v1.2.3');
    expect(result.log).toMatch(/^Production: \d of \d steps cached/m);
  });
});

test('an index with attestations is promoted whole', async () => {
  const team = await fixture.team('promoted-index');
  const inputs = { provenance: 'true' };
  const main = await build(team, await team.push(), inputs);
  expectSuccess(main);
  const index = await fixture.lab().registry.manifest(team.repository, 'main');
  expect(index.body.manifests).toHaveLength(2);
  const mirrors = `${fixture.lab().registry.host}/${team.repository}-copy`;
  const result = await promote(team, await team.pushTag('v1.2.3'), { ...inputs, mirrors });
  expectSuccess(result);
  expect(result.outputs.digest).toBe(index.digest);
  for (const tag of VERSION_TAGS) expect(await digestOf(team, tag, `${team.repository}-copy`)).toBe(index.digest);
});

describe.each(STORES_OF_THE_DAY)('the checks (%s)', (store) => {
  test('see the image by its digest, pulled; one that fails writes no tag', async () => {
    const { registry, directory } = fixture.lab();
    const team = await fixture.team(`promoted-checked-${store}`);
    const main = await team.build(await team.push(), {
      engine: engine(store),
      inputs: store === 'containerd' ? { provenance: 'true' } : {},
    });
    expectSuccess(main);
    const { digest = '' } = main.outputs;
    await engine(store).prune();
    const event = await team.pushTag('v1.2.3');
    const before = await registry.tags(team.repository);
    const run = (verify: string) => team.build(event, { engine: engine(store), inputs: { promote: 'true', verify } });

    const refused = await run('docker run --rm --network=none "$IMAGE" | grep Goodbye');
    expectFailure(refused, /^The verify script ended with exit code 1, so the image is not published/);
    expect(await registry.tags(team.repository)).toEqual(before);
    expect(refused.outputs.digest).toBeUndefined();

    const seen = join(await mkdtemp(join(directory, 'seen-')), 'env');
    const result = await run(`env > ${seen}\ndocker run --rm --network=none "$IMAGE" | grep Hello`);
    expectSuccess(result);
    expect(await readFile(seen, 'utf8')).toContain(`IMAGE=${team.image}@${digest}\n`);
    expect(result.summary).toContain('- Verify: passed');
    for (const tag of VERSION_TAGS) expect(await digestOf(team, tag)).toBe(digest);
  });
});

testByNight(
  'a tag that the registry does not take is an error; the release is there, and the next run completes it',
  async () => {
    const team = await fixture.team('promoted-fault');
    const inputs = { image: `${front.host}/${team.repository}` };
    const main = await build(team, await team.push(), inputs);
    expectSuccess(main);
    const event = await team.pushTag('v1.2.3');
    front.fail({ path: /\/manifests\/1\.2$/, method: 'PUT', answer: { status: 403 } });
    const result = await promote(team, event, inputs);
    front.heal();
    expectFailure(result, /^The image is pushed as v1\.2\.3, 1\.2\.3, but the tag 1\.2 could not be moved to it/);
    expect(result.outputs).toMatchObject({ tag: 'v1.2.3', digest: main.outputs.digest });
    expect(await digestOf(team, 'v1.2.3')).toBe(main.outputs.digest);
    expectSuccess(await promote(team, event, inputs));
    for (const tag of VERSION_TAGS) expect(await digestOf(team, tag)).toBe(main.outputs.digest);
  },
);
