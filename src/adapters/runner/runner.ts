// The Actions runner: the only reader of the environment, the only user of the toolkit.
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '@actions/core';
import type { InputName } from '../../inputs/inputs.js';
import type { RunnerEvent } from '../../plan/event/event.js';
import type { Machine } from '../../plan/machine.js';
import { InputError } from '../../shared/errors.js';
import { errorMessage, quote } from '../../shared/text.js';
import type { Env } from '../../shared/types.js';
import { type Log, createLog } from './log.js';
import { isOnGitHub } from './on-github.js';
import type { OutputName } from './outputs.js';
import { DIRECTORY_STATE } from './saved-state.js';

/**
 * Longer than any healthy registry is silent; BuildKit says nothing while it uploads a layer, and a slow line may need
 * minutes for a large one.
 */
const STALL_SECONDS = 900;
/** A scanner's database takes a minute to load, a large image several minutes to scan. */
const SCAN_SECONDS = 1800;

/** Node's names of operating systems -> GitHub's. */
const SYSTEMS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: 'Linux',
  win32: 'Windows',
  darwin: 'macOS',
};

/** @typeParam Input names of the inputs of an action.yml; @typeParam Output of its outputs */
export interface ActionRunner<Input extends string, Output extends string> {
  readonly log: Log;
  /** True in a GitHub workflow, false on a developer's machine. */
  readonly onGitHub: boolean;
  /** Whether the output is a terminal. */
  readonly hasTerminal: boolean;
  readonly workspace: string;
  /** RUNNER_TEMP; null off GitHub. */
  readonly temporaryDirectory: string | null;
  readonly machine: Machine;
  /** As Node names it: `x64`, `arm64`. */
  readonly architecture: string;
  /** Environment for child processes, without this action's inputs. */
  readonly childEnv: Env;
  /** The user's Docker config directory: DOCKER_CONFIG, or `~/.docker`. */
  readonly dockerConfigDirectory: string;
  /** `https://github.com`, or the address of an Enterprise Server or of a tenant of ghe.com. */
  readonly serverUrl: string;
  /** `https://github.com/owner/app` and the page of this run; null off GitHub. */
  readonly repositoryUrl: string | null;
  readonly runUrl: string | null;
  /** Null off GitHub. */
  readonly runNumber: RunNumber | null;
  /** `owner/app`; empty off GitHub. */
  readonly repository: string;
  /** Who or what started the run: `dependabot[bot]` for Dependabot; empty off GitHub. */
  readonly actor: string;
  /**
   * Milliseconds that a build may be silent while none of its steps runs.
   * @throws InputError when the variable for it holds no number of seconds
   */
  readonly stallLimit: number;
  /** Milliseconds that a scanner may take. @throws as `stallLimit` */
  readonly scanLimit: number;
  /** The text of an input as it was given, untrimmed. */
  readInput(name: Input): string;
  /** @throws InputError when the payload file is not JSON */
  readRunnerEvent(): RunnerEvent;
  maskSecret(value: string): void;
  setOutput(name: Output, value: string): void;
  /** A failing summary never breaks a build. */
  writeSummary(markdown: string): Promise<void>;
  /** Folder for files for later steps; the caller makes it. */
  getOutputFolder(): string;
  /** Path of the run's own folder, which the caller makes. It is saved first, so that the post phase can remove it. */
  reserveDirectory(): string;
}

/** The runner as the build uses it; the cleanup has other inputs and outputs. */
export type Runner = ActionRunner<InputName, OutputName>;

export function createRunner<Input extends string = InputName, Output extends string = OutputName>(
  env: Env = process.env,
  workingDirectory = process.cwd(),
): ActionRunner<Input, Output> {
  const get = (name: string): string => env[name] ?? '';
  const onGitHub = isOnGitHub(env);
  return {
    log: createLog(onGitHub),
    onGitHub,
    hasTerminal: !onGitHub && process.stderr.isTTY,
    workspace: workingDirectory,
    temporaryDirectory: get('RUNNER_TEMP') || null,
    machine: {
      system: (onGitHub ? get('RUNNER_OS') : '') || (SYSTEMS[process.platform] ?? process.platform),
      onGitHub,
      selfHosted: get('RUNNER_ENVIRONMENT') === 'self-hosted',
    },
    architecture: process.arch,
    childEnv: Object.fromEntries(Object.entries(env).filter(([name]) => !/^(?:INPUT|STATE)_/.test(name))),
    dockerConfigDirectory: get('DOCKER_CONFIG') || join(homedir(), '.docker'),
    ...describeRun(get, onGitHub),
    stallLimit: parseSeconds('TWO_PASS_BUILD_STALL_SECONDS', get('TWO_PASS_BUILD_STALL_SECONDS'), STALL_SECONDS) * 1000,
    scanLimit: parseSeconds('TWO_PASS_BUILD_SCAN_SECONDS', get('TWO_PASS_BUILD_SCAN_SECONDS'), SCAN_SECONDS) * 1000,
    readInput: (name) => core.getInput(name, { trimWhitespace: false }),
    readRunnerEvent: () => ({
      name: get('GITHUB_EVENT_NAME'),
      ref: get('GITHUB_REF'),
      sha: get('GITHUB_SHA'),
      repository: get('GITHUB_REPOSITORY'),
      payload: readPayload(get('GITHUB_EVENT_PATH')),
    }),
    maskSecret: (value) => {
      // Off GitHub nothing masks, and the command would print the secret.
      if (onGitHub && value !== '') core.setSecret(value);
    },
    setOutput: (name, value) => {
      if (onGitHub) core.setOutput(name, value);
    },
    writeSummary: (markdown) => writeSummary(get('GITHUB_STEP_SUMMARY'), markdown),
    ...createFolders(get('RUNNER_TEMP') || tmpdir(), onGitHub),
  };
}

type RunDescription = Pick<
  ActionRunner<never, never>,
  'serverUrl' | 'repositoryUrl' | 'runUrl' | 'runNumber' | 'repository' | 'actor'
>;

/** Which run of which repository it is, and where people find both. */
function describeRun(get: (name: string) => string, onGitHub: boolean): RunDescription {
  const repository = get('GITHUB_REPOSITORY');
  const serverUrl = get('GITHUB_SERVER_URL') || 'https://github.com';
  const repositoryUrl = onGitHub && repository !== '' ? `${serverUrl}/${repository}` : null;
  const runId = get('GITHUB_RUN_ID');
  const runAttempt = get('GITHUB_RUN_ATTEMPT') || '1';
  return {
    serverUrl,
    repositoryUrl,
    runUrl:
      repositoryUrl === null || runId === '' ? null : `${repositoryUrl}/actions/runs/${runId}/attempts/${runAttempt}`,
    runNumber: parseRunNumber(runId, runAttempt),
    repository,
    actor: get('GITHUB_ACTOR'),
  };
}

/** @param file GITHUB_STEP_SUMMARY; empty off GitHub */
async function writeSummary(file: string, markdown: string): Promise<void> {
  if (file === '') return;
  try {
    await core.summary.addRaw(markdown, true).write();
  } catch (error) {
    core.warning(`The job summary could not be written: ${errorMessage(error)}`);
  }
}

function createFolders(
  parent: string,
  onGitHub: boolean,
): Pick<ActionRunner<never, never>, 'getOutputFolder' | 'reserveDirectory'> {
  return {
    getOutputFolder: () => join(parent, `two-pass-build-output-${randomUUID()}`),
    reserveDirectory: () => {
      const directory = join(parent, `two-pass-build-${randomUUID()}`);
      if (onGitHub) core.saveState(DIRECTORY_STATE, directory);
      // Off GitHub there is no post phase, and a cancelled run may not get to remove the folder: it is removed on exit.
      else process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
      return directory;
    },
  };
}

function parseSeconds(variable: string, text: string, preset: number): number {
  if (text === '') return preset;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InputError(`${variable}: ${quote(text)} is no number of seconds. Use a whole number from 1 to 999999.`);
}

function parseRunNumber(id: string, attempt: string): RunNumber | null {
  return /^\d{1,15}$/.test(id) && /^\d{1,15}$/.test(attempt) ? { id: Number(id), attempt: Number(attempt) } : null;
}

function readPayload(path: string): unknown {
  if (path === '') return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InputError(`The event payload GITHUB_EVENT_PATH ${quote(path)} cannot be read as JSON.`, {
      cause: error,
    });
  }
}

/** A run of a workflow: a later run of the repository has the greater ID, a re-run the greater attempt (from 1). */
export interface RunNumber {
  readonly id: number;
  readonly attempt: number;
}
