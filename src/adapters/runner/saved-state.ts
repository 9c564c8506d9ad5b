// What the main phase leaves for the post phase. The toolkit is not used here: the post phase is a file of its own that
// loads in no time and cannot fail with the toolkit.
// https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#sending-values-to-the-pre-and-post-actions

/** The folder with the run's login: saved before it is made. */
export const DIRECTORY_STATE = 'directory';

/** Empty when main did not come that far. */
export function readSavedDirectory(): string {
  return process.env[`STATE_${DIRECTORY_STATE}`] ?? '';
}

export function printWarning(message: string): void {
  process.stdout.write(`::warning::${message.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')}\n`);
}
