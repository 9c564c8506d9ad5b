// Whose code a run builds. Pure.
import type { WorkflowEvent } from './workflow-event.js';

/**
 * Whether somebody without write access to the repository may have written the code that is built: a fork's pull request,
 * and events that do not say what is checked out.
 */
export function mayBeForeignCode(event: WorkflowEvent): boolean {
  return event.kind === 'other' || (event.kind === 'pull-request' && event.fork);
}
