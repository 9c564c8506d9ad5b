// The event that started a cleanup -> which pull request or branch to look at. Only its number or name is taken from the
// payload: whether it is still closed or deleted, GitHub's API is asked.
// Payloads: https://docs.github.com/webhooks/webhook-events-and-payloads#pull_request and #delete
import { type RunnerEvent, isSameRepository } from '../../plan/event/event.js';
import { InputError } from '../../shared/errors.js';
import { type JsonRecord, asRecord, asText, at, isCount } from '../../shared/json.js';
import { quote } from '../../shared/text.js';

export type CleanupEvent =
  | { readonly kind: 'pull-request'; readonly number: number }
  | { readonly kind: 'branch'; readonly branch: string }
  /** All images that are old enough. */
  | { readonly kind: 'sweep' }
  /** The event has no images in the registry to remove. */
  | { readonly kind: 'nothing'; readonly reason: string };

const SWEEPS = new Set(['schedule', 'workflow_dispatch', 'repository_dispatch']);
const EVENTS = 'pull_request with "types: [closed]", delete, schedule and workflow_dispatch';

/** @throws InputError for an event that closes or deletes nothing, or one without its payload */
export function parseCleanupEvent({
  name,
  payload,
  repository,
}: Pick<RunnerEvent, 'name' | 'payload' | 'repository'>): CleanupEvent {
  if (SWEEPS.has(name)) return { kind: 'sweep' };
  const root = asRecord(payload);
  if (name === 'pull_request' || name === 'pull_request_target') return parsePullRequest(name, root, repository);
  if (name === 'delete') return parseDelete(root);
  throw new InputError(
    name === ''
      ? `There is no event. Run the cleanup in a GitHub workflow, on ${EVENTS}.`
      : `The cleanup does not run on the event ${quote(name)}. Run it on ${EVENTS}.`,
  );
}

function parsePullRequest(name: string, root: JsonRecord, repository: string): CleanupEvent {
  const { action } = root;
  if (action !== 'closed')
    throw new InputError(
      `The cleanup does not run on ${name} with the activity ${quote(asText(action))}. Set "types: [closed]".`,
    );
  const { number, head } = asRecord(root.pull_request);
  if (!isCount(number) || number === 0) throw missing(name, 'pull_request.number');
  return isSameRepository(at(head, 'repo', 'full_name'), repository)
    ? { kind: 'pull-request', number }
    : { kind: 'nothing', reason: `pull request #${number} came from a fork, and builds of forks push nothing` };
}

function parseDelete(root: JsonRecord): CleanupEvent {
  const { ref, ref_type: type } = root;
  if (typeof ref !== 'string' || ref === '') throw missing('delete', 'ref');
  if (type === 'branch') return { kind: 'branch', branch: ref };
  if (type === 'tag') return { kind: 'nothing', reason: `${quote(ref)} was a git tag, and images of git tags stay` };
  throw missing('delete', 'ref_type');
}

function missing(event: string, path: string): InputError {
  return new InputError(
    `The payload of the ${event} event has no usable ${path}. Run the cleanup on an event of GitHub's own.`,
  );
}
