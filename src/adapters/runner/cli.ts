// For the command line: reads the process's arguments, and sets inputs as the runner does. Does not load the toolkit.
import { realpathSync } from 'node:fs';
import type { Env } from '../../shared/types.js';
import { isOnGitHub } from './on-github.js';

export interface CommandLine {
  readonly args: readonly string[];
  readonly workingDirectory: string;
  readonly env: Env;
  /** Path of the bundle that was started, with symbolic links resolved. */
  readonly program: string;
  readonly onGitHub: boolean;
}

export function readCommandLine(): CommandLine {
  const [, program = '', ...args] = process.argv;
  return {
    args,
    workingDirectory: process.cwd(),
    env: process.env,
    program: realpathSync(program),
    onGitHub: isOnGitHub(),
  };
}

/** Sets the variables that `core.getInput` reads in this process. */
export function setInputs(inputs: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(inputs)) process.env[`INPUT_${name.toUpperCase()}`] = value;
}
