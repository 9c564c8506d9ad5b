// HTTP for the registry client: proxies, time limits, size limits, a few retries. Knows nothing of registries.
import { HttpClient } from '@actions/http-client';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A question that may well fail, such as "do you speak HTTPS?": asked once. */
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
const SOCKET_TIMEOUT_MS = 15_000;
const ATTEMPTS = 4;

/** @returns a sender that survives what usually passes: 429, 5xx and broken connections, with bounded, jittered waits */
export function createSender(userAgent: string): SendRequest {
  const createClient = (): HttpClient =>
    new HttpClient(userAgent, [], {
      socketTimeout: SOCKET_TIMEOUT_MS,
      keepAlive: true,
      allowRetries: false,
      allowRedirects: true,
      maxRedirects: 3,
    });
  // One for each protocol: a client that keeps connections open also keeps the agent of its first one.
  const clients = new Map<string, HttpClient>();
  const getClient = (url: string): HttpClient => {
    const { protocol } = new URL(url);
    const client = clients.get(protocol) ?? createClient();
    clients.set(protocol, client);
    return client;
  };
  return async (request) => {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await send(getClient(request.url), request).catch((error: unknown) => {
        if (error instanceof ConnectionError) return error;
        throw error;
      });
      const failed = outcome instanceof ConnectionError;
      const passing = failed ? mayPass(outcome) : outcome.status === 429 || outcome.status >= 500;
      if (passing && attempt < ATTEMPTS && request.once !== true) {
        await wait(delayBefore(attempt, failed ? undefined : outcome.headers.get('retry-after')));
        continue;
      }
      if (failed) throw outcome;
      return outcome;
    }
  };
}

async function send(client: HttpClient, { method, url, headers, body }: HttpRequest): Promise<HttpResponse> {
  try {
    const { message } = await client.request(method, url, body ?? '', { ...headers });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of message) {
      if (!Buffer.isBuffer(chunk)) continue;
      size += chunk.length;
      if (size > LARGEST_ANSWER) {
        message.destroy();
        throw new ConnectionError(`The answer is larger than ${LARGEST_ANSWER} bytes.`);
      }
      chunks.push(chunk);
    }
    const entries = Object.entries(message.headers).map(([name, value]): [string, string] => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]);
    return { status: message.statusCode ?? 0, headers: new Map(entries), body: Buffer.concat(chunks) };
  } catch (error) {
    if (error instanceof ConnectionError) throw error;
    throw new ConnectionError(
      `${method} ${new URL(url).origin}: ${error instanceof Error ? error.message : 'connection failed'}`,
      {
        cause: error,
      },
    );
  }
}

/** A connection that broke or timed out may work the next time; a refused one, an unknown name or bad TLS will not. */
function mayPass({ cause }: ConnectionError): boolean {
  if (!(cause instanceof Error) || !('code' in cause)) return true;
  return (
    typeof cause.code === 'string' &&
    ['ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN'].includes(cause.code)
  );
}

/** Milliseconds: what the server asks for up to 10 s, else 0.3 s, 0.6 s, 1.2 s, give or take half. */
function delayBefore(attempt: number, retryAfter: string | undefined): number {
  const asked = retryAfter === undefined ? Number.NaN : Number(retryAfter) * 1000;
  if (Number.isFinite(asked) && asked >= 0) return Math.min(asked, 10_000);
  return 300 * 2 ** (attempt - 1) * (0.5 + Math.random());
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
