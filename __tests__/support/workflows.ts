// What the tests with act share: a lab, this repository as others use it, and workflows whose images go to the lab.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, expect } from '@jest/globals';
import { type Document, parse, parseDocument } from 'yaml';
import type { Engine, ImageStore } from '../../lab/engine/engine.js';
import type { Lab } from '../../lab/lab.js';
import { type ActJob, type ActResult, publishAction, runAct } from '../../lab/runner/act.js';
import type { WorkflowRun } from '../../lab/runner/workflow-run.js';
import { ACTION, type Team, WRITER } from '../../lab/services/team.js';
import { useLab } from './e2e.js';

const ACT = process.env.ACT_BIN ?? '';
const STAND_INS = join(ACTION, 'lab/runner/stand-ins');
const ACTION_NAME = 'DFE-Digital/two-pass-build@v1';
const CALLED_NAME = 'DFE-Digital/two-pass-build/.github/workflows/build-image.yml@v1';

/** What differs from run to run. */
export interface WorkflowOptions {
  readonly engine?: Engine;
  /** Without it the password of the registry alone. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface WorkflowResult extends ActResult {
  /** How terraform, kubectl and gh were called. */
  readonly calls: readonly string[];
}

export interface Workflows {
  readonly lab: () => Lab;
  /** A team whose Dockerfile names the lab's base image, and takes COMMIT_SHA as examples give it. */
  readonly team: (name: string) => Promise<Team>;
  /** Commits a workflow to the team's repository, and gives its path. */
  readonly install: (team: Team, workflow: string, file?: string) => Promise<string>;
  readonly run: (team: Team, path: string, event: WorkflowRun, options?: WorkflowOptions) => Promise<WorkflowResult>;
}

export const SECRETS = { REGISTRY_PASSWORD: WRITER.password };

export function useWorkflows(stores: readonly ImageStore[]): Workflows {
  const fixture = useLab({ stores });
  let published: string;
  beforeAll(async () => {
    if (!existsSync(ACT)) throw new Error('ACT_BIN must name act: run script/check-act.');
    published = await mkdtemp(join(fixture.lab().directory, 'published-'));
    await publishAction(ACTION, published, ACTION_NAME);
  });
  return {
    lab: fixture.lab,
    team: async (name) => {
      const team = await fixture.team(name);
      await edit(team, 'Dockerfile', (text) => {
        expect(text).toContain('BASE_IMAGE=localhost/base/busybox:1\n');
        const based = text.replace('BASE_IMAGE=localhost/base/busybox:1', `BASE_IMAGE=${fixture.lab().baseImage}`);
        return `${based}ARG COMMIT_SHA\nENV COMMIT_SHA=\${COMMIT_SHA}\n`;
      });
      return team;
    },
    install: async (team, workflow, file = 'workflow.yml') => {
      const path = `.github/workflows/${file}`;
      await edit(team, path, () => workflow);
      await team.service.commit('Build by a workflow');
      return path;
    },
    run: async (team, workflow, run, { engine, secrets = SECRETS, env } = {}) => {
      const { directory, tools } = fixture.lab();
      const folder = await mkdtemp(join(directory, 'stand-ins-'));
      const result = await runAct({
        ...{ act: ACT, node: tools.node24, directory, repository: team.service.directory, workflow, run, secrets },
        vars: { REGISTRY_USERNAME: WRITER.name },
        env: { ...(engine?.env ?? { PATH: process.env.PATH! }), ...env, STAND_IN_FOLDER: folder },
        repositories: {
          'DFE-Digital/two-pass-build': published,
          'actions/attest': join(STAND_INS, 'attest'),
          'actions/upload-artifact': join(STAND_INS, 'upload-artifact'),
          'actions/download-artifact': join(STAND_INS, 'download-artifact'),
          'azure/login': join(STAND_INS, 'cloud'),
          'azure/aks-set-context': join(STAND_INS, 'cloud'),
          'hashicorp/setup-terraform': join(STAND_INS, 'cloud'),
        },
        programs: Object.fromEntries(['terraform', 'kubectl', 'gh'].map((name) => [name, join(STAND_INS, 'recorder')])),
      });
      const calls = existsSync(join(folder, 'calls')) ? await readFile(join(folder, 'calls'), 'utf8') : '';
      return { ...result, calls: calls.split('\n').slice(0, -1) };
    },
  };
}

/** Changes or makes a file of the team's repository; the next commit takes it along. */
export async function edit(team: Team, file: string, change: (text: string) => string): Promise<void> {
  const path = join(team.service.directory, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, change(existsSync(path) ? await readFile(path, 'utf8') : ''));
}

/** The first whole workflow that a document of this repository shows. */
export function readFirstWorkflow(document: string): string {
  const [, text] = /^```yaml\n(name: .*?)^```$/ms.exec(readFileSync(join(ACTION, document), 'utf8')) ?? [];
  if (text === undefined) throw new Error(`${document} shows no workflow.`);
  return text;
}

/**
 * The workflow with the lab's registry in the place of ghcr.io: each build gets `image`, `username` and `password`, and all
 * else stays as it is, but for what `change` does.
 */
export function aim(workflow: string, host: string, change?: (document: Document) => void): string {
  const document = parseDocument(workflow);
  const builds = listBuilds(workflow);
  expect(builds.length).toBeGreaterThan(0);
  for (const { path, user } of builds) {
    const image = user.with?.image ?? 'ghcr.io/${{ github.repository }}';
    expect(image).toMatch(/^ghcr\.io\//);
    document.setIn([...path, 'with', 'image'], image.replace(/^ghcr\.io/, host));
    document.setIn([...path, 'with', 'username'], '${{ vars.REGISTRY_USERNAME }}');
    const password = user.uses === CALLED_NAME ? ['secrets', 'password'] : ['with', 'password'];
    document.setIn([...path, ...password], '${{ secrets.REGISTRY_PASSWORD }}');
  }
  const aimed = listBuilds(String(document));
  expect(aimed.map(({ user }) => user.with?.image?.startsWith(`${host}/`))).toEqual(builds.map(() => true));
  expect(withoutTargets(String(document))).toEqual(withoutTargets(workflow));
  change?.(document);
  return String(document);
}

/** A step that uses the action, or a job that calls the reusable workflow. */
interface User {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
}

interface Build {
  readonly path: readonly (string | number)[];
  readonly user: User;
}

interface Workflow {
  readonly jobs: Readonly<Record<string, User & { readonly steps?: readonly User[] }>>;
}

function listBuilds(workflow: string | Workflow): readonly Build[] {
  const { jobs } = typeof workflow === 'string' ? (parse(workflow) as Workflow) : workflow;
  return Object.entries(jobs)
    .flatMap(([id, job]): Build[] => [
      { path: ['jobs', id], user: job },
      ...(job.steps ?? []).map((step, index) => ({ path: ['jobs', id, 'steps', index], user: step })),
    ])
    .filter(({ user: { uses } }) => uses === ACTION_NAME || uses === CALLED_NAME);
}

function withoutTargets(text: string): Workflow {
  const workflow = parse(text) as Workflow;
  const without = (values: User['with'] = {}) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !['image', 'username', 'password'].includes(name)));
  for (const { user } of listBuilds(workflow))
    Object.assign(user, { with: without(user.with), secrets: without(user.secrets) });
  return workflow;
}

/** Adds a job that tells what a job hands on; `readReport` reads it. */
export function report(document: Document, job: string): void {
  document.setIn(['jobs', 'report'], {
    needs: job,
    if: 'always()',
    'runs-on': 'ubuntu-latest',
    steps: [
      {
        env: { OUTPUTS: `\${{ toJSON(needs.${job}.outputs) }}` },
        run: 'printf \'outputs<<END\\n%s\\nEND\\n\' "$OUTPUTS" >> "$GITHUB_OUTPUT"',
      },
    ],
  });
}

export function readReport(result: ActResult): Readonly<Record<string, string>> {
  return JSON.parse(outputsOf(result, 'report').outputs!) as Record<string, string>;
}

/** Fails with the log of the run, which says why, unless all went well, and these jobs ran and no others. */
export function expectJobs(result: ActResult, ...ids: readonly string[]): void {
  const results = result.jobs.flatMap((job) => [job.result, ...job.steps.map((step) => step.result)]);
  if (result.code !== 0 || results.some((one) => one !== 'success'))
    throw new Error(`The workflow failed:\n${result.log}`);
  expect(result.jobs.map(({ id }) => id).sort()).toEqual([...ids].sort());
}

/** Fails unless the run failed in this job, with an error of that text, and no other job ran. */
export function expectFailure(result: ActResult, id: string, message: RegExp): void {
  if (result.code === 0) throw new Error(`The workflow succeeded:\n${result.log}`);
  expect(result.jobs.map((job) => [job.id, job.result])).toEqual([[id, 'failure']]);
  expect(jobOf(result, id).steps.flatMap(({ errors }) => errors)).toEqual([expect.stringMatching(message)]);
  // The login is removed all the same.
  expect(jobOf(result, id).steps.at(-1)).toMatchObject({ stage: 'Post', result: 'success' });
}

export function jobOf(result: ActResult, id: string): ActJob {
  const found = result.jobs.filter((job) => job.id === id);
  if (found.length !== 1) throw new Error(`The job ${id} ran ${found.length} times:\n${result.log}`);
  return found[0]!;
}

/** Outputs of the steps of a job. */
export function outputsOf(result: ActResult, id: string): Readonly<Record<string, string>> {
  return Object.assign({}, ...jobOf(result, id).steps.map(({ outputs }) => outputs)) as Record<string, string>;
}

export function warningsOf(result: ActResult): readonly string[] {
  return result.jobs.flatMap(({ steps }) => steps.flatMap(({ warnings }) => warnings));
}
