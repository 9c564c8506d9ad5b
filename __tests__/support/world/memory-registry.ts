// An OCI registry in memory, on a loopback port: the wire format of the distribution specification and none of its storage.
// It holds what a registry holds against a client (digests, unknown blobs, rights), and fails on demand.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md
import { createHash } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What a request is answered with instead; undefined: as usual. */
export type Intercept = (method: string, path: string) => Answer | undefined | Promise<Answer | undefined>;

export interface MemoryRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** False: uploads and manifests are denied. */
  writable: boolean;
  intercept: Intercept;
  /** `PUT manifests/main` of each write of a manifest that was taken, in order; mounts and blobs are none. */
  readonly written: string[];
  /** `METHOD path` of every request, without `/v2/REPOSITORY/`. */
  readonly requests: string[];
  manifest(repository: string, reference: string): StoredManifest | undefined;
  blob(digest: string): Buffer | undefined;
  /** What an engine pushes: straight into the store, where the registry takes it. @throws Error where it does not */
  push(repository: string, reference: string, content: object, blobs: readonly Buffer[]): Promise<string>;
  tags(repository: string): readonly string[];
  close(): Promise<void>;
}

interface Repository {
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, string>;
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
  intercept: Intercept = () => undefined;
  readonly written: string[] = [];
  readonly requests: string[] = [];
  private readonly repositories = new Map<string, Repository>();
  private readonly blobs = new Map<string, Buffer>();

  manifest(repository: string, reference: string): StoredManifest | undefined {
    const { manifests, tags } = this.getRepository(repository);
    return manifests.get(tags.get(reference) ?? reference);
  }

  blob(digest: string): Buffer | undefined {
    return this.blobs.get(digest);
  }

  tags(repository: string): readonly string[] {
    return [...this.getRepository(repository).tags.keys()].sort();
  }

  async push(repository: string, reference: string, content: object, blobs: readonly Buffer[]): Promise<string> {
    for (const blob of blobs) this.blobs.set(sha256(blob), blob);
    const bytes = Buffer.from(JSON.stringify(content));
    const instead = await this.intercept('PUT', `manifests/${reference}`);
    const { status, body } = instead ?? this.putManifest(repository, reference, getMediaType(content), bytes);
    if (status !== 201) throw new Error(`unexpected status from PUT request: ${status} ${body ?? ''}`);
    return sha256(bytes);
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = 'GET', url = '' } = request;
    const [, repository = '', path = ''] = /^\/v2\/(.+?)\/((?:manifests|blobs|tags)\/.*)$/.exec(url) ?? [];
    if (path !== '') this.requests.push(`${method} ${path}`);
    const given = path === '' ? undefined : await this.intercept(method, path);
    const { status, headers, body } =
      given ??
      this.route({ method, path, repository, type: request.headers['content-type'] ?? '' }, Buffer.concat(chunks));
    response.writeHead(status, headers);
    response.end(method === 'HEAD' ? undefined : body);
  }

  private route(
    { method, path, repository, type }: Readonly<Record<'method' | 'path' | 'repository' | 'type', string>>,
    body: Buffer,
  ): Answer {
    if (path === '') return { status: 200 };
    const [kind, ...rest] = path.split('/');
    const name = rest.join('/');
    const reads = method === 'GET' || method === 'HEAD';
    if (!reads && !this.writable) return failure(403, 'DENIED', 'requested access to the resource is denied');
    if (kind === 'manifests')
      return reads ? this.getManifest(repository, name) : this.putManifest(repository, name, type, body);
    if (kind === 'tags') return this.listTags(repository);
    return name.startsWith('uploads/')
      ? this.upload(method, name.slice('uploads/'.length), repository, body)
      : this.getBlob(name);
  }

  private getManifest(repository: string, reference: string): Answer {
    const found = this.manifest(repository, reference);
    if (found === undefined) return failure(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    const headers = { 'content-type': found.mediaType, 'docker-content-digest': found.digest };
    return { status: 200, headers, body: found.bytes.toString('utf8') };
  }

  private putManifest(repository: string, reference: string, mediaType: string, bytes: Buffer): Answer {
    const digest = sha256(bytes);
    if (reference.startsWith('sha256:') && reference !== digest)
      return failure(400, 'DIGEST_INVALID', 'digest invalid');
    const { manifests, tags } = this.getRepository(repository);
    const { config, layers = [], manifests: children = [] } = JSON.parse(bytes.toString('utf8')) as ManifestContent;
    const lost = [...(config === undefined ? [] : [config]), ...layers].find((blob) => !this.blobs.has(blob.digest));
    if (lost !== undefined) return failure(400, 'MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry', lost.digest);
    const child = children.find((one) => !manifests.has(one.digest));
    if (child !== undefined) return failure(400, 'MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry', child.digest);
    manifests.set(digest, { digest, mediaType, bytes });
    if (!reference.startsWith('sha256:')) tags.set(reference, digest);
    this.written.push(reference);
    return { status: 201, headers: { 'docker-content-digest': digest } };
  }

  private listTags(repository: string): Answer {
    return { status: 200, body: JSON.stringify({ name: repository, tags: this.tags(repository) }) };
  }

  private getBlob(digest: string): Answer {
    const blob = this.blobs.get(digest);
    return blob === undefined
      ? failure(404, 'BLOB_UNKNOWN', 'blob unknown')
      : { status: 200, body: blob.toString('utf8') };
  }

  private upload(method: string, query: string, repository: string, body: Buffer): Answer {
    const digest = new URLSearchParams(query.slice(query.indexOf('?') + 1)).get('digest');
    if (method === 'POST') return { status: 202, headers: { location: `/v2/${repository}/blobs/uploads/1?state=x` } };
    if (method === 'DELETE') return { status: 204 };
    if (digest === null || sha256(body) !== digest) return failure(400, 'DIGEST_INVALID', 'digest invalid');
    this.blobs.set(digest, body);
    return { status: 201 };
  }

  private getRepository(name: string): Repository {
    const found = this.repositories.get(name) ?? { manifests: new Map(), tags: new Map() };
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

function failure(status: number, code: string, message: string, digest?: string): Answer {
  const detail = digest === undefined ? {} : { detail: { digest } };
  return { status, body: JSON.stringify({ errors: [{ code, message, ...detail }] }) };
}
