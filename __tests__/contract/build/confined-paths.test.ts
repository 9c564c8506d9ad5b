// A stranger's checkout with symbolic links, as the committed bundle meets it: nothing outside the workspace is read.
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runAction } from '../../../lab/runner/action-run.js';
import type { WorkflowRun } from '../../../lab/runner/workflow-run.js';
import { ACTION } from '../../../lab/services/team.js';
import { BUILT_SHA, DOCKERFILE, errorsOf } from '../../support/bundle-run.js';

const REPOSITORY = { full_name: 'octo/app', default_branch: 'main' };

const pullRequest = (head: string): Partial<WorkflowRun> => ({
  name: 'pull_request',
  ref: 'refs/pull/7/merge',
  payload: {
    repository: REPOSITORY,
    pull_request: { number: 7, head: { ref: 'x', sha: BUILT_SHA, repo: { full_name: head } }, base: { ref: 'main' } },
  },
});
const FORK = pullRequest('stranger/app');
const COMMENT = { name: 'issue_comment', payload: { repository: REPOSITORY } };
const PUSH = { name: 'push', payload: { repository: REPOSITORY } };

let directory: string;
let workspace: string;
const at = (...parts: readonly string[]) => join(directory, ...parts);
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tpb-confined-'));
  workspace = at('workspace');
  for (const folder of ['workspace/app', 'outside', 'temp']) await mkdir(at(folder), { recursive: true });
  for (const path of ['workspace/Dockerfile', 'workspace/app/Dockerfile', 'outside/Dockerfile', 'temp/Dockerfile'])
    await writeFile(at(path), DOCKERFILE);
  for (const path of ['workspace/secret', 'outside/secret', 'temp/secret']) await writeFile(at(path), 'a-secret-value');
  const links = {
    'leaving-context': '../outside',
    'leaving-file': '../outside/Dockerfile',
    'leaving-secret': '../outside/secret',
    'leaving-to-temp': '../temp/secret',
    'staying-file': 'app/Dockerfile',
    'staying-context': './app',
  };
  for (const [name, target] of Object.entries(links)) await symlink(target, join(workspace, name));
  // What the Dockerfile of a context is by itself.
  await mkdir(join(workspace, 'linked'));
  await symlink('../../outside/Dockerfile', join(workspace, 'linked/Dockerfile'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What a dry run says is wrong: paths are looked at in it too, and Docker is not. */
async function complaintsOf(
  event: Partial<WorkflowRun>,
  inputs: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const result = await runAction({
    action: ACTION,
    node: process.execPath,
    workspace,
    run: { name: 'push', ref: 'refs/heads/main', sha: BUILT_SHA, repository: 'octo/app', payload: {}, ...event },
    inputs: { 'dry-run': 'true', password: '', 'github-token': '', ...inputs },
    env: { PATH: process.env.PATH ?? '', RUNNER_TEMP: at('temp') },
  });
  return errorsOf(result);
}

const ESCAPES: readonly (readonly [input: string, value: string, leads: string])[] = [
  ['context', 'leaving-context', 'outside'],
  ['context', '../outside', 'outside'],
  ['file', 'leaving-file', 'outside/Dockerfile'],
  ['file', '/etc/hostname', ''],
  ['secret-files', 'id=leaving-secret', 'outside/secret'],
  ['secret-files', 'id=leaving-to-temp', 'temp/secret'],
  ['secret-files', 'id=../outside/secret', 'outside/secret'],
  ['build-contexts', 'libs=leaving-context', 'outside'],
  ['build-contexts', 'libs=oci-layout://leaving-context', 'outside'],
  ['ssh', 'default=leaving-secret', 'outside/secret'],
];

describe("where a stranger's code is built", () => {
  test.each(ESCAPES)('%s: %s is an error that says where it leads', async (input, value, leads) => {
    const [message, ...others] = await complaintsOf(FORK, { [input]: value });
    expect(others).toEqual([]);
    expect(message).toMatch(new RegExp(`^${input}\\b.* leads to ".*${leads}", which is outside the workspace`));
    expect(message).toContain(value.replace(/^[a-z]+=(?:oci-layout:\/\/)?/, ''));
    expect(message).toContain('This run (pull_request)');
    expect(message).not.toContain('a-secret-value');
  });

  test('so is the Dockerfile that a context has by itself', async () =>
    expect(await complaintsOf(FORK, { context: 'linked' })).toEqual([
      expect.stringMatching(/^file "linked\/Dockerfile" leads to ".*outside\/Dockerfile"/),
    ]));

  test('an event that does not say whose code it is counts as one', async () =>
    expect(await complaintsOf(COMMENT, { context: 'leaving-context' })).toEqual([
      expect.stringMatching(/^context "leaving-context" leads to .* This run \(issue_comment\)/),
    ]));

  test.each<[string, string]>([
    ['context', 'staying-context'],
    ['context', 'app'],
    ['file', 'staying-file'],
    ['secret-files', 'id=secret'],
    ['build-contexts', 'libs=app\nimage=docker-image://alpine:3'],
  ])('%s: %s may stay', async (input, value) => expect(await complaintsOf(FORK, { [input]: value })).toEqual([]));

  test('what the workflow names in RUNNER_TEMP is its own choice', async () =>
    expect(
      await complaintsOf(FORK, { file: at('temp/Dockerfile'), 'secret-files': `id=${at('temp/secret')}` }),
    ).toEqual([]));
});

test.each([
  ['a push', PUSH],
  ['a pull request of the same repository', pullRequest('octo/app')],
])('%s may lead where it likes', async (_, event) => {
  for (const [input, value] of ESCAPES.filter(([, value]) => value !== '/etc/hostname'))
    expect(await complaintsOf(event, { [input]: value })).toEqual([]);
});
