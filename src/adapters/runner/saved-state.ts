// State that the main phase saves for the post phase. Without the Actions toolkit, so that the post phase loads at once.
// https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#sending-values-to-the-pre-and-post-actions

/** The folder with the run's login: saved before it is made. */
export const DIRECTORY_STATE = 'directory';

/** Empty when the main phase ended before it was saved. */
export function readSavedDirectory(): string {
  return process.env[`STATE_${DIRECTORY_STATE}`] ?? '';
}

export function printWarning(message: string): void {
  process.stdout.write(`::warning::${message.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')}\n`);
}
