// Writes the log: of a job, with the runner's commands for annotations and groups, or on a developer's terminal.
import { randomUUID } from 'node:crypto';
import * as core from '@actions/core';
import { LONGEST_LOGGED, shortenLine, shortenLines } from '../../shared/long-line.js';
import type { SourcePlace } from '../../shared/types.js';
import { isOnGitHub } from './on-github.js';

export interface Log {
  /** Prints a line as text, whatever it quotes. */
  info(line: string): void;
  notice(message: string): void;
  warning(message: string, place?: SourcePlace): void;
  /** Puts what `log` prints into a group that the job's page folds. */
  group<T>(title: string, body: () => T): T;
  /**
   * Prints the output of other programs. Workflow commands in it (`::set-env::`, `::add-mask::`) are shown, not obeyed:
   * https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#stopping-and-starting-workflow-commands
   * @param title title of a group for the output
   */
  relay<T>(body: (print: (line: string) => void) => Promise<T>, title?: string): Promise<T>;
}

export function createLog(onGitHub: boolean): Log {
  return onGitHub ? createJobLog() : createTerminalLog();
}

/** Reports the error of a phase: on the job's page, at its place in the Dockerfile, and as exit code. */
export function reportFailure(error: string, place: SourcePlace | null, env = process.env): void {
  const message = shortenLines(error, LONGEST_LOGGED);
  process.exitCode = core.ExitCode.Failure;
  if (isOnGitHub(env)) core.error(message, place === null ? {} : toProperties(place));
  else process.stderr.write(`Error: ${message}\n`);
}

function toProperties({ file, line, endLine }: SourcePlace): core.AnnotationProperties {
  return { file, startLine: line, endLine };
}

function createJobLog(): Log {
  // While commands are stopped, an annotation would be printed as text, so it waits here. Null: not stopped.
  let waiting: (() => void)[] | null = null;
  const say = (annotate: () => void): void => {
    if (waiting === null) annotate();
    else waiting.push(annotate);
  };
  return {
    info: (line) => core.info(toPlainLine(line)),
    notice: (message) => say(() => core.notice(shortenLines(message, LONGEST_LOGGED))),
    warning: (message, place) =>
      say(() => core.warning(shortenLines(message, LONGEST_LOGGED), place === undefined ? {} : toProperties(place))),
    group: (title, body) => {
      core.startGroup(title);
      try {
        return body();
      } finally {
        core.endGroup();
      }
    },
    relay: async (body, title) => {
      const token = randomUUID();
      if (title !== undefined) core.startGroup(title);
      core.info(`::stop-commands::${token}`);
      waiting = [];
      try {
        return await body((line) => core.info(shortenLine(line, LONGEST_LOGGED)));
      } finally {
        core.info(`::${token}::`);
        const held = waiting;
        waiting = null;
        if (title !== undefined) core.endGroup();
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
  return shortenLine(text, LONGEST_LOGGED)
    .replace(/[\r\n\u0085\u2028\u2029]+/g, ' ')
    .replaceAll('##[', '## [')
    .replace(/^\s*::/, ': :');
}

/** On a terminal there are no workflow commands and no groups. */
function createTerminalLog(): Log {
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  return {
    info: (line) => print(toPlainLine(line)),
    notice: (message) => print(toPlainLine(message)),
    warning: (message, place) =>
      print(`Warning: ${toPlainLine(place === undefined ? message : `${message} (${place.file}:${place.line})`)}`),
    group: (title, body) => {
      print(title);
      return body();
    },
    relay: (body, title) => {
      if (title !== undefined) print(title);
      return body((line) => print(shortenLine(line, LONGEST_LOGGED)));
    },
  };
}
