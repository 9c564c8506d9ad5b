// Reads and copies whole repositories in the lab's registry over HTTP, so that every try can start from the same state
// under a name of its own: manifests are put as the same bytes, blobs are mounted and do not travel.
import { type JsonObject, objectList, objectMember, parseJsonObject, stringMember } from '../../../lab/json.js';
import { LAB_AGENT } from '../../../lab/registry/registry-server.js';
import type { Registry } from '../../../lab/registry/registry.js';
import type { RegistryUser } from '../../../lab/registry/token-server.js';

/** A manifest or index, and what it was found under. */
interface StoredManifest {
  /** A tag, or the digest of a part of an index. */
  readonly reference: string;
  readonly mediaType: string;
  readonly bytes: string;
  readonly body: JsonObject;
}

/** What the blobs of a repository are. */
export interface BlobKinds {
  /** Configs of images, records of cache, attestations. */
  readonly metadata: ReadonlySet<string>;
  /** Layers of base images. */
  readonly base: ReadonlySet<string>;
  /** All of them. */
  readonly all: ReadonlySet<string>;
}

export interface Repositories {
  /** @param only one tag, instead of all */
  readonly copy: (from: string, to: string, only?: string) => Promise<void>;
  readonly readBlobs: (repository: string) => Promise<BlobKinds>;
  readonly blobSize: (repository: string, digest: string) => Promise<number>;
}

type Send = (path: string, init?: RequestInit) => Promise<Response>;

const IMAGE_CONFIGS = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
] as const;
const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/**
 * For a registry with auth `token`; the user may pull and push.
 * @param baseLayers how many layers of each image are its base image's
 */
export function openRepositories(registry: Registry, user: RegistryUser, baseLayers: number): Repositories {
  const open = (...repositories: readonly string[]) => logIn(registry, user, repositories);
  return {
    copy: async (from, to, only) => {
      const send = await open(from, to);
      const manifests = await readManifests(send, from, only === undefined ? await registry.tags(from) : [only]);
      for (const digest of new Set(manifests.flatMap(({ body }) => listBlobs(body)))) {
        const mounted = await send(`${to}/blobs/uploads/?mount=${digest}&from=${from}`, { method: 'POST' });
        if (mounted.status !== 201) throw new Error(`${digest} was not mounted: ${mounted.status}`);
      }
      for (const { reference, mediaType, bytes } of manifests) {
        const init = { method: 'PUT', headers: { 'content-type': mediaType }, body: bytes };
        await expectOk(await send(`${to}/manifests/${reference}`, init));
      }
    },
    readBlobs: async (repository) => {
      const manifests = await readManifests(await open(repository), repository, await registry.tags(repository));
      return sortBlobs(
        manifests.map(({ body }) => body),
        baseLayers,
      );
    },
    blobSize: async (repository, digest) => {
      const send = await open(repository);
      const { headers } = await expectOk(await send(`${repository}/blobs/${digest}`, { method: 'HEAD' }));
      return Number(headers.get('content-length'));
    },
  };
}

async function logIn(registry: Registry, user: RegistryUser, repositories: readonly string[]): Promise<Send> {
  const url = new URL(registry.realm ?? '');
  for (const repository of repositories) url.searchParams.append('scope', `repository:${repository}:pull,push`);
  const basic = Buffer.from(`${user.name}:${user.password}`).toString('base64');
  const answer = await expectOk(await fetch(url, { headers: { authorization: `Basic ${basic}` } }));
  const token = stringMember(parseJsonObject(await answer.text(), 'the token'), 'token');
  return (path, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('user-agent', LAB_AGENT);
    headers.set('authorization', `Bearer ${token}`);
    return fetch(`http://${registry.host}/v2/${path}`, { ...init, headers });
  };
}

/** Parts of an index come before it, because a registry takes no index without them. */
async function readManifests(
  send: Send,
  repository: string,
  tags: readonly string[],
): Promise<readonly StoredManifest[]> {
  const read = async (reference: string): Promise<readonly StoredManifest[]> => {
    const answer = await expectOk(await send(`${repository}/manifests/${reference}`, { headers: { accept: ACCEPT } }));
    const mediaType = answer.headers.get('content-type') ?? '';
    const bytes = await answer.text();
    const body = parseJsonObject(bytes, `the manifest of ${reference}`);
    const parts = [];
    for (const part of objectList(body, 'manifests')) parts.push(...(await read(stringMember(part, 'digest'))));
    return [...parts, { reference, mediaType, bytes, body }];
  };
  const manifests = [];
  for (const tag of tags) manifests.push(...(await read(tag)));
  return manifests;
}

function listBlobs(manifest: JsonObject): readonly string[] {
  const descriptors = 'config' in manifest ? [objectMember(manifest, 'config'), ...objectList(manifest, 'layers')] : [];
  return descriptors.map((descriptor) => stringMember(descriptor, 'digest'));
}

function sortBlobs(manifests: readonly JsonObject[], baseLayers: number): BlobKinds {
  const kinds = { metadata: new Set<string>(), base: new Set<string>(), all: new Set<string>() };
  for (const manifest of manifests) {
    if (!('config' in manifest)) continue;
    const config = objectMember(manifest, 'config');
    const layers = objectList(manifest, 'layers');
    const isImage = IMAGE_CONFIGS.some((mediaType) => mediaType === config.mediaType);
    kinds.metadata.add(stringMember(config, 'digest'));
    for (const [index, layer] of layers.entries()) {
      const digest = stringMember(layer, 'digest');
      if (stringMember(layer, 'mediaType').includes('in-toto')) kinds.metadata.add(digest);
      // All stages start from the same base image.
      else if (isImage && index < baseLayers) kinds.base.add(digest);
    }
    for (const digest of listBlobs(manifest)) kinds.all.add(digest);
  }
  return kinds;
}

async function expectOk(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
}
