// The tag table of docs/reference.md: each row is an event that src/plan names, with placeholders for what differs.
import type { WorkflowEvent } from '../../src/plan/event/event.js';
import { builderTag } from '../../src/plan/tags/builder-tags.js';
import { cacheTag, compactUtc, deriveTags } from '../../src/plan/tags/tags.js';

const SHA = '1'.repeat(40);
const HEAD = '2'.repeat(40);
const PULL_REQUEST_SHA = '3'.repeat(40);
const NUMBER = 7_654_321;
const NOW = new Date('2001-02-03T04:05:06Z');
const BRANCH = 'a-branch';
const VERSION = 'v1.2.3';

/** What stands for the values above. */
const PLACEHOLDERS: readonly (readonly [string, string])[] = [
  [SHA, '<sha>'],
  [HEAD, '<HEAD>'],
  [PULL_REQUEST_SHA, '<head sha>'],
  [String(NUMBER), '<number>'],
  [compactUtc(NOW), '<UTC yyyymmddhhmmss>'],
  [BRANCH, '<scope>'],
];

interface TagRow {
  /** The events, as people know them. */
  readonly events: string;
  /** One of them: they all get the same tags. */
  readonly event: WorkflowEvent;
  /** Whose the scope is, where there is one. */
  readonly scope: string;
  /** What is to be said beside the tags. */
  readonly unique?: string;
  readonly moving?: string;
}

const onBranch = (sha: string): WorkflowEvent => ({ kind: 'branch', name: 'push', branch: BRANCH, sha });
const pullRequest = (fork: boolean): WorkflowEvent => ({
  ...{ kind: 'pull-request', name: 'pull_request', number: NUMBER, headBranch: BRANCH, baseBranch: 'main' },
  ...{ sha: PULL_REQUEST_SHA, headRepository: fork ? 'stranger/app' : 'owner/app', fork },
});
const local = (dirty: boolean): WorkflowEvent => ({ kind: 'local', name: 'local', branch: BRANCH, sha: SHA, dirty });
const elsewhere = 'any of these with another commit checked out';

const TAG_ROWS: readonly TagRow[] = [
  {
    events: 'push to a branch; workflow_dispatch, schedule, repository_dispatch, workflow_run on a branch',
    event: onBranch(SHA),
    scope: 'that branch',
  },
  {
    events: `push of a git tag, or a release, \`${VERSION}\``,
    event: { kind: 'git-tag', name: 'push', gitTag: VERSION, sha: SHA },
    scope: 'none',
    moving: '(`0.x` has no `0`; a pre-release has only its full version)',
  },
  { events: 'pull_request of the same repository', event: pullRequest(false), scope: 'head branch' },
  {
    events: 'pull_request or pull_request_target from a fork',
    event: pullRequest(true),
    scope: 'none',
    unique: '(in the local engine only)',
  },
  {
    events: 'merge_group',
    event: { kind: 'merge-group', name: 'merge_group', baseBranch: 'main', sha: SHA },
    scope: 'none',
  },
  {
    events: 'any other event, and a workflow_run that a fork caused (which never pushes)',
    event: { kind: 'other', name: 'issue_comment', sha: SHA, fork: false },
    scope: 'none',
  },
  { events: `${elsewhere}, the head of a branch of this repository`, event: onBranch(HEAD), scope: 'that branch' },
  {
    events: `${elsewhere} that is no branch's head`,
    event: { kind: 'checkout', name: 'push', sha: HEAD, fork: false, withheld: null },
    scope: 'none',
  },
  { events: "a developer's machine", event: local(false), scope: 'current git branch' },
  {
    events: "a developer's machine, with changes that are not committed",
    event: local(true),
    scope: 'none',
  },
];

/** Header first; cells as Markdown. @throws Error where a row says that there is a scope, and the code has none, or the other way round */
export function toTagTable(): string[][] {
  return [['Event', 'Scope', 'Unique tag', 'Moving tags'], ...TAG_ROWS.map(toRow)];
}

function toRow({ events, event, scope, unique, moving }: TagRow): string[] {
  const derived = deriveTags({ event, now: NOW, ownTag: null, extraTags: [], part: null });
  if ((derived.scope === null) !== (scope === 'none')) throw new Error(`The scope of "${events}" is not ${scope}.`);
  const kept = derived.scope === null ? [] : [builderTag(derived.scope.tag), cacheTag(derived.scope.tag)];
  const moved = [...derived.moving, ...kept].map(toCell).join(', ');
  return [
    events,
    scope,
    [toCell(derived.unique), unique].filter((part) => part !== undefined).join(' '),
    [moved === '' ? 'none' : moved, moving].filter((part) => part !== undefined).join(' '),
  ];
}

function toCell(tag: string): string {
  const named = PLACEHOLDERS.reduce((text, [value, placeholder]) => text.replaceAll(value, placeholder), tag);
  return `\`${named}\``;
}
