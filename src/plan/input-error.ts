// The one error for everything a caller can mend before a build starts: what, the value, what to change.

export class InputError extends Error {
  override readonly name = 'InputError';
}

export class NoWorkTreeError extends InputError {
  constructor(directory: string) {
    super(`${directory} is no git work tree with a commit, so there is nothing to name an image after.`);
  }
}

/**
 * Shows a value in an error message on one line, shortened, with control characters escaped.
 * Never call it with a secret.
 */
export function quote(value: string): string {
  // A login in a URL is the one secret that people put where a name belongs.
  const plain = value.replace(/\/\/[^/\s]*@/g, '//***@');
  const shown = plain.length > 80 ? `${plain.slice(0, 77)}...` : plain;
  return JSON.stringify(shown);
}
