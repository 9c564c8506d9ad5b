// What each kind of event may write, as the registry shows it afterwards.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { LATER, OTHER, REPOSITORY, SHA, on, pullRequest, push, pushTag } from '../../support/world/events.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
});

const REVIEW_TAG = new RegExp(`^review-pr-12-${LATER}-20260203040506$`);
const tags = (): readonly string[] => world.registry.tags(REPOSITORY);
const digestOf = (tag: string): string | undefined => world.registry.manifest(REPOSITORY, tag)?.digest;

/** As with a run of main before, whose engine has nothing of it. */
async function afterMain(): Promise<void> {
  await world.succeed(push('main', SHA));
  world.engine = world.freshEngine();
}

/** Labels of what the registry has under a tag. */
function labelsOf(tag: string): Readonly<Record<string, string>> {
  const { config } = JSON.parse(world.registry.manifest(REPOSITORY, tag)?.bytes.toString() ?? '') as {
    config: { digest: string };
  };
  const content = JSON.parse(world.registry.blob(config.digest)?.toString() ?? '') as {
    config: { Labels: Record<string, string> };
  };
  return content.config.Labels;
}

describe('a pull request', () => {
  test('of the same repository starts from main and writes a review tag and its own branch tags', async () => {
    await afterMain();
    world.engine.sources = 's2';
    const before = [digestOf('main'), digestOf('builder-main')];
    const { outputs, log } = await world.succeed(pullRequest({ sha: LATER, head: 'feature/x' }));
    expect(outputs.tag).toMatch(REVIEW_TAG);
    expect(log.join('\n')).toContain('info: Builder: 1 of 2 steps cached');
    const branch = tags().find((tag) => /^feature-x-[0-9a-f]{10}$/.test(tag)) ?? '';
    expect(tags()).toEqual(
      [SHA, 'main', 'builder-main', branch, `builder-${branch}`, `cache-${branch}`, outputs.tag].sort(),
    );
    expect([digestOf('main'), digestOf('builder-main')]).toEqual(before);
    expect(digestOf(branch)).toBe(outputs.digest);
    expect(labelsOf(outputs.tag ?? '')).toHaveProperty(['org.opencontainers.image.revision'], LATER);
  });

  test('from a fork leaves the image in the engine, whatever its branch is called', async () => {
    await afterMain();
    const [before, requests] = [tags(), world.registry.requests.length];
    const { outputs, notices } = await world.succeed(pullRequest({ sha: LATER, head: 'main', fork: 'mallory/app' }));
    expect(outputs).toMatchObject({ pushed: 'false', tag: expect.stringMatching(REVIEW_TAG) });
    expect(outputs).not.toHaveProperty('digest');
    expect(tags()).toEqual(before);
    expect(world.registry.requests.slice(requests).filter((one) => !/^(?:GET|HEAD)/.test(one))).toEqual([]);
    expect([...world.engine.images.keys()]).toEqual([outputs.image]);
    expect(notices.join()).toMatch(/Nothing was pushed: .*mallory\/app/);
  });

  test('from main into another branch leaves the tags of main alone', async () => {
    await afterMain();
    const ofMain = ['main', 'builder-main', 'cache-main'];
    const [before, all] = [ofMain.map(digestOf), tags()];
    world.engine.dependencies = 'd2';
    const { outputs } = await world.succeed(pullRequest({ sha: LATER, head: 'main', base: 'develop' }));
    expect(outputs.tag).toMatch(REVIEW_TAG);
    expect(ofMain.map(digestOf)).toEqual(before);
    expect(tags()).toEqual([...all, outputs.tag].sort());
  });
});

describe('another commit than that of the event is checked out', () => {
  const ofMain = ['main', 'builder-main', 'cache-main', SHA];
  const onMain = (name: string) => on(name, 'refs/heads/main');
  let before: readonly (string | undefined)[];
  let all: readonly string[];
  beforeEach(async () => {
    await afterMain();
    [before, all] = [ofMain.map(digestOf), tags()];
    world.engine.dependencies = 'elsewhere';
    world.checkedOut = { commit: OTHER, branch: null };
  });

  test('by an event that anybody can cause: nothing is pushed', async () => {
    const { outputs, notices } = await world.succeed(onMain('issue_comment'));
    expect(outputs).toMatchObject({ pushed: 'false', tag: OTHER });
    expect(notices.join()).toMatch(new RegExp(`Nothing was pushed: ${OTHER} is checked out, and not ${SHA}`));
    const { error } = await world.run(onMain('issue_comment'), { push: 'true' });
    expect(error?.message).toMatch(/^push is true, but .* can cause issue_comment\. Check out/);
    expect(tags()).toEqual(all);
  });

  test('by one that only writers can cause: it is what is named, and no other tag moves', async () => {
    const { outputs, notices, summary } = await world.succeed(onMain('workflow_dispatch'), { 'extra-tags': 'edge' });
    expect(outputs.tag).toBe(OTHER);
    expect(notices.filter((text) => text.includes(OTHER) && text.includes(SHA))).toHaveLength(1);
    expect(summary).toContain(`Commit ${OTHER}, instead of ${SHA}`);
    expect(labelsOf(OTHER)).toHaveProperty(['org.opencontainers.image.revision'], OTHER);
    const again = await world.succeed(push('main', SHA));
    expect(again.outputs.tag).toBe(`${OTHER}-20260203040506`);
    expect(ofMain.map(digestOf)).toEqual(before);
    expect(tags()).toEqual([...all, OTHER, again.outputs.tag].sort());
  });

  test("as the head of a branch it is that branch's run, whoever asks for it", async () => {
    world.github.branches.set('topic', OTHER);
    const { outputs } = await world.succeed(onMain('issue_comment'));
    expect(outputs.tag).toBe(OTHER);
    expect(tags()).toEqual([...all, OTHER, 'topic', 'builder-topic', 'cache-topic'].sort());
    expect(digestOf('topic')).toBe(outputs.digest);
    expect(ofMain.map(digestOf)).toEqual(before);
    world.engine = world.freshEngine();
    world.engine.dependencies = 'elsewhere';
    expect((await world.succeed(onMain('workflow_dispatch'))).log).toContain('info: Builder: 2 of 2 steps cached');
  });

  test('and GitHub does not say whether it is the head of a branch', async () => {
    const refused = Object.assign(new Error('Resource not accessible by integration'), { status: 403 });
    world.github.faults.set('readBranchesAt', refused);
    const { notices } = await world.succeed(onMain('workflow_dispatch'));
    expect(notices.join()).toContain('(the job may need "permissions: contents: read")');
    expect(ofMain.map(digestOf)).toEqual(before);
  });
});

describe('pull_request_target', () => {
  test('that has its base checked out names that, and moves no tag', async () => {
    world.checkedOut = { commit: 'f'.repeat(40), branch: 'main' };
    const { outputs, notices } = await world.succeed(pullRequest({ name: 'pull_request_target' }));
    expect(tags()).toEqual([outputs.tag]);
    expect(notices.join()).toContain('pull_request_target checks the base out');
  });

  test('of which nobody can tell what is built moves no tag either', async () => {
    const { outputs, notices } = await world.succeed(pullRequest({ name: 'pull_request_target' }));
    expect(tags()).toEqual([outputs.tag]);
    expect(notices.join()).toContain('Nobody can tell which commit is built');
  });
});

describe('a git tag', () => {
  test('writes itself and the moving tags of its version, and no branch tag', async () => {
    const { outputs } = await world.succeed(pushTag('v1.2.3'));
    expect(outputs.tag).toBe('v1.2.3');
    expect(tags()).toEqual(['1', '1.2', '1.2.3', 'v1.2.3']);
    expect(tags().map(digestOf)).toEqual(tags().map(() => outputs.digest));
    expect(outputs).not.toHaveProperty('builder-image');
  });

  test('imports the merged cache by its digest and moves no cache tag', async () => {
    await afterMain();
    const before = tags();
    const { log } = await world.succeed(pushTag('v1.0.0'));
    expect(log).toContain('info: Builder: 2 of 2 steps cached');
    expect(world.engine.builds[0]).toMatch(/--cache-from type=registry,ref=\S+@sha256:[0-9a-f]{64} /);
    expect(tags().filter((tag) => !before.includes(tag))).toEqual(['1', '1.0', '1.0.0', 'v1.0.0']);
  });
});

describe('tags', () => {
  test('of a repository with upper case are written in lower case', async () => {
    const { outputs } = await world.succeed(push('main', SHA), { image: `${world.registry.host}/Owner/APP` });
    expect(outputs.image).toBe(`${world.registry.host}/owner/app:${SHA}`);
    expect(tags()).toContain(SHA);
  });

  test('tag and extra-tags are written as they are given', async () => {
    const { outputs } = await world.succeed(push('main', SHA), {
      tag: 'release-7',
      'extra-tags': 'candidate, nightly',
    });
    expect(outputs.tag).toBe('release-7');
    expect(tags()).toEqual(['builder-main', 'candidate', 'main', 'nightly', 'release-7']);
  });

  test('no unique tag is ever moved, not even by runs of one commit within a second', async () => {
    const first = await world.succeed(push('main', SHA));
    const second = await world.succeed(push('main', SHA));
    const third = await world.succeed(push('main', SHA));
    const unique = [first, second, third].map(({ outputs }) => outputs.tag ?? '');
    expect(unique).toEqual([SHA, `${SHA}-20260203040506`, expect.stringMatching(new RegExp(`^${SHA}-20260203\\d{6}`))]);
    expect(new Set(unique).size).toBe(3);
    expect(unique.map(digestOf)).toEqual([first, second, third].map(({ outputs }) => outputs.digest));
  });

  test.each(['$(touch /tmp/x)', '--output=type=local,dest=/', 'main\n::error::x', '../../main', 'a'.repeat(250), '🙂'])(
    'of a branch that is called %j are its own',
    async (branch) => {
      await afterMain();
      const before = [digestOf('main'), tags()] as const;
      const { outputs } = await world.succeed(push(branch, LATER));
      const own = tags().filter((tag) => !before[1].includes(tag));
      expect(own.filter((tag) => /^[\w.-]+-[0-9a-f]{10}$/.test(tag) && !/^(?:builder|cache)-/.test(tag))).toHaveLength(
        1,
      );
      expect(digestOf('main')).toBe(before[0]);
      expect(outputs.tag).toBe(LATER);
    },
  );
});

describe('what main merges', () => {
  test('a pull request has built already, and main starts from its images', async () => {
    await afterMain();
    world.engine.sources = 's2';
    await world.succeed(pullRequest({ sha: LATER, head: 'feature-x' }));
    world.engine = world.freshEngine();
    world.engine.sources = 's2';
    world.github.merged.set(OTHER, 'feature-x');
    const { outputs, log } = await world.succeed(push('main', OTHER));
    expect(JSON.parse(outputs.plan ?? '')).toMatchObject({ lineage: [{ branch: 'main' }, { branch: 'feature-x' }] });
    expect(log.join('\n')).toMatch(/Builder image: unchanged, builder-main is what builder-feature-x is/);
    expect(digestOf('builder-main')).toBe(digestOf('builder-feature-x'));
  });

  test('GitHub does not say: a warning, and the run goes on', async () => {
    world.github.faults.set('readMergedBranch', new Error('gave no answer within 5 s'));
    const { warnings } = await world.succeed(push('main', SHA));
    expect(warnings).toEqual([expect.stringContaining('The job may need "permissions: pull-requests: read"')]);
  });
});
