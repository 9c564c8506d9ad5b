// What messages say of sizes, of faults and of foreign texts, the same everywhere.

/** `12.3 MB` */
export function formatMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** What a server says, for a message: on one line, printable, and no longer than a message can bear. */
export function toLine(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, LONGEST_LINE);
}

const LONGEST_LINE = 200;

/** Why something failed, for a warning about what is no main thing. */
export function describeFault(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown reason';
}

/** Colours and the like: https://ecma-international.org/publications-and-standards/standards/ecma-48/ */
const TERMINAL_CODES = /\p{Cc}\[[0-?]*[ -/]*[@-~]/gu;

/** What other programs print for a terminal, as plain text. */
export function withoutTerminalCodes(text: string): string {
  return text.replace(TERMINAL_CODES, '');
}
