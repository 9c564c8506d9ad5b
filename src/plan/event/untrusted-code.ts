// Whether a run may build untrusted code. Pure.
import { isWritersEvent } from './built-commit.js';
import { type WorkflowEvent, isFromFork } from './event.js';

/**
 * Whether somebody without write access to the repository may have written the code: in a fork's pull request, on events
 * that do not say what is checked out, and on events that anybody can cause unless the head of a branch is built.
 * @param event of the built commit (built-commit.ts)
 */
export function mayBeUntrustedCode(event: WorkflowEvent): boolean {
  return event.kind === 'other' || isFromFork(event) || (event.kind === 'checkout' && !isWritersEvent(event));
}
