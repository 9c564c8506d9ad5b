// Streams blobs from one registry to another: never held in memory, and their digests are checked.
import type { Hash } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type Readable, Transform, type TransformCallback, addAbortSignal } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HttpClient } from '@actions/http-client';
import { type Digest, isHashOf, startHash } from '../../image/digest.js';
import { withLimit } from '../process/with-limit.js';
import {
  ConnectionError,
  type HttpRequest,
  type HttpResponse,
  MOST_REDIRECTS,
  followRedirect,
  readAnswer,
  toHeaders,
} from './http.js';

/** Milliseconds without a single byte; a registry may look at a large layer for a while before it answers. */
const IDLE = 60_000;

export type StreamRequest = Pick<HttpRequest, 'url' | 'headers'>;

export interface BlobDownload {
  readonly status: number;
  /** To be read to its end, or destroyed. */
  readonly body: Readable;
}

/**
 * Opens a blob for reading. The registry may redirect to its blob store, which gets no login.
 * @param signal ends the download, also while the body is read
 * @throws ConnectionError, or the signal's reason
 */
export async function downloadBlob(request: StreamRequest, signal: AbortSignal, idle = IDLE): Promise<BlobDownload> {
  let next: HttpRequest = { ...request, method: 'GET' };
  for (let redirects = 0; ; redirects += 1) {
    const { url, headers } = next;
    const { message } = await withLimit(signal, idle, () =>
      createClient(idle).request('GET', url, '', { ...headers }),
    ).catch((error: unknown) => {
      signal.throwIfAborted();
      throw toConnectionError('GET', url, error);
    });
    const head = { status: message.statusCode ?? 0, headers: toHeaders(message), body: Buffer.alloc(0) };
    const followed = redirects < MOST_REDIRECTS ? followRedirect(next, head) : null;
    if (followed === null) return { status: head.status, body: addAbortSignal(signal, message) };
    message.destroy();
    next = followed;
  }
}

/**
 * Writes a blob in one request, as it is read.
 * @param signal ends it
 * @throws ConnectionError for a broken connection at either end, DamagedBlobError for other bytes than the digest's
 */
export async function uploadBlob(
  { url, headers }: StreamRequest,
  { digest, size, body }: { readonly digest: Digest; readonly size: number; readonly body: Readable },
  { signal, idle = IDLE }: { readonly signal: AbortSignal; readonly idle?: number },
): Promise<HttpResponse> {
  const request = openRequest(url, { ...headers, 'content-length': `${size}` }, { signal, idle });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
  // The error is thrown by the `await` below. A server may answer before it has read the whole body.
  answered.catch(() => undefined);
  const sent = pipeline(body, new BlobCheck(digest, size), request, { signal });
  try {
    await Promise.race([sent, answered]);
    const message = await answered;
    return await readAnswer(message, idle);
  } catch (error) {
    request.destroy();
    if (error instanceof DamagedBlobError || signal.aborted) throw error;
    throw toConnectionError('PUT', url, error);
  } finally {
    body.destroy();
    await sent.catch(() => undefined);
  }
}

/** The bytes are not what the digest says: copying them again would not help. */
class DamagedBlobError extends Error {
  override readonly name = 'DamagedBlobError';
}

/** Fails before the last byte is sent when the digest does not match, so that the server never has the whole body. */
class BlobCheck extends Transform {
  private readonly digest: Digest;
  private readonly hash: Hash;
  private left: number;

  constructor(digest: Digest, size: number) {
    super();
    this.digest = digest;
    this.hash = startHash(digest);
    this.left = size;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.hash.update(chunk);
    this.left -= chunk.length;
    if (this.left > 0) {
      done(null, chunk);
      return;
    }
    // The last bytes are held back until the digest is checked.
    const right = this.left === 0 && isHashOf(this.hash, this.digest);
    done(right ? null : new DamagedBlobError(`The registry served other bytes for ${this.digest}.`), chunk);
  }

  override _flush(done: TransformCallback): void {
    done(this.left > 0 ? new Error('the layer was cut off') : null);
  }
}

function openRequest(
  url: string,
  headers: Readonly<Record<string, string>>,
  { signal, idle }: { readonly signal: AbortSignal; readonly idle: number },
): ClientRequest {
  const open = new URL(url).protocol === 'https:' ? requestHttps : requestHttp;
  // Only the proxy agent comes from the client: the client itself cannot report a body that was cut off.
  const agent = createClient(idle).getAgent(url);
  const request = open(url, { method: 'PUT', headers, agent, signal });
  request.setTimeout(idle, () => request.destroy(new Error(`no answer within ${idle / 1000} s`)));
  return request;
}

function createClient(idle: number): HttpClient {
  return new HttpClient('two-pass-build', [], { socketTimeout: idle, allowRetries: false, allowRedirects: false });
}

function toConnectionError(method: string, url: string, error: unknown): ConnectionError {
  const message = error instanceof Error ? error.message : 'connection failed';
  return new ConnectionError(`${method} ${new URL(url).origin}: ${message}`, { cause: error });
}
