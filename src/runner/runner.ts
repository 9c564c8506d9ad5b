// The Actions runner: the only reader of the environment, the only user of the toolkit.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '@actions/core';
import type { RunNumber } from '../plan/comment.js';
import type { InputName } from '../plan/inputs.js';
import type { DockerfilePlace } from '../plan/dockerfile.js';
import { InputError, quote } from '../plan/input-error.js';
import { describeFault } from '../plan/words.js';
import type { EventFacts } from '../plan/workflow-event.js';
import type { OutputName } from './outputs.js';
import { DIRECTORY_STATE } from './saved-state.js';

/**
 * Longer than any healthy registry is silent; BuildKit says nothing while it uploads a layer, and a slow line may need
 * minutes for a large one.
 */
const STALL_SECONDS = 900;

export type Env = Readonly<Record<string, string | undefined>>;

export interface Log {
  /** Prints a line as text, whatever it quotes. */
  info(line: string): void;
  notice(message: string): void;
  warning(message: string, place?: DockerfilePlace): void;
  /** Folds what is logged in between. */
  group<T>(title: string, body: () => T): T;
  /**
   * Prints the output of other programs. Workflow commands in it (`::set-env::`, `::add-mask::`) are shown, not obeyed:
   * https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#stopping-and-starting-workflow-commands
   */
  foreign<T>(body: (print: (line: string) => void) => Promise<T>): Promise<T>;
}

export interface Runner {
  readonly log: Log;
  /** True in a GitHub workflow, false on a developer's machine. */
  readonly onGitHub: boolean;
  readonly workspace: string;
  /** Environment for child processes, without this action's inputs. */
  readonly childEnv: Env;
  /** The user's own Docker config directory. */
  readonly dockerConfigDirectory: string;
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
  /** The text of an input as it was given, untrimmed. */
  readInput(name: InputName): string;
  /** @throws InputError when the payload file is not JSON */
  readEventFacts(): EventFacts;
  maskSecret(value: string): void;
  setOutput(name: OutputName, value: string): void;
  /** A failing summary never breaks a build. */
  writeSummary(markdown: string): Promise<void>;
  /** A folder of this run's own that the post phase removes; its name is saved before it is made. */
  reserveDirectory(): string;
}

/** Reports the error of a phase: on the job's page, at its place in the Dockerfile, and as exit code. */
export function reportFailure(message: string, place: DockerfilePlace | null = null): void {
  process.exitCode = core.ExitCode.Failure;
  core.error(message, place === null ? {} : toProperties(place));
}

function toProperties({ file, line, endLine }: DockerfilePlace): core.AnnotationProperties {
  return { file, startLine: line, endLine };
}

export function createRunner(env: Env = process.env, workingDirectory = process.cwd()): Runner {
  const get = (name: string): string => env[name] ?? '';
  const onGitHub = get('GITHUB_ACTIONS') === 'true';
  const repository = get('GITHUB_REPOSITORY');
  const repositoryUrl =
    onGitHub && repository !== '' ? `${get('GITHUB_SERVER_URL') || 'https://github.com'}/${repository}` : null;
  const runId = get('GITHUB_RUN_ID');
  const runAttempt = get('GITHUB_RUN_ATTEMPT') || '1';
  return {
    log: createLog(),
    onGitHub,
    workspace: workingDirectory,
    childEnv: Object.fromEntries(Object.entries(env).filter(([name]) => !/^(?:INPUT|STATE)_/.test(name))),
    dockerConfigDirectory: get('DOCKER_CONFIG') || join(homedir(), '.docker'),
    repositoryUrl,
    runUrl:
      repositoryUrl === null || runId === '' ? null : `${repositoryUrl}/actions/runs/${runId}/attempts/${runAttempt}`,
    runNumber: parseRunNumber(runId, runAttempt),
    repository,
    actor: get('GITHUB_ACTOR'),
    stallLimit: parseSeconds('TWO_PASS_BUILD_STALL_SECONDS', get('TWO_PASS_BUILD_STALL_SECONDS'), STALL_SECONDS) * 1000,
    readInput: (name) => core.getInput(name, { trimWhitespace: false }),
    readEventFacts: () => ({
      name: get('GITHUB_EVENT_NAME'),
      ref: get('GITHUB_REF'),
      sha: get('GITHUB_SHA'),
      repository,
      payload: readPayload(get('GITHUB_EVENT_PATH')),
    }),
    maskSecret: (value) => {
      if (value !== '') core.setSecret(value);
    },
    setOutput: (name, value) => core.setOutput(name, value),
    writeSummary: async (markdown) => {
      if (get('GITHUB_STEP_SUMMARY') === '') return;
      try {
        await core.summary.addRaw(markdown, true).write();
      } catch (error) {
        core.warning(`The job summary could not be written: ${describeFault(error)}`);
      }
    },
    reserveDirectory: () => {
      const directory = join(get('RUNNER_TEMP') || tmpdir(), `two-pass-build-${randomUUID()}`);
      core.saveState(DIRECTORY_STATE, directory);
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

function createLog(): Log {
  // While commands are stopped an annotation would be a line of text: it waits. Null: nothing is stopped.
  let waiting: (() => void)[] | null = null;
  const say = (annotate: () => void): void => {
    if (waiting === null) annotate();
    else waiting.push(annotate);
  };
  return {
    info: (line) => core.info(toPlainLine(line)),
    notice: (message) => say(() => core.notice(message)),
    warning: (message, place) => say(() => core.warning(message, place === undefined ? {} : toProperties(place))),
    group: (title, body) => {
      core.startGroup(title);
      try {
        return body();
      } finally {
        core.endGroup();
      }
    },
    foreign: async (body) => {
      const token = randomUUID();
      core.info(`::stop-commands::${token}`);
      waiting = [];
      try {
        return await body((line) => core.info(line));
      } finally {
        core.info(`::${token}::`);
        const held = waiting;
        waiting = null;
        for (const annotate of held) annotate();
      }
    },
  };
}

/**
 * Text that quotes others (a branch, a step, a registry's words) must stay text: the runner ends lines at carriage returns
 * too, obeys `::name::` where a line starts with it, and `##[name]` wherever it stands.
 * https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
function toPlainLine(text: string): string {
  return text
    .replace(/[\r\n\u0085\u2028\u2029]+/g, ' ')
    .replaceAll('##[', '## [')
    .replace(/^\s*::/, ': :');
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
