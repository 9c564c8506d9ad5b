// A file of its own, which loads nothing.

/** In a workflow, and not on a developer's machine. */
export function isOnGitHub(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return env.GITHUB_ACTIONS === 'true';
}
