// Runs whole workflows by act (github.com/nektos/act), so that somebody else's code reads them: events, expressions, jobs
// that need others, calls of reusable workflows, actions by name. Jobs run on this machine, each in a folder of its own.
import { cp, mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { runCommand } from '../command.js';
import { type JsonObject, isObject, parseJsonObject } from '../json.js';
import { type WorkflowRun, githubEnvironment } from './workflow-run.js';

/** What to run, and on what. */
export interface ActOptions {
  /** act itself. */
  readonly act: string;
  /** The Node that actions run with. */
  readonly node: string;
  /** For what belongs to this run. */
  readonly directory: string;
  /** A git work tree: what jobs find checked out. */
  readonly repository: string;
  /** The workflow's path in it. */
  readonly workflow: string;
  readonly run: WorkflowRun;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  /** For each step: PATH, DOCKER_HOST … */
  readonly env: Readonly<Record<string, string>>;
  /** Folders that are taken for repositories on GitHub, `owner/name`, whatever the ref. */
  readonly repositories: Readonly<Record<string, string>>;
  /** Programs that go first on PATH, by name. */
  readonly programs?: Readonly<Record<string, string>>;
}

export interface ActResult {
  readonly code: number;
  /** Those that ran: of a skipped job there is nothing. */
  readonly jobs: readonly ActJob[];
  /** What the steps printed, and what act says. Nothing is masked, so that what leaks shows. */
  readonly log: string;
}

export interface ActJob {
  readonly id: string;
  /** `WORKFLOW/JOB`; with `CALLING JOB/` before it in a called workflow. */
  readonly name: string;
  readonly result: string;
  readonly steps: readonly ActStep[];
  readonly log: string;
}

interface ActStep {
  /** The step's id, or its number. */
  readonly id: string;
  readonly stage: 'Pre' | 'Main' | 'Post';
  readonly result: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Labels of runners: this machine is all of them. */
const LABELS = ['ubuntu-latest', 'ubuntu-26.04', 'ubuntu-24.04', 'ubuntu-24.04-arm'];

/** What a ref of this repository holds for those who use it: actions, bundles and the reusable workflow. */
const PUBLISHED = ['action.yml', 'build', 'cleanup', 'dist', '.github/workflows/build-image.yml'];

/**
 * Copies what others use of this repository: act copies whole folders, and development has large ones.
 * @param name `owner/name@ref`. act does not know `$/` yet (v0.2.89), so in the copies `$/folder` is written out, as GitHub
 *   resolves it: the same repository at the same ref.
 */
export async function publishAction(repository: string, folder: string, name: string): Promise<void> {
  const [owned, ref] = name.split('@');
  for (const path of PUBLISHED) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await cp(join(repository, path), join(folder, path), { recursive: true });
    if (!path.endsWith('.yml')) continue;
    const text = await readFile(join(folder, path), 'utf8');
    await writeFile(join(folder, path), text.replace(/(?<=\buses: )\$\/(\S+)/g, `${owned}/$1@${ref}`));
  }
}

/** Runs the jobs that the event starts. */
export async function runAct(options: ActOptions): Promise<ActResult> {
  const { run, repository, workflow } = options;
  const directory = await mkdtemp(join(options.directory, 'act-'));
  const at = (name: string) => join(directory, name);
  for (const folder of ['bin', 'home', 'cache']) await mkdir(at(folder));
  const programs = Object.entries({ ...options.programs, node: options.node });
  for (const [name, path] of programs) await symlink(path, join(at('bin'), name));
  // act reads YAML, and JSON is YAML.
  const write = async (name: string, content: object) => {
    await writeFile(at(name), JSON.stringify(content));
    return at(name);
  };
  const local = await findRepositories(join(repository, workflow), repository, options.repositories);
  const args = [
    ...[run.name, '--json', '--actor', githubEnvironment(run).GITHUB_ACTOR!],
    ...['--directory', repository, '--workflows', join(repository, workflow)],
    ...LABELS.flatMap((label) => ['--platform', `${label}=-self-hosted`]),
    ...['--action-cache-path', at('cache'), '--no-cache-server'],
    ...['--eventpath', await write('event.json', run.payload)],
    ...['--secret-file', await write('secrets.yml', { ...options.secrets, GITHUB_TOKEN: run.token ?? '' })],
    ...['--var-file', await write('vars.yml', options.vars ?? {})],
    ...['--env-file', await write('env.yml', contextOf(run)), '--input-file', await write('inputs.yml', {})],
    ...Object.entries(local).flatMap(([name, folder]) => ['--local-repository', `${name}=${folder}`]),
    // act's masks would hide what the action prints.
    '--insecure-secrets',
  ];
  const env = {
    ...options.env,
    PATH: `${at('bin')}:${options.env.PATH ?? ''}`,
    HOME: at('home'),
    LANG: 'C.UTF-8',
    ACT_DISABLE_VERSION_CHECK: '1',
  };
  const { code, stdout, stderr } = await runCommand(options.act, args, { env, cwd: directory });
  return { code, ...readActLog(stdout, stderr) };
}

/** What act does not find out from the payload and the work tree. */
function contextOf(run: WorkflowRun): Readonly<Record<string, string>> {
  const github = githubEnvironment(run);
  const names = ['REPOSITORY', 'RUN_ID', 'RUN_ATTEMPT', 'API_URL', 'GRAPHQL_URL'].map((name) => `GITHUB_${name}`);
  return { ...Object.fromEntries(names.map((name) => [name, github[name] ?? ''])), SHA_REF: run.sha };
}

/**
 * The folder of each `owner/name@ref` that a workflow or action and those it calls use, but for the checkout: that is act's
 * own.
 * @param root the repository that the file is in, for what it calls by `./`
 */
async function findRepositories(
  file: string,
  root: string,
  repositories: ActOptions['repositories'],
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const uses of listUses(parse(await readFile(file, 'utf8')))) {
    if (uses.startsWith('./')) {
      const path = uses.endsWith('.yml') ? uses : join(uses, 'action.yml');
      Object.assign(found, await findRepositories(join(root, path), root, repositories));
      continue;
    }
    const [, repository = '', path = '', ref = ''] = /^([^/]+\/[^/@]+)\/?([^@]*)@(.+)$/.exec(uses) ?? [];
    if (repository === 'actions/checkout') continue;
    const folder = repositories[repository];
    if (folder === undefined) throw new Error(`act would fetch ${uses} from GitHub.`);
    found[`${repository}@${ref}`] = folder;
    if (path.endsWith('.yml')) Object.assign(found, await findRepositories(join(folder, path), folder, repositories));
  }
  return found;
}

function listUses(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(listUses);
  if (!isObject(value)) return [];
  const own = typeof value.uses === 'string' ? [value.uses] : [];
  return [...own, ...Object.values(value).flatMap(listUses)];
}

/** act's log: an object a line, and what is about no job on the other stream. */
function readActLog(stdout: string, stderr: string): Pick<ActResult, 'jobs' | 'log'> {
  const entries = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => parseJsonObject(line, "act's log"));
  const names = [...new Set(entries.filter(({ jobResult }) => jobResult !== undefined).map(nameOf))];
  return {
    jobs: names.map((name) => readJob(name, entries)),
    log: `${toText(entries)}\n${stderr}`,
  };
}

function readJob(name: string, all: readonly JsonObject[]): ActJob {
  const entries = all.filter((entry) => nameOf(entry) === name);
  const ended = entries.filter(({ stage, stepResult }) => stage !== undefined && stepResult !== undefined);
  return {
    id: text(entries[0]?.jobID),
    name,
    result: text(entries.find(({ jobResult }) => jobResult !== undefined)?.jobResult),
    steps: ended.filter((entry) => !isPartOfAction(entry)).map((entry) => readStep(entry, entries)),
    log: toText(entries),
  };
}

function readStep(end: JsonObject, entries: readonly JsonObject[]): ActStep {
  const own = entries.filter((entry) => stepOf(entry) === stepOf(end) && entry.stage === end.stage);
  const told = (command: string) => own.filter((entry) => entry.command === command);
  return {
    id: stepOf(end),
    stage: text(end.stage) as ActStep['stage'],
    result: text(end.stepResult),
    outputs: Object.fromEntries(told('set-output').map(({ name, arg }) => [text(name), text(arg)])),
    errors: told('error').map(({ arg }) => text(arg)),
    warnings: told('warning').map(({ arg }) => text(arg)),
  };
}

/** A step of a composite action has the id of the step that uses it before its own. */
function isPartOfAction({ stepID }: JsonObject): boolean {
  return Array.isArray(stepID) && stepID.length > 1;
}

function stepOf({ stepID }: JsonObject): string {
  return Array.isArray(stepID) ? text(stepID[0]) : '';
}

/** act fills names up to the length of the longest. */
function nameOf({ job }: JsonObject): string {
  return text(job).trim();
}

function toText(entries: readonly JsonObject[]): string {
  return entries.map(({ msg }) => text(msg).replace(/\n$/, '')).join('\n');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
