// A real registry (CNCF distribution) and what it truly serves, read over HTTP with the lab's own credentials.
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type JsonObject, objectList, objectMember, parseJsonObject, stringMember } from '../json.js';
import { type Tools, findTools } from '../tools.js';
import { type RegistryRequest, countBlobBytesServed, listUploadedBlobs, parseAccessLog } from './access-log.js';
import { LAB_AGENT, type RegistryAuth, type RegistryServer, startRegistryServer } from './registry-server.js';
import type { RegistryUser } from './token-server.js';

/** A manifest or index as the registry serves it. */
export interface ServedManifest {
  /** The `Docker-Content-Digest` header. */
  readonly digest: string;
  readonly mediaType: string;
  readonly body: JsonObject;
  readonly bytes: number;
  /** As it is stored: another text of the same content is another manifest. */
  readonly text: string;
}

/** A point in the access log. */
export type LogMark = number;

/** A running registry. Reads and writes of these functions do not show in `requests`. */
export interface Registry {
  /** `127.0.0.1:PORT`: the first part of image names. */
  readonly host: string;
  readonly auth: RegistryAuth;
  /** Where tokens are asked for (auth `token`). */
  readonly realm?: string;
  /** All tags, sorted; none if the repository is unknown. */
  readonly tags: (repository: string) => Promise<readonly string[]>;
  readonly manifest: (repository: string, reference: string, options?: { accept?: string }) => Promise<ServedManifest>;
  /** `undefined` where `manifest` would throw because there is none. */
  readonly findManifest: (repository: string, reference: string) => Promise<ServedManifest | undefined>;
  readonly blob: (repository: string, digest: string) => Promise<Buffer>;
  /** The image config behind a tag or digest; of an index the one for this machine's kind. */
  readonly config: (repository: string, reference: string) => Promise<JsonObject>;
  /** Gives the digest. */
  readonly putManifest: (repository: string, reference: string, mediaType: string, body: string) => Promise<string>;
  /** Gives the digest. */
  readonly putBlob: (repository: string, content: Buffer) => Promise<string>;
  readonly deleteManifest: (repository: string, digest: string) => Promise<void>;
  /** Uploads of blobs that were opened, and neither finished nor cancelled: the registry keeps what came of them. */
  readonly openUploads: (repository: string) => Promise<readonly string[]>;
  /** Takes a blob's bytes away while manifests still name it, as a clean-up of the registry with a fault does. */
  readonly loseBlob: (digest: string) => Promise<void>;
  /** When the registry first served the tag, in milliseconds of the clock; undefined = never. */
  readonly tagWrittenAt: (repository: string, tag: string) => Promise<number | undefined>;
  readonly mark: () => LogMark;
  readonly requests: (since?: LogMark) => Promise<readonly RegistryRequest[]>;
  readonly blobBytesServed: (since?: LogMark) => Promise<number>;
  readonly blobBytesReceived: (since?: LogMark) => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** Which registry to start. */
export interface RegistryOptions {
  /** Made, owned and in the end removed by the registry. */
  readonly directory: string;
  readonly auth: RegistryAuth;
  /** With `basic` every user may do everything: the registry knows no finer rights without tokens. */
  readonly users?: readonly RegistryUser[];
  readonly anonymousPull?: readonly string[];
  readonly deleteEnabled?: boolean;
  readonly tools?: Tools;
}

const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Starts a registry on the loopback address. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const admin: RegistryUser = {
    name: 'lab-admin',
    password: randomBytes(12).toString('hex'),
    access: [{ repository: '*', actions: ['pull', 'push', 'delete'] }],
  };
  const server = await startRegistryServer({
    directory: options.directory,
    auth: options.auth,
    users: [...(options.users ?? []), admin],
    anonymousPull: options.anonymousPull ?? [],
    deleteEnabled: options.deleteEnabled ?? true,
    tools: options.tools ?? (await findTools()),
  });
  const client = openClient(server, options.auth, admin);
  const requests = async (since: LogMark = 0) => {
    // The line is written after the answer was sent.
    await sleep(50);
    const log = server.log().slice(since);
    return parseAccessLog(log).filter(({ userAgent }) => userAgent !== LAB_AGENT);
  };
  const repositories = join(options.directory, 'data/docker/registry/v2/repositories');
  const blobFile = (digest: string) => {
    const hex = digest.replace('sha256:', '');
    return join(options.directory, 'data/docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
  };
  return {
    host: server.host,
    auth: options.auth,
    ...(server.realm !== undefined && { realm: server.realm }),
    ...client,
    openUploads: (repository) => listOpenUploads(join(repositories, repository, '_uploads')),
    loseBlob: (digest) => rm(blobFile(digest)),
    tagWrittenAt: async (repository, tag) => {
      const link = join(repositories, repository, '_manifests/tags', tag, 'current/link');
      // The registry writes over it when the tag moves.
      return stat(link).then(
        ({ birthtimeMs }) => birthtimeMs,
        () => undefined,
      );
    },
    mark: () => server.log().length,
    requests,
    blobBytesServed: async (since) => countBlobBytesServed(await requests(since)),
    blobBytesReceived: async (since) => {
      const digests = listUploadedBlobs(await requests(since));
      const sizes = await Promise.all(digests.map(async (digest) => (await stat(blobFile(digest))).size));
      return sizes.reduce((sum, size) => sum + size, 0);
    },
    stop: server.stop,
  };
}

async function listOpenUploads(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  // A cancelled upload leaves a folder that has nothing but the state of its hash.
  const files = await Promise.all(names.map((name) => readdir(join(folder, name))));
  return names.filter((_, index) => files[index]?.includes('startedat'));
}

type RegistryClient = Pick<
  Registry,
  'tags' | 'manifest' | 'findManifest' | 'blob' | 'config' | 'putManifest' | 'putBlob' | 'deleteManifest'
>;

type Send = (repository: string, path: string, init?: RequestInit) => Promise<Response>;

function openClient(server: RegistryServer, auth: RegistryAuth, admin: RegistryUser): RegistryClient {
  const send: Send = async (repository, path, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('user-agent', LAB_AGENT);
    const authorization = await authorize(server, auth, admin, repository);
    if (authorization !== undefined) headers.set('authorization', authorization);
    return fetch(new URL(path, `http://${server.host}/v2/${repository}/`), { ...init, headers });
  };
  const findManifest = async (repository: string, reference: string, accept = MANIFEST_TYPES) => {
    const response = await send(repository, `manifests/${reference}`, { headers: { accept } });
    return response.status === 404 ? undefined : readManifest(await expectOk(response));
  };
  const manifest: Registry['manifest'] = async (repository, reference, { accept } = {}) => {
    const found = await findManifest(repository, reference, accept);
    if (found === undefined) throw new Error(`${server.host}/${repository} has no ${reference}`);
    return found;
  };
  const blob = async (repository: string, digest: string) => {
    const response = await expectOk(await send(repository, `blobs/${digest}`));
    return Buffer.from(await response.arrayBuffer());
  };
  return {
    findManifest: (repository, reference) => findManifest(repository, reference),
    manifest,
    blob,
    tags: async (repository) => {
      const response = await send(repository, 'tags/list?n=1000');
      if (response.status === 404) return [];
      const { tags } = parseJsonObject(await (await expectOk(response)).text(), 'the list of tags');
      return Array.isArray(tags) ? tags.map(String).sort() : [];
    },
    config: async (repository, reference) => {
      let served = await manifest(repository, reference);
      if ('manifests' in served.body) served = await manifest(repository, chooseImage(served.body));
      const digest = stringMember(objectMember(served.body, 'config'), 'digest');
      return parseJsonObject((await blob(repository, digest)).toString(), 'the image config');
    },
    putManifest: async (repository, reference, mediaType, body) => {
      const init = { method: 'PUT', headers: { 'content-type': mediaType }, body };
      const response = await expectOk(await send(repository, `manifests/${reference}`, init));
      return digestHeader(response);
    },
    putBlob: async (repository, content) => {
      const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
      const started = await expectOk(await send(repository, 'blobs/uploads/', { method: 'POST' }));
      const location = new URL(started.headers.get('location') ?? '', `http://${server.host}`);
      location.searchParams.set('digest', digest);
      const headers = { 'content-type': 'application/octet-stream' };
      await expectOk(await send(repository, location.href, { method: 'PUT', headers, body: new Uint8Array(content) }));
      return digest;
    },
    deleteManifest: async (repository, digest) => {
      await expectOk(await send(repository, `manifests/${digest}`, { method: 'DELETE' }));
    },
  };
}

async function authorize(
  server: RegistryServer,
  auth: RegistryAuth,
  admin: RegistryUser,
  repository: string,
): Promise<string | undefined> {
  if (auth === 'none') return undefined;
  const basic = `Basic ${Buffer.from(`${admin.name}:${admin.password}`).toString('base64')}`;
  if (server.realm === undefined) return basic;
  const url = new URL(server.realm);
  url.searchParams.set('scope', `repository:${repository}:pull,push,delete`);
  const response = await expectOk(await fetch(url, { headers: { authorization: basic } }));
  return `Bearer ${stringMember(parseJsonObject(await response.text(), 'the token'), 'token')}`;
}

async function expectOk(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
}

function digestHeader(response: Response): string {
  const digest = response.headers.get('docker-content-digest');
  if (digest === null) throw new Error(`${response.url} names no digest`);
  return digest;
}

async function readManifest(response: Response): Promise<ServedManifest> {
  const bytes = Buffer.from(await response.arrayBuffer());
  return {
    digest: digestHeader(response),
    mediaType: response.headers.get('content-type') ?? '',
    body: parseJsonObject(bytes.toString(), 'the manifest'),
    bytes: bytes.length,
    text: bytes.toString(),
  };
}

function chooseImage(index: JsonObject): string {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const chosen = objectList(index, 'manifests').find(({ platform }) =>
    JSON.stringify(platform).includes(`"architecture":"${architecture}"`),
  );
  if (chosen === undefined) throw new Error(`no image for ${architecture} in ${JSON.stringify(index)}`);
  return stringMember(chosen, 'digest');
}
