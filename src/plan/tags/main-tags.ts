// Only runs of the main branch write its tags: other runs leave them out, or fail. Pure.
import type { Platform } from '../../image/platform.js';
import type { Tag } from '../../image/reference.js';
import { InputError } from '../../shared/errors.js';
import { quote } from '../../shared/text.js';
import type { BuiltCommit } from '../event/built-commit.js';
import type { WorkflowEvent } from '../event/event.js';
import { type DerivedTags, toScope } from './tags.js';

export interface GuardedTags extends DerivedTags {
  /** Notes on the tags that were left out. */
  readonly notes: readonly string[];
}

/** Whether it is a pull request of this repository from the main branch, such as one that merges main into develop. */
export function isPullRequestOfMain(event: WorkflowEvent, mainBranch: string | null): boolean {
  return event.kind === 'pull-request' && !event.fork && event.headBranch === mainBranch;
}

/**
 * @param mainBranch null when it is not known
 * @throws InputError when the unique tag is a tag of main: from the input tag, or from a git tag of that name
 */
export function guardMainTags(
  derived: DerivedTags,
  event: WorkflowEvent,
  mainBranch: string | null,
  part: Platform | null,
): GuardedTags {
  if (mainBranch === null) return { ...derived, notes: [] };
  const main = toScope(mainBranch, part).tag;
  const ofMain = isPullRequestOfMain(event, mainBranch);
  if (derived.scope?.tag === main && !ofMain) return { ...derived, notes: [] };
  const { unique } = derived;
  if (unique === main)
    throw new InputError(
      `The unique tag of this run would be ${quote(unique)}, which is the tag of the branch ${mainBranch} and moves with it. Set the input tag to another one.`,
    );
  const moving = derived.moving.filter((tag) => tag !== main);
  const left = moving.length < derived.moving.length;
  return {
    scope: ofMain ? null : derived.scope,
    unique,
    moving,
    notes: left ? [describeLeft(main, mainBranch, event)] : [],
  };
}

function describeLeft(main: Tag, mainBranch: string, event: WorkflowEvent): string {
  const run = event.kind === 'pull-request' ? 'a pull request' : `this ${event.name}`;
  return `${main} is left as it is: ${run} never writes the tags of the branch ${mainBranch}.`;
}

/** `<sha>`, `main-<sha>`, `sha-<7>`: the whole commit, or its first seven digits or more where no others are meant. */
function namesCommit(tag: Tag, commit: string, other: string): boolean {
  const short = (tag.match(/(?<![0-9A-Za-z])[0-9a-f]{7,39}(?![0-9A-Za-z])/g) ?? []).filter(
    (part) => commit.startsWith(part) && !other.startsWith(part),
  );
  return tag.includes(commit) || short.length > 0;
}

/**
 * Refuses an input tag that names the event's commit when another commit is built.
 * @param ownTag input `tag`
 * @throws InputError
 */
export function checkTagNamesBuilt(ownTag: Tag | null, { commit, insteadOf }: BuiltCommit): void {
  if (ownTag === null || insteadOf === null || !namesCommit(ownTag, insteadOf, commit)) return;
  throw new InputError(
    `tag ${quote(ownTag)} names the commit of the event, and what is checked out and built is ${commit}. Leave the input empty, or name that commit.`,
  );
}
