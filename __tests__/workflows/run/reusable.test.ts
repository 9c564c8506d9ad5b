// The reusable workflow, called as examples/workflows/reusable.yml calls it: what reaches the action, and what comes back.
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Document } from 'yaml';
import { ACTION, type Team } from '../../../lab/services/team.js';
import { readCachedSteps } from '../../support/e2e.js';
import { sampleOf, testByNight } from '../../support/nightly.js';
import {
  SECRETS,
  aim,
  edit,
  expectFailure,
  expectJobs,
  jobOf,
  readReport,
  report,
  useWorkflows,
  warningsOf,
} from '../../support/workflows.js';

const STORES = ['containerd', 'overlay2'] as const;
const workflows = useWorkflows(STORES);
const TOKEN = `npm_${randomBytes(18).toString('hex')}`;
const GITHUB_TOKEN = `ghs_${randomBytes(18).toString('hex')}`;
const secrets = { ...SECRETS, NPM_TOKEN: TOKEN };

/** A team that calls the workflow, and whose build shows that it was given the secret. */
async function openTeam(name: string, change?: (document: Document) => void): Promise<{ team: Team; path: string }> {
  const team = await workflows.team(name);
  await edit(team, 'Dockerfile', (text) =>
    text.replace('RUN ./src/build', 'RUN --mount=type=secret,id=npm_token sha256sum /run/secrets/* ; ./src/build'),
  );
  const example = await readFile(join(ACTION, 'examples/workflows/reusable.yml'), 'utf8');
  const workflow = aim(example, workflows.lab().registry.host, (document) => {
    report(document, 'image');
    change?.(document);
  });
  return { team, path: await workflows.install(team, workflow) };
}

test.each(sampleOf(STORES, (store) => store === 'overlay2'))(
  'a push builds, pushes and hands on what the registry serves; again it is cached (%s)',
  async (store) => {
    const { registry, engine } = workflows.lab();
    const { team, path } = await openTeam(`called-${store}`);
    // The workflow's own token opens nothing here: the login is the secret's.
    const event = { ...(await team.push()), token: GITHUB_TOKEN };
    const first = await workflows.run(team, path, event, { engine: engine(store), secrets });
    expectJobs(first, 'image', 'deploy', 'report');
    const [image, builder, main] = await Promise.all(
      [event.sha, 'builder-main', 'main'].map((tag) => registry.manifest(team.repository, tag)),
    );
    const outputs = readReport(first);
    expect(outputs).toMatchObject({
      image: `${team.image}:${event.sha}`,
      tag: event.sha,
      digest: image!.digest,
      'pinned-image': `${team.image}:${event.sha}@${image!.digest}`,
      'builder-image': `${team.image}:builder-main`,
      'builder-digest': builder!.digest,
      'pinned-builder-image': `${team.image}:builder-main@${builder!.digest}`,
      pushed: 'true',
    });
    expect(main!.digest).toBe(image!.digest);
    expect(warningsOf(first)).toEqual([]);
    expect(jobOf(first, 'deploy').log).toContain(`Deploy ${outputs['pinned-image']!}\n`);
    expect(JSON.stringify(await registry.config(team.repository, event.sha))).toContain(`COMMIT_SHA=${event.sha}`);
    // The secret came as a file of the build, and is nowhere in what was printed.
    expect(first.log).toContain(createHash('sha256').update(TOKEN).digest('hex'));
    for (const secret of [TOKEN, GITHUB_TOKEN, SECRETS.REGISTRY_PASSWORD]) expect(first.log).not.toContain(secret);

    await engine(store).prune();
    const again = await workflows.run(team, path, event, { engine: engine(store), secrets });
    expectJobs(again, 'image', 'deploy', 'report');
    expect(readCachedSteps(again)).toEqual({ builder: '5 of 5', production: '1 of 1' });
    expect(readReport(again).tag).toMatch(new RegExp(`^${event.sha}-\\d{14}$`));
    expect(await registry.tags(team.repository)).toContain('cache-main');
  },
);

describe('a pull request', () => {
  testByNight('of the same repository gets a review tag, and nothing is deployed', async () => {
    const { registry, engine } = workflows.lab();
    const { team, path } = await openTeam('reviewed');
    const event = await team.pullRequest({ number: 7, head: 'feature-x' });
    const result = await workflows.run(team, path, event, { engine: engine('containerd'), secrets });
    expectJobs(result, 'image', 'report');
    const head = await team.service.head();
    const { tag, digest, pushed } = readReport(result);
    expect(tag).toMatch(new RegExp(`^review-pr-7-${head}-\\d{14}$`));
    expect(pushed).toBe('true');
    expect(digest).toBe((await registry.manifest(team.repository, tag!)).digest);
    expect(await registry.tags(team.repository)).toEqual(['builder-feature-x', 'feature-x', tag]);
    expect(JSON.stringify(await registry.config(team.repository, tag!))).toContain(`COMMIT_SHA=${head}`);
  });

  test('of a fork is built, pushes nothing, and nothing is deployed', async () => {
    const { registry, engine } = workflows.lab();
    const { team, path } = await openTeam('forked');
    await engine('containerd').prune();
    const event = await team.pullRequest({ number: 8, head: 'feature-x', fork: 'mallory/forked' });
    const result = await workflows.run(team, path, event, { engine: engine('containerd'), secrets: {} });
    expectJobs(result, 'image', 'report');
    expect(readReport(result)).toMatchObject({ digest: '', 'pinned-image': '', pushed: 'false' });
    expect(result.log).toContain('built 3 dependencies into dist');
    expect(await registry.tags(team.repository)).toEqual([]);
  });
});

test('inputs of each type reach the action', async () => {
  const { team, path } = await openTeam('typed', (document) => {
    const list = { 'extra-tags': 'stable,next', labels: 'team=octo\nnote=two words' };
    const own = { 'runs-on': '["ubuntu-latest"]', 'timeout-minutes': 5 };
    for (const [name, value] of Object.entries({ ...own, ...list, 'reuse-cache': false, 'dry-run': true }))
      document.setIn(['jobs', 'image', 'with', name], value);
  });
  const result = await workflows.run(team, path, await team.push(), { engine: workflows.lab().engine('containerd') });
  expectJobs(result, 'image', 'report');
  expect(JSON.parse(readReport(result).plan!)).toMatchObject({
    tags: { moving: ['main', 'stable', 'next'] },
    builder: { noCache: true },
    production: { options: expect.arrayContaining(['build-args', 'labels']) as unknown },
  });
  expect(await workflows.lab().registry.tags(team.repository)).toEqual([]);
});

// One platform, since act keeps no outputs of a second one (nektos/act#981); __tests__/e2e/run/index-run.test.ts has two.
test('with platform-runners, a part is built on its runner, and an index of it is what comes back', async () => {
  const { registry, engine } = workflows.lab();
  const { team, path } = await openTeam('parted', (document) => {
    const runners = [{ platform: 'linux/amd64', 'runs-on': 'ubuntu-latest' }];
    document.setIn(['jobs', 'image', 'with', 'platform-runners'], JSON.stringify(runners));
    document.setIn(['jobs', 'image', 'with', 'extra-tags'], 'latest');
  });
  const event = await team.push();
  const result = await workflows.run(team, path, event, { engine: engine('containerd'), secrets });
  expectJobs(result, 'part', 'index', 'deploy', 'report');
  const [index, main, part] = await Promise.all(
    [event.sha, 'latest', `${event.sha}-linux_amd64`].map((tag) => registry.manifest(team.repository, tag)),
  );
  expect(index!.body).toMatchObject({
    manifests: [{ digest: part!.digest, platform: { os: 'linux', architecture: 'amd64' } }],
  });
  expect(main!.digest).toBe(index!.digest);
  const outputs = readReport(result);
  expect(outputs).toMatchObject({
    digest: index!.digest,
    'pinned-image': `${team.image}:${event.sha}@${index!.digest}`,
    'builder-image': '',
    pushed: 'true',
  });
  expect(jobOf(result, 'deploy').log).toContain(`Deploy ${outputs['pinned-image']!}\n`);
  // Inputs of the build reach the part, and tags the index alone.
  expect(JSON.stringify(await registry.config(team.repository, event.sha))).toContain(`COMMIT_SHA=${event.sha}`);
  expect((await registry.tags(team.repository)).filter((tag) => tag.startsWith('latest'))).toEqual(['latest']);
});

describe('with attest', () => {
  const attested = (document: Document): void => document.setIn(['jobs', 'image', 'with', 'attest'], true);

  test('the pushed digest is signed in a job of its own, with a login that ends there', async () => {
    const { registry, engine } = workflows.lab();
    const { team, path } = await openTeam('attested', attested);
    const event = await team.push();
    const result = await workflows.run(team, path, event, { engine: engine('containerd'), secrets });
    expectJobs(result, 'image', 'attest', 'deploy', 'report');
    const { digest } = await registry.manifest(team.repository, event.sha);
    expect(result.calls).toEqual([`attest ${team.image}@${digest} push-to-registry=true create-storage-record=false`]);
    expect(jobOf(result, 'attest').log).toContain('Removing login credentials');
    expect(result.log).not.toContain(SECRETS.REGISTRY_PASSWORD);
  });

  testByNight('a promoted image, which the run of main has signed, is not signed again', async () => {
    const { registry, engine } = workflows.lab();
    const { team, path } = await openTeam('attested-once', (document) => {
      attested(document);
      document.setIn(['jobs', 'image', 'with', 'promote'], true);
      document.setIn(['on', 'push', 'tags'], ['v*']);
    });
    const run = { engine: engine('containerd'), secrets };
    const main = await workflows.run(team, path, await team.push(), run);
    expect(main.calls).toHaveLength(1);
    const released = await workflows.run(team, path, await team.pushTag('v1.2.3'), run);
    expect(released.code).toBe(0);
    expect(released.calls).toEqual([]);
    const { sha } = await team.push();
    const [one, other] = await Promise.all([sha, 'v1.2.3'].map((tag) => registry.manifest(team.repository, tag)));
    expect(other!.digest).toBe(one!.digest);
    expect(readReport(released).digest).toBe(one!.digest);
  });

  testByNight('nothing is signed that was not pushed', async () => {
    const { engine } = workflows.lab();
    const { team, path } = await openTeam('unattested', attested);
    const event = await team.pullRequest({ number: 8, head: 'feature-x', fork: 'mallory/unattested' });
    const result = await workflows.run(team, path, event, { engine: engine('containerd'), secrets: {} });
    expectJobs(result, 'image', 'report');
    expect(result.calls).toEqual([]);
  });
});

testByNight('a wrong input ends the run red, and nothing is deployed', async () => {
  const { registry, engine } = workflows.lab();
  const { team, path } = await openTeam('mistaken', (document) => {
    document.setIn(['jobs', 'image', 'with', 'push'], 'maybe');
  });
  const result = await workflows.run(team, path, await team.push(), { engine: engine('containerd'), secrets });
  // act starts nothing more after a called workflow that has failed; examples.test.ts has such jobs in one workflow.
  expectFailure(result, 'image', /push.*maybe/);
  expect(await registry.tags(team.repository)).toEqual([]);
});
