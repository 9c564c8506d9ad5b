// The comments of a pull request, as GitHub's API reads and writes them.
// https://docs.github.com/rest/issues/comments and https://docs.github.com/graphql/reference/queries#user (viewer)
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject } from '../json.js';

interface IssueComment {
  readonly id: number;
  readonly issue: number;
  readonly author: string;
  readonly body: string;
}

/** What goes wrong with the requests that match, such as `POST /graphql`. */
interface CommentFault {
  readonly request: RegExp;
  /** 403: what a token without the permission gets; 0: no answer ever. */
  readonly status: number;
}

export interface IssueComments {
  readonly list: (issue: number) => readonly IssueComment[];
  readonly add: (issue: number, author: string, body: string) => IssueComment;
  /** Null ends it. */
  readonly setFault: (fault: CommentFault | null) => void;
  /** Whose token the requests come with: `github-actions[bot]` at first. */
  readonly setTokenOwner: (login: string) => void;
  /** @returns false for requests about something else */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => boolean;
}

const MESSAGES: Readonly<Record<number, string>> = { 403: 'Resource not accessible by integration', 404: 'Not Found' };

export function createIssueComments(): IssueComments {
  let comments: readonly IssueComment[] = [];
  let fault: CommentFault | null = null;
  let owner = 'github-actions[bot]';

  const add = (issue: number, author: string, body: string): IssueComment => {
    // Beyond 32 bits, as GitHub's are by now.
    const comment = { id: 3_000_000_000 + comments.length, issue, author, body };
    comments = [...comments, comment];
    return comment;
  };

  const respond = async (request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> => {
    const send = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
      response.end(JSON.stringify(body));
    };
    const method = request.method ?? '';
    const text = await readBody(request);
    if (fault?.request.test(`${method} ${url.pathname}`) === true) {
      if (fault.status !== 0) send(fault.status, { message: MESSAGES[fault.status] ?? 'Server Error' });
      return;
    }
    if (url.pathname === '/graphql') {
      send(200, { data: { viewer: { login: owner } } });
      return;
    }
    const [, issue] = /\/issues\/(\d+)\/comments$/.exec(url.pathname) ?? [];
    const [, id] = /\/issues\/comments\/(\d+)$/.exec(url.pathname) ?? [];
    if (method === 'GET' && issue !== undefined) {
      const [size, page] = ['per_page', 'page'].map((name) => Number(url.searchParams.get(name) ?? '1'));
      const all = comments.filter((comment) => comment.issue === Number(issue));
      const end = page! * size!;
      const next = new URL(url);
      next.searchParams.set('page', String(page! + 1));
      send(
        200,
        all.slice(end - size!, end).map(toJson),
        end < all.length ? { link: `<${next.href}>; rel="next"` } : {},
      );
    } else if (method === 'POST' && issue !== undefined) {
      send(201, toJson(add(Number(issue), owner, readText(text))));
    } else if (method === 'PATCH' && comments.some((comment) => comment.id === Number(id))) {
      comments = comments.map((comment) =>
        comment.id === Number(id) ? { ...comment, body: readText(text) } : comment,
      );
      send(200, toJson(comments.find((comment) => comment.id === Number(id))!));
    } else send(404, { message: MESSAGES[404] });
  };

  return {
    list: (issue) => comments.filter((comment) => comment.issue === issue),
    add,
    setFault: (next) => void (fault = next),
    setTokenOwner: (login) => void (owner = login),
    answer: (request, response) => {
      const url = new URL(request.url ?? '', `http://${request.headers.host ?? ''}`);
      if (url.pathname !== '/graphql' && !/\/issues\/(?:comments\/)?\d+(?:\/comments)?$/.test(url.pathname))
        return false;
      respond(request, url, response).catch(() => response.destroy());
      return true;
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

function readText(json: string): string {
  const value: unknown = JSON.parse(json);
  if (!isObject(value) || typeof value.body !== 'string') throw new Error('A comment has a body.');
  return value.body;
}

function toJson({ id, author, body }: IssueComment): object {
  return { id, user: { login: author }, body };
}
