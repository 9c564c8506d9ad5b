// Which tags follow an image, and which stay: with a newer commit or version, with another image's unique tag, and where
// the registry does not tell.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { ENGINE_AGENT, type Front, startFront } from '../../../lab/registry/front.js';
import type { WorkflowRun } from '../../../lab/runner/workflow-run.js';
import type { Team } from '../../../lab/services/team.js';
import { expectFailure, expectSuccess, useLab, warningsOf } from '../../support/e2e.js';

const fixture = useLab({ stores: ['containerd'] });
const engine = () => fixture.lab().engine('containerd');
let front: Front;
beforeAll(async () => {
  const { host, realm } = fixture.lab().registry;
  front = await startFront({ registry: host, ...(realm !== undefined && { realm }) });
});
afterEach(() => front.heal());
afterAll(() => front.stop());

/** Runs that must succeed, and what the registry has under their tags. */
function follow(team: Team) {
  const { registry } = fixture.lab();
  return {
    run: async (event: WorkflowRun, inputs: Record<string, string> = {}) => {
      const result = await team.build(event, { engine: engine(), inputs });
      expectSuccess(result);
      return { ...result, tag: result.outputs.tag ?? '', digest: result.outputs.digest ?? '' };
    },
    digestOf: async (tag: string) => (await registry.findManifest(team.repository, tag))?.digest,
    far: { image: `${front.host}/${team.repository}` },
  };
}

const TAKEN = 'release-42 is the unique tag of another image and is never moved';
const LATER = /^release-42-\d{14}$/;

test('extra tags are left where the branch tag is: to the run of the newer commit', async () => {
  const team = await fixture.team('overtaken');
  const { run, digestOf } = follow(team);
  const extra = { 'extra-tags': 'latest, candidate' };
  const older = await team.push();
  await team.service.git('switch', '--quiet', '--detach');
  await team.service.changeSource('Newer');
  const newer = await run(await team.push('main'), extra);
  await team.service.git('switch', '--quiet', 'main');
  const { log, tag } = await run(older, extra);
  expect(tag).toBe(older.sha);
  for (const moving of ['main', 'latest', 'candidate']) expect(await digestOf(moving)).toBe(newer.digest);
  expect(log).toContain(`main is at ${newer.tag} by now, so main, latest, candidate are left to that commit's run.`);
});

test('extra tags of a release are left to a newer version, and those of other git tags to a later commit', async () => {
  const team = await fixture.team('releases');
  const { run, digestOf } = follow(team);
  const extra = { 'extra-tags': 'latest' };
  const [fixed, other] = [await team.pushTag('v1.2.4'), await team.pushTag('release-41')];
  // Git counts in seconds.
  await sleep(1100);
  await team.service.changeSource('Later');
  const newer = await run(await team.pushTag('v1.3.0'), extra);
  await team.service.git('switch', '--quiet', '--detach', fixed.sha);
  const fix = await run(fixed, extra);
  await team.service.git('switch', '--quiet', 'main');
  expect(await digestOf('latest')).toBe(newer.digest);
  expect(await digestOf('1.2')).toBe(fix.digest);
  expect(fix.log).toContain('A newer version than v1.2.4 exists, so 1, latest are left where they are.');

  const later = await run(await team.pushTag('release-42'), extra);
  await team.service.git('switch', '--quiet', '--detach', other.sha);
  const { log } = await run(other, extra);
  expect(await digestOf('latest')).toBe(later.digest);
  expect(log).toContain('latest leads to the image of a later commit, so it is left where it is.');
});

test.each([
  [403, 'permissions: packages: write'],
  [404, 'permissions: packages: write'],
  [500, 'Run the job again.'],
])('where the list of tags is answered with %s, nothing moves that could go back', async (status, advice) => {
  const team = await fixture.team(`unlisted-${status}`);
  const { run, digestOf, far } = follow(team);
  front.fail({ path: /\/tags\/list/, answer: { status } });
  const release = await run(await team.pushTag('v1.2.3'), { ...far, 'extra-tags': 'latest' });
  expect(await digestOf('1.2.3')).toBe(release.digest);
  for (const tag of ['1.2', '1', 'latest']) expect(await digestOf(tag)).toBeUndefined();
  const [warning, ...others] = warningsOf(release);
  expect(others).toEqual([]);
  expect(warning).toMatch(
    /^The tags of the registry cannot be listed, .* and 1\.2, 1, latest are left where they are: /,
  );
  expect(warning).toContain(advice);
});

test.each([
  ['a git tag', (team: Team) => team.pushTag('release-42'), {}],
  ['the input tag', (team: Team) => team.push('main'), { tag: 'release-42' }],
])('no moving tag takes the place of the unique tag of %s', async (_, makeEvent, inputs) => {
  const { registry } = fixture.lab();
  const team = await fixture.team(`unique-first-${Object.keys(inputs).length}`);
  const { run, digestOf, far } = follow(team);
  const first = await run(await makeEvent(team), { ...far, ...inputs });
  expect(first.tag).toBe('release-42');
  await team.service.changeSource('Another');

  const branch = await run(await team.push('release-42'), far);
  expect(branch.log).toContain(`${TAKEN}: this run leaves it where it is.`);
  expect(await registry.tags(team.repository)).toEqual(expect.arrayContaining(['builder-release-42', branch.tag]));
  // Found out only when it is about to be moved, as where both runs begin at once.
  front.fail({
    method: 'GET',
    path: /\/manifests\/release-42$/,
    agent: /^two-pass-build/,
    answer: { status: 404 },
    times: 1,
  });
  const atOnce = await run(await team.push('release-42'), far);
  expect(front.faultsServed()).toBeGreaterThan(0);
  expect(atOnce.log).toContain(`${TAKEN}, so it is left where it is.`);
  const extra = await team.build(await team.push('main'), {
    engine: engine(),
    inputs: { ...far, 'extra-tags': 'release-42' },
  });
  expectFailure(extra, /^extra-tags: release-42 is the unique tag of another image/);
  expect(extra.log).not.toContain('docker buildx build');
  for (const second of [
    await run(await team.push('main'), { ...far, tag: 'release-42' }),
    await run(await team.pushTag('release-42'), far),
  ])
    expect(second.tag).toMatch(LATER);
  expect(await digestOf('release-42')).toBe(first.digest);
});

test.each([
  ['a branch', 'release-42', {}],
  ['extra-tags', 'main', { 'extra-tags': 'release-42' }],
])('no unique tag takes the place of the moving tag of %s, which moves on', async (_, branch, inputs) => {
  const team = await fixture.team(`moving-first-${branch}`);
  const { run, digestOf } = follow(team);
  const moving = await run(await team.push(branch), inputs);
  expect(await digestOf('release-42')).toBe(moving.digest);
  for (const unique of [
    await run(await team.pushTag('release-42')),
    await run(await team.push('develop'), { tag: 'release-42' }),
  ])
    expect(unique.tag).toMatch(LATER);
  expect(await digestOf('release-42')).toBe(moving.digest);
  await team.service.changeSource('Moved on');
  const next = await run(await team.push(branch), inputs);
  expect(await digestOf('release-42')).toBe(next.digest);
});

test('a mirror keeps a unique tag that it has from elsewhere', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('mirrored');
  const { run } = follow(team);
  const mirror = `${registry.host}/${team.repository}-copy`;
  const first = await run(await team.pushTag('release-42'), { image: mirror });
  await team.service.changeSource('Another');
  const result = await team.build(await team.push('release-42'), { engine: engine(), inputs: { mirrors: mirror } });
  expectFailure(result, /could not be copied to .*there release-42 is the unique tag of another image/);
  expect((await registry.manifest(`${team.repository}-copy`, 'release-42')).digest).toBe(first.digest);
});

test('a push whose answer was lost is repeated, and its tag is not taken for that of another run', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('lost');
  const { run, far } = follow(team);
  const event = await team.push();
  // BuildKit asks again by itself until it has no patience left, as long as it does not see that the image is there.
  const [path, agent] = [new RegExp(`/manifests/${event.sha}$`), ENGINE_AGENT];
  front.fail({ method: 'HEAD', path, agent, answer: { status: 404 } });
  front.fail({ method: 'PUT', path, agent, answer: { status: 503 }, forwarded: true, times: 9 });
  const result = await run(event, { ...far, provenance: 'mode=min' });
  expect(result.log).toContain('attempt 2');
  expect(result.log).not.toContain('Another run has written');
  expect(result.tag).toBe(event.sha);
  expect((await registry.manifest(team.repository, event.sha)).digest).toBe(result.digest);
});

test('main does not take the image that a branch or the merge queue has made of its commit', async () => {
  const team = await fixture.team('same-commit');
  const { run, digestOf } = follow(team);
  const branch = await run(await team.push('feature'));
  const { sha, ...common } = await team.push('main');
  const main = await run({ ...common, sha });
  expect(branch.tag).toBe(sha);
  expect(main.tag).toMatch(new RegExp(`^${sha}-\\d{14}$`));
  expect(await digestOf(sha)).toBe(branch.digest);
  expect(await digestOf('main')).toBe(main.digest);
  expect(main.outputs['pinned-image']).toBe(`${team.image}:${main.tag}@${main.digest}`);
  const note = `${sha} exists in the registry and is never moved: this build is ${main.tag}.`;
  expect(main.annotations.map(({ message }) => message)).toContainEqual(expect.stringContaining(note));
  expect(main.log).toContain('Deploy what the outputs name');

  const head = await team.service.changeSource('From the queue');
  const queued = await run({
    ...common,
    name: 'merge_group',
    ref: 'refs/heads/gh-readonly-queue/main/pr-7-abc',
    sha: head,
    payload: { merge_group: { head_sha: head, base_ref: 'refs/heads/main' } },
  });
  const merged = await run(await team.push('main'));
  expect(queued.tag).toBe(head);
  expect(merged.tag).toMatch(new RegExp(`^${head}-\\d{14}$`));
  expect(await digestOf(head)).toBe(queued.digest);
  expect(await digestOf('main')).toBe(merged.digest);
});
