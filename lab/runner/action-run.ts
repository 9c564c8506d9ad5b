// Runs a bundled JavaScript action exactly as GitHub's runner does: `main`, then always `post`, each a Node process
// with a clean environment, and collects everything that the runner would show or pass on.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ActionMetadata, readActionMetadata } from './action-metadata.js';
import { parseFileCommands } from './file-commands.js';
import { type Annotation, readRunnerLog } from './workflow-commands.js';
import { type WorkflowRun, evaluateDefault, githubEnvironment } from './workflow-run.js';

/** A signal for the action's process, as the runner sends it when somebody cancels the run. */
export interface SignalOnLine {
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL';
  /** Sent once: as soon as the output of `main` matches, after so many milliseconds, or by what is handed over. */
  readonly after: RegExp | number | ((send: () => void) => void);
}

/** Which action to run, and as what. */
export interface ActionRunOptions {
  /** The folder with action.yml. */
  readonly action: string;
  /** The Node to run it with. */
  readonly node: string;
  readonly run: WorkflowRun;
  /** The checked out repository. */
  readonly workspace: string;
  /** The step's `with:`. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** Added last: DOCKER_HOST, DOCKER_CONFIG, PATH … */
  readonly env?: Readonly<Record<string, string>>;
  /** `post` alone starts without state, as after a `main` that never ran. */
  readonly phases?: readonly Phase[];
  /** Secrets of the repository, which the runner masks by itself. */
  readonly secrets?: readonly string[];
  readonly debug?: boolean;
  readonly signal?: SignalOnLine;
}

/** The phases of a JavaScript action that the lab runs. */
type Phase = 'main' | 'post';

/** How one phase went. */
interface PhaseResult {
  /** 128 + the signal's number when a signal ended it. */
  readonly code: number;
  readonly seconds: number;
  /** As people see it: masked. */
  readonly log: string;
  /** As it was printed: must not hold a secret that the runner cannot know. */
  readonly rawLog: string;
  readonly annotations: readonly Annotation[];
  readonly masks: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  /** Variables for later steps. */
  readonly exported: Readonly<Record<string, string>>;
  /** Folders added to PATH for later steps. */
  readonly addedPath: readonly string[];
  readonly summary: string;
}

/** How a whole run went. */
export interface ActionResult {
  readonly main?: PhaseResult;
  readonly post?: PhaseResult;
  /** Of `main`: later steps can use no others. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly annotations: readonly Annotation[];
  readonly summary: string;
  readonly log: string;
  readonly rawLog: string;
  /** What the action left in RUNNER_TEMP. */
  readonly leftovers: readonly string[];
}

interface StepContext {
  readonly options: ActionRunOptions;
  readonly metadata: ActionMetadata;
  /** RUNNER_TEMP and HOME lie here. */
  readonly directory: string;
}

const FILE_COMMANDS = ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY'] as const;

/** Runs an action. Throws only where the lab itself cannot go on; a failing action is a result. */
export async function runAction(options: ActionRunOptions): Promise<ActionResult> {
  const metadata = await readActionMetadata(options.action);
  const directory = await mkdtemp(join(tmpdir(), 'tpb-run-'));
  try {
    for (const name of ['temp', 'home', 'tools', 'runner']) await mkdir(join(directory, name));
    await writeFile(join(directory, 'runner/event.json'), JSON.stringify(options.run.payload));
    const context = { options, metadata, directory };
    const phases = options.phases ?? ['main', 'post'];

    const main = phases.includes('main') ? await runPhase(context, 'main', metadata.main) : undefined;
    const script = phases.includes('post') && runsPost(metadata.postIf, main) ? metadata.post : undefined;
    const post = script === undefined ? undefined : await runPhase(context, 'post', script, main);

    const ran = [main, post].filter((phase) => phase !== undefined);
    return {
      ...(main && { main }),
      ...(post && { post }),
      outputs: main?.outputs ?? {},
      annotations: ran.flatMap((phase) => phase.annotations),
      summary: ran.map((phase) => phase.summary).join(''),
      log: ran.map((phase) => phase.log).join('\n'),
      rawLog: ran.map((phase) => phase.rawLog).join('\n'),
      leftovers: (await readdir(join(directory, 'temp'), { recursive: true })).sort(),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function runsPost(condition: string, main: PhaseResult | undefined): boolean {
  switch (condition) {
    case 'always()':
      return true;
    case 'success()':
      return main?.code === 0;
    case 'failure()':
      return (main?.code ?? 0) !== 0;
    default:
      throw new Error(`the lab cannot evaluate post-if: ${condition}`);
  }
}

async function runPhase(context: StepContext, phase: Phase, script: string, main?: PhaseResult): Promise<PhaseResult> {
  const { options, directory } = context;
  // Every phase gets files of its own: what `post` writes as an output reaches nobody.
  const files = join(directory, 'runner', phase);
  await mkdir(files);
  for (const name of FILE_COMMANDS) await writeFile(join(files, name), '');

  const start = performance.now();
  const { code, output } = await runScript(context, phase, script, phaseEnvironment(context, files, main));
  const seconds = (performance.now() - start) / 1000;

  const secrets = [options.run.token ?? '', ...(options.secrets ?? []), ...(main?.masks ?? [])];
  const read = (name: (typeof FILE_COMMANDS)[number]) => readFile(join(files, name), 'utf8');
  return {
    code,
    seconds,
    rawLog: output,
    ...readRunnerLog(output, secrets, options.debug),
    outputs: parseFileCommands(await read('GITHUB_OUTPUT')),
    state: parseFileCommands(await read('GITHUB_STATE')),
    exported: parseFileCommands(await read('GITHUB_ENV')),
    addedPath: (await read('GITHUB_PATH')).split('\n').filter((line) => line !== ''),
    summary: await read('GITHUB_STEP_SUMMARY'),
  };
}

function phaseEnvironment(context: StepContext, files: string, main?: PhaseResult): Readonly<Record<string, string>> {
  const { options, metadata, directory } = context;
  const defaults = Object.entries(metadata.defaults).map(
    ([name, value]) => [name, evaluateDefault(value, options.run)] as const,
  );
  const inputs = { ...Object.fromEntries(defaults), ...options.inputs };
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: join(directory, 'home'),
    LANG: 'C.UTF-8',
    ...githubEnvironment(options.run),
    GITHUB_WORKSPACE: options.workspace,
    GITHUB_EVENT_PATH: join(directory, 'runner/event.json'),
    ...Object.fromEntries(FILE_COMMANDS.map((name) => [name, join(files, name)])),
    RUNNER_TEMP: join(directory, 'temp'),
    RUNNER_TOOL_CACHE: join(directory, 'tools'),
    ...(options.debug === true && { RUNNER_DEBUG: '1' }),
    ...prefixed('INPUT_', inputs, (name) => name.replaceAll(' ', '_').toUpperCase()),
    ...main?.exported,
    ...prefixed('STATE_', main?.state ?? {}, (name) => name),
    ...options.env,
  };
  env.PATH = [...(main?.addedPath ?? []).toReversed(), env.PATH ?? ''].join(':');
  return env;
}

function prefixed(
  prefix: string,
  values: Readonly<Record<string, string>>,
  rename: (name: string) => string,
): Readonly<Record<string, string>> {
  // The runner trims inputs' values only when the action reads them; they are passed on as they are.
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${rename(name)}`, value]));
}

function runScript(
  context: StepContext,
  phase: Phase,
  script: string,
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; output: string }> {
  const { options } = context;
  return new Promise((resolve, reject) => {
    const child = spawn(options.node, [join(options.action, script)], {
      cwd: options.workspace,
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let signal = phase === 'main' ? options.signal : undefined;
    const { signal: name, after } = signal ?? {};
    const timer = typeof after === 'number' ? setTimeout(() => child.kill(name), after) : undefined;
    if (typeof after === 'function') after(() => void child.kill(name));
    const collect = (chunk: string) => {
      output += chunk;
      if (signal?.after instanceof RegExp && output.search(signal.after) >= 0) {
        child.kill(signal.signal);
        signal = undefined;
      }
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', reject);
    child.on('close', (code, endedBy) => {
      clearTimeout(timer);
      resolve({ code: code ?? 128 + (endedBy === null ? 0 : constants.signals[endedBy]), output });
    });
  });
}
