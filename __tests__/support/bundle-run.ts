// The committed build bundle in a child process, with a docker on PATH that records its calls: for the engines and faults
// that no real engine shows on demand.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { type GitHubApiStandIn, startGitHubApi } from '../../lab/github/github-api.js';
import { type Lab, openLab } from '../../lab/lab.js';
import { type ActionResult, runAction } from '../../lab/runner/action-run.js';
import type { WorkflowRun } from '../../lab/runner/workflow-run.js';
import { ACTION, USERS, WRITER } from '../../lab/services/team.js';
import { type DockerCall, HEALTHY, type Scenario, writeFakeDocker } from './fake-docker.js';

/** The commit of every run. */
export const BUILT_SHA = '0123456789abcdef0123456789abcdef01234567';
export const DOCKERFILE = 'FROM scratch AS builder\nCOPY . .\nFROM scratch AS production\nCOPY --from=builder / /\n';

interface BundleRun {
  readonly scenario?: Scenario;
  readonly dockerfile?: string;
  /** Further files of the workspace. */
  readonly files?: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: string;
}

interface RecordedRun {
  readonly result: ActionResult;
  readonly calls: readonly DockerCall[];
  /** The image of this run alone. */
  readonly image: string;
}

/** Gives a test file a registry with logins and GitHub's API, and runs the bundle on them. */
export function useBundle() {
  let lab: Lab;
  let github: GitHubApiStandIn;
  beforeAll(async () => {
    github = await startGitHubApi();
    lab = await openLab({ auth: 'token', users: USERS, inMemory: true });
  });
  afterAll(async () => {
    await github.stop();
    await lab.close();
  });

  /** Runs a push to main in a workspace with a two-stage Dockerfile. */
  const run = async (options: BundleRun): Promise<RecordedRun> => {
    const { scenario = HEALTHY, dockerfile = DOCKERFILE, files = {}, inputs, env, node } = options;
    const directory = await mkdtemp(join(lab.directory, 'fake-'));
    const workspace = await writeWorkspace(directory, { ...files, Dockerfile: dockerfile });
    const docker = await writeFakeDocker(directory, scenario);
    const image = `${lab.registry.host}/octo/${directory.slice(-6).toLowerCase()}`;
    const result = await runAction({
      action: ACTION,
      node: node ?? lab.tools.node24,
      workspace,
      run: pushToMain(github.url),
      inputs: { image, username: WRITER.name, ...inputs },
      env: { PATH: `${docker.bin}:${process.env.PATH ?? ''}`, DOCKER_CONFIG: join(directory, 'user-config'), ...env },
    });
    return { result, calls: await docker.calls(), image };
  };
  return { lab: () => lab, run };
}

async function writeWorkspace(directory: string, files: Readonly<Record<string, string>>): Promise<string> {
  const workspace = join(directory, 'workspace');
  await mkdir(workspace);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(workspace, name, '..'), { recursive: true });
    await writeFile(join(workspace, name), content);
  }
  return workspace;
}

function pushToMain(apiUrl: string): WorkflowRun {
  const ref = 'refs/heads/main';
  return {
    name: 'push',
    ref,
    sha: BUILT_SHA,
    repository: 'octo/app',
    token: WRITER.password,
    apiUrl,
    payload: {
      ref,
      repository: { full_name: 'octo/app', default_branch: 'main' },
      head_commit: { id: BUILT_SHA, timestamp: '2026-05-04T03:02:01+01:00' },
    },
  };
}

/** The messages of its error annotations. */
export function errorsOf(result: Pick<ActionResult, 'annotations'>): readonly string[] {
  return messagesOf(result, 'error');
}

/** The messages of its warning annotations. */
export function warningsOf(result: ActionResult): readonly string[] {
  return messagesOf(result, 'warning');
}

function messagesOf({ annotations }: Pick<ActionResult, 'annotations'>, wanted: string): readonly string[] {
  return annotations.filter(({ level }) => level === wanted).map(({ message }) => message);
}

/** The calls that build. */
export function buildsOf(calls: readonly DockerCall[]): readonly DockerCall[] {
  return calls.filter(({ args }) => args[1] === 'build');
}
