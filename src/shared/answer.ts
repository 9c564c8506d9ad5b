// What a server said when it refused something, and how messages show it.

/** What a registry, its token server, or Buildx about them, has said. */
export interface ServerAnswer {
  /** HTTP status; null where it is not known. */
  readonly status: number | null;
  /** Error code and message on one line; may be empty. */
  readonly text: string;
}

/** `403 DENIED permission_denied: write_package`, for people. */
export function showAnswer({ status, text }: ServerAnswer): string {
  return [status === null ? '' : `${status}`, text].filter((part) => part !== '').join(' ') || 'no reason given';
}
