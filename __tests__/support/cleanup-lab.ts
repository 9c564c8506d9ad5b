// What the tests of the cleanup share: GitHub's API stood in for over what a registry serves; and for the bundle in a child
// process a real registry that answers as ghcr.io.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { type GitHubApiStandIn, startGitHubApi } from '../../lab/github/github-api.js';
import { type Packages, createPackages } from '../../lab/github/packages.js';
import { type Lab, openLab } from '../../lab/lab.js';
import type { Gate } from '../../lab/listen.js';
import { type Front, startFront } from '../../lab/registry/front.js';
import { type Ghcr, startGhcr } from '../../lab/registry/ghcr.js';
import type { Registry } from '../../lab/registry/registry.js';
import { type ActionResult, type SignalOnLine, runAction } from '../../lab/runner/action-run.js';
import type { WorkflowRun } from '../../lab/runner/workflow-run.js';
import { ACTION, USERS, WRITER } from '../../lab/services/team.js';
import { errorsOf } from './bundle-run.js';

export const SHA = '0123456789abcdef0123456789abcdef01234567';
export const MERGED = 'fedcba9876543210fedcba9876543210fedcba98';
export const DAY = 24 * 60 * 60 * 1000;
export const LONG_AGO = new Date(Date.now() - 30 * DAY);
export const REVIEW = `review-pr-7-${SHA}-20260203040506`;
export const OLDER_REVIEW = `review-pr-7-${MERGED}-20260202040506`;
const INDEX = 'application/vnd.oci.image.index.v1+json';
const IMAGE = 'application/vnd.oci.image.manifest.v1+json';

export interface Event {
  readonly name: string;
  readonly payload: object;
}

/** How the cleanup is run. */
export interface Run {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly node?: string;
  readonly token?: string;
  readonly actor?: string;
  readonly signal?: SignalOnLine;
  readonly env?: Readonly<Record<string, string>>;
}

export interface PackageOptions {
  readonly ownerType?: 'Organization' | 'User';
  readonly pageSize?: number;
  readonly name?: string;
  /** Without an image of main. */
  readonly main?: false;
}

/** A package of its own for each test that opens one. */
export interface Package {
  readonly repository: string;
  readonly packages: Packages;
  readonly github: GitHubApiStandIn;
}

/** What a stand needs of a registry. */
export type PackageRegistry = Pick<
  Registry,
  'tags' | 'manifest' | 'findManifest' | 'putBlob' | 'putManifest' | 'deleteManifest'
>;

/** How a cleanup went. */
export type CleanupResult = Pick<ActionResult, 'outputs' | 'annotations' | 'summary' | 'log'> & {
  readonly main?: { readonly code: number; readonly seconds: number };
};

/** @param gate hears of each request to registry and API */
export function useCleanupLab(gate?: Gate) {
  let lab: Lab;
  let front: Front;
  let ghcr: Ghcr;
  beforeAll(async () => {
    lab = await openLab({ auth: 'token', users: USERS, inMemory: true });
    front = await startFront({ registry: lab.registry.host, ...(gate === undefined ? {} : { gate }) });
    ghcr = await startGhcr(front.host, lab.directory);
  });
  afterAll(async () => {
    await ghcr.stop();
    await front.stop();
    await lab.close();
  });
  const clean = async (workflowRun: WorkflowRun, run: Run): Promise<ActionResult> => {
    const result = await runAction({
      action: join(ACTION, 'cleanup'),
      node: run.node ?? lab.tools.node24,
      workspace: lab.directory,
      run: workflowRun,
      inputs: run.inputs ?? {},
      env: { ...ghcr.env, ...run.env },
      ...(run.signal === undefined ? {} : { signal: run.signal }),
    });
    expect(result.rawLog.replaceAll(`::add-mask::${workflowRun.token ?? ''}`, '')).not.toContain(workflowRun.token);
    return result;
  };
  const stand = useCleanupStand({ registry: () => lab.registry, clean, gate });
  const open = (options?: PackageOptions): Promise<Package> => {
    // No test finds the faults of another.
    front.heal();
    return stand.open(options);
  };
  return { ...stand, open, lab: () => lab, front: () => front };
}

interface PushOptions {
  readonly children?: string[];
  readonly subject?: string;
  readonly at?: Date;
  readonly labels?: Record<string, string>;
  /** Another image of the repository. */
  readonly to?: string;
}

interface StandOptions<Result> {
  readonly registry: () => PackageRegistry;
  readonly clean: (workflowRun: WorkflowRun, run: Run) => Promise<Result>;
  /** Hears of each request to the API. */
  readonly gate?: Gate | undefined;
}

/** Packages in a registry, GitHub's API stood in for over them, and the events that a cleanup runs on. */
export function useCleanupStand<Result extends CleanupResult>({ registry, clean: run, gate }: StandOptions<Result>) {
  const apis: GitHubApiStandIn[] = [];
  let current: Package;
  afterAll(async () => {
    await Promise.all(apis.map((api) => api.stop()));
  });

  /** Opens a package; `push`, `clean` and the rest are about the last one. */
  const open = async (options: PackageOptions = {}): Promise<Package> => {
    const { ownerType = 'Organization', pageSize, name = 'app', main } = options;
    const repository = `octo/${name}-${apis.length + 1}`;
    const packages = createPackages({
      registry: registry(),
      ownerType,
      ...(pageSize === undefined ? {} : { pageSize }),
    });
    const github = await startGitHubApi(packages, gate);
    apis.push(github);
    github.setBranch('main', MERGED);
    current = { repository, packages, github };
    if (main !== false) await push(['main', MERGED]);
    return current;
  };

  /** Writes an image, or an index of others, under tags; without any it is known by its digest alone. */
  const push = async (
    tags: readonly string[],
    { children, subject, at = LONG_AGO, labels = {}, to }: PushOptions = {},
  ): Promise<string> => {
    const { packages } = current;
    const repository = to ?? current.repository;
    const config = Buffer.from(JSON.stringify({ unique: `${Math.random()}`, config: { Labels: labels } }));
    const describe_ = (digest: string, size: number) => ({ mediaType: IMAGE, digest, size });
    const parts =
      children === undefined
        ? { config: { ...describe_(await registry().putBlob(repository, config), config.length) }, layers: [] }
        : {
            manifests: await Promise.all(
              children.map(async (one) => describe_(one, (await registry().manifest(repository, one)).bytes)),
            ),
          };
    const mediaType = children === undefined ? IMAGE : INDEX;
    const body = JSON.stringify({
      schemaVersion: 2,
      mediaType,
      ...parts,
      ...(subject === undefined ? {} : { subject: describe_(subject, 1) }),
      annotations: { unique: `${Math.random()}` },
    });
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
    for (const tag of tags.length === 0 ? [digest] : tags)
      await registry().putManifest(repository, tag, mediaType, body);
    packages.add(repository, digest, at);
    return digest;
  };

  const clean = (event: Event, given: Run = {}): Promise<Result> => {
    const workflowRun: WorkflowRun = {
      ...event,
      ref: 'refs/heads/main',
      sha: MERGED,
      repository: current.repository,
      actor: given.actor ?? WRITER.name,
      token: given.token ?? WRITER.password,
      apiUrl: current.github.url,
    };
    return run(workflowRun, given);
  };

  const about = () => ({ repository: { full_name: current.repository, default_branch: 'main' } });
  /** GitHub's recorded payload of a closed pull request, made one of this repository. */
  const closing = (number = 7, head = 'feature-x') => {
    const recorded = webhooks
      .find(({ name }) => name === 'pull_request')!
      .examples.find(({ action }) => action === 'closed')!;
    const pull = {
      ...recorded.pull_request,
      number,
      head: { ...recorded.pull_request!.head, ref: head, repo: { full_name: current.repository } },
    };
    return { name: 'pull_request', payload: { ...recorded, ...about(), number, pull_request: pull } };
  };
  const deleting = (ref: string) => ({
    name: 'delete',
    payload: { ref, ref_type: 'branch', pusher_type: 'user', ...about() },
  });
  const closePull = (change: object = {}) => {
    const pull = { number: 7, headRef: 'feature-x', headRepository: current.repository, closedAt: new Date() };
    current.github.setPull({ ...pull, ...change });
  };
  return {
    ...{ open, push, clean, about, closing, deleting, closePull },
    schedule: () => ({ name: 'schedule', payload: { schedule: '0 4 * * *' } }),
    tags: () => registry().tags(current.repository),
    digestOf: async (tag: string) => (await registry().manifest(current.repository, tag)).digest,
    served: async (digest: string) => (await registry().findManifest(current.repository, digest)) !== undefined,
    /** Lines without the image's name, sorted. */
    lines: (text: string | undefined): string[] =>
      (text ?? '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.replace(`ghcr.io/${current.repository}`, ''))
        .sort(),
    deletions: () => current.github.requests().filter((request) => request.startsWith('DELETE')),
  };
}

const webhooks = createRequire(import.meta.url)('@octokit/webhooks-examples') as {
  name: string;
  examples: { action?: string; pull_request?: { head: object } }[];
}[];

export function expectSuccess(result: CleanupResult): void {
  if (result.main?.code !== 0) throw new Error(`The run failed:\n${result.log}`);
}

export function errorOf(result: CleanupResult): string {
  if (result.main?.code !== 1) throw new Error(`The run ended with ${result.main?.code ?? 'nothing'}:\n${result.log}`);
  const errors = errorsOf(result);
  expect(errors).toHaveLength(1);
  expect(errors[0]).not.toContain('\n');
  return errors[0]!;
}
