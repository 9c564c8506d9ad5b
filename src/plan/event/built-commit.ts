// Decides which commit a run builds, and which event its image is named after. A workflow may check out another commit than
// its event names; tags, labels and cache then follow from the built commit. Pure.
// What an event's refs and SHAs are: https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
import { type CheckoutEvent, type WorkflowEvent, isFromFork, isSha } from './event.js';

export interface BuiltCommit {
  /** Full SHA. */
  readonly commit: string;
  /** Source of that: HEAD of the context's work tree, the event, or the labels of the parts of an index. */
  readonly from: 'work-tree' | 'event' | 'parts';
  /** The event's commit, if another one is built; else null. */
  readonly insteadOf: string | null;
}

export interface BuiltRun {
  /** The event from which tags, lineage and push follow: the trigger, or one made for the built commit. */
  readonly event: WorkflowEvent;
  readonly built: BuiltCommit;
  /** Notes for the log. */
  readonly notes: readonly string[];
}

/** The branches whose head is the commit, from GitHub; or the error of asking. */
export type BranchesAtCommit = { readonly names: readonly string[] } | { readonly fault: string };

export interface BuildOrigin {
  /** The event that started the run. */
  readonly trigger: WorkflowEvent;
  /** `GITHUB_SHA` */
  readonly eventSha: string;
  readonly built: { readonly commit: string; readonly from: 'work-tree' | 'parts' };
  /** Empty when `isEventCommit` is true. */
  readonly branches: BranchesAtCommit;
  /** The branch that the work tree has checked out; null on a detached head, and where there is no work tree. */
  readonly checkedOut: string | null;
  readonly mainBranch: string | null;
}

/** Events that only people with write access to the repository can cause. */
const WRITERS_EVENTS = new Set([
  'push',
  'workflow_dispatch',
  'schedule',
  'repository_dispatch',
  'release',
  'merge_group',
]);

/** Whether the event names that commit: then GitHub need not be asked for its branch. */
export function isEventCommit(trigger: WorkflowEvent, eventSha: string, commit: string): boolean {
  return commit === eventSha || commit === trigger.sha;
}

export function decideBuiltRun(origin: BuildOrigin): BuiltRun {
  const { trigger, eventSha } = origin;
  const { commit, from } = origin.built;
  const equal: BuiltCommit = { commit, from, insteadOf: null };
  if (trigger.name === 'pull_request_target' && commit === eventSha && commit !== trigger.sha) {
    const note = `${commit}, the base of the pull request, is built, and not its head ${trigger.sha}: pull_request_target checks the base out. The image gets its unique tag only.`;
    return { event: toCheckout(trigger, commit, null), built: equal, notes: [note] };
  }
  if (isEventCommit(trigger, eventSha, commit)) return { event: trigger, built: equal, notes: [] };
  const built: BuiltCommit = { ...equal, insteadOf: trigger.sha };
  const branch = chooseBranch(origin);
  if (branch !== null) {
    const event: WorkflowEvent = { kind: 'branch', name: trigger.name, branch, sha: commit };
    return { event, built, notes: [] };
  }
  return { ...decideUnnamed(origin, built), built };
}

/** For a context without git work tree (a Git context, an unpacked archive), or when git does not answer. */
export function decideWithoutWorkTree(trigger: WorkflowEvent, eventSha: string): BuiltRun {
  if (trigger.name === 'pull_request' || isWritersEvent(trigger))
    return { event: trigger, built: { commit: trigger.sha, from: 'event', insteadOf: null }, notes: [] };
  const note = `Nobody can tell which commit is built: the context is in no git work tree, and ${trigger.name} says nothing about it. The image gets its unique tag only.`;
  return {
    event: toCheckout(trigger, eventSha, null),
    built: { commit: eventSha, from: 'event', insteadOf: null },
    notes: [note],
  };
}

/** An index counts as one of the event's commit until the labels of its parts are read. */
export function decideIndexRun(trigger: WorkflowEvent): BuiltRun {
  return { event: trigger, built: { commit: trigger.sha, from: 'event', insteadOf: null }, notes: [] };
}

/**
 * The commit that all parts of an index name in their labels; null where none names one.
 * @param parts digest and label of each
 * @throws Error when two parts name different commits
 */
export function findCommitOfParts(
  parts: readonly { readonly digest: string; readonly revision: string | null }[],
): string | null {
  const named = parts.filter(({ revision }) => revision !== null && isSha(revision));
  const [first] = named;
  const other = named.find(({ revision }) => revision !== first?.revision);
  if (first !== undefined && other !== undefined)
    throw new Error(
      `index-of: ${first.digest} was built from ${first.revision ?? ''}, and ${other.digest} from ${other.revision ?? ''}. Build all parts from one commit.`,
    );
  return first?.revision ?? null;
}

/**
 * The branch whose head is built: the one that the event names, the one that is checked out, main, or the first by name.
 * None for a fork's run, which writes nothing; and a pull request never becomes main's run.
 */
function chooseBranch({ trigger, branches, checkedOut, mainBranch }: BuildOrigin): string | null {
  if (isFromFork(trigger) || !('names' in branches)) return null;
  const names = branches.names.filter((name) => trigger.kind !== 'pull-request' || name !== mainBranch);
  const wanted = [getNamedBranch(trigger), checkedOut, mainBranch, ...names.toSorted()];
  return wanted.find((name) => name !== null && names.includes(name)) ?? null;
}

function getNamedBranch(trigger: WorkflowEvent): string | null {
  if (trigger.kind === 'branch') return trigger.branch;
  return trigger.kind === 'pull-request' ? trigger.headBranch : null;
}

/** For a commit that is neither the event's nor the head of a branch that this run may write tags of. */
function decideUnnamed(
  { trigger, branches }: BuildOrigin,
  { commit, insteadOf }: BuiltCommit,
): Pick<BuiltRun, 'event' | 'notes'> {
  const where = describeBranches(branches);
  // The head of a branch was pushed by somebody with write access, whoever caused the event.
  const ofBranch = 'names' in branches && branches.names.length > 0;
  const mayPush = ofBranch || isWritersEvent(trigger);
  const withheld = mayPush
    ? null
    : `${commit} is checked out, and not ${insteadOf ?? ''}, the commit of the event; ${where}; and people without write access can cause ${trigger.name}`;
  const event = toCheckout(trigger, commit, withheld);
  // No note when nothing is pushed: the reason for that says the same.
  if (isFromFork(trigger) || withheld !== null) return { event, notes: [] };
  const note = `${commit} is checked out and built, and not ${insteadOf ?? ''}, the commit of the event; ${where}. The image gets its unique tag only, and no other tag moves.`;
  return { event, notes: [note] };
}

function describeBranches(branches: BranchesAtCommit): string {
  if ('fault' in branches) return `GitHub does not say whether it is the head of a branch: ${branches.fault}`;
  const [first] = branches.names;
  if (first === undefined) return 'it is not the head of a branch of this repository';
  return `it is the head of ${first}, whose tags a pull request never writes`;
}

/** Whether only people with write access to the repository can cause the event. */
export function isWritersEvent(event: WorkflowEvent): boolean {
  return WRITERS_EVENTS.has(event.name) || (event.name === 'pull_request' && !isFromFork(event));
}

function toCheckout(trigger: WorkflowEvent, sha: string, withheld: string | null): CheckoutEvent {
  return { kind: 'checkout', name: trigger.name, sha, fork: isFromFork(trigger), withheld };
}
