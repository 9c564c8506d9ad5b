// The ref that a run belongs to, where nothing else has caused it. Pure.
// GitHub lets a run write entries of the Actions cache for its own ref alone, and read those of that ref and of the default branch:
// https://docs.github.com/actions/reference/workflows-and-actions/dependency-caching#restrictions-for-accessing-a-cache
import { at } from '../../shared/json.js';
import { type RunnerEvent, isSameRepository } from './event.js';

/** Events that only people with write access cause, and that run what is at the ref itself. */
const OWN_EVENTS: ReadonlySet<unknown> = new Set([
  'push',
  'workflow_dispatch',
  'schedule',
  'repository_dispatch',
  'release',
]);

/**
 * `refs/heads/main`, `refs/tags/v1.2.3`. Runs of pull_request_target, issue_comment and the like have the ref of the default
 * branch, and so its entries of the Actions cache, whoever has caused them: they are not the branch's own. A workflow_run is,
 * where a run of the same branch has caused it.
 * @returns null for a run that may be somebody else's
 */
export function getOwnRef({ name, ref, repository, payload }: RunnerEvent): string | null {
  if (OWN_EVENTS.has(name)) return ref;
  const cause = (...path: readonly string[]): unknown => at(payload, 'workflow_run', ...path);
  const own =
    name === 'workflow_run' &&
    OWN_EVENTS.has(cause('event')) &&
    ref === `refs/heads/${String(cause('head_branch'))}` &&
    isSameRepository(cause('head_repository', 'full_name'), repository);
  return own ? ref : null;
}
