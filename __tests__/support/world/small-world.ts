// A whole world of a run in memory: registry, engine, runner, GitHub. The stories run in it as they are.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';
import { CancelledError, type ProcessResult, type RunProcess } from '../../../src/adapters/process/process.js';
import type { Log } from '../../../src/adapters/runner/log.js';
import type { OutputName } from '../../../src/adapters/runner/outputs.js';
import type { ActionRunner, Runner } from '../../../src/adapters/runner/runner.js';
import type { InputName } from '../../../src/inputs/inputs.js';
import type { RunnerEvent } from '../../../src/plan/event/event.js';
import { runBuildPhase } from '../../../src/run/build-run.js';
import type { SourcePlace } from '../../../src/shared/types.js';
import { readActionDefaults } from './action-defaults.js';
import { REPOSITORY } from './events.js';
import { MemoryActionsCache } from './memory-actions-cache.js';
import { MemoryGitHub } from './memory-github.js';
import { type MemoryRegistry, startMemoryRegistry } from './memory-registry.js';
import { DOCKERFILE, DONE, RecordedEngine } from './recorded-engine.js';

const TOKEN = 'ghs_token-of-the-workflow-0123456789';
export const NOW = new Date('2026-02-03T04:05:06.789Z');

/** What a run has told, in whatever way. */
export interface Told<Output extends string = OutputName> {
  /** `info: …`, `notice: …`, `warning: …`, and what other programs printed, in order. */
  readonly log: readonly string[];
  readonly warnings: readonly string[];
  readonly notices: readonly string[];
  /** Warnings on lines of files. */
  readonly places: readonly (SourcePlace & { readonly message: string })[];
  readonly outputs: Readonly<Partial<Record<Output, string>>>;
  readonly summary: string;
  readonly masks: readonly string[];
  /** Null when the run succeeded. */
  readonly error: Error | null;
}

type Inputs = Partial<Record<InputName, string>>;

/** What is checked out, as git tells. */
export interface CheckedOut {
  readonly commit: string;
  /** Null on a detached head. */
  readonly branch: string | null;
}

export interface SmallWorld {
  readonly registry: MemoryRegistry;
  /** Replace it by `freshEngine()` for a run on another machine. */
  engine: RecordedEngine;
  readonly freshEngine: () => RecordedEngine;
  readonly github: MemoryGitHub;
  readonly actionsCache: MemoryActionsCache;
  /** False: there is no cache service; an error: it cannot be used. */
  hasActionsCache: boolean | Error;
  /** Null: there is no git work tree. */
  checkedOut: CheckedOut | null;
  /** What the runner tells otherwise. */
  runner: Partial<Runner>;
  readonly cancellation: AbortController;
  /** Milliseconds that the runs have waited. */
  readonly waits: number[];
  readonly workspace: string;
  /** RUNNER_TEMP */
  readonly temporary: string;
  /** What was left in RUNNER_TEMP. */
  readonly leftovers: () => Promise<readonly string[]>;
  readonly run: (event: RunnerEvent, inputs?: Inputs, runner?: Partial<Runner>) => Promise<Told>;
  /** As `run`; throws where the run fails. */
  readonly succeed: SmallWorld['run'];
  readonly close: () => Promise<void>;
}

/** A world for each test of a file. */
export function useSmallWorld(): () => SmallWorld {
  let world: SmallWorld;
  beforeEach(async () => {
    world = await createSmallWorld();
  });
  afterEach(() => world.close());
  return () => world;
}

async function createSmallWorld(): Promise<SmallWorld> {
  const registry = await startMemoryRegistry();
  const folder = await mkdtemp(join(tmpdir(), 'two-pass-build-story-'));
  const workspace = await mkdtemp(join(folder, 'workspace-'));
  const temporary = await mkdtemp(join(folder, 'temp-'));
  await writeFile(join(workspace, 'Dockerfile'), DOCKERFILE);
  const defaults = await readActionDefaults();
  const freshEngine = (): RecordedEngine => new RecordedEngine(registry);
  const github = new MemoryGitHub();
  const world: SmallWorld = {
    registry,
    engine: freshEngine(),
    freshEngine,
    github,
    actionsCache: new MemoryActionsCache(join(temporary, 'two-pass-build-layers')),
    hasActionsCache: false,
    checkedOut: null,
    runner: {},
    cancellation: new AbortController(),
    waits: [],
    workspace,
    temporary,
    leftovers: () => readdir(temporary),
    run: async (event, given = {}, change = {}) => {
      const inputs = {
        ...defaults,
        image: `${registry.host}/${REPOSITORY}`,
        password: '',
        'github-token': TOKEN,
        ...given,
      };
      const { told, runner } = createTold(inputs, { workspace, temporary, event });
      const { signal } = world.cancellation;
      const wait = (milliseconds: number): Promise<void> => {
        world.waits.push(milliseconds);
        return signal.aborted ? Promise.reject(new CancelledError('The run was cancelled.')) : Promise.resolve();
      };
      const openActionsCache = (): Promise<MemoryActionsCache | null> =>
        world.hasActionsCache instanceof Error
          ? Promise.reject(world.hasActionsCache)
          : Promise.resolve(world.hasActionsCache ? world.actionsCache : null);
      const connectGitHub = github.connect.bind(github);
      const { engine } = world;
      const run: RunProcess = (command, args, options) =>
        command === 'git' && world.checkedOut !== null && !engine.missing.has('git')
          ? Promise.resolve(answerGit(args, world.checkedOut, workspace))
          : engine.run(command, args, options);
      const own = { ...runner, ...world.runner, ...change };
      try {
        await runBuildPhase({ runner: own, run, connectGitHub, openActionsCache, signal, now: NOW, wait });
      } catch (error) {
        told.error = error instanceof Error ? error : new Error(String(error));
      }
      return told;
    },
    succeed: async (...run) => {
      const told = await world.run(...run);
      if (told.error !== null) throw told.error;
      return told;
    },
    close: async () => {
      await registry.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

function answerGit(args: readonly string[], { commit, branch }: CheckedOut, top: string): ProcessResult {
  const line = args.join(' ');
  const ok = (stdout: string): ProcessResult => ({ ...DONE, stdout: `${stdout}\n` });
  if (line.includes('--format=%H %cI')) return ok(`${commit} 2026-01-02T03:04:05+00:00`);
  if (line.endsWith('rev-parse --verify HEAD')) return ok(commit);
  if (line.endsWith('symbolic-ref --short --quiet HEAD') && branch !== null) return ok(branch);
  if (line.endsWith('--show-toplevel')) return ok(top);
  if (line.includes('status --porcelain')) return { ...DONE, stdout: '' };
  return { ...DONE, code: 128, stderr: 'fatal' };
}

class Notebook<Output extends string> implements Told<Output> {
  readonly log: string[] = [];
  readonly places: (SourcePlace & { readonly message: string })[] = [];
  readonly outputs: Partial<Record<Output, string>> = {};
  readonly masks: string[] = [];
  summary = '';
  error: Error | null = null;

  get warnings(): readonly string[] {
    return this.list('warning: ');
  }

  get notices(): readonly string[] {
    return this.list('notice: ');
  }

  private list(kind: string): readonly string[] {
    return this.log.filter((line) => line.startsWith(kind)).map((line) => line.slice(kind.length));
  }
}

export interface RunnerPlace {
  readonly workspace: string;
  /** RUNNER_TEMP */
  readonly temporary: string;
  readonly event: RunnerEvent;
}

/** A runner that keeps what it is told. */
export function createTold<Input extends string, Output extends string>(
  inputs: Partial<Record<Input, string>>,
  { workspace, temporary, event }: RunnerPlace,
): { readonly told: Notebook<Output>; readonly runner: ActionRunner<Input, Output> } {
  const told = new Notebook<Output>();
  const folder = (): string => join(temporary, `two-pass-build-${Math.random().toString(36).slice(2)}`);
  const runner: ActionRunner<Input, Output> = {
    log: createLog(told),
    ...{ onGitHub: true, hasTerminal: false, workspace, architecture: 'x64', childEnv: { PATH: '' } },
    dockerConfigDirectory: join(workspace, 'no-docker-config'),
    serverUrl: 'https://github.com',
    temporaryDirectory: temporary,
    machine: { system: 'Linux', onGitHub: true, selfHosted: false },
    repositoryUrl: `https://github.com/${REPOSITORY}`,
    runUrl: `https://github.com/${REPOSITORY}/actions/runs/1/attempts/1`,
    runNumber: { id: 1, attempt: 1 },
    repository: REPOSITORY,
    actor: 'somebody',
    stallLimit: 60_000,
    scanLimit: 60_000,
    readInput: (name) => inputs[name] ?? '',
    readRunnerEvent: () => event,
    maskSecret: (value) => void told.masks.push(value),
    setOutput: (name, value) => {
      told.outputs[name] = value;
    },
    writeSummary: (markdown) => {
      told.summary = markdown;
      return Promise.resolve();
    },
    getOutputFolder: folder,
    reserveDirectory: folder,
  };
  return { told, runner };
}

function createLog({ log, places }: Notebook<string>): Log {
  return {
    info: (line) => void log.push(`info: ${line}`),
    notice: (message) => void log.push(`notice: ${message}`),
    warning: (message, place) => {
      log.push(`warning: ${message}`);
      if (place !== undefined) places.push({ ...place, message });
    },
    group: (title, body) => {
      log.push(`info: ${title}`);
      return body();
    },
    relay: (body, title) => {
      if (title !== undefined) log.push(`info: ${title}`);
      return body((line) => void log.push(line));
    },
  };
}
