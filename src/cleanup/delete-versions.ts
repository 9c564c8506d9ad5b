// Applies a cleanup plan: deletes versions one after the other, then removes tags from versions that stay.
import { type PackageVersion, type PackagesApi, type Refusal, readRefusal } from '../adapters/github/packages.js';
import type { Registry } from '../adapters/registry/registry.js';
import type { ActionRunner } from '../adapters/runner/runner.js';
import type { Digest } from '../image/digest.js';
import type { Tag } from '../image/reference.js';
import { errorMessage } from '../shared/text.js';
import { type CleanupPlan, type Freed, describeVersion, listNeeded } from './pure/cleanup-plan.js';
import type { CleanupInputs } from './pure/inputs.js';
import type { CleanupItem } from './pure/report.js';
import { CANCELLED, removeTags } from './remove-tags.js';

export interface RemovalRequest {
  readonly runner: Pick<ActionRunner<never, never>, 'repository'>;
  readonly inputs: Pick<CleanupInputs, 'dryRun'>;
  readonly packages: PackagesApi;
  readonly plan: CleanupPlan;
  readonly openRegistry: (write: boolean) => Registry;
  /** How many versions this run may still delete. */
  readonly most: number;
  /** Different in every run. */
  readonly name: string;
  /** Ends at once when the run is cancelled. */
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Cancels: the removal that is under way is finished, and no other is begun. */
  readonly signal: AbortSignal;
}

export interface RemovalResult {
  readonly deleted: readonly CleanupItem[];
  readonly kept: readonly CleanupItem[];
  readonly failed: readonly CleanupItem[];
  /** Sentences on what is left to the next run. */
  readonly left: readonly string[];
}

/** Of one run, with all its images. Each deletion is two requests; a workflow's token has 1000 an hour. */
export const MOST_DELETIONS = 200;
/**
 * "If you are making a large number of POST, PATCH, PUT, or DELETE requests, wait at least one second between each":
 * https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
 */
const MANY_DELETIONS = 20;
const PAUSE_MS = 1000;

/** A failed deletion does not stop the others, unless the token may not delete: then no other could succeed. */
export async function removeVersions(request: RemovalRequest): Promise<RemovalResult> {
  const { inputs, plan, most, wait, signal } = request;
  const deleted: CleanupItem[] = [];
  const kept: CleanupItem[] = [];
  const failed: CleanupItem[] = [];
  const now = plan.remove.slice(0, most);
  const left = plan.remove.length - now.length;
  const notes = left === 0 ? [] : [`${left} more versions could go; the next run goes on with them.`];
  if (inputs.dryRun) {
    deleted.push(...plan.remove.flatMap(toItems));
    deleted.push(...plan.free.flatMap(({ version, tags }) => tags.map((tag) => ({ version, tag, reason: null }))));
    return { deleted, kept, failed, left: [] };
  }

  const blocked = new Map<Digest, string>();
  let refused: string | null = null;
  for (const version of now) {
    const because = refused ?? blocked.get(version.digest);
    if (because !== undefined) {
      (refused === null ? kept : failed).push(...toItems(version).map((item) => ({ ...item, reason: because })));
      continue;
    }
    if (now.length > MANY_DELETIONS) await wait(PAUSE_MS);
    if (signal.aborted) {
      kept.push(...toItems(version).map((item) => ({ ...item, reason: CANCELLED })));
      continue;
    }
    const outcome = await removeVersion(request, version);
    if (outcome.kind === 'deleted') {
      deleted.push(...toItems(version));
      continue;
    }
    (outcome.kind === 'kept' ? kept : failed).push(
      ...toItems(version).map((item) => ({ ...item, reason: outcome.reason })),
    );
    if (outcome.kind === 'refused') refused = 'not tried, since the token may not delete';
    for (const digest of listNeeded(version.digest, plan.needs))
      blocked.set(digest, `${describeVersion(version)} stays and needs it`);
  }

  for (const freed of plan.free) {
    const items = await freeVersion(request, freed, refused);
    deleted.push(...items.deleted);
    kept.push(...items.kept);
    failed.push(...items.failed);
  }
  return { deleted, kept, failed, left: notes };
}

/** @param refused the reason when the token may not delete; null when it may */
async function freeVersion(
  { packages, openRegistry, name, wait, signal }: RemovalRequest,
  freed: Freed,
  refused: string | null,
): Promise<Omit<RemovalResult, 'left'>> {
  const { version, tags } = freed;
  const list = (some: readonly Tag[], reason: string | null): CleanupItem[] =>
    some.map((tag) => ({ version, tag, reason }));
  if (refused !== null) return { deleted: [], kept: [], failed: list(tags, refused) };
  if (signal.aborted) return { deleted: [], kept: list(tags, CANCELLED), failed: [] };
  try {
    const result = await removeTags({ registry: openRegistry(true), packages, name, wait, signal }, freed);
    const kept = [...result.kept].flatMap(([tag, why]) => list([tag], why));
    return { deleted: list(result.freed, null), kept, failed: [] };
  } catch (error) {
    const why = `taking it off ${version.digest} failed: ${errorMessage(error)}`;
    return { deleted: [], kept: [], failed: list(tags, why) };
  }
}

type Outcome = { readonly kind: 'deleted' } | { readonly kind: 'kept' | 'failed' | 'refused'; readonly reason: string };

async function removeVersion(request: RemovalRequest, version: PackageVersion): Promise<Outcome> {
  const { packages } = request;
  try {
    // A build may have tagged this version since it was listed, and deleting it would delete that tag.
    const current = await packages.readVersion(version.id);
    const added = current?.tags.find((tag) => !version.tags.includes(tag));
    if (added !== undefined) return { kind: 'kept', reason: `it has just been given the tag ${added}` };
    if (current !== null) await packages.deleteVersion(version.id);
    return { kind: 'deleted' };
  } catch (error) {
    return explainRefusal(readRefusal(error), errorMessage(error), request.runner.repository);
  }
}

function explainRefusal(refusal: Refusal | null, message: string, repository: string): Outcome {
  switch (refusal) {
    case 'last':
      return {
        kind: 'kept',
        reason:
          'it is the last version with a tag, and GitHub deletes that only with the whole package; the first run after another push can delete it',
      };
    case 'downloads':
      return {
        kind: 'kept',
        reason: 'it is public and was downloaded more than 5000 times: only the support of GitHub can delete it',
      };
    case 'token':
      return { kind: 'refused', reason: `the token may not delete it (${message}): ${whatToChange(repository)}` };
    case null:
      return { kind: 'failed', reason: message };
  }
}

/** What a token needs to delete, in the words of GitHub's settings. */
export function whatToChange(repository: string): string {
  return `add "permissions: packages: write" to the job, and in the package's settings, under "Manage Actions access", give ${repository} the role Admin`;
}

/** One item for each tag of a version, since deleting it deletes them all; one for a version without tags. */
function toItems(version: PackageVersion): CleanupItem[] {
  const tags = version.tags.length === 0 ? [null] : version.tags;
  return tags.map((tag) => ({ version, tag, reason: null }));
}
