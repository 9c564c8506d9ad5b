// Which comment of a pull request is this image's, and whether this run may write it.

/** A run of a workflow: a later run of the repository has the greater ID, a re-run the greater attempt (from 1). */
export interface RunNumber {
  readonly id: number;
  readonly attempt: number;
}

/** A comment of a pull request, as far as it matters here. */
export interface PullRequestComment {
  readonly id: number;
  /** Login of its author, `github-actions[bot]` for a workflow's own token; null when the account is gone. */
  readonly author: string | null;
  readonly body: string;
}

export type CommentDecision =
  | { readonly kind: 'create' }
  | { readonly kind: 'update'; readonly id: number }
  /** A later run has written it already. */
  | { readonly kind: 'leave' };

export interface CommentWriter {
  /** Login of the token's owner. */
  readonly author: string;
  readonly imageName: string;
  readonly run: RunNumber;
}

/** The first line of the comment, which nobody sees. An image name cannot hold what would end it. */
export function toMarker(imageName: string, { id, attempt }: RunNumber): string {
  return `<!-- two-pass-build:${imageName} --><!-- run=${id} attempt=${attempt} -->`;
}

/** Anybody can write the marker, and a token that may write comments can change other people's too: only own ones count. */
export function chooseComment(
  comments: readonly PullRequestComment[],
  { author, imageName, run }: CommentWriter,
): CommentDecision {
  const own = comments.flatMap((comment) => {
    const written = comment.author === author ? readMarker(comment.body, imageName) : null;
    return written === null ? [] : [{ id: comment.id, written }];
  });
  if (own.some(({ written }) => isLater(written, run))) return { kind: 'leave' };
  const [first] = own;
  return first === undefined ? { kind: 'create' } : { kind: 'update', id: first.id };
}

function isLater(one: RunNumber, other: RunNumber): boolean {
  return one.id === other.id ? one.attempt > other.attempt : one.id > other.id;
}

/** Only where a comment begins with it: a bot that quotes somebody has it further down. */
function readMarker(body: string, imageName: string): RunNumber | null {
  const [, name, id, attempt] =
    /^<!-- two-pass-build:(\S+) --><!-- run=(\d{1,15}) attempt=(\d{1,15}) -->/.exec(body) ?? [];
  return name === imageName ? { id: Number(id), attempt: Number(attempt) } : null;
}
