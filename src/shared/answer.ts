// What servers say: why they refused something, for messages, and where a list goes on.

/** The refusal of a registry or token server, from its answer or from Buildx's output. */
export interface ServerAnswer {
  /** HTTP status; null where it is not known. */
  readonly status: number | null;
  /** Error code and message on one line; may be empty. */
  readonly text: string;
}

/**
 * @param link header `Link` of a page of a list; empty where there is none
 * @returns the address of the next page as it stands there, often without host; null when this is the last
 * https://www.rfc-editor.org/rfc/rfc8288
 */
export function readNextPage(link: string): string | null {
  return /<([^<>]*)>\s*;\s*rel="?next"?/i.exec(link)?.[1] ?? null;
}

/** `403 DENIED permission_denied: write_package`, for people. */
export function showAnswer({ status, text }: ServerAnswer): string {
  return [status === null ? '' : `${status}`, text].filter((part) => part !== '').join(' ') || 'no reason given';
}
