// The push decision: every kind of event, with every access, in every mode of the input push.
import { describe, expect, test } from '@jest/globals';
import type { RegistryState } from '../../../src/plan/context.js';
import type { WorkflowEvent } from '../../../src/plan/event/event.js';
import { mayWantToPush } from '../../../src/plan/push-decision.js';
import {
  SHA,
  fromFork,
  gitTagPush,
  inputsOf,
  localBuild,
  mergeGroup,
  messageOf,
  onBranch,
  otherEvent,
  planOf,
  pullRequest,
  pushTo,
  registryWith,
} from '../../support/fixtures.js';

const OWN: Readonly<Record<string, WorkflowEvent>> = {
  'push to a branch': pushTo('main'),
  'push of a git tag': gitTagPush('v1.2.3'),
  release: { kind: 'git-tag', name: 'release', gitTag: 'v1.2.3', sha: SHA },
  'pull_request of the same repository': pullRequest(),
  'pull_request_target of the same repository': pullRequest({ name: 'pull_request_target' }),
  schedule: onBranch('schedule'),
  workflow_dispatch: onBranch('workflow_dispatch'),
  repository_dispatch: onBranch('repository_dispatch'),
  'workflow_run of the same repository': onBranch('workflow_run'),
  merge_group: mergeGroup(),
  issue_comment: otherEvent(),
  "a developer's machine": localBuild('topic'),
};
const FORKS: Readonly<Record<string, WorkflowEvent>> = {
  'pull_request of a fork': fromFork(),
  'pull_request_target of a fork': fromFork({ name: 'pull_request_target' }),
  'pull_request of a deleted fork': fromFork({ headRepository: null }),
  'workflow_run of a fork': otherEvent('workflow_run', true),
};
const ACCESS: Readonly<Record<string, RegistryState['writeAccess']>> = {
  'write access': { allowed: true },
  'a read-only token': { allowed: false, answer: { status: 403, text: 'DENIED denied' }, hasLogin: true },
  'no login': { allowed: false, answer: { status: 401, text: 'UNAUTHORIZED' }, hasLogin: false },
  'access that was not asked for': null,
};
const MODES = ['auto', 'true', 'false'] as const;

const cells = (events: Readonly<Record<string, WorkflowEvent>>) =>
  Object.entries(events).flatMap(([title, event]) =>
    Object.keys(ACCESS).flatMap((access) => MODES.map((push) => ({ title, event, access, push }))),
  );

type Cell = ReturnType<typeof cells>[number];

function decide({ event, access, push }: Cell, actor = 'octocat'): string {
  const login = access === 'no login' ? {} : { password: 't', 'github-token': 't' };
  const registry = { ...registryWith(), writeAccess: ACCESS[access] ?? null };
  const { push: decision, production } = planOf(event, { ...login, push }, registry, { actor });
  // What is not pushed is in the engine, for later steps.
  expect(production.output).toBe(decision.push ? 'registry' : 'engine');
  return `${decision.push ? 'push' : 'no push'}: ${decision.reason}`;
}

describe('a run of the repository itself', () => {
  const expected: Readonly<Record<string, Readonly<Record<(typeof MODES)[number], RegExp>>>> = {
    'write access': {
      auto: /^push: the registry gives write access$/,
      true: /^push: the registry gives write access$/,
      false: /^no push: the input push is false$/,
    },
    'a read-only token': {
      auto: /^no push: the registry ghcr\.io refuses .*\(403 DENIED denied\): the job's token may not write packages\. Add "permissions: packages: write"/,
      true: /^InputError: push is true, but the registry ghcr\.io refuses .*Add "permissions: packages: write"/,
      false: /^no push: the input push is false$/,
    },
    'no login': {
      auto: /^no push: there is no login for ghcr\.io \(the input password is empty\)\. Leave username/,
      true: /^InputError: push is true, but there is no login for ghcr\.io/,
      false: /^no push: the input push is false$/,
    },
    'access that was not asked for': {
      auto: /^push: the run may push if the registry lets it \(not asked yet\)$/,
      true: /^push: the run may push if the registry lets it \(not asked yet\)$/,
      false: /^no push: the input push is false$/,
    },
  };

  test.each(cells(OWN))('$title, $access, push: $push', (cell) => {
    const pattern = expected[cell.access]![cell.push];
    const said = pattern.source.startsWith('^InputError') ? messageOf(() => decide(cell)) : decide(cell);
    expect(said).toMatch(pattern);
    expect(mayWantToPush(inputsOf({ push: cell.push }), cell.event)).toBe(cell.push !== 'false');
  });
});

describe('a run of a fork never pushes, whatever its token can do', () => {
  test.each(cells(FORKS))('$title, $access, push: $push', (cell) => {
    if (cell.push === 'true')
      expect(messageOf(() => decide(cell))).toMatch(
        /^InputError: push is true, but runs for the code of a fork never push, and this \w+ is from .*\. Use "push: auto"\.$/,
      );
    else
      expect(decide(cell)).toMatch(
        /^no push: runs for the code of a fork never push, and this \w+ is from (?:stranger\/app|a deleted fork|another repository)$/,
      );
    // Nobody asks the registry for it either.
    expect(mayWantToPush(inputsOf({ push: cell.push }), cell.event)).toBe(false);
  });
});

describe('Dependabot', () => {
  const cell = { title: '', event: pullRequest({ headBranch: 'dependabot/npm/left-pad' }), push: 'auto' } as const;

  test('with its read-only token pushes nothing, and is told about its token', () =>
    expect(decide({ ...cell, access: 'a read-only token' }, 'dependabot[bot]')).toMatch(
      /^no push: .*: GitHub gives a read-only token to runs that Dependabot starts\. To push in such runs too, add "permissions: packages: write" to the job$/,
    ));

  test('with a raised token pushes', () =>
    expect(decide({ ...cell, access: 'write access' }, 'dependabot[bot]')).toMatch(/^push: /));
});
