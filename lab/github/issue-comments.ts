// The comments of a pull request, as GitHub's API reads and writes them.
// https://docs.github.com/rest/issues/comments and https://docs.github.com/graphql/reference/queries#user (viewer)
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { parseJsonObject, stringMember } from '../json.js';
import { type Reply, addressOf, pageOf, refusal, sendLater } from './reply.js';

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

interface State {
  comments: readonly IssueComment[];
  fault: CommentFault | null;
  owner: string;
}

export function createIssueComments(): IssueComments {
  const state: State = { comments: [], fault: null, owner: 'github-actions[bot]' };
  return {
    list: (issue) => listComments(state, issue),
    add: (issue, author, body) => addComment(state, issue, author, body),
    setFault: (fault) => void (state.fault = fault),
    setTokenOwner: (login) => void (state.owner = login),
    answer: (request, response) => {
      const { pathname } = addressOf(request);
      if (pathname !== '/graphql' && !/\/issues\/(?:comments\/)?\d+(?:\/comments)?$/.test(pathname)) return false;
      sendLater(response, reply(state, request));
      return true;
    },
  };
}

async function reply(state: State, request: IncomingMessage): Promise<Reply | null> {
  const url = addressOf(request);
  const method = request.method ?? '';
  const sent = await text(request);
  if (state.fault?.request.test(`${method} ${url.pathname}`) === true)
    return state.fault.status === 0 ? null : refusal(state.fault.status);
  if (url.pathname === '/graphql') return { status: 200, body: { data: { viewer: { login: state.owner } } } };
  const [, issue] = /\/issues\/(\d+)\/comments$/.exec(url.pathname) ?? [];
  const [, id] = /\/issues\/comments\/(\d+)$/.exec(url.pathname) ?? [];
  if (method === 'GET' && issue !== undefined) return pageOf(listComments(state, Number(issue)).map(toJson), url);
  if (method === 'POST' && issue !== undefined)
    return { status: 201, body: toJson(addComment(state, Number(issue), state.owner, readBody(sent))) };
  const changed = method === 'PATCH' ? changeComment(state, Number(id), sent) : undefined;
  return changed === undefined ? refusal(404) : { status: 200, body: toJson(changed) };
}

function listComments({ comments }: State, issue: number): readonly IssueComment[] {
  return comments.filter((comment) => comment.issue === issue);
}

function addComment(state: State, issue: number, author: string, body: string): IssueComment {
  // Beyond 32 bits, as GitHub's are by now.
  const comment = { id: 3_000_000_000 + state.comments.length, issue, author, body };
  state.comments = [...state.comments, comment];
  return comment;
}

/** @returns the comment as it is then; undefined where there is none with that id */
function changeComment(state: State, id: number, sent: string): IssueComment | undefined {
  const comment = state.comments.find((one) => one.id === id);
  if (comment === undefined) return undefined;
  const changed = { ...comment, body: readBody(sent) };
  state.comments = state.comments.map((one) => (one === comment ? changed : one));
  return changed;
}

function readBody(json: string): string {
  return stringMember(parseJsonObject(json, 'a comment'), 'body');
}

function toJson({ id, author, body }: IssueComment): object {
  return { id, user: { login: author }, body };
}
