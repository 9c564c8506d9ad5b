// The comment on the pull request, as GitHub has it afterwards, and what was asked of GitHub for it.
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { GitHubApi } from '../../../src/adapters/github/run-api.js';
import type { RunnerEvent } from '../../../src/plan/event/event.js';
import { LATER, OTHER, SHA, pullRequest, push } from '../../support/world/events.js';
import { REFUSED, StatusError } from '../../support/world/memory-github.js';
import { type SmallWorld, type Told, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
});

const COMMENT = { comment: 'true' };
const bodies = (): readonly string[] => world.github.comments.map(({ body }) => body);
const asked = (): readonly string[] => world.github.requests.filter((name) => /Comment|TokenOwner/.test(name));

/** A run of that number. */
function build(
  id: number,
  event: RunnerEvent = pullRequest(),
  inputs: Readonly<Record<string, string>> = {},
): Promise<Told> {
  const runUrl = `https://github.com/owner/app/actions/runs/${id}/attempts/1`;
  return world.run(event, { ...COMMENT, ...inputs }, { runNumber: { id, attempt: 1 }, runUrl });
}

describe('a pull request', () => {
  test('has one comment, which the next run brings up to date', async () => {
    world.github.addComment(12, 'alice', 'Please review');
    const first = await build(10);
    expect(world.github.comments.map(({ author }) => author)).toEqual(['alice', 'github-actions[bot]']);
    const [, written = ''] = bodies();
    expect(written).toContain(`\n${first.outputs['pinned-image'] ?? ''}\n`);
    expect(written).toContain('- Builder: 0 of 2 steps cached; the first that was not: ');
    expect(written).toMatch(/^- Size: .* compressed$/m);
    expect(written).toContain('/actions/runs/10/attempts/1)');
    world.engine.sources = 's2';
    const before = asked().length;
    const second = await build(11, pullRequest({ sha: LATER }));
    expect(world.github.comments).toHaveLength(2);
    const [, updated = ''] = bodies();
    expect(updated).toContain(`\n${second.outputs['pinned-image'] ?? ''}\n`);
    expect(updated).toContain(`Commit ${LATER}, `);
    expect(updated).not.toContain(first.outputs.digest);
    expect(asked().slice(before)).toEqual(['readTokenOwner', 'readComments', 'updateComment']);
    expect([...first.warnings, ...second.warnings]).toEqual([]);
  });

  test("has its own found among a stranger's copies, which are left alone", async () => {
    await build(1);
    const [body = ''] = bodies();
    world.github.comments = [];
    for (let count = 0; count < 150; count += 1) world.github.addComment(12, 'mallory', body);
    const own = world.github.addComment(12, 'github-actions[bot]', body);
    await build(2);
    expect(world.github.comments.filter((one) => one.body !== body).map(({ id }) => id)).toEqual([own]);
  });

  test('with more comments than are read gets no further one with every run, and a warning', async () => {
    for (let count = 0; count < 1100; count += 1) world.github.addComment(12, 'alice', 'me too');
    const { warnings } = await build(1);
    expect(world.github.comments).toHaveLength(1100);
    expect(warnings).toEqual([expect.stringContaining('not among the first 1000 comments')]);
  });

  test('has a comment for each of its images', async () => {
    const images = ['app', 'app/web', 'app/web-api'].map((name) => `${world.registry.host}/owner/${name}`);
    for (const id of [20, 21]) for (const image of images) await build(id, pullRequest(), { image });
    expect(bodies().map((body) => /^### Image `(.*)`$/m.exec(body)?.[1])).toEqual(images);
    expect(bodies().every((body) => body.includes('/runs/21/'))).toBe(true);
  });

  test('keeps the comment of the newer run when an older one ends last', async () => {
    await build(100, pullRequest({ sha: LATER }));
    const before = bodies();
    const { notices, warnings } = await build(99);
    expect(bodies()).toEqual(before);
    expect(notices.join()).toContain('A later run has commented on pull request #12 already');
    expect(warnings).toEqual([]);
  });

  test('is told of a failed build, in the place of what was there, without its secrets', async () => {
    await build(1);
    const secret = 'npm-s3cret-value';
    world.engine.sources = 's2';
    world.engine.failing.set('RUN make', { error: `process "echo ${secret} @octo/owners" failed` });
    const { error } = await build(2, pullRequest(), { secrets: `npm=${secret}` });
    expect(error).not.toBeNull();
    expect(bodies()).toHaveLength(1);
    expect(bodies()[0]).toMatch(/^\*\*Failed\.\*\* .*RUN make/m);
    expect(bodies()[0]).not.toMatch(/s3cret|sha256:|@octo/);
    expect(bodies()[0]).toContain('/runs/2/');
  });

  test('keeps its comment when a run is cancelled', async () => {
    await build(1);
    const before = bodies();
    world.engine.onBuild = () => world.cancellation.abort();
    expect((await build(2)).error?.name).toBe('CancelledError');
    expect(bodies()).toEqual(before);
  });

  test('of a token that may not push is told why there is no image', async () => {
    world.registry.writable = false;
    await build(1);
    expect(bodies()[0]).toMatch(/^Not pushed: /m);
  });

  test('gets none on an image that is not of its head', async () => {
    world.checkedOut = { commit: OTHER, branch: null };
    world.github.branches.set('another', OTHER);
    const { notices } = await build(1);
    expect(bodies()).toEqual([]);
    expect(notices.join()).toContain(`gets no comment on this image: ${OTHER} is built, which is not its head`);
  });
});

test.each<[string, RunnerEvent, Readonly<Record<string, string>>]>([
  ['by a run of a fork', pullRequest({ fork: 'mallory/app' }), COMMENT],
  ['by a push', push('feature-x', SHA), COMMENT],
  ['by a dry run', pullRequest(), { ...COMMENT, 'dry-run': 'true' }],
  ['where nobody wants one', pullRequest(), { comment: 'false' }],
])('GitHub is asked nothing about comments %s', async (_, event, inputs) => {
  const { error, warnings } = await world.run(event, inputs);
  expect(error).toBeNull();
  expect(asked()).toEqual([]);
  expect(warnings).toEqual([]);
});

describe('a fault is one warning, and the build stays as it is', () => {
  test.each<[string, keyof GitHubApi, Error, RegExp]>([
    [
      'the token may read only',
      'createComment',
      REFUSED,
      /Resource not accessible by integration.*pull-requests: write/,
    ],
    [
      'the token may do nothing',
      'readTokenOwner',
      REFUSED,
      /Resource not accessible by integration.*pull-requests: write/,
    ],
    ['the repository is hidden', 'readComments', new StatusError(404, 'Not Found'), /Not Found.*pull-requests: write/],
    ['GitHub is out of order', 'readComments', new StatusError(500, 'Server Error'), /Server Error\.$/],
    [
      'GitHub does not answer',
      'readTokenOwner',
      new Error('gave no answer within 5 s'),
      /gave no answer within 5 s\.$/,
    ],
  ])('%s', async (_, question, fault, message) => {
    world.github.faults.set(question, fault);
    const { error, warnings, outputs, summary } = await build(1);
    expect(error).toBeNull();
    expect(warnings).toEqual([expect.stringMatching(message)]);
    expect(warnings[0]).toMatch(/^Pull request #12 has no up-to-date comment on this image: /);
    expect(outputs.pushed).toBe('true');
    expect(summary).toContain('has no up-to-date comment');
    expect(bodies()).toEqual([]);
  });

  test('of an empty github-token too', async () => {
    const { warnings } = await build(1, pullRequest(), { 'github-token': '' });
    expect(warnings).toEqual([expect.stringContaining('the input github-token is empty')]);
  });

  test('of a run without a number too', async () => {
    const { warnings } = await world.succeed(pullRequest(), COMMENT, { runNumber: null });
    expect(warnings).toEqual([expect.stringContaining('GITHUB_RUN_ID is missing')]);
  });
});

test("another token's comment is not taken for its own", async () => {
  await build(1);
  const [bot] = bodies();
  world.github.owner = 'octocat';
  await build(2);
  await build(3);
  expect(world.github.comments.map(({ author }) => author)).toEqual(['github-actions[bot]', 'octocat']);
  expect(bodies()[0]).toBe(bot);
  expect(bodies()[1]).toContain('/runs/3/');
});
