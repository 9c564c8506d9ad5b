// An OCI registry in memory, on a loopback port: the wire format of the distribution specification and none of its storage.
// It holds what a registry holds against a client (digests, unknown blobs, rights), and fails on demand.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md
import { createHash } from 'node:crypto';
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What a request is answered with instead; undefined: as usual. */
export type Intercept = (
  method: string,
  path: string,
  repository: string,
) => Answer | undefined | Promise<Answer | undefined>;

/** Somebody with a login; who may not write may read. */
export interface MemoryUser {
  readonly name: string;
  readonly password: string;
  readonly writes: boolean;
}

/** One request over HTTP, those for a login too. */
export interface Exchange {
  /** `METHOD path`: without `/v2/REPOSITORY/`, and without a query. */
  readonly line: string;
  readonly status: number;
  /** Of both bodies. */
  readonly bytes: number;
}

export interface MemoryRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Awaited before a request is answered, whatever it is. */
  beforeAnswer: () => Promise<void> | void;
  readonly exchanges: Exchange[];
  /** False: uploads and manifests are denied. */
  writable: boolean;
  /** Who may log in, by tokens as ghcr.io has them; null: everybody may do everything, without a login. */
  users: readonly MemoryUser[] | null;
  intercept: Intercept;
  /** References of all manifests that were taken, in order; mounts and blobs are none. */
  readonly written: string[];
  /** `METHOD path` of every request, without `/v2/REPOSITORY/`. */
  readonly requests: string[];
  manifest(repository: string, reference: string): StoredManifest | undefined;
  /** Wherever it was written. */
  blob(digest: string): Buffer | undefined;
  /** What an engine pushes: straight into the store, where the registry takes it. @throws Error where it does not */
  push(repository: string, reference: string, content: object, blobs: readonly Buffer[]): Promise<string>;
  tags(repository: string): readonly string[];
  /** Takes a blob away while manifests still name it, as a careless clean-up does. */
  loseBlob(digest: string): void;
  remove(repository: string, digest: string): void;
  close(): Promise<void>;
}

interface Repository {
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, string>;
  readonly blobs: Map<string, Buffer>;
}

interface Request {
  readonly method: string;
  readonly repository: string;
  /** Behind the repository, with the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export function sha256(content: string | Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

export async function startMemoryRegistry(): Promise<MemoryRegistry> {
  const store = new Store();
  const server = createServer((request, response) => {
    void store.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  store.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  store.server = server;
  return store;
}

class Store implements MemoryRegistry {
  host = '';
  server: Server | null = null;
  writable = true;
  users: readonly MemoryUser[] | null = null;
  intercept: Intercept = () => undefined;
  beforeAnswer: MemoryRegistry['beforeAnswer'] = () => undefined;
  readonly exchanges: Exchange[] = [];
  readonly written: string[] = [];
  readonly requests: string[] = [];
  private readonly repositories = new Map<string, Repository>();

  manifest(repository: string, reference: string): StoredManifest | undefined {
    const found = this.repositories.get(repository);
    return found?.manifests.get(found.tags.get(reference) ?? reference);
  }

  blob(digest: string): Buffer | undefined {
    return [...this.repositories.values()].find(({ blobs }) => blobs.has(digest))?.blobs.get(digest);
  }

  tags(repository: string): readonly string[] {
    return [...(this.repositories.get(repository)?.tags.keys() ?? [])].sort();
  }

  loseBlob(digest: string): void {
    for (const { blobs } of this.repositories.values()) blobs.delete(digest);
  }

  remove(repository: string, digest: string): void {
    const { manifests, tags } = this.getRepository(repository);
    manifests.delete(digest);
    for (const [tag, target] of tags) if (target === digest) tags.delete(tag);
  }

  async push(repository: string, reference: string, content: object, blobs: readonly Buffer[]): Promise<string> {
    for (const blob of blobs) this.getRepository(repository).blobs.set(sha256(blob), blob);
    const bytes = Buffer.from(JSON.stringify(content));
    const instead = await this.intercept('PUT', `manifests/${reference}`, repository);
    const { status, body } = instead ?? this.putManifest(repository, reference, getMediaType(content), bytes);
    if (status !== 201) throw new Error(`unexpected status from PUT request: ${status} ${body?.toString() ?? ''}`);
    return sha256(bytes);
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = 'GET', url = '', headers } = request;
    await this.beforeAnswer();
    const [, repository = '', path = ''] = /^\/v2\/(.+?)\/((?:manifests|blobs|tags)\/.*)$/.exec(url) ?? [];
    if (path !== '') this.requests.push(`${method} ${path}`);
    const given = path === '' ? undefined : await this.intercept(method, path, repository);
    const asked: Request = { method, repository, path, headers, body: Buffer.concat(chunks) };
    const answer = given ?? (url.startsWith('/token') ? this.giveToken(headers) : this.route(asked));
    const content = method === 'HEAD' ? '' : (answer.body ?? '');
    this.exchanges.push({
      line: `${method} ${(path === '' ? url : path).replace(/\?.*$/, '')}`,
      status: answer.status,
      bytes: asked.body.length + content.length,
    });
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(content);
  }

  /** The token is the user's name: nobody here steals tokens. */
  private giveToken({ authorization }: IncomingHttpHeaders): Answer {
    const given = Buffer.from(authorization?.replace(/^Basic /, '') ?? '', 'base64').toString();
    if (given === '') return failure(401, 'UNAUTHORIZED', 'authentication required');
    const user = this.users?.find(({ name, password }) => given === `${name}:${password}`);
    if (user === undefined) return failure(403, 'DENIED', 'denied');
    return { status: 200, body: JSON.stringify({ token: user.name }) };
  }

  /** @returns why not, or null */
  private refuse({ method, headers: { authorization } }: Request): Answer | null {
    const writes = method !== 'GET' && method !== 'HEAD';
    if (this.users !== null) {
      const user = this.users.find(({ name }) => authorization === `Bearer ${name}`);
      const challenge = `Bearer realm="http://${this.host}/token",service="memory"`;
      if (user === undefined)
        return {
          ...failure(401, 'UNAUTHORIZED', 'authentication required'),
          headers: { 'www-authenticate': challenge },
        };
      if (writes && !user.writes) return failure(403, 'DENIED', 'permission_denied: write_package');
    }
    return writes && !this.writable ? failure(403, 'DENIED', 'requested access to the resource is denied') : null;
  }

  private route(request: Request): Answer {
    const refusal = this.refuse(request);
    if (refusal !== null) return refusal;
    const { method, path, repository, headers, body } = request;
    if (path === '') return { status: 200, body: '{}' };
    const [kind, ...rest] = path.split('/');
    const name = rest.join('/');
    if (kind === 'tags') return this.listTags(repository, new URLSearchParams(name.split('?')[1]));
    if (kind === 'blobs') return name.startsWith('uploads/') ? this.upload(request) : this.getBlob(repository, name);
    if (method === 'PUT') return this.putManifest(repository, name, headers['content-type'] ?? '', body);
    if (method === 'DELETE') return this.deleteManifest(repository, name);
    return this.getManifest(repository, name);
  }

  private getManifest(repository: string, reference: string): Answer {
    const found = this.manifest(repository, reference);
    if (found === undefined) return failure(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    const headers = { 'content-type': found.mediaType, 'docker-content-digest': found.digest };
    return { status: 200, headers, body: found.bytes };
  }

  private deleteManifest(repository: string, digest: string): Answer {
    if (this.manifest(repository, digest) === undefined) return failure(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    this.remove(repository, digest);
    return { status: 202 };
  }

  private putManifest(repository: string, reference: string, mediaType: string, bytes: Buffer): Answer {
    const digest = sha256(bytes);
    if (reference.startsWith('sha256:') && reference !== digest)
      return failure(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
    const { manifests, tags, blobs } = this.getRepository(repository);
    const { config, layers = [], manifests: children = [] } = JSON.parse(bytes.toString('utf8')) as ManifestContent;
    const lost = [
      ...[...(config === undefined ? [] : [config]), ...layers].filter((blob) => !blobs.has(blob.digest)),
      ...children.filter((one) => !manifests.has(one.digest)),
    ];
    if (lost.length > 0)
      return failure(
        400,
        children.length > 0 ? 'MANIFEST_UNKNOWN' : 'MANIFEST_BLOB_UNKNOWN',
        'blob unknown to registry',
        lost[0],
      );
    manifests.set(digest, { digest, mediaType, bytes });
    if (!reference.startsWith('sha256:')) tags.set(reference, digest);
    this.written.push(reference);
    return { status: 201, headers: { 'docker-content-digest': digest } };
  }

  private listTags(repository: string, query: URLSearchParams): Answer {
    if (!this.repositories.has(repository))
      return failure(404, 'NAME_UNKNOWN', 'repository name not known to registry');
    const [size, last] = [Number(query.get('n') ?? '1000'), query.get('last') ?? ''];
    const left = this.tags(repository).filter((tag) => tag > last);
    const tags = left.slice(0, size);
    const next = `</v2/${repository}/tags/list?last=${tags.at(-1) ?? ''}&n=${size}>; rel="next"`;
    const headers: Record<string, string> = left.length > tags.length ? { link: next } : {};
    return { status: 200, headers, body: JSON.stringify({ name: repository, tags }) };
  }

  private getBlob(repository: string, digest: string): Answer {
    const blob = this.repositories.get(repository)?.blobs.get(digest);
    if (blob === undefined) return failure(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
    const headers = { 'content-type': 'application/octet-stream', 'docker-content-digest': digest };
    return { status: 200, headers, body: blob };
  }

  private upload({ method, path, repository, body }: Request): Answer {
    const query = new URLSearchParams(path.split('?')[1]);
    const { blobs } = this.getRepository(repository);
    if (method === 'POST') {
      const mounted = this.repositories.get(query.get('from') ?? '')?.blobs.get(query.get('mount') ?? '');
      if (mounted === undefined)
        return { status: 202, headers: { location: `http://${this.host}/v2/${repository}/blobs/uploads/1?state=x` } };
      blobs.set(sha256(mounted), mounted);
      return { status: 201, headers: { 'docker-content-digest': sha256(mounted) } };
    }
    if (method === 'DELETE') return { status: 204 };
    const digest = query.get('digest');
    if (digest === null || sha256(body) !== digest)
      return failure(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
    blobs.set(digest, body);
    return { status: 201, headers: { 'docker-content-digest': digest } };
  }

  private getRepository(name: string): Repository {
    const found = this.repositories.get(name) ?? { manifests: new Map(), tags: new Map(), blobs: new Map() };
    this.repositories.set(name, found);
    return found;
  }
}

interface ManifestContent {
  readonly mediaType?: string;
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
  readonly manifests?: readonly { readonly digest: string }[];
}

function getMediaType(content: ManifestContent): string {
  return content.mediaType ?? 'application/vnd.oci.image.manifest.v1+json';
}

function failure(status: number, code: string, message: string, missing?: { readonly digest: string }): Answer {
  const detail = missing === undefined ? {} : { detail: { digest: missing.digest } };
  return { status, body: JSON.stringify({ errors: [{ code, message, ...detail }] }) };
}
