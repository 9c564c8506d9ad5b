/** The image did not pass a check, or could not be checked. */
export class CheckFailedError extends Error {
  override readonly name = 'CheckFailedError';
  /** What the failed check printed last. */
  readonly output: readonly string[];

  constructor(message: string, output: readonly string[] = []) {
    super(message);
    this.output = output;
  }
}
