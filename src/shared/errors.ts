// The error for everything that the user must correct before a build: what is wrong, the value, what to change.

export class InputError extends Error {
  override readonly name = 'InputError';
}

export class NoWorkTreeError extends InputError {
  /** @param trust the command that makes git read a work tree of another user; null when git does not refuse it */
  constructor(directory: string, trust: string | null) {
    super(
      trust === null
        ? `${directory} is no git work tree with a commit, so there is nothing to name an image after.`
        : `git does not read ${directory}, because it belongs to another user. If you trust its owner, run: ${trust}`,
    );
  }
}
