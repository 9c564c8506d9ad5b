// A whole world of a run in memory: registry, engine, runner, GitHub. The stories run in it as they are.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GitHubApi } from '../../../src/adapters/github/run-api.js';
import { CancelledError } from '../../../src/adapters/process/process.js';
import type { ActionsCache } from '../../../src/adapters/runner/actions-cache.js';
import type { Log } from '../../../src/adapters/runner/log.js';
import type { OutputName } from '../../../src/adapters/runner/outputs.js';
import type { Runner } from '../../../src/adapters/runner/runner.js';
import type { InputName } from '../../../src/inputs/inputs.js';
import type { EventFacts } from '../../../src/plan/event/event.js';
import { runBuildPhase } from '../../../src/run/build-run.js';
import { readActionDefaults } from './action-defaults.js';
import { type MemoryRegistry, startMemoryRegistry } from './memory-registry.js';
import { DOCKERFILE, RecordedEngine } from './recorded-engine.js';

export const REPOSITORY = 'owner/app';
export const NOW = new Date('2026-02-03T04:05:06.789Z');

/** What a run has told, in whatever way. */
export interface Told {
  /** `info: …`, `notice: …`, `warning: …`, and what other programs printed, in order. */
  readonly log: readonly string[];
  readonly outputs: Readonly<Partial<Record<OutputName, string>>>;
  readonly summary: string;
  /** Null when the run succeeded. */
  readonly error: Error | null;
}

export interface SmallWorld {
  readonly registry: MemoryRegistry;
  /** Replace it by `freshEngine()` for a run on another machine. */
  engine: RecordedEngine;
  readonly freshEngine: () => RecordedEngine;
  readonly github: { -readonly [Method in keyof GitHubApi]: GitHubApi[Method] };
  /** Null: there is no cache service. */
  actionsCache: ActionsCache | null;
  readonly cancellation: AbortController;
  readonly run: (event: EventFacts, inputs?: Partial<Record<InputName, string>>) => Promise<Told>;
  readonly close: () => Promise<void>;
}

export function push(branch: string, sha: string): EventFacts {
  const payload = {
    repository: { default_branch: 'main' },
    head_commit: { id: sha, timestamp: '2026-02-03T04:00:00Z' },
  };
  return { name: 'push', ref: `refs/heads/${branch}`, sha, repository: REPOSITORY, payload };
}

export async function createSmallWorld(): Promise<SmallWorld> {
  const registry = await startMemoryRegistry();
  const workspace = await mkdtemp(join(tmpdir(), 'two-pass-build-story-'));
  await writeFile(join(workspace, 'Dockerfile'), DOCKERFILE);
  const defaults = await readActionDefaults();
  const freshEngine = (): RecordedEngine => new RecordedEngine(registry);
  const world: SmallWorld = {
    registry,
    engine: freshEngine(),
    freshEngine,
    github: createGitHub(),
    actionsCache: null,
    cancellation: new AbortController(),
    run: async (event, given = {}) => {
      const inputs = {
        ...defaults,
        image: `${registry.host}/${REPOSITORY}`,
        password: '',
        'github-token': '',
        ...given,
      };
      const told = new Notebook();
      const { signal } = world.cancellation;
      const wait = (): Promise<void> =>
        signal.aborted ? Promise.reject(new CancelledError('The run was cancelled.')) : Promise.resolve();
      const { run } = world.engine;
      const connectGitHub = (): GitHubApi => world.github;
      const openActionsCache = (): Promise<ActionsCache | null> => Promise.resolve(world.actionsCache);
      const runner = createRunner(workspace, event, inputs, told);
      try {
        await runBuildPhase({ runner, run, connectGitHub, openActionsCache, signal, now: NOW, wait });
      } catch (error) {
        told.error = error instanceof Error ? error : new Error(String(error));
      }
      return told;
    },
    close: async () => {
      await registry.close();
      await rm(workspace, { recursive: true, force: true });
    },
  };
  return world;
}

class Notebook implements Told {
  readonly log: string[] = [];
  readonly outputs: Partial<Record<OutputName, string>> = {};
  summary = '';
  error: Error | null = null;
}

function createRunner(
  workspace: string,
  event: EventFacts,
  inputs: Partial<Record<InputName, string>>,
  told: Notebook,
): Runner {
  const folder = (): string => join(workspace, `run-${Math.random().toString(36).slice(2)}`);
  return {
    log: createLog(told.log),
    ...{ onGitHub: true, hasTerminal: false, workspace, architecture: 'x64', childEnv: { PATH: '' } },
    dockerConfigDirectory: join(workspace, 'no-docker-config'),
    serverUrl: 'https://github.com',
    temporaryDirectory: workspace,
    machine: { system: 'Linux', onGitHub: true, selfHosted: false },
    repositoryUrl: `https://github.com/${REPOSITORY}`,
    runUrl: `https://github.com/${REPOSITORY}/actions/runs/1/attempts/1`,
    runNumber: { id: 1, attempt: 1 },
    repository: REPOSITORY,
    actor: 'somebody',
    stallLimit: 60_000,
    scanLimit: 60_000,
    readInput: (name) => inputs[name] ?? '',
    readEventFacts: () => event,
    maskSecret: () => undefined,
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
}

function createLog(lines: string[]): Log {
  return {
    info: (line) => void lines.push(`info: ${line}`),
    notice: (message) => void lines.push(`notice: ${message}`),
    warning: (message) => void lines.push(`warning: ${message}`),
    group: (title, body) => {
      lines.push(`info: ${title}`);
      return body();
    },
    relay: (body, title) => {
      if (title !== undefined) lines.push(`info: ${title}`);
      return body((line) => void lines.push(line));
    },
  };
}

/** A GitHub that knows nothing, and takes everything. */
function createGitHub(): SmallWorld['github'] {
  return {
    prepare: () => undefined,
    readCommitTime: () => Promise.resolve(null),
    readBranchHead: () => Promise.resolve(null),
    readBranchesAt: () => Promise.resolve([]),
    readMergedBranch: () => Promise.resolve(null),
    readTokenOwner: () => Promise.resolve('github-actions[bot]'),
    readComments: () => Promise.resolve({ comments: [], complete: true }),
    createComment: () => Promise.resolve(),
    updateComment: () => Promise.resolve(),
    uploadSarif: () => Promise.resolve('complete'),
  };
}
