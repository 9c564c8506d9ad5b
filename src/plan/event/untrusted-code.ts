// Whose code a run builds. Pure.
import { isWritersEvent } from './built-commit.js';
import { type WorkflowEvent, isFromFork } from './event.js';

/**
 * Whether somebody without write access to the repository may have written the code that is built: a fork's pull request,
 * events that do not say what is checked out, and what is checked out in runs that anybody can cause, but for the head of
 * a branch.
 * @param event by what is built (built-commit.ts)
 */
export function mayBeUntrustedCode(event: WorkflowEvent): boolean {
  return event.kind === 'other' || isFromFork(event) || (event.kind === 'checkout' && !isWritersEvent(event));
}
