// What each kind of event may write, as the registry shows it afterwards.
import { describe, expect, test } from '@jest/globals';
import { READER, type Team } from '../../../lab/services/team.js';
import { compactUtc } from '../../../src/plan/tags/tags.js';
import { expectFailure, expectSuccess, readCachedSteps, useLab, warningsOf } from '../../support/e2e.js';

const fixture = useLab({ stores: ['containerd'] });
const engine = () => fixture.lab().engine('containerd');
const REVIEW_TAG = /^review-pr-12-[0-9a-f]{40}-\d{14}$/;

async function readDigests(team: Team, tags: readonly string[]): Promise<readonly (string | null)[]> {
  const { registry } = fixture.lab();
  const existing = await registry.tags(team.repository);
  return Promise.all(
    tags.map(async (tag) => (existing.includes(tag) ? (await registry.manifest(team.repository, tag)).digest : null)),
  );
}

describe('a pull request', () => {
  test('of the same repository starts from main and writes a review tag and its own branch tags', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team('review');
    const main = await team.push();
    expectSuccess(await team.build(main, { engine: engine() }));
    const before = (await registry.manifest(team.repository, 'main')).digest;

    await engine().prune();
    await team.service.git('switch', '--quiet', '--create', 'feature/x');
    const head = await team.service.changeSource('Hello from the branch');
    const event = await team.pullRequest({ number: 12, head: 'feature/x' });
    team.github.setCommitTime(head, '2026-05-04T03:02:01Z');
    const result = await team.build(event, { engine: engine() });
    expectSuccess(result);

    expect(result.outputs.tag).toMatch(REVIEW_TAG);
    expect(result.outputs.tag).toContain(head);
    expect(readCachedSteps(result).builder).toBe('3 of 5');
    const tags = await registry.tags(team.repository);
    const branchTag = tags.find((tag) => /^feature-x-[0-9a-f]{10}$/.test(tag));
    expect(tags).toEqual(
      [
        main.sha,
        'main',
        'builder-main',
        branchTag,
        `builder-${branchTag}`,
        `cache-${branchTag}`,
        result.outputs.tag,
      ].sort(),
    );
    expect((await registry.manifest(team.repository, 'main')).digest).toBe(before);
    expect((await registry.manifest(team.repository, branchTag!)).digest).toBe(result.outputs.digest);
    const config = await registry.config(team.repository, result.outputs.tag!);
    expect(config).toHaveProperty(['config', 'Labels', 'org.opencontainers.image.revision'], head);
  });

  test('from a fork builds both passes, pushes nothing, and leaves the image in the engine', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team('forked');
    expectSuccess(await team.build(await team.push(), { engine: engine() }));
    const tags = await registry.tags(team.repository);
    const mark = registry.mark();

    // With a token that could write, and a branch that is called main: neither may matter.
    const event = await team.pullRequest({ number: 12, head: 'main', fork: 'mallory/forked' });
    const result = await team.build(event, { engine: engine() });
    expectSuccess(result);

    expect(result.outputs).toMatchObject({ pushed: 'false' });
    expect(result.outputs.digest ?? '').toBe('');
    expect(result.outputs.tags ?? '').toBe('');
    expect(result.outputs.tag).toMatch(REVIEW_TAG);
    expect(await registry.tags(team.repository)).toEqual(tags);
    const writes = (await registry.requests(mark)).filter(({ method }) => method !== 'GET' && method !== 'HEAD');
    expect(writes).toEqual([]);
    expect((await engine().docker(['run', '--rm', '--network=none', result.outputs.image ?? ''])).code).toBe(0);
    expect(result.log).toMatch(/Nothing was pushed: .*mallory\/forked/);
  });

  test('from a fork with push: true fails before anything is built', async () => {
    const team = await fixture.team('forced');
    const event = await team.pullRequest({ number: 12, head: 'topic', fork: 'mallory/forced' });
    const result = await team.build(event, { engine: engine(), inputs: { push: 'true' } });
    expectFailure(result, /push is true, but .*mallory\/forced.*push: auto/);
    expect(result.log).not.toContain('docker buildx build');
  });
});

test('a pull request from main into another branch leaves the tags of main alone', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('back-merge');
  expectSuccess(await team.build(await team.push(), { engine: engine() }));
  const digests = () => readDigests(team, ['main', 'builder-main', 'cache-main']);
  const [before, tags] = await Promise.all([digests(), registry.tags(team.repository)]);

  const head = await team.service.changeDependencies('newer');
  const event = await team.pullRequest({ number: 12, head: 'main', base: 'develop' });
  const result = await team.build(event, { engine: engine() });
  expectSuccess(result);
  expect(result.outputs.tag).toMatch(REVIEW_TAG);
  expect(result.outputs.tag).toContain(head);
  expect(await digests()).toEqual(before);
  expect(await registry.tags(team.repository)).toEqual([...tags, result.outputs.tag].sort());
});

describe('another commit than that of the event is checked out', () => {
  const LATER = /^[0-9a-f]{40}-\d{14}$/;

  test('it is what is named, and no tag of another moves', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team('elsewhere');
    const push = await team.push();
    expectSuccess(await team.build(push, { engine: engine() }));
    const ofMain = ['main', 'builder-main', 'cache-main', push.sha];
    const [before, tags] = await Promise.all([readDigests(team, ofMain), registry.tags(team.repository)]);
    const run = (name: string, inputs: Record<string, string> = {}) =>
      team.build({ ...push, name }, { engine: engine(), inputs });
    await team.service.git('checkout', '--quiet', '--detach');
    const other = await team.service.changeDependencies('elsewhere');

    // Anybody can write a comment.
    const comment = await run('issue_comment');
    expectSuccess(comment);
    expect(comment.outputs).toMatchObject({ pushed: 'false', tag: other });
    expect(comment.log).toMatch(new RegExp(`Nothing was pushed: ${other} is checked out, and not ${push.sha}`));
    expectFailure(
      await run('issue_comment', { push: 'true' }),
      /^push is true, but .* can cause issue_comment\. Check out/,
    );
    expect(await registry.tags(team.repository)).toEqual(tags);

    const dispatched = await run('workflow_dispatch', { 'extra-tags': 'edge' });
    expectSuccess(dispatched);
    expect(dispatched.outputs.tag).toBe(other);
    const notices = dispatched.annotations.filter(({ level }) => level === 'notice').map(({ message }) => message);
    expect(notices.filter((text) => text.includes(other) && text.includes(push.sha))).toHaveLength(1);
    expect(dispatched.summary).toContain(`Commit ${other}, instead of ${push.sha}`);
    const config = await registry.config(team.repository, other);
    expect(config).toHaveProperty(['config', 'Labels', 'org.opencontainers.image.revision'], other);
    const pushed = await run('push');
    expect(pushed.outputs.tag).toMatch(LATER);
    expect(pushed.outputs.tag).toContain(other);
    expect(await readDigests(team, ofMain)).toEqual(before);
    expect(await registry.tags(team.repository)).toEqual([...tags, other, pushed.outputs.tag].sort());

    // As soon as it is the head of a branch, it is that branch's run: anybody may ask for it.
    team.github.setBranch('topic', other);
    const ofBranch = await run('issue_comment');
    expectSuccess(ofBranch);
    expect(ofBranch.outputs.tag).toContain(other);
    const own = ['topic', 'builder-topic', 'cache-topic'];
    expect(await registry.tags(team.repository)).toEqual(
      [...tags, other, pushed.outputs.tag, ofBranch.outputs.tag, ...own].sort(),
    );
    expect(await readDigests(team, ['topic'])).toEqual([ofBranch.outputs.digest]);
    await engine().prune();
    const again = await run('workflow_dispatch');
    expectSuccess(again);
    expect(readCachedSteps(again).builder).toBe('5 of 5');
    expect(await readDigests(team, ofMain)).toEqual(before);
  });
});

describe('a run whose token may only read', () => {
  test('builds both passes, pushes nothing, succeeds, and says why', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team('dependabot');
    const mark = registry.mark();
    const inputs = { username: READER.name, password: READER.password };
    const result = await team.build(await team.push('dependabot/npm/left-pad'), { engine: engine(), inputs });
    expectSuccess(result);
    expect(result.outputs.pushed).toBe('false');
    expect(result.log).toMatch(/Nothing was pushed: the registry .* refuses to take an upload/);
    const accepted = (await registry.requests(mark)).filter(
      ({ method, status }) => !['GET', 'HEAD'].includes(method) && status < 400,
    );
    expect(accepted).toEqual([]);
    expect(await registry.tags(team.repository)).toEqual([]);
  });

  test('fails at once with push: true', async () => {
    const team = await fixture.team('readonly');
    const inputs = { username: READER.name, password: READER.password, push: 'true' };
    const result = await team.build(await team.push(), { engine: engine(), inputs });
    expectFailure(result, /push is true, but the registry .* refuses/);
    expect(result.log).not.toContain('docker buildx build');
  });
});

describe('a git tag', () => {
  test('writes itself and the moving tags of its version, and no branch tag', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team('release');
    const result = await team.build(await team.pushTag('v1.2.3'), { engine: engine() });
    expectSuccess(result);
    expect(result.outputs.tag).toBe('v1.2.3');
    expect(await registry.tags(team.repository)).toEqual(['1', '1.2', '1.2.3', 'v1.2.3']);
    for (const tag of ['1', '1.2', '1.2.3']) {
      expect((await registry.manifest(team.repository, tag)).digest).toBe(result.outputs.digest);
    }
    expect(result.outputs['builder-image'] ?? '').toBe('');
  });
});

test('a fix of an older version leaves the tags of the newer one where they are', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('backport');
  const newer = await team.build(await team.pushTag('v1.3.0'), { engine: engine() });
  await team.service.changeSource('Backported');
  const fix = await team.build(await team.pushTag('v1.2.4'), { engine: engine() });
  expectSuccess(newer);
  expectSuccess(fix);
  const digest = async (tag: string) => (await registry.manifest(team.repository, tag)).digest;
  expect(await digest('1')).toBe(newer.outputs.digest);
  expect(await digest('1.3')).toBe(newer.outputs.digest);
  expect(await digest('1.2')).toBe(fix.outputs.digest);
  expect(fix.log).toContain('A newer version than v1.2.4 exists, so 1 is left where it is.');
});

describe('tags', () => {
  test('of a repository with upper case are written in lower case', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team('upper', { githubRepository: 'Octo/Upper-Case' });
    const event = await team.push();
    const image = `${registry.host}/Octo/Upper-Case`;
    const result = await team.build(event, { engine: engine(), inputs: { image } });
    expectSuccess(result);
    expect(result.outputs.image).toBe(`${registry.host}/octo/upper-case:${event.sha}`);
    expect(await registry.tags('octo/upper-case')).toContain(event.sha);
  });

  test('tag and extra-tags are written as they are given', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team('own');
    const event = await team.push();
    const result = await team.build(event, {
      engine: engine(),
      inputs: { tag: 'release-7', 'extra-tags': 'candidate, nightly' },
    });
    expectSuccess(result);
    expect(result.outputs.tag).toBe('release-7');
    expect(await registry.tags(team.repository)).toEqual(['builder-main', 'candidate', 'main', 'nightly', 'release-7']);
  });

  test('no unique tag is ever moved, not even by runs of one commit within a second', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team('at-once');
    const event = await team.push();
    expectSuccess(await team.build(event, { engine: engine() }));
    // As if a run had ended in each of the coming seconds.
    const { mediaType, body } = await registry.manifest(team.repository, event.sha);
    const now = Date.now();
    const taken = new Map<string, string>();
    for (let seconds = 0; seconds < 30; seconds += 1) {
      const tag = `${event.sha}-${compactUtc(new Date(now + seconds * 1000))}`;
      taken.set(tag, await registry.putManifest(team.repository, tag, mediaType, JSON.stringify(body)));
    }
    const again = await team.build(event, { engine: engine() });
    expectSuccess(again);
    expect(again.outputs.tag).toMatch(/^[0-9a-f]{40}-\d{14}$/);
    expect([...taken.keys()]).not.toContain(again.outputs.tag);
    for (const [tag, digest] of taken) expect((await registry.manifest(team.repository, tag)).digest).toBe(digest);
  });

  test('the branch tag stays where it is when the branch has moved on meanwhile', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team('late');
    const old = await team.push();
    await team.service.changeSource('Newer');
    const newer = await team.push();
    expectSuccess(await team.build(newer, { engine: engine() }));
    await team.service.git('checkout', '--quiet', old.sha);
    const result = await team.build(old, { engine: engine() });
    expectSuccess(result);
    expect(result.log).toContain(`main is at ${newer.sha} by now`);
    const [main, unique] = await Promise.all(['main', newer.sha].map((tag) => registry.manifest(team.repository, tag)));
    expect(main!.digest).toBe(unique!.digest);
    expect((await registry.manifest(team.repository, old.sha)).digest).toBe(result.outputs.digest);
    expect(warningsOf(result)).toEqual([]);
  });
});
