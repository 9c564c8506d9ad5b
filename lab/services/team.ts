// A service team as the demo and the tests need it: a repository with a service, a login that may push, a GitHub API
// that knows the branches, and the action run on events of that repository.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../engine/engine.js';
import { type GitHubApiStandIn, startGitHubApi } from '../github/github-api.js';
import type { Lab } from '../lab.js';
import { type ActionResult, type ActionRunOptions, runAction } from '../runner/action-run.js';
import type { WorkflowRun } from '../runner/workflow-run.js';
import type { SampleService, SampleServiceOptions } from './sample-service.js';

/** The repository's bundle: the folder with action.yml. */
export const ACTION = join(import.meta.dirname, '../..');

/** May write to the team's repository in a registry with logins. */
export const WRITER = {
  name: 'octo',
  password: 'ghs_writer0123456789',
  access: [{ repository: 'octo/*', actions: ['pull', 'push'] }],
} as const;
/** A read-only token, as Dependabot's runs get. */
export const READER = {
  name: 'reader',
  password: 'ghs_reader0123456789',
  access: [{ repository: 'octo/*', actions: ['pull'] }],
} as const;
export const USERS = [WRITER, READER];

/** What differs from run to run. */
export interface TeamRun extends Pick<ActionRunOptions, 'inputs' | 'env' | 'signal' | 'phases'> {
  readonly engine: Engine;
  readonly node?: string;
  /** Another work tree than the service's own. */
  readonly workspace?: string;
}

interface PullRequestOptions {
  readonly number: number;
  /** The branch that it comes from. */
  readonly head: string;
  /** The branch that it goes to. */
  readonly base?: string;
  /** `owner/name` of the repository of `head`, where that is another one. */
  readonly fork?: string;
}

export interface Team {
  readonly service: SampleService;
  readonly github: GitHubApiStandIn;
  /** Path below the registry's host. */
  readonly repository: string;
  /** `127.0.0.1:PORT/octo/app` */
  readonly image: string;
  /** Events of the repository, at the commit that is checked out. */
  readonly push: (branch?: string) => Promise<WorkflowRun>;
  readonly pushTag: (tag: string) => Promise<WorkflowRun>;
  readonly pullRequest: (options: PullRequestOptions) => Promise<WorkflowRun>;
  /** Runs the action with the writer's login. */
  readonly build: (run: WorkflowRun, options: TeamRun) => Promise<ActionResult>;
  /** Pulls with the writer's login; whatever does not fit its digest fails. */
  readonly pullImage: (engine: Engine, image: string) => Promise<void>;
  /** What a container of the image prints, pulled with the writer's login where the engine does not have it. */
  readonly runImage: (engine: Engine, image: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** Makes a team; `name` is also the name of its repository, so that teams share a lab without seeing each other. */
export async function formTeam(
  lab: Lab,
  name: string,
  options: SampleServiceOptions & { githubRepository?: string } = {},
): Promise<Team> {
  const service = await lab.sampleService(name, options);
  const github = await startGitHubApi();
  const githubRepository = options.githubRepository ?? `octo/${name}`;
  const repository = githubRepository.toLowerCase();
  const image = `${lab.registry.host}/${repository}`;
  const place: Place = { service, github, repository: githubRepository };

  return {
    service,
    github,
    repository,
    image,
    push: (branch) => pushBranch(place, branch),
    pushTag: (tag) => pushTag(place, tag),
    pullRequest: (pull) => openPullRequest(place, pull),
    build: (run, { engine, inputs, env, node, workspace, ...others }) =>
      runAction({
        action: ACTION,
        node: node ?? lab.tools.node24,
        run,
        workspace: workspace ?? service.directory,
        inputs: { image, username: WRITER.name, 'build-args': `BASE_IMAGE=${lab.baseImage}`, ...inputs },
        env: { ...engine.env, ...env },
        ...others,
      }),
    pullImage: async (engine, reference) => {
      await runDocker(lab, engine, ['pull', '--quiet', reference]);
    },
    runImage: (engine, reference) => runDocker(lab, engine, ['run', '--rm', '--network=none', reference]),
    close: () => github.stop(),
  };
}

/** Where the events of a team come from. */
interface Place {
  readonly service: SampleService;
  readonly github: GitHubApiStandIn;
  /** `owner/name` */
  readonly repository: string;
}

/** What every event of the repository has. */
function describePlace({ github, repository }: Place) {
  return {
    run: { repository, token: WRITER.password, apiUrl: github.url },
    payload: { repository: { full_name: repository, default_branch: 'main' } },
  };
}

async function pushBranch(place: Place, branch?: string): Promise<WorkflowRun> {
  const { service, github } = place;
  const { run, payload } = describePlace(place);
  const [sha, current] = await Promise.all([service.head(), service.branch()]);
  const timestamp = (await service.git('show', '-s', '--format=%cI', 'HEAD')).trim();
  github.setBranch(branch ?? current, sha);
  const ref = `refs/heads/${branch ?? current}`;
  return {
    ...run,
    name: 'push',
    ref,
    sha,
    payload: { ...payload, ref, after: sha, head_commit: { id: sha, timestamp } },
  };
}

async function pushTag(place: Place, tag: string): Promise<WorkflowRun> {
  const { run, payload } = describePlace(place);
  const sha = await place.service.head();
  const ref = `refs/tags/${tag}`;
  return { ...run, name: 'push', ref, sha, payload: { ...payload, ref, after: sha } };
}

async function openPullRequest(
  place: Place,
  { number, head, base = 'main', fork }: PullRequestOptions,
): Promise<WorkflowRun> {
  const { service, github, repository } = place;
  const { run, payload } = describePlace(place);
  const sha = await service.head();
  if (fork === undefined) github.setBranch(head, sha);
  return {
    ...run,
    name: 'pull_request',
    ref: `refs/pull/${number}/merge`,
    // The merge commit that GitHub makes for the run: it must show up nowhere.
    sha: 'f'.repeat(40),
    headRef: head,
    baseRef: base,
    payload: {
      ...payload,
      action: 'synchronize',
      number,
      pull_request: {
        number,
        head: { ref: head, sha, repo: { full_name: fork ?? repository } },
        base: { ref: base, repo: payload.repository },
      },
    },
  };
}

/** Runs docker with the writer's login. */
async function runDocker(lab: Lab, engine: Engine, args: readonly string[]): Promise<string> {
  const config = await mkdtemp(join(lab.directory, 'login-'));
  const auth = Buffer.from(`${WRITER.name}:${WRITER.password}`).toString('base64');
  await writeFile(join(config, 'config.json'), JSON.stringify({ auths: { [lab.registry.host]: { auth } } }));
  const { code, stdout, stderr } = await engine.docker(args, { env: { ...engine.env, DOCKER_CONFIG: config } });
  if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}
