// Which commit the bundle takes for the built one: real work trees, as actions/checkout leaves them, and dry runs.
import { chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type GitHubApiStandIn, startGitHubApi } from '../../../lab/github/github-api.js';
import { parseJsonObject } from '../../../lab/json.js';
import { listen } from '../../../lab/listen.js';
import { type ActionResult, runAction } from '../../../lab/runner/action-run.js';
import { type SampleService, writeSampleService } from '../../../lab/services/sample-service.js';
import { ACTION } from '../../../lab/services/team.js';
import { type Tools, findTools } from '../../../lab/tools.js';

let tools: Tools;
let directory: string;
let github: GitHubApiStandIn;
/** Answers as GitHub does where a token may not read the repository's contents. */
let refusing: Awaited<ReturnType<typeof listen>>;
beforeAll(async () => {
  tools = await findTools();
  directory = await mkdtemp(join(tmpdir(), 'tpb-checkout-'));
  github = await startGitHubApi();
  const refuse = createServer((_, response) => {
    response.writeHead(403, { 'content-type': 'application/json' });
    response.end('{"message":"Resource not accessible by integration"}');
  });
  refusing = await listen(refuse);
});
afterAll(async () => {
  await Promise.all([github.stop(), refusing.stop()]);
  await rm(directory, { recursive: true, force: true });
});

interface Run {
  readonly workspace: string;
  readonly sha: string;
  readonly name?: string;
  readonly ref?: string;
  readonly payload?: object;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly apiUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A dry run of a push to main at `sha`, or of what else is given. */
function dryRun({ workspace, sha, inputs, env, ...change }: Run): Promise<ActionResult> {
  return runAction({
    action: ACTION,
    node: tools.node24,
    workspace,
    run: {
      name: 'push',
      ref: 'refs/heads/main',
      sha,
      repository: 'octo/app',
      token: 'ghs_0123456789',
      apiUrl: github.url,
      payload: { repository: { full_name: 'octo/app', default_branch: 'main' } },
      ...change,
    },
    inputs: { 'dry-run': 'true', ...inputs },
    ...(env && { env }),
  });
}

interface PlannedRun {
  readonly event: { readonly kind: string; readonly branch?: string };
  readonly built: { readonly commit: string; readonly from: string };
  readonly scope: string | null;
  readonly lineage: readonly { readonly branch: string }[];
  readonly tags: { readonly unique: string; readonly moving: readonly string[] };
  readonly production: { readonly labels: Readonly<Record<string, string>> };
}

async function planOf(run: Run): Promise<PlannedRun> {
  const result = await dryRun(run);
  if (result.main?.code !== 0) throw new Error(result.log);
  return parseJsonObject(result.outputs.plan ?? '', 'the plan') as unknown as PlannedRun;
}

const service = async (name: string, at = name): Promise<SampleService> => {
  await mkdir(join(directory, at), { recursive: true });
  return writeSampleService(join(directory, at));
};
const noticesOf = (result: ActionResult) =>
  result.annotations.filter(({ level }) => level === 'notice').map(({ message }) => message);

test('the usual run reads HEAD, and asks GitHub nothing', async () => {
  const { directory: workspace, head } = await service('usual');
  const sha = await head();
  const before = github.requests().length;
  expect(await planOf({ workspace, sha })).toMatchObject({
    built: { commit: sha, from: 'work-tree', insteadOf: null },
    scope: 'main',
  });
  expect(
    github
      .requests()
      .slice(before)
      .filter((request) => request.includes('branches-where-head')),
  ).toEqual([]);
});

describe('another commit is checked out', () => {
  let tree: SampleService;
  let event: string;
  let other: string;
  beforeAll(async () => {
    tree = await service('other');
    event = await tree.head();
    other = await tree.commit('Something else');
  });

  test('in a folder below the top', async () => {
    await mkdir(join(tree.directory, 'web'), { recursive: true });
    await writeFile(join(tree.directory, 'web/Dockerfile'), 'FROM scratch AS builder\nFROM scratch AS production\n');
    const run = { workspace: tree.directory, sha: event, inputs: { context: 'web' } };
    expect(await planOf(run)).toMatchObject({
      built: { commit: other },
      scope: null,
      tags: { unique: other, moving: [] },
    });
  });

  test('that is no head, as GitHub says, whatever the work tree has checked out', async () => {
    const result = await dryRun({ workspace: tree.directory, sha: event });
    expect(noticesOf(result)).toEqual([
      expect.stringMatching(new RegExp(`${other}.*${event}.*not the head of a branch`)),
    ]);
    expect(github.requests().at(-1)).toBe(`GET /repos/octo/app/commits/${other}/branches-where-head`);
  });

  test('that is the head of a branch, as GitHub says', async () => {
    github.setBranch('topic', other);
    const plan = await planOf({ workspace: tree.directory, sha: event, name: 'workflow_dispatch' });
    github.setBranch('topic', null);
    const labels = { 'org.opencontainers.image.revision': other };
    expect(plan).toMatchObject({ scope: 'topic', tags: { unique: other, moving: ['topic'] }, production: { labels } });
  });

  test.each<[string, Partial<Run>, RegExp]>([
    [
      'GitHub does not answer',
      { apiUrl: 'http://127.0.0.1:9' },
      /GitHub does not say whether it is the head of a branch/,
    ],
    ['GitHub refuses', { apiUrl: 'REFUSING' }, /the job may need "permissions: contents: read"/],
    ['there is no token', { inputs: { 'github-token': '' } }, /the input github-token is empty/],
  ])('and %s: it is no head, and the notice says so', async (_, change, message) => {
    const apiUrl = change.apiUrl === 'REFUSING' ? `http://127.0.0.1:${refusing.port}` : (change.apiUrl ?? github.url);
    const result = await dryRun({ workspace: tree.directory, sha: event, ...change, apiUrl });
    expect(noticesOf(result)).toEqual([expect.stringMatching(message)]);
    expect(result.outputs.tag).toBe(other);
  });

  test('of a run that anybody can cause: nothing would be pushed, and push: true is an error', async () => {
    const run = { workspace: tree.directory, sha: event, name: 'issue_comment', payload: { issue: {} } };
    expect((await dryRun({ ...run })).log).toMatch(/Push: +no, .* is checked out, and not .*can cause issue_comment/);
    const { annotations } = await dryRun({ ...run, inputs: { push: 'true' } });
    expect(annotations).toEqual([
      expect.objectContaining({ level: 'error', message: expect.stringMatching(/^push is true, but .*Check out/) }),
    ]);
  });

  test('whose files belong to another user', async () => {
    if (process.getuid?.() !== 0) return;
    await tree.git('clone', '--quiet', tree.directory, join(directory, 'foreign'));
    const workspace = join(directory, 'foreign');
    const entries = await readdir(workspace, { recursive: true });
    await Promise.all(
      [workspace, ...entries.map((entry) => join(workspace, entry))].map((path) => chown(path, 12345, 12345)),
    );
    const context = { context: 'web' };
    await mkdir(join(workspace, 'web'), { recursive: true });
    await writeFile(join(workspace, 'web/Dockerfile'), 'FROM scratch AS builder\nFROM scratch AS production\n');
    expect(await planOf({ workspace, sha: event, inputs: context })).toMatchObject({ built: { commit: other } });
  });
});

describe('the context is in another work tree of the workspace', () => {
  test('a second checkout: its HEAD counts', async () => {
    const outer = await service('outer');
    const sha = await outer.head();
    const inner = await service('inner', 'outer/deploy');
    const commit = await inner.commit('Another history');
    const plan = await planOf({ workspace: outer.directory, sha, inputs: { context: 'deploy' } });
    expect(plan).toMatchObject({ built: { commit }, scope: null });
  });

  test('a submodule: the commit that names it counts, as long as it is at what that names', async () => {
    const library = await service('library');
    const outer = await service('with-submodule');
    await outer.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library.directory, 'parts/lib');
    const sha = await outer.commit('Add the library');
    const run = { workspace: outer.directory, sha, inputs: { context: 'parts/lib' } };
    expect(await planOf(run)).toMatchObject({ built: { commit: sha }, scope: 'main' });
    const git = (...args: string[]) => outer.git('-C', join(outer.directory, 'parts/lib'), ...args);
    await git('commit', '--quiet', '--allow-empty', '--message', 'Not what the commit names');
    const moved = (await git('rev-parse', 'HEAD')).trim();
    expect(await planOf(run)).toMatchObject({ built: { commit: moved }, scope: null });
  });
});

describe('there is no work tree', () => {
  test("of this workspace, though it lies in somebody else's", async () => {
    const outer = await service('home');
    const workspace = join(outer.directory, 'runner/work');
    await mkdir(workspace, { recursive: true });
    await writeFile(join(workspace, 'Dockerfile'), 'FROM scratch AS builder\nFROM scratch AS production\n');
    const sha = '1'.repeat(40);
    expect(await planOf({ workspace, sha })).toMatchObject({ built: { commit: sha, from: 'event' }, scope: 'main' });
  });

  test('as the context is a Git URL: a push is as its event says, and a comment moves nothing', async () => {
    const { directory: workspace, head } = await service('remote');
    const sha = '1'.repeat(40);
    expect(await head()).not.toBe(sha);
    const inputs = { context: 'https://github.com/octo/app.git', 'extra-tags': 'edge' };
    expect(await planOf({ workspace, sha, inputs })).toMatchObject({
      built: { commit: sha, from: 'event' },
      tags: { moving: ['main', 'edge'] },
    });
    const comment = { workspace, sha, inputs, name: 'issue_comment', payload: { issue: {} } };
    expect(await planOf(comment)).toMatchObject({ event: { kind: 'checkout' }, tags: { unique: sha, moving: [] } });
    expect(noticesOf(await dryRun(comment))).toEqual([expect.stringMatching(/^Nobody can tell which commit is built/)]);
  });
});

describe('a pull request', () => {
  const pull = (head: string) => ({
    repository: { full_name: 'octo/app', default_branch: 'main' },
    pull_request: {
      number: 7,
      head: { ref: 'topic', sha: head, repo: { full_name: 'octo/app' } },
      base: { ref: 'main' },
    },
  });

  test('as actions/checkout leaves it: the merge is built, and named by the label; the tag has the head', async () => {
    const tree = await service('merge');
    const head = await tree.head();
    const merge = await tree.commit('Merge');
    const run = { workspace: tree.directory, sha: merge, ref: 'refs/pull/7/merge', payload: pull(head) };
    const plan = await planOf({ ...run, name: 'pull_request' });
    expect(plan).toMatchObject({ scope: 'topic', built: { commit: merge } });
    expect(plan.tags.unique).toContain(head);
    const created = (await tree.git('show', '-s', '--format=%cI', merge)).trim();
    expect(plan.production.labels).toMatchObject({
      'org.opencontainers.image.revision': merge,
      'org.opencontainers.image.created': created,
    });
    // The same work tree is the base of pull_request_target.
    const target = await planOf({ ...run, name: 'pull_request_target', ref: 'refs/heads/main' });
    expect(target).toMatchObject({ scope: null, tags: { unique: merge, moving: [] } });
  });
});

test("a merged pull request's branch is main's layers only where main is what it was merged into", async () => {
  const { directory: workspace, head } = await service('merged');
  const sha = await head();
  const lineage = async (baseRef: string) => {
    github.setMergedPullRequest(sha, { number: 5, headRef: 'topic', headRepository: 'octo/app', baseRef });
    return (await planOf({ workspace, sha })).lineage.map(({ branch }) => branch);
  };
  expect(await lineage('main')).toEqual(['main', 'topic']);
  expect(await lineage('develop')).toEqual(['main']);
});
