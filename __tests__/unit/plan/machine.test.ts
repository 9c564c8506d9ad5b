import { expect, test } from '@jest/globals';
import { type Machine, checkMachine } from '../../../src/plan/machine.js';
import { InputError } from '../../../src/shared/errors.js';

const RUNNER: Machine = { system: 'Linux', onGitHub: true, selfHosted: false };

test.each<[string, Partial<Machine>]>([
  ['a Linux runner', {}],
  ['a Linux runner of the team', { selfHosted: true }],
  ['a Mac of the team, which may have Docker', { system: 'macOS', selfHosted: true }],
  ['a developer on Linux', { onGitHub: false }],
  ['a developer on a Mac', { system: 'macOS', onGitHub: false }],
])('%s may build', (_, change) =>
  expect(() => {
    checkMachine({ ...RUNNER, ...change });
  }).not.toThrow(),
);

test.each<[string, Partial<Machine>, string]>([
  ['Windows on GitHub', { system: 'Windows' }, 'on Windows. Use a Linux runner: "runs-on: ubuntu-latest".'],
  ['Windows of the team', { system: 'Windows', selfHosted: true }, 'Use a Linux runner: "runs-on: ubuntu-latest".'],
  ['macOS on GitHub', { system: 'macOS' }, 'no Docker. Use a Linux runner: "runs-on: ubuntu-latest".'],
  ['a developer on Windows', { system: 'Windows', onGitHub: false }, 'Run it in WSL, with Docker there.'],
])('%s is told what to use', (_, change, advice) => {
  const check = (): void => checkMachine({ ...RUNNER, ...change });
  expect(check).toThrow(InputError);
  expect(check).toThrow(advice);
});
