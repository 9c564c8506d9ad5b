// The one error for everything a caller can mend before a build starts: what, the value, what to change.

export class InputError extends Error {
  override readonly name = 'InputError';
}

/**
 * Shows a value in an error message on one line, shortened, with control characters escaped.
 * Never call it with a secret.
 */
export function quote(value: string): string {
  const shown = value.length > 80 ? `${value.slice(0, 77)}...` : value;
  return JSON.stringify(shown);
}
