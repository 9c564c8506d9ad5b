// A separate file, so that importing it loads nothing else.
import type { Env } from '../../shared/types.js';

/** In a workflow, and not on a developer's machine. */
export function isOnGitHub(env: Env = process.env): boolean {
  return env.GITHUB_ACTIONS === 'true';
}
