// What is checked out decides whose run it is: every event with every checkout, as docs/security.md has it.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type BranchesAtCommit,
  type BuiltRun,
  decideBuiltRun,
  decideIndexRun,
  decideWithoutWorkTree,
  findCommitOfParts,
} from '../../../../src/plan/event/built-commit.js';
import type { PullRequestEvent, WorkflowEvent } from '../../../../src/plan/event/event.js';
import type { Plan } from '../../../../src/plan/plan.js';
import { mayWantToPush } from '../../../../src/plan/push-decision.js';
import { branchTag } from '../../../../src/plan/tags/tags.js';
import { toPlanJson, toPlanLines } from '../../../../src/report/plan-text.js';
import {
  NOW_TAG,
  type With,
  fromFork,
  inputsOf,
  messageOf,
  planOf,
  pullRequest,
  registryWith,
  builderOf,
} from '../../../support/fixtures.js';
import {
  CHECKOUTS,
  type Checkout,
  EVENTS,
  EVENT_SHA,
  HEAD_SHA,
  OTHER_BRANCH,
  OTHER_SHA,
  type Written,
} from '../../../support/what-events-write.js';
import { runsOf } from '../../../support/nightly.js';

interface Situation {
  readonly trigger: WorkflowEvent;
  /** Null: no work tree. */
  readonly commit: string | null;
  readonly branches?: BranchesAtCommit;
  readonly checkedOut?: string | null;
  readonly eventSha?: string;
  readonly mainBranch?: string | null;
}

function decide({
  trigger,
  commit,
  branches = { names: [] },
  checkedOut = null,
  eventSha = EVENT_SHA,
  mainBranch = 'main',
}: Situation): BuiltRun {
  return commit === null
    ? decideWithoutWorkTree(trigger, eventSha)
    : decideBuiltRun({
        trigger,
        eventSha,
        built: { commit, from: 'work-tree' },
        branches,
        checkedOut,
        mainBranch,
      });
}

function planSituation(situation: Situation, given: With = {}): Plan {
  const { event, built, notes } = decide(situation);
  const { mainBranch = 'main' } = situation;
  const context = { built, notes, defaultBranch: mainBranch };
  return planOf(event, { 'extra-tags': 'edge', ...given }, registryWith(), context);
}

const onMain = (name: string): WorkflowEvent => ({ kind: 'branch', name, branch: 'main', sha: EVENT_SHA });
const comment: WorkflowEvent = { kind: 'other', name: 'issue_comment', sha: EVENT_SHA, fork: false };

describe('what each event may write', () => {
  const situation = (trigger: WorkflowEvent, checkout: Checkout): Situation => {
    const commit = { own: trigger.sha, head: OTHER_SHA, other: OTHER_SHA, none: null }[checkout];
    return { trigger, commit, branches: { names: checkout === 'head' ? [OTHER_BRANCH] : [] } };
  };
  const review = `review-pr-7-${HEAD_SHA}-${NOW_TAG}`;
  const expected: Readonly<Record<Written, readonly string[] | null>> = {
    branch: [EVENT_SHA, 'topic', 'edge'],
    version: ['v1.2.3', '1.2.3', '1.2', '1', 'edge'],
    review: [review, 'topic', 'edge'],
    event: [EVENT_SHA],
    'that branch': [OTHER_SHA, OTHER_BRANCH, 'edge'],
    commit: [OTHER_SHA],
    nothing: null,
  };
  const cells = EVENTS.flatMap(({ events, writes }) =>
    events.flatMap((trigger) =>
      (Object.keys(CHECKOUTS) as Checkout[]).map((checkout) => ({
        trigger,
        checkout,
        name: `${trigger.name} (${trigger.kind}${'fork' in trigger && trigger.fork ? ', fork' : ''})`,
        writes: writes[checkout],
      })),
    ),
  );

  test.each(cells)('$name, checked out: $checkout', ({ trigger, checkout, writes }) => {
    const plan = planSituation(situation(trigger, checkout));
    const { unique, moving } = plan.tags;
    const wanted = expected[writes];
    if (wanted === null) {
      expect(plan.push.push).toBe(false);
      expect(builderOf(plan).output).toBe('cache');
      expect(mayWantToPush(inputsOf(), plan.event)).toBe(false);
      return;
    }
    expect(plan.push.push).toBe(true);
    // An event of nobody's branch may have the caller's further tags, as far as its own commit is built.
    const isOwn = checkout === 'own' || trigger.name === 'merge_group';
    const further = writes === 'event' && isOwn ? ['edge'] : [];
    expect([unique, ...moving].toSorted()).toEqual([...wanted, ...further].toSorted());
    expect(plan.scope?.branch ?? null).toBe(
      { branch: 'topic', review: 'topic', 'that branch': OTHER_BRANCH }[writes as string] ?? null,
    );
  });
});

describe('no run writes a moving tag of a branch whose head it has not built', () => {
  const branch = fc.constantFrom('main', 'develop', 'topic', 'release');
  const sha = fc.constantFrom(EVENT_SHA, HEAD_SHA, OTHER_SHA, '4'.repeat(40));
  const names = [
    'push',
    'workflow_dispatch',
    'schedule',
    'repository_dispatch',
    'release',
    'merge_group',
    'workflow_run',
    'issue_comment',
    'discussion',
    'deployment',
  ];
  const pulls = ['pull_request', 'pull_request_target', 'pull_request_review'];
  const trigger = fc.oneof(
    fc.record({
      kind: fc.constant('branch' as const),
      name: fc.constantFrom(...names),
      branch,
      sha: fc.constant(EVENT_SHA),
    }),
    fc.record({
      kind: fc.constant('git-tag' as const),
      name: fc.constantFrom('push', 'release'),
      gitTag: fc.constantFrom('v1.2.3', 'topic'),
      sha: fc.constant(EVENT_SHA),
    }),
    fc.record({
      kind: fc.constant('merge-group' as const),
      name: fc.constant('merge_group'),
      baseBranch: branch,
      sha: fc.constant(EVENT_SHA),
    }),
    fc.record({
      kind: fc.constant('other' as const),
      name: fc.constantFrom(...names),
      sha: fc.constant(EVENT_SHA),
      fork: fc.boolean(),
    }),
    fc
      .record({ name: fc.constantFrom(...pulls), headBranch: branch, baseBranch: branch, fork: fc.boolean(), sha })
      .map((change) => (change.fork ? fromFork(change) : pullRequest(change))),
  );
  const situations = fc.record({
    trigger,
    commit: fc.option(sha, { nil: null }),
    heads: fc.record({ main: sha, develop: sha, topic: sha, release: sha }),
    checkedOut: fc.option(branch, { nil: null }),
    mainBranch: fc.constantFrom('main', 'develop', null),
    silent: fc.boolean(),
  });

  test('over all events, checkouts and forks', () => {
    fc.assert(
      fc.property(situations, ({ trigger: event, commit, heads, checkedOut, mainBranch, silent }) => {
        const at = Object.entries(heads).flatMap(([name, head]) => (head === commit ? [name] : []));
        const plan = planSituation(
          { trigger: event, commit, branches: silent ? { fault: 'x' } : { names: at }, checkedOut, mainBranch },
          { 'extra-tags': 'edge, main, develop' },
        );
        const { scope, push, tags, built } = plan;
        const isFork = 'fork' in event && event.fork;
        if (isFork) expect(push.push).toBe(false);
        if (!push.push) return;
        // Tags of a branch: by the event, whose commit must be built, or by what GitHub knows as its head.
        const own =
          commit === event.sha || (commit === EVENT_SHA && event.name !== 'pull_request_target') || commit === null;
        const ofEvent =
          event.kind === 'branch' ? event.branch : event.kind === 'pull-request' ? event.headBranch : null;
        const mayWrite = new Set([...(own && ofEvent !== null ? [ofEvent] : []), ...(silent ? [] : at)]);
        if (scope !== null) expect([...mayWrite]).toContain(scope.branch);
        if (mainBranch !== null && scope?.branch !== mainBranch) expect(tags.moving).not.toContain(mainBranch);
        if (event.kind === 'pull-request') expect(scope?.branch).not.toBe(mainBranch ?? 'no branch');
        // The event's tags are for its own commit.
        if (!own && scope === null) expect(tags.moving).toEqual([]);
        if (tags.moving.includes(plan.event.sha as never)) throw new Error('a commit moves');
        expect(built.commit).toBe(commit ?? (plan.event.kind === 'checkout' ? EVENT_SHA : event.sha));
        // A name with a commit in it tells the truth.
        const named = /[0-9a-f]{40}/.exec(tags.unique)?.[0] ?? built.commit;
        expect([built.commit, ...(own ? [event.sha] : [])]).toContain(named);
      }),
      { numRuns: runsOf(5000) },
    );
  });
});

describe('the head of a branch', () => {
  const branchOf = (situation: Partial<Situation>): string | null => {
    const { event } = decide({ trigger: onMain('workflow_dispatch'), commit: OTHER_SHA, ...situation });
    return event.kind === 'branch' ? event.branch : null;
  };

  test.each<[string, Partial<Situation>, string | null]>([
    ['one branch', { branches: { names: ['topic'] } }, 'topic'],
    ['the branch that the event names', { branches: { names: ['a', 'main', 'topic'] }, checkedOut: 'topic' }, 'main'],
    [
      'the head branch of the pull request',
      { trigger: pullRequest(), branches: { names: ['a', 'feature-x'] } },
      'feature-x',
    ],
    ['what is checked out', { branches: { names: ['a', 'topic'] }, checkedOut: 'topic' }, 'topic'],
    ['what is checked out is no such branch', { branches: { names: ['b', 'a'] }, checkedOut: 'topic' }, 'a'],
    ['main', { trigger: comment, branches: { names: ['a', 'main'] } }, 'main'],
    ['the first by name', { trigger: comment, branches: { names: ['b', 'a'] } }, 'a'],
    ['a pull request is never main', { trigger: pullRequest(), branches: { names: ['main'] } }, null],
    [
      'a pull request from main is never main',
      { trigger: pullRequest({ headBranch: 'main' }), branches: { names: ['main'] } },
      null,
    ],
    ['a pull request from main may be another', { trigger: pullRequest(), branches: { names: ['main', 'z'] } }, 'z'],
    ['what is checked out counts only with GitHub', { branches: { names: [] }, checkedOut: 'topic' }, null],
    ['GitHub does not say', { branches: { fault: 'no' }, checkedOut: 'topic' }, null],
  ])('%s', (_, situation, expected) => expect(branchOf(situation)).toBe(expected));

  test('has its own lineage', () => {
    const plan = planSituation({
      trigger: onMain('workflow_dispatch'),
      commit: OTHER_SHA,
      branches: { names: ['topic'] },
    });
    expect(plan.lineage.map(({ branch }) => branch)).toEqual(['topic', 'main']);
    expect(plan.notes).toEqual([]);
  });
});

describe('another commit', () => {
  const dispatch = { trigger: onMain('workflow_dispatch'), commit: OTHER_SHA };

  test('of an event of people who may write: one note names both commits, and the cache is read from main only', () => {
    const plan = planSituation(dispatch);
    expect(plan.notes).toEqual([
      expect.stringMatching(new RegExp(`${OTHER_SHA}.*${EVENT_SHA}.*not the head of a branch`)),
    ]);
    expect(plan.lineage.map(({ branch }) => branch)).toEqual(['main']);
    expect(builderOf(plan)).toMatchObject({ tag: null, output: 'cache' });
    expect(plan.production.labels['org.opencontainers.image.revision']).toBe(OTHER_SHA);
  });

  test('says why GitHub did not tell', () =>
    expect(planSituation({ ...dispatch, branches: { fault: 'Forbidden (the job may need "x")' } }).notes).toEqual([
      expect.stringMatching(/GitHub does not say .*: Forbidden \(the job may need "x"\)/),
    ]));

  test('of an event of anybody: push: true says why and what to change', () => {
    const situation = { trigger: comment, commit: OTHER_SHA };
    const { push, notes } = planSituation(situation);
    expect(push.reason).toMatch(new RegExp(`^${OTHER_SHA} is checked out, and not ${EVENT_SHA}.*issue_comment$`));
    expect(notes).toEqual([]);
    expect(messageOf(() => planSituation(situation, { push: 'true' }))).toMatch(
      /^InputError: push is true, but .*can cause issue_comment\. Check out the commit of the event, or the head of a branch of this repository, or use "push: auto"\.$/,
    );
    expect(planSituation(situation, { push: 'false' }).push.push).toBe(false);
  });

  test('under a tag that names the commit of the event is an error', () => {
    expect(messageOf(() => planSituation(dispatch, { tag: `web-${EVENT_SHA}` }))).toMatch(
      new RegExp(`^InputError: tag .*names the commit of the event.*${OTHER_SHA}`),
    );
    expect(planSituation(dispatch, { tag: `web-${OTHER_SHA}` }).tags.unique).toBe(`web-${OTHER_SHA}`);
    expect(planSituation({ ...dispatch, commit: EVENT_SHA }, { tag: `web-${EVENT_SHA}` }).tags.unique).toContain(
      EVENT_SHA,
    );
  });
});

describe('pull_request_target', () => {
  const target = (change: Partial<PullRequestEvent> = {}): WorkflowEvent =>
    pullRequest({ name: 'pull_request_target', sha: HEAD_SHA, ...change });

  test('with the base checked out builds the base, and says so', () => {
    const plan = planSituation({ trigger: target(), commit: EVENT_SHA });
    expect(plan.tags).toEqual({ unique: EVENT_SHA, moving: [] });
    expect(plan.scope).toBeNull();
    expect(plan.notes).toEqual([
      expect.stringMatching(new RegExp(`${EVENT_SHA}, the base .*not its head ${HEAD_SHA}`)),
    ]);
  });

  test('of a fork with the base checked out still pushes nothing', () =>
    expect(
      planSituation({ trigger: target({ fork: true, headRepository: 'stranger/app' }), commit: EVENT_SHA }).push,
    ).toEqual({
      push: false,
      reason: expect.stringContaining('never push'),
    }));

  test('a review, whose GITHUB_SHA is the merge, is the head as ever', () =>
    expect(
      planSituation({ trigger: pullRequest({ name: 'pull_request_review', sha: HEAD_SHA }), commit: EVENT_SHA }).tags
        .unique,
    ).toContain(HEAD_SHA));
});

describe("main's tags", () => {
  const back = pullRequest({ headBranch: 'main', baseBranch: 'develop', sha: HEAD_SHA });

  test.each(['pull_request', 'pull_request_target', 'pull_request_review'])(
    'are not written by a %s from main into another branch',
    (name) => {
      const plan = planSituation({ trigger: { ...back, name }, commit: HEAD_SHA });
      expect(plan).toMatchObject({ scope: null, builders: [{ tag: null, output: 'cache' }] });
      expect(plan.tags.moving).toEqual(['edge']);
      expect(plan.tags.unique).toMatch(/^review-pr-7-/);
      expect(plan.lineage.map(({ branch }) => branch)).toEqual(['main']);
    },
  );

  test('whatever main is called', () => {
    const trigger = pullRequest({ headBranch: 'release/1', sha: HEAD_SHA });
    const situation = { trigger, commit: HEAD_SHA, mainBranch: 'release/1' };
    expect(planSituation(situation).scope).toBeNull();
    expect(planSituation({ ...situation, mainBranch: 'main' }).scope?.tag).toBe(branchTag('release/1'));
  });

  test.each<[string, Situation]>([
    ['a pull request', { trigger: pullRequest({ sha: HEAD_SHA }), commit: HEAD_SHA }],
    ['another branch', { trigger: { ...onMain('push'), branch: 'topic' } as WorkflowEvent, commit: EVENT_SHA }],
  ])('are no extra tags of %s, and not its own tag', (_, situation) => {
    const plan = planSituation(situation, { 'extra-tags': 'main, edge' });
    expect(plan.tags.moving).not.toContain('main');
    expect(plan.tags.moving).toContain('edge');
    expect(plan.notes).toEqual([expect.stringMatching(/^main is left as it is/)]);
    expect(messageOf(() => planSituation(situation, { tag: 'main' }))).toMatch(
      /^InputError: The unique tag .* "main", which is the tag of the branch main/,
    );
  });
});

describe('without a work tree', () => {
  test('the plan says that the event alone tells what is built', () => {
    const plan = planSituation({ trigger: onMain('push'), commit: null });
    expect(toPlanLines(plan).join('\n')).toContain(`Built:      commit ${EVENT_SHA}, by the event`);
    expect(plan.notes).toEqual([]);
  });

  test('an event that says nothing of it moves nothing, with a note', () =>
    expect(planSituation({ trigger: comment, commit: null }).notes).toEqual([
      expect.stringMatching(/^Nobody can tell which commit is built: .*issue_comment/),
    ]));
});

test('the plan names the built commit beside the commit that people see', () => {
  const merge = planSituation({ trigger: pullRequest({ sha: HEAD_SHA }), commit: EVENT_SHA });
  expect(JSON.parse(toPlanJson(merge))).toMatchObject({
    event: { sha: HEAD_SHA },
    built: { commit: EVENT_SHA, from: 'work-tree', insteadOf: null },
  });
  expect(merge.production.labels['org.opencontainers.image.revision']).toBe(EVENT_SHA);
  const other = planSituation({ trigger: onMain('push'), commit: OTHER_SHA });
  expect(JSON.parse(toPlanJson(other))).toMatchObject({ built: { commit: OTHER_SHA, insteadOf: EVENT_SHA } });
  expect(toPlanLines(other)[1]).toBe(
    `Built:      commit ${OTHER_SHA}, which is checked out, instead of ${EVENT_SHA}, the commit of the event`,
  );
});

describe('an index', () => {
  test('is the event, as long as nobody has read its parts', () =>
    expect(decideIndexRun(onMain('push'))).toEqual({
      event: onMain('push'),
      built: { commit: EVENT_SHA, from: 'event', insteadOf: null },
      notes: [],
    }));

  test('is of the commit that its parts name', () => {
    const parts = (...revisions: (string | null)[]) =>
      revisions.map((revision, index) => ({ digest: `sha256:${index}`, revision }));
    expect(findCommitOfParts(parts(OTHER_SHA, OTHER_SHA))).toBe(OTHER_SHA);
    expect(findCommitOfParts(parts(null, OTHER_SHA, 'v1'))).toBe(OTHER_SHA);
    expect(findCommitOfParts(parts(null, 'v1'))).toBeNull();
    expect(messageOf(() => findCommitOfParts(parts(OTHER_SHA, EVENT_SHA)))).toMatch(
      /sha256:0 was built from 3+, and sha256:1 from 1+/,
    );
  });
});
