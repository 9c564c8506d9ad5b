// How the stand-ins of GitHub's services answer: a reply is a value, and is sent here.
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Reply {
  readonly status: number;
  /** Sent as JSON. Without it the reply has no content. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** GitHub's own words. */
const MESSAGES: Readonly<Record<number, string>> = {
  403: 'Resource not accessible by integration',
  404: 'Not Found',
  503: 'Service unavailable',
};

/** A refusal as GitHub words it. @param message instead of GitHub's usual words for the status */
export function refusal(status: number, message = MESSAGES[status] ?? 'Server Error'): Reply {
  return { status, body: { message } };
}

export function sendReply(response: ServerResponse, { status, body, headers = {} }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

/**
 * Sends a reply as soon as it is there; an error ends the connection.
 * @param reply null for a server that never answers
 */
export function sendLater(response: ServerResponse, reply: Promise<Reply | null>): void {
  reply
    .then((ready) => {
      if (ready !== null) sendReply(response, ready);
    })
    .catch(() => response.destroy());
}

/** The whole address that a request was sent to. */
export function addressOf(request: IncomingMessage): URL {
  return new URL(request.url ?? '', `http://${request.headers.host ?? ''}`);
}

/** One page of a list, as the query asks for it, with GitHub's header of links. @param mostPerPage whatever is asked for */
export function pageOf<T>(
  items: readonly T[],
  url: URL,
  mostPerPage = 100,
): Required<Omit<Reply, 'body'>> & { body: readonly T[] } {
  const size = Math.min(Number(url.searchParams.get('per_page') ?? '30'), mostPerPage);
  const page = Number(url.searchParams.get('page') ?? '1');
  const next = new URL(url);
  next.searchParams.set('page', String(page + 1));
  const first = new URL(url);
  first.searchParams.set('page', '1');
  const link = `<${next.href}>; rel="next", <${first.href}>; rel="first"`;
  return {
    status: 200,
    body: items.slice((page - 1) * size, page * size),
    headers: page * size < items.length ? { link } : {},
  };
}
