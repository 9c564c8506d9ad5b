// What the end-to-end tests share: one lab a file, closed whatever happens, and the questions they ask a registry.
import { afterAll, beforeAll, expect } from '@jest/globals';
import { type Lab, type LabOptions, openLab } from '../../lab/lab.js';
import type { ActionResult } from '../../lab/runner/action-run.js';
import { type Team, USERS, formTeam } from '../../lab/services/team.js';

export interface Fixture {
  readonly lab: () => Lab;
  /** A team of its own for a test, so that tests share engines and registry without seeing each other's tags. */
  readonly team: (name: string, options?: Parameters<typeof formTeam>[2]) => Promise<Team>;
}

/** A lab for the tests of one file: a registry that asks for bearer tokens as ghcr.io does, and the engines. */
export function useLab(options: LabOptions): Fixture {
  let lab: Lab | undefined;
  const teams: Team[] = [];
  beforeAll(async () => {
    lab = await openLab({ auth: 'token', users: USERS, inMemory: true, ...options });
  });
  afterAll(async () => {
    await Promise.all(teams.map((team) => team.close()));
    await lab?.close();
  });
  const get = (): Lab => {
    if (lab === undefined) throw new Error('The lab is not open.');
    return lab;
  };
  return {
    lab: get,
    team: async (name, teamOptions) => {
      const team = await formTeam(get(), name, teamOptions);
      teams.push(team);
      return team;
    },
  };
}

/** Fails with the log of the run, which says why. */
export function expectSuccess(result: ActionResult): void {
  if (result.main?.code !== 0 || result.post?.code !== 0) throw new Error(`The run failed:\n${result.log}`);
}

/** Fails unless main ended in failure with an error of that text, and post cleaned up. */
export function expectFailure(result: ActionResult, message: RegExp): void {
  if (result.main?.code === 0) throw new Error(`The run succeeded:\n${result.log}`);
  const errors = result.annotations.filter(({ level }) => level === 'error').map((annotation) => annotation.message);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(message);
  expect(result.post?.code).toBe(0);
  expect(result.leftovers).toEqual([]);
}

export function splitLines(text: string | undefined): string[] {
  return (text ?? '').split('\n').filter((line) => line !== '');
}

/** `Builder: 5 of 5 steps cached` and the line for production, as figures. */
export function readCachedSteps(result: Pick<ActionResult, 'log'>): { builder: string; production: string } {
  const [, builder = '', production = ''] =
    /^Builder: (\d+ of \d+) steps cached.*\n^Production: (\d+ of \d+) steps cached/m.exec(result.log) ?? [];
  return { builder, production };
}

export function warningsOf(result: ActionResult): string[] {
  return result.annotations.filter(({ level }) => level === 'warning').map(({ message }) => message);
}
