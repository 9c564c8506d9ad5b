// A command line in the runner's place: what it gives, and inputs as the runner hands them to an action. Loads no toolkit.
import { realpathSync } from 'node:fs';
import type { Env } from '../../shared/types.js';
import { isOnGitHub } from './on-github.js';

export interface CommandLine {
  readonly args: readonly string[];
  readonly workingDirectory: string;
  readonly env: Env;
  /** The bundle that was started, whatever link led to it. */
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

/** For `core.getInput` of this very process. */
export function setInputs(inputs: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(inputs)) process.env[`INPUT_${name.toUpperCase()}`] = value;
}
