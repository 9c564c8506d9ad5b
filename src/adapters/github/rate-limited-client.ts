// Client for many requests to GitHub's API in a row: waits at its rate limits, up to a bound, and retries temporary faults.
// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
import { setTimeout as sleep } from 'node:timers/promises';
import { getOctokit } from '@actions/github';
import { readNextPage } from '../../shared/answer.js';
import { asRecord, asText, asTime, at, isCount, isRecord } from '../../shared/json.js';
import { type Outcome, retry } from '../../shared/retry.js';

export interface RateLimitedClient {
  /**
   * @param route `GET /users/{owner}`; values are filled in and encoded
   * @throws ApiError for an answer that is none of 200 to 299
   */
  readonly request: (route: string, values: Readonly<Record<string, string | number>>) => Promise<ApiAnswer>;
}

interface ApiAnswer {
  readonly content: unknown;
  /** Of a list: whether it has another page. */
  readonly more: boolean;
  /** When GitHub sent it, by its own clock, in milliseconds; null when it does not say. */
  readonly sentAt: number | null;
}

/** GitHub refused a request, or did not answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** 0 when there was no answer. */
  readonly status: number;

  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Bounds in milliseconds. */
interface ClientLimits {
  /** For one answer. */
  readonly answer: number;
  /** Longest wait that GitHub may ask for. */
  readonly longestWait: number;
  /** Before the second attempt after a fault; doubled before each further one. */
  readonly firstWait: number;
}

const LIMITS: ClientLimits = { answer: 20_000, longestWait: 120_000, firstWait: 500 };
const ATTEMPTS = 4;

/** @param signal ends the retries: from then on each request is made once */
export function createRateLimitedClient(token: string, signal: AbortSignal, limits = LIMITS): RateLimitedClient {
  const octokit = getOctokit(token);
  return {
    request: (route, values) => {
      let failure: { readonly error: unknown } | null = null;
      const ask = async (): Promise<ApiAnswer> => {
        // The wait was cut short.
        if (failure !== null && signal.aborted) throw failure.error;
        const request = { signal: AbortSignal.timeout(limits.answer) };
        return toAnswer(await octokit.request(route, { ...values, request }));
      };
      const getDelay = (outcome: Outcome<ApiAnswer>, attempt: number): number | null => {
        if (!('error' in outcome)) return null;
        failure = outcome;
        return attempt < ATTEMPTS && !signal.aborted ? delayAfter(outcome.error, attempt, limits) : null;
      };
      const wait = (milliseconds: number): Promise<unknown> =>
        sleep(milliseconds, undefined, { signal }).catch(() => undefined);
      return retry(ask, getDelay, wait).catch((error: unknown) => {
        throw toApiError(error);
      });
    },
  };
}

function toAnswer(answer: unknown): ApiAnswer {
  const { data, headers } = asRecord(answer);
  const { link, date } = asRecord(headers);
  return { content: data, more: readNextPage(asText(link)) !== null, sentAt: asTime(date) };
}

/** Milliseconds before the retry; null when a retry makes no sense, or would have to wait too long. */
function delayAfter(error: unknown, attempt: number, limits: ClientLimits): number | null {
  const status = readStatus(error);
  const backOff = limits.firstWait * 2 ** (attempt - 1);
  // No answer, or an error of the server or a proxy.
  if (status === 0 || status >= 500) return backOff;
  if (status !== 403 && status !== 429) return null;
  const headers = readHeaders(error);
  const asked = readSeconds(headers['retry-after']);
  const reset = headers['x-ratelimit-remaining'] === '0' ? readSeconds(headers['x-ratelimit-reset']) : null;
  if (asked === null && reset === null && status === 403 && !/rate limit/i.test(readMessage(error))) return null;
  // GitHub's clock, since the reset is a time of that clock.
  const now = asTime(headers.date) ?? Date.now();
  // "Otherwise, wait for at least one minute before retrying."
  const wait = asked !== null ? asked * 1000 : reset !== null ? reset * 1000 - now : 60_000;
  return wait > limits.longestWait ? null : Math.max(wait, backOff);
}

function toApiError(error: unknown): ApiError {
  const status = readStatus(error);
  const message = readMessage(error);
  const headers = readHeaders(error);
  const limited = status === 429 || headers['x-ratelimit-remaining'] === '0' || /rate limit/i.test(message);
  const advice = limited && (status === 403 || status === 429) ? '; run the job again later' : '';
  return new ApiError(`${status === 0 ? '' : `${status} `}${message}${advice}`, status, { cause: error });
}

function readStatus(error: unknown): number {
  // Octokit's errors have status 500 and no `response` when there was no answer.
  return isRecord(error) && isRecord(error.response) && isCount(error.status) ? error.status : 0;
}

function readHeaders(error: unknown): Readonly<Record<string, unknown>> {
  return asRecord(at(error, 'response', 'headers'));
}

/** GitHub's own words, without the address of its documentation. */
function readMessage(error: unknown): string {
  const said = at(error, 'response', 'data', 'message');
  const message = typeof said === 'string' ? said : error instanceof Error ? error.message : 'no answer';
  return message.replace(/\s+/g, ' ').trim().replace(/\.$/, '').slice(0, 300);
}

function readSeconds(value: unknown): number | null {
  return typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : null;
}
