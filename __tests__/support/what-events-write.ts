// What each event may write, as docs/security.md has it and the unit tests expect it.
import type { PullRequestEvent, WorkflowEvent } from '../../src/plan/event/event.js';

/** `GITHUB_SHA` of every event. */
export const EVENT_SHA = '1'.repeat(40);
/** Head of the pull request. */
export const HEAD_SHA = '2'.repeat(40);
/** What is checked out, where that is not the event's commit. */
export const OTHER_SHA = '3'.repeat(40);
/** The branch whose head is checked out, in the column of that name. */
export const OTHER_BRANCH = 'release';

/** What is checked out. `own`: the commit of the event, for pull requests the head; `none`: there is no git work tree. */
export type Checkout = 'own' | 'head' | 'other' | 'none';

/** What comes of a run that the registry lets push: unique tag, then tags that move. */
export type Written = keyof typeof WRITTEN;

export const CHECKOUTS: Readonly<Record<Checkout, string>> = {
  own: 'its own commit',
  head: 'the head of a branch of this repository',
  other: 'another commit',
  none: 'no git work tree',
};

/** As the document says it. */
export const WRITTEN = {
  branch: "`<sha>`, its branch's tags",
  version: "the git tag, its version's tags",
  review: "`review-pr-…`, its head branch's tags",
  event: '`<sha>`',
  'that branch': "`<HEAD>`, that branch's tags",
  commit: '`<HEAD>`',
  nothing: 'nothing',
} as const;

export interface EventRow {
  readonly title: string;
  readonly events: readonly WorkflowEvent[];
  readonly writes: Readonly<Record<Checkout, Written>>;
}

const onBranch = (name: string): WorkflowEvent => ({ kind: 'branch', name, branch: 'topic', sha: EVENT_SHA });
const onGitTag = (name: string): WorkflowEvent => ({ kind: 'git-tag', name, gitTag: 'v1.2.3', sha: EVENT_SHA });
const other = (name: string, fork = false): WorkflowEvent => ({ kind: 'other', name, sha: EVENT_SHA, fork });
const pull = (name: string, fork = false): PullRequestEvent => ({
  kind: 'pull-request',
  name,
  number: 7,
  headBranch: 'topic',
  baseBranch: 'develop',
  sha: HEAD_SHA,
  headRepository: fork ? 'stranger/app' : 'owner/app',
  fork,
});

const WRITERS = ['push', 'workflow_dispatch', 'schedule', 'repository_dispatch'];

export const EVENTS: readonly EventRow[] = [
  {
    title: 'push, workflow_dispatch, schedule, repository_dispatch on a branch',
    events: WRITERS.map(onBranch),
    writes: { own: 'branch', head: 'that branch', other: 'commit', none: 'branch' },
  },
  {
    title: 'push of a git tag, release, workflow_dispatch on a git tag',
    events: ['push', 'release', 'workflow_dispatch'].map(onGitTag),
    writes: { own: 'version', head: 'that branch', other: 'commit', none: 'version' },
  },
  {
    title: 'merge_group',
    events: [{ kind: 'merge-group', name: 'merge_group', baseBranch: 'main', sha: EVENT_SHA }],
    writes: { own: 'event', head: 'that branch', other: 'commit', none: 'event' },
  },
  {
    title: 'pull_request of this repository',
    events: [pull('pull_request')],
    writes: { own: 'review', head: 'that branch', other: 'commit', none: 'review' },
  },
  {
    title: 'pull_request_target, pull_request_review of this repository',
    events: ['pull_request_target', 'pull_request_review', 'pull_request_review_comment'].map((name) => pull(name)),
    writes: { own: 'review', head: 'that branch', other: 'nothing', none: 'event' },
  },
  {
    title: 'workflow_run of this repository',
    events: [onBranch('workflow_run')],
    writes: { own: 'branch', head: 'that branch', other: 'nothing', none: 'event' },
  },
  {
    title: 'issue_comment, discussion, and any other event',
    events: ['issue_comment', 'discussion', 'deployment', 'create'].map((name) => other(name)),
    writes: { own: 'event', head: 'that branch', other: 'nothing', none: 'event' },
  },
  {
    title: 'pull_request, pull_request_target, pull_request_review of a fork; workflow_run that a fork caused',
    events: [
      ...['pull_request', 'pull_request_target', 'pull_request_review'].map((name) => pull(name, true)),
      other('workflow_run', true),
    ],
    writes: { own: 'nothing', head: 'nothing', other: 'nothing', none: 'nothing' },
  },
];

/** The table of docs/security.md. */
export function toEventTable(): readonly (readonly string[])[] {
  const columns = Object.keys(CHECKOUTS) as Checkout[];
  return [
    ['Event', ...columns.map((column) => `Checked out: ${CHECKOUTS[column]}`)],
    ...EVENTS.map(({ title, writes }) => [title, ...columns.map((column) => WRITTEN[writes[column]])]),
  ];
}
