// The one error for everything a caller can mend before a build starts: what, the value, what to change.

export class InputError extends Error {
  override readonly name = 'InputError';
}

export class NoWorkTreeError extends InputError {
  /** @param trust the command that makes git read it; null unless git refuses to, because it is another user's */
  constructor(directory: string, trust: string | null) {
    super(
      trust === null
        ? `${directory} is no git work tree with a commit, so there is nothing to name an image after.`
        : `git does not read ${directory}, because it belongs to another user. If you trust its owner, run: ${trust}`,
    );
  }
}
