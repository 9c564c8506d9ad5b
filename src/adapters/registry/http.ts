// HTTP for the registry client: proxies, time limits, size limits, a few retries. Knows nothing of registries.
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient } from '@actions/http-client';
import { isRecord } from '../../shared/json.js';
import { type Outcome, retry } from '../../shared/retry.js';
import { toSingleLine } from '../../shared/text.js';
import { NoAnswerError, withLimit } from '../process/with-limit.js';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** No retries: for requests that may well fail, such as trying HTTPS on a registry without TLS. */
  readonly once?: true;
}

export interface HttpResponse {
  readonly status: number;
  /** Header values by lower-case name; repeated headers are joined by ", ". */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export type SendRequest = (request: HttpRequest) => Promise<HttpResponse>;

/** The server could not be reached, or its answer was cut off or too large. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** Manifests are limited to 4 MiB by registries, and configs to much less. */
const LARGEST_ANSWER = 8 * 1024 * 1024;
const ATTEMPTS = 4;
/** Attempts at what a registry refuses for a while, and milliseconds of waits that it may ask for together. */
const MOST_REFUSALS = 16;
const LONGEST_REFUSED = 60_000;
export const MOST_REDIRECTS = 3;

/** Bounds in milliseconds. */
interface HttpLimits {
  /** Longest time without a byte, before or within an answer. */
  readonly idle: number;
  /** Longest time for a whole answer, since a server could send one byte now and then. */
  readonly answer: number;
  /** Before the second attempt; doubled before each further one. */
  readonly firstWait: number;
  /** Longest wait that a server may ask for by Retry-After. */
  readonly longestWait: number;
}

const LIMITS: HttpLimits = { idle: 15_000, answer: 60_000, firstWait: 300, longestWait: 10_000 };

/**
 * @param signal ends every request and wait, which then throw its reason; null when nothing cancels the run
 * @returns a sender that retries temporary faults (429, 5xx, broken connections), with bounded waits of random length
 */
export function createSender(userAgent: string, signal: AbortSignal | null, limits = LIMITS): SendRequest {
  const createClient = (): HttpClient =>
    new HttpClient(userAgent, [], {
      socketTimeout: limits.idle,
      keepAlive: true,
      allowRetries: false,
      // Not the client's own: it fails on relative addresses, and sends the login to other ports of the host.
      allowRedirects: false,
    });
  // One client for each protocol: a client with keepAlive uses the agent of its first request for all others.
  const clients = new Map<string, HttpClient>();
  const getClient = (url: string): HttpClient => {
    const { protocol } = new URL(url);
    const client = clients.get(protocol) ?? createClient();
    clients.set(protocol, client);
    return client;
  };
  return (request) => {
    const sendOnce = async (): Promise<HttpResponse> => {
      signal?.throwIfAborted();
      return send(getClient, request, limits, signal);
    };
    return retry(
      sendOnce,
      (outcome, attempt) => (request.once === true ? null : getRetryDelay(outcome, attempt, limits)),
      (milliseconds) => wait(milliseconds, signal),
    );
  };
}

/** Milliseconds before the next attempt; null where it is the last, or the outcome would be the same the next time. */
function getRetryDelay(outcome: Outcome<HttpResponse>, attempt: number, limits: HttpLimits): number | null {
  if ('error' in outcome) {
    const { error } = outcome;
    return error instanceof ConnectionError && isTransient(error) ? retryDelay(attempt, undefined, limits) : null;
  }
  const { status, headers } = outcome.value;
  if (!isTransientStatus(status)) return null;
  const delay = status === 429 ? limitedDelay : retryDelay;
  return delay(attempt, headers.get('retry-after'), limits);
}

async function send(
  getClient: (url: string) => HttpClient,
  request: HttpRequest,
  limits: HttpLimits,
  signal: AbortSignal | null,
): Promise<HttpResponse> {
  const exchange = async (end: AbortSignal): Promise<HttpResponse> => {
    let message: IncomingMessage | undefined;
    end.addEventListener('abort', () => message?.destroy());
    let next = request;
    for (let redirects = 0; ; redirects += 1) {
      const { method, url, headers, body } = next;
      ({ message } = await getClient(url).request(method, url, body ?? '', { ...headers }));
      if (end.aborted) message.destroy();
      const response = await readAnswer(message, limits.idle);
      const followed = redirects < MOST_REDIRECTS ? followRedirect(next, response) : null;
      if (followed === null) return response;
      next = followed;
    }
  };
  try {
    return await withLimit(signal, limits.answer, exchange);
  } catch (error) {
    signal?.throwIfAborted();
    const { origin } = new URL(request.url);
    throw new ConnectionError(toSingleLine(`${request.method} ${origin}: ${describeFailure(error, limits)}`), {
      cause: error,
    });
  }
}

/** Replaces the client's message on a time-out: it has the path, and that of an upload may contain a signature. */
function describeFailure(error: unknown, { idle, answer }: HttpLimits): string {
  if (error instanceof NoAnswerError) return `no whole answer within ${answer / 1000} s`;
  const message = error instanceof Error ? error.message : 'connection failed';
  return message.startsWith('Request timeout:') ? `no answer within ${idle / 1000} s` : message;
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/**
 * The request that a redirect asks for, with the same method. Another origin gets neither the login nor a body, which
 * may have an identity token.
 * @returns null when there is no redirect, or it is not followed
 * @throws UnusableAnswerError when the target is not allowed
 */
export function followRedirect(request: HttpRequest, response: HttpResponse): HttpRequest | null {
  const location = response.headers.get('location') ?? '';
  if (!REDIRECTS.includes(response.status) || location === '') return null;
  if (!URL.canParse(location, request.url)) throw new UnusableAnswerError('redirected to what is no address');
  const from = new URL(request.url);
  const to = new URL(location, from);
  if (to.protocol !== from.protocol && to.protocol !== 'https:')
    throw new UnusableAnswerError(`redirected from ${from.protocol} to ${to.protocol}, which is not followed`);
  if (to.origin === from.origin) return { ...request, url: to.href };
  if (request.body !== undefined) return null;
  const headers = Object.entries(request.headers).filter(([name]) => name.toLowerCase() !== 'authorization');
  return { ...request, url: to.href, headers: Object.fromEntries(headers) };
}

/** The whole answer, within bounds. */
export async function readAnswer(message: IncomingMessage, idle: number): Promise<HttpResponse> {
  const chunks: Buffer[] = [];
  let size = 0;
  // The client's own time limit covers only the headers.
  const stalled = setTimeout(() => message.destroy(new Error(`the answer stopped for ${idle / 1000} s`)), idle);
  try {
    for await (const chunk of message) {
      stalled.refresh();
      if (!Buffer.isBuffer(chunk)) continue;
      size += chunk.length;
      if (size > LARGEST_ANSWER) {
        message.destroy();
        throw new UnusableAnswerError(`the answer is larger than ${LARGEST_ANSWER} bytes`);
      }
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(stalled);
  }
  return { status: message.statusCode ?? 0, headers: toHeaders(message), body: Buffer.concat(chunks) };
}

export function toHeaders(message: IncomingMessage): ReadonlyMap<string, string> {
  const entries = Object.entries(message.headers).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return new Map(entries);
}

/** An answer that a retry would not change. */
class UnusableAnswerError extends Error {
  override readonly name = 'UnusableAnswerError';
}

/** Whether a retry may get another status. */
export function isTransientStatus(status: number): boolean {
  return status === 429 || status >= 500;
}

/** Whether a retry may succeed: after a broken connection or a time-out, not after a refused one, an unknown host or bad TLS. */
export function isTransient({ cause }: ConnectionError): boolean {
  if (cause instanceof UnusableAnswerError) return false;
  if (!isRecord(cause) || cause.code === undefined) return true;
  const { code } = cause;
  return typeof code === 'string' && ['ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN'].includes(code);
}

/**
 * Milliseconds: what the server asks for, in seconds or as a date, up to a bound; else 0.3 s, 0.6 s, 1.2 s, give or take half.
 * Null when there were as many attempts as there may be.
 * https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function retryDelay(attempt: number, retryAfter?: string, limits = LIMITS): number | null {
  if (attempt >= ATTEMPTS) return null;
  const asked = readAsked(retryAfter);
  if (asked !== null) return Math.min(asked, limits.longestWait);
  return limits.firstWait * 2 ** (attempt - 1) * (0.5 + Math.random());
}

/**
 * As `retryDelay`, for a request that was one too many (429). A registry that says how long does answer then; but if many
 * jobs share its limit, all that it has refused come back at once, and most are refused again. So there are more attempts,
 * and each waits a random time longer than it is asked to, the more often it was refused, the longer.
 */
export function limitedDelay(attempt: number, retryAfter?: string, limits = LIMITS): number | null {
  const asked = readAsked(retryAfter);
  if (asked === null || asked === 0 || asked > limits.longestWait) return retryDelay(attempt, retryAfter, limits);
  if (attempt >= MOST_REFUSALS || attempt * asked > LONGEST_REFUSED) return null;
  return asked * (1 + Math.random() * attempt);
}

/** Milliseconds, of seconds or a date; null for neither. */
function readAsked(retryAfter: string | undefined): number | null {
  const text = retryAfter?.trim() ?? '';
  const asked = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(asked) ? Math.max(asked, 0) : null;
}

async function wait(milliseconds: number, signal: AbortSignal | null): Promise<void> {
  await sleep(milliseconds, undefined, signal === null ? {} : { signal }).catch(() => signal?.throwIfAborted());
}
