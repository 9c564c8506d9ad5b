#!/usr/bin/env node
// The command line: flags become inputs, and the action's own bundle does the rest. docs: docs/laptop.md
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Git } from './adapters/process/git.js';
import { TimeLimitError, runProcess } from './adapters/process/process.js';
import { type CommandLine, readCommandLine, setInputs } from './adapters/runner/cli.js';
import { type GivenInputs, deriveImage, parseCommandLine, toHelp, toInputs } from './inputs/command-line.js';
import { InputError, NoWorkTreeError } from './shared/errors.js';
import { asText, parseObject } from './shared/json.js';

const BAD_USAGE = 2;

try {
  const commandLine = readCommandLine();
  const request = parseCommandLine(commandLine.args);
  switch (request.kind) {
    case 'help':
      process.stdout.write(toHelp());
      break;
    case 'version':
      process.stdout.write(`${await readVersion(commandLine)}\n`);
      break;
    case 'build':
      await build(commandLine, request.given);
      break;
  }
} catch (error) {
  if (!(error instanceof InputError || error instanceof TimeLimitError)) throw error;
  process.stderr.write(`Error: ${error.message}\n`);
  process.exitCode = BAD_USAGE;
}

/** @throws InputError in a workflow, and when there is no name for the image */
async function build({ onGitHub, workingDirectory, env, program }: CommandLine, given: GivenInputs): Promise<void> {
  if (onGitHub) {
    // The command line ignores the event, so that a fork's run could push.
    throw new InputError('In a GitHub workflow, use the action: "uses: DFE-Digital/two-pass-build@v1".');
  }
  // No signal handling: there is nothing to clean up yet when a signal ends this process.
  const git = new Git(runProcess, env, workingDirectory, null, false);
  setInputs(toInputs(given, given.image ?? (await findImage(git, workingDirectory))));
  const action = pathToFileURL(join(dirname(program), '../index.js'));
  await import(/* webpackIgnore: true */ action.href);
}

async function findImage(git: Git, workingDirectory: string): Promise<string> {
  const [head, origin] = await Promise.all([git.readHead(), git.readOrigin()]);
  if (head === null) throw new NoWorkTreeError(workingDirectory, await git.readRefusal());
  return deriveImage(origin);
}

async function readVersion({ program }: CommandLine): Promise<string> {
  const description = parseObject(await readFile(join(dirname(program), '../../package.json'), 'utf8'));
  return asText(description?.version) || 'unknown';
}
