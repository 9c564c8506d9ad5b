// Which runs take layers of nothing but what main has recorded, and which of them record.
import { describe, expect, test } from '@jest/globals';
import type { RunContext } from '../../../src/plan/context.js';
import { getOwnRef } from '../../../src/plan/event/own-ref.js';
import type { WorkflowEvent } from '../../../src/plan/event/event.js';
import {
  type With,
  fromFork,
  gitTagPush,
  localBuild,
  mergeGroup,
  onBranch,
  otherEvent,
  planOf,
  pullRequest,
  pushTo,
  registryWith,
} from '../../support/fixtures.js';

const OWN: With = { 'trust-cache': 'own' };
const trustOf = (event: WorkflowEvent, context: Partial<RunContext> = {}, given: With = OWN) =>
  planOf(event, given, registryWith(), context).trust;

test.each<[string, WorkflowEvent]>([
  ['another branch', pushTo('topic')],
  ['a pull request', pullRequest({ baseBranch: 'main' })],
  ['a pull request from main into a branch', pullRequest({ headBranch: 'main' })],
  ['a fork', fromFork({ headBranch: 'main' })],
  ['the merge queue', mergeGroup()],
  ['a comment', otherEvent()],
])('%s takes layers of its lineage, as without the input', (_, event) =>
  expect(trustOf(event)).toEqual({ kind: 'lineage' }),
);

test.each<[string, WorkflowEvent]>([
  ['main', pushTo('main')],
  ['a git tag', gitTagPush('v1.2.3')],
])('by default %s does, too', (_, event) => expect(trustOf(event, {}, {})).toEqual({ kind: 'lineage' }));

describe('own', () => {
  test.each<[string, WorkflowEvent, string, boolean]>([
    ['a push to main', pushTo('main'), 'refs/heads/main', true],
    ['a scheduled run of main', onBranch('schedule'), 'refs/heads/main', true],
    ['a git tag, which records nothing', gitTagPush('v1.2.3'), 'refs/tags/v1.2.3', false],
  ])('%s', (_, event, ownRef, writes) =>
    expect(trustOf(event, { ownRef })).toEqual({
      kind: 'recorded',
      keys: expect.stringMatching(/^two-pass-build\/1\/record\/[0-9a-f]{16}\/$/),
      writes,
    }),
  );

  test('main and git tags look for the same records, another image and another platform for others', () => {
    const keys = (event: WorkflowEvent, ownRef: string, given: With = {}): unknown =>
      (trustOf(event, { ownRef }, { ...OWN, ...given }) as { keys?: string }).keys;
    const main = keys(pushTo('main'), 'refs/heads/main');
    expect(keys(gitTagPush('v1.2.3'), 'refs/tags/v1.2.3')).toBe(main);
    const others = [
      keys(pushTo('main'), 'refs/heads/main', { image: 'ghcr.io/owner/app/worker' }),
      keys(pushTo('main'), 'refs/heads/main', { 'part-of-index': 'true', platforms: 'linux/amd64' }),
    ];
    expect(new Set([main, ...others]).size).toBe(3);
  });

  test.each<[string, WorkflowEvent, Partial<RunContext>, With, RegExp]>([
    ['which another branch may have caused', onBranch('workflow_run'), { ownRef: null }, {}, /may have caused this/],
    [
      'with main checked out, on another ref',
      onBranch('workflow_dispatch'),
      { ownRef: 'refs/heads/topic' },
      {},
      /belongs to refs\/heads\/topic, whose Actions cache others can write/,
    ],
    [
      'of a git tag, on a branch',
      gitTagPush('v1'),
      { ownRef: 'refs/heads/topic' },
      {},
      /belongs to refs\/heads\/topic/,
    ],
    [
      'of a main branch that is not the default one',
      pushTo('trunk'),
      { ownRef: 'refs/heads/trunk' },
      { 'main-branch': 'trunk' },
      /only the Actions cache of the default branch \(main\)/,
    ],
    ['where nobody knows main', pushTo('main'), { defaultBranch: null }, {}, /Set main-branch$/],
    ['outside GitHub', localBuild('main'), { ownRef: null, repository: '' }, {}, /no Actions cache outside GitHub/],
  ])('a run %s takes nothing', (_, event, context, given, reason) =>
    expect(trustOf(event, context, { ...OWN, ...given })).toEqual({
      kind: 'nothing',
      reason: expect.stringMatching(reason),
    }),
  );

  test('leaves out the sources of cache-from', () => {
    const given = { 'cache-from': 'type=registry,ref=example.test/cache' };
    const from = (event: WorkflowEvent) => planOf(event, { ...OWN, ...given }).production.cacheFrom;
    expect(from(pushTo('main'))).toEqual([]);
    expect(from(pushTo('topic'))).toEqual([given['cache-from']]);
  });
});

describe('the ref whose own run it is', () => {
  const ref = 'refs/heads/main';
  const runOf = (name: string, payload: unknown = {}): string | null =>
    getOwnRef({ name, ref, sha: '0'.repeat(40), repository: 'Owner/app', payload });
  test.each(['push', 'workflow_dispatch', 'schedule', 'repository_dispatch', 'release'])('%s', (name) =>
    expect(runOf(name)).toBe(ref),
  );
  test.each(['pull_request_target', 'pull_request', 'issue_comment', 'merge_group', 'check_run', 'discussion', ''])(
    '%s is nobody’s',
    (name) => expect(runOf(name)).toBe(null),
  );

  const caused = (change: object): unknown => ({
    workflow_run: { event: 'push', head_branch: 'main', head_repository: { full_name: 'owner/App' }, ...change },
  });
  test('a workflow_run is, after a push to the same branch', () => expect(runOf('workflow_run', caused({}))).toBe(ref));
  test.each<[string, unknown]>([
    ['of another branch', caused({ head_branch: 'topic' })],
    ['of a pull request', caused({ event: 'pull_request' })],
    ['of a fork', caused({ head_repository: { full_name: 'mallory/app' } })],
    ['of a fork that is gone', caused({ head_repository: null })],
    ['of nobody knows what', {}],
  ])('and not after a run %s', (_, payload) => expect(runOf('workflow_run', payload)).toBe(null));
});
