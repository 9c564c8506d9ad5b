// Client for one repository of an OCI registry: login, manifests, tags, blobs. Layers are streamed (blob-stream.ts), never
// held in memory.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md
import type { Readable } from 'node:stream';
import { type Digest, digestOf, isDigest, isDigestOf } from '../../image/digest.js';
import { MANIFEST_TYPES } from '../../image/media-types.js';
import { type ImageName, type Tag, isTag } from '../../image/reference.js';
import type { Login } from '../../inputs/secrets/credentials.js';
import { type ServerAnswer, readNextPage, showAnswer } from '../../shared/answer.js';
import { asList, parseObject } from '../../shared/json.js';
import { toSingleLine } from '../../shared/text.js';
import { downloadBlob, uploadBlob } from './blob-stream.js';
import { readAnswer } from './error-answer.js';
import { ConnectionError, type HttpRequest, type HttpResponse, type SendRequest } from './http.js';
import {
  type Challenge,
  LoginRejectedError,
  type TokenResult,
  basicAuthorization,
  fetchToken,
  parseChallenge,
} from './token.js';

export interface Manifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** The registry answered with a status or content that the method does not expect. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly status: number;
  readonly answer: ServerAnswer;
  /** Digests that the answer names, such as the blobs that a manifest lists and the registry does not have. */
  readonly digests: readonly string[];

  constructor(message: string, status: number, body = '', options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.answer = readAnswer({ status, body: Buffer.from(body) });
    this.digests = body.match(/sha256:[0-9a-f]{64}/g) ?? [];
  }
}

export interface RegistryOptions {
  readonly send: SendRequest;
  readonly login: Login | null;
  /** The engine may speak plain HTTP to it (loopback, insecure-registries): HTTPS first, then HTTP. */
  readonly insecure: boolean;
  /** Ask for push as well as pull. */
  readonly write: boolean;
  /** Another repository of the same registry, whose blobs may be mounted. */
  readonly mountFrom?: string;
}

/** An upload that the registry has opened. */
interface Upload {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Session {
  readonly base: string;
  readonly authorization: string | null;
  /** The token server's answer when it refused the right to push; null when it did not. */
  readonly refusal: ServerAnswer | null;
}

/** The client asks for 1000 tags a page; a registry may give fewer. */
const MOST_PAGES = 100;
const MOST_TAGS = 1000 * MOST_PAGES;

export class Registry {
  private readonly image: ImageName;
  private readonly options: RegistryOptions;
  private session: Promise<Session> | null = null;
  /** The upload that `probeWriteAccess` has opened. */
  private probed: HttpResponse | null = null;

  constructor(image: ImageName, options: RegistryOptions) {
    this.image = image;
    this.options = options;
  }

  /**
   * Contacts the registry and logs in; later calls reuse the result.
   * @throws LoginRejectedError, ConnectionError, or RegistryError when it is no registry
   */
  async connect(): Promise<void> {
    await this.getSession();
  }

  /** @returns the digest that the registry serves for a tag, or null when it has none or does not show it */
  async readDigest(reference: Tag | Digest): Promise<Digest | null> {
    const response = await this.request('HEAD', `manifests/${reference}`, { accept: MANIFEST_TYPES });
    if (isAbsent(response)) return null;
    if (response.status !== 200) throw unexpected('reading', reference, response);
    const digest = response.headers.get('docker-content-digest');
    if (isDigest(digest)) return digest;
    // The header is optional; the digest can be computed from the bytes.
    return (await this.readManifest(reference))?.digest ?? null;
  }

  /**
   * @returns null when there is none or the registry does not show it
   * @throws RegistryError when the bytes are not what the registry says they are
   */
  async readManifest(reference: Tag | Digest): Promise<Manifest | null> {
    const response = await this.request('GET', `manifests/${reference}`, { accept: MANIFEST_TYPES });
    if (isAbsent(response)) return null;
    if (response.status !== 200) throw unexpected('reading', reference, response);
    const mediaType = response.headers.get('content-type') ?? '';
    const said = response.headers.get('docker-content-digest');
    const digest = digestOf(response.body);
    const wanted = isDigest(reference) ? reference : said;
    if (wanted !== undefined && !mayBeDigestOf(wanted, response.body)) {
      throw new RegistryError(
        `The registry served ${digest} for ${reference}, and calls it ${toSingleLine(wanted)}.`,
        response.status,
      );
    }
    return { digest, mediaType, bytes: response.body };
  }

  /** Writes a manifest under a tag or its digest. The registry must have its blobs already. */
  async writeManifest(
    reference: Tag | Digest,
    { mediaType, bytes }: Pick<Manifest, 'mediaType' | 'bytes'>,
  ): Promise<void> {
    const headers = { 'content-type': mediaType };
    const response = await this.request('PUT', `manifests/${reference}`, headers, bytes.toString('utf8'));
    if (response.status !== 201 && response.status !== 200) throw unexpected('writing', reference, response);
  }

  /**
   * Reads a small blob, such as an image config.
   * @returns null when there is none
   * @throws RegistryError when the bytes are not what the digest says
   */
  async readBlob(digest: Digest): Promise<Buffer | null> {
    const response = await this.request('GET', `blobs/${digest}`);
    if (isAbsent(response)) return null;
    if (response.status !== 200) throw unexpected('reading', digest, response);
    if (!isDigestOf(digest, response.body)) {
      throw new RegistryError(`The registry served other bytes for ${digest}.`, response.status);
    }
    return response.body;
  }

  async hasBlob(digest: Digest): Promise<boolean> {
    const { status } = await this.request('HEAD', `blobs/${digest}`);
    return status === 200;
  }

  /**
   * Writes a small blob. With the upload that `probeWriteAccess` has opened it is one request, so whether the blob is there
   * is asked only without, or when the registry has forgotten that upload.
   */
  async writeBlob(digest: Digest, content: string): Promise<void> {
    const probed = this.takeProbed();
    if (probed !== null && (await this.sendBlob(digest, content, probed)).status === 201) return;
    if (await this.hasBlob(digest)) return;
    const opened = await this.request('POST', 'blobs/uploads/');
    await this.confirmBlob(digest, await this.sendBlob(digest, content, opened));
  }

  private async sendBlob(digest: Digest, content: string, opened: HttpResponse): Promise<HttpResponse> {
    const { url, headers } = await this.openUpload(digest, opened);
    return this.options.send({ method: 'PUT', url, headers, body: content });
  }

  /**
   * Opens a blob of any size for reading.
   * @param signal ends it
   * @throws RegistryError when there is none; ConnectionError
   */
  async openBlob(digest: Digest, signal: AbortSignal): Promise<Readable> {
    const { status, body } = await this.withSession(async ({ base, authorization }) => {
      const url = `${base}/v2/${this.image.repository}/blobs/${digest}`;
      const download = await downloadBlob({ url, headers: authorize(authorization) }, signal);
      if (download.status !== 200) download.body.destroy();
      return download;
    });
    if (status === 200) return body;
    throw new RegistryError(`The registry answered ${status} when reading ${digest}.`, status);
  }

  /**
   * Copies a blob into this repository: the registry mounts it from `mountFrom` if it can, otherwise its bytes are sent.
   * @param open opens the source; called only when bytes must be sent
   * @returns whether its bytes were sent
   * @throws RegistryError, ConnectionError, DamagedBlobError
   */
  async copyBlob(
    { digest, size }: { readonly digest: Digest; readonly size: number },
    open: () => Promise<Readable>,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (await this.hasBlob(digest)) return false;
    const { mountFrom } = this.options;
    // https://github.com/opencontainers/distribution-spec/blob/main/spec.md#mounting-a-blob-from-another-repository
    const mount = mountFrom === undefined ? '' : `?mount=${digest}&from=${encodeURIComponent(mountFrom)}`;
    const opened = await this.request('POST', `blobs/uploads/${mount}`);
    if (opened.status === 201) return false;
    const upload = await this.openUpload(digest, opened);
    const response = await uploadBlob(upload, { digest, size, body: await open() }, { signal });
    await this.confirmBlob(digest, response);
    return true;
  }

  private async openUpload(digest: Digest, opened: HttpResponse): Promise<Upload> {
    const location = opened.headers.get('location');
    if (opened.status !== 202 || location === undefined)
      throw unexpected('opening an upload to', this.image.repository, opened);
    const { base, authorization } = await this.getSession();
    const url = parseLocation(location, base);
    if (url === null) throw new RegistryError('The registry takes uploads at what is no address.', opened.status);
    url.searchParams.set('digest', digest);
    // Some registries take uploads at another host, with a signature in the address: no login goes there.
    const own = url.origin === new URL(base).origin ? authorize(authorization) : {};
    return { url: url.href, headers: { 'content-type': 'application/octet-stream', ...own } };
  }

  /** An unexpected status is no error when the blob exists: the request was repeated, and its first try had succeeded. */
  private async confirmBlob(digest: Digest, response: HttpResponse): Promise<void> {
    if (response.status === 201 || (await this.hasBlob(digest))) return;
    throw unexpected('writing', digest, response);
  }

  /**
   * All tags.
   * @throws RegistryError when they are not shown, or not all of them; ConnectionError
   */
  async listTags(): Promise<readonly Tag[]> {
    let tags: Tag[] = [];
    let path: string | null = 'tags/list?n=1000';
    for (let page = 0; path !== null && page < MOST_PAGES && tags.length < MOST_TAGS; page += 1) {
      const response: HttpResponse = await this.request('GET', path);
      if (response.status !== 200) throw unexpected('listing the tags of', this.image.repository, response);
      tags = tags.concat(parseTags(response));
      // https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
      const next = readNextPage(response.headers.get('link') ?? '') ?? '';
      path = next.includes('?') ? `tags/list?${next.slice(next.indexOf('?') + 1)}` : null;
    }
    if (path === null && tags.length <= MOST_TAGS) return tags;
    throw new RegistryError(
      `The registry has more tags of ${this.image.repository} than are read: ${MOST_PAGES} pages, ${MOST_TAGS} tags.`,
      200,
    );
  }

  /**
   * Finds out whether the login may push, by opening an upload: registries offer no other way. The next `writeBlob` takes
   * it; if there is none, call `cancelProbe`.
   * @returns null when it may; else the refusal of the registry, or of the token server if that refused first
   */
  async probeWriteAccess(): Promise<ServerAnswer | null> {
    const response = await this.request('POST', 'blobs/uploads/');
    if (response.status === 401 || response.status === 403 || response.status === 404)
      return (await this.getSession()).refusal ?? readAnswer(response);
    if (response.status !== 202) throw unexpected('opening an upload to', this.image.repository, response);
    this.probed = response;
    return null;
  }

  /** Cancels the upload of `probeWriteAccess`, where there is one. Never rejects, and nothing needs to wait for it. */
  async cancelProbe(): Promise<void> {
    const location = this.takeProbed()?.headers.get('location');
    if (location !== undefined) await this.cancelUpload(location);
  }

  private takeProbed(): HttpResponse | null {
    const probed = this.probed;
    this.probed = null;
    return probed;
  }

  /**
   * Registries forget open uploads by themselves. Some allow no cancelling (ghcr.io answers 405), and CNCF's asks for the
   * right to delete, which a token for pull and push does not have.
   */
  private async cancelUpload(location: string): Promise<void> {
    try {
      const { base, authorization } = await this.getSession();
      const url = parseLocation(location, base);
      if (url?.origin !== new URL(base).origin) return;
      const cancel = (authorized: string | null): Promise<HttpResponse> =>
        this.options.send({ method: 'DELETE', url: url.href, headers: authorize(authorized), once: true });
      const response = await cancel(authorization);
      const challenge = parseChallenge(response.headers.get('www-authenticate') ?? '', url.href);
      if (response.status !== 401 || challenge?.scheme !== 'bearer') return;
      const result = await this.fetchToken(challenge, 'delete');
      if ('token' in result) await cancel(`Bearer ${result.token}`);
    } catch {
      // An upload that stays open is empty, and the registry removes it later.
    }
  }

  private async request(
    method: HttpRequest['method'],
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body?: string,
  ): Promise<HttpResponse> {
    return this.withSession(({ base, authorization }) => {
      const url = `${base}/v2/${this.image.repository}/${path}`;
      const request = { method, url, headers: { ...headers, ...authorize(authorization) } };
      return this.options.send(body === undefined ? request : { ...request, body });
    });
  }

  /** Tokens expire within minutes, builds take longer: after a 401 logs in again and repeats the request once. */
  private async withSession<T extends { readonly status: number }>(ask: (session: Session) => Promise<T>): Promise<T> {
    const session = this.session;
    const answer = await ask(await this.getSession());
    if (answer.status !== 401 || session === null) return answer;
    if (this.session === session) this.session = null;
    return ask(await this.getSession());
  }

  /** Calls at the same time share one login. A failed one is not kept, so that the next call tries again. */
  private getSession(): Promise<Session> {
    if (this.session !== null) return this.session;
    const session = this.openSession();
    this.session = session;
    session.catch(() => {
      if (this.session === session) this.session = null;
    });
    return session;
  }

  private async openSession(): Promise<Session> {
    const { base, response } = await this.contact();
    if (response.status === 200) return { base, authorization: null, refusal: null };
    if (response.status !== 401) throw unexpected('contacting', this.image.registry, response);
    const challenge = parseChallenge(response.headers.get('www-authenticate') ?? '', base);
    if (challenge === null)
      throw new RegistryError(`The registry ${this.image.registry} asks for a login of an unknown kind.`, 401);
    return { base, ...(await this.authorize(base, challenge)) };
  }

  private async authorize(base: string, challenge: Challenge): Promise<Omit<Session, 'base'>> {
    const { login, write } = this.options;
    if (challenge.scheme === 'bearer') {
      const wanted = await this.fetchToken(challenge, write ? 'pull,push' : 'pull');
      if ('token' in wanted) return { authorization: `Bearer ${wanted.token}`, refusal: null };
      const less = write ? await this.fetchToken(challenge, 'pull') : wanted;
      return { authorization: 'token' in less ? `Bearer ${less.token}` : null, refusal: wanted.refused };
    }
    if (login === null) return { authorization: null, refusal: null };
    if ('identityToken' in login)
      throw new RegistryError(`The registry ${this.image.registry} takes no identity tokens.`, 401);
    const authorization = basicAuthorization(login);
    const check = await this.options.send({ method: 'GET', url: `${base}/v2/`, headers: { authorization } });
    if (check.status === 401) throw new LoginRejectedError(this.image.registry, check);
    return { authorization, refusal: null };
  }

  private fetchToken(
    challenge: Extract<Challenge, { scheme: 'bearer' }>,
    actions: 'pull' | 'pull,push' | 'delete',
  ): Promise<TokenResult> {
    const { send, login, mountFrom } = this.options;
    const scopes = [
      `repository:${this.image.repository}:${actions}`,
      ...(mountFrom === undefined ? [] : [`repository:${mountFrom}:pull`]),
    ];
    return fetchToken(send, challenge, scopes, login);
  }

  private async contact(): Promise<{ base: string; response: HttpResponse }> {
    const host = this.image.registry === 'docker.io' ? 'registry-1.docker.io' : this.image.registry;
    const ping = async (base: string, once?: true): Promise<{ base: string; response: HttpResponse }> => {
      const request: HttpRequest = { method: 'GET', url: `${base}/v2/`, headers: {} };
      return { base, response: await this.options.send(once === undefined ? request : { ...request, once }) };
    };
    if (!this.options.insecure) return ping(`https://${host}`);
    try {
      return await ping(`https://${host}`, true);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      return ping(`http://${host}`);
    }
  }
}

/** @throws RegistryError for what is no JSON object; what cannot be a tag is left out */
function parseTags(response: HttpResponse): readonly Tag[] {
  const answer = parseObject(response.body);
  if (answer === null)
    throw new RegistryError('The registry gave a list of tags that is no JSON object.', response.status);
  return asList(answer.tags).filter((tag) => typeof tag === 'string' && isTag(tag));
}

/** 401 and 403 count as "not there": registries answer so for what they do not show. */
function isAbsent({ status }: HttpResponse): boolean {
  return status === 404 || status === 401 || status === 403;
}

/** A digest of another algorithm cannot be checked, and is accepted. */
function mayBeDigestOf(text: string, bytes: Buffer): boolean {
  return isDigest(text) ? isDigestOf(text, bytes) : !/^sha(?:256|512):/.test(text);
}

/** The address for the rest of an upload; null when it is not http(s). */
function parseLocation(location: string, base: string): URL | null {
  if (!URL.canParse(location, base)) return null;
  const url = new URL(location, base);
  return /^https?:$/.test(url.protocol) ? url : null;
}

function authorize(authorization: string | null): Record<string, string> {
  return authorization === null ? {} : { authorization };
}

function unexpected(doing: string, what: string, response: HttpResponse): RegistryError {
  const message = `The registry answered ${showAnswer(readAnswer(response))} when ${doing} ${what}.`;
  return new RegistryError(message, response.status, response.body.toString('utf8', 0, 65_536));
}
