// Stands in for GitHub's API of container packages. What is in a package is what the lab's registry serves, so that a
// deleted version is truly gone. Shapes and rules: https://docs.github.com/rest/packages/packages, and for the refusals
// https://docs.github.com/packages/learn-github-packages/deleting-and-restoring-a-package
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from '../registry/registry.js';
import { type Reply, addressOf, pageOf, refusal, sendLater } from './reply.js';

interface PackageFault {
  /** `DELETE /orgs/octo/packages/container/app/versions/3` */
  readonly request: RegExp;
  readonly status: number;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How often; always if left out. */
  readonly times?: number;
  /** Done first, as by somebody else at that moment. */
  readonly meanwhile?: () => Promise<unknown>;
  /** Let the request go on after `meanwhile`. */
  readonly goOn?: true;
}

export interface PackagesOptions {
  readonly registry: Pick<Registry, 'tags' | 'findManifest' | 'deleteManifest'>;
  readonly ownerType: 'Organization' | 'User';
  /** Versions a page at most, whatever was asked for. */
  readonly pageSize?: number;
}

export interface Packages {
  /** Makes GitHub know a manifest without a tag, and since when. */
  readonly add: (repository: string, digest: string, changedAt?: Date) => void;
  readonly fail: (fault: PackageFault) => void;
  readonly heal: () => void;
  /** @returns false for requests about something else */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => boolean;
}

interface Version {
  readonly id: number;
  readonly repository: string;
  readonly digest: string;
  changedAt: Date;
}

/** What GitHub knows of packages beyond what the registry serves, and what is to go wrong. */
interface State extends Required<PackagesOptions> {
  readonly versions: Version[];
  readonly faults: { readonly fault: PackageFault; left: number }[];
}

interface TaggedVersion {
  readonly version: Version;
  readonly tags: readonly string[];
}

export function createPackages({ registry, ownerType, pageSize = 100 }: PackagesOptions): Packages {
  const state: State = { registry, ownerType, pageSize, versions: [], faults: [] };
  const { versions, faults } = state;
  return {
    add: (repository, digest, changedAt = new Date()) =>
      void (findVersion(versions, repository, digest).changedAt = changedAt),
    fail: (fault) => void faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }),
    heal: () => void faults.splice(0),
    answer: (request, response) => {
      const url = addressOf(request);
      if (!/^\/(?:orgs|users)\//.test(url.pathname)) return false;
      sendLater(response, reply(state, request.method ?? '', url));
      return true;
    },
  };
}

async function reply(state: State, method: string, url: URL): Promise<Reply> {
  const fault = await meetFault(state, `${method} ${url.pathname}`);
  if (fault !== null) return fault;
  const [, user] = /^\/users\/([^/]+)$/.exec(url.pathname) ?? [];
  if (user === 'octo') return { status: 200, body: { login: user, type: state.ownerType } };
  if (user !== undefined) return refusal(404);
  const path = /^\/(orgs|users)\/([^/]+)\/packages\/container\/([^/]+)\/versions(?:\/(\d+))?$/.exec(url.pathname);
  const [, place, owner = '', name = '', id] = path ?? [];
  const repository = `${owner}/${decodeURIComponent(name)}`;
  const all = await listVersions(state, repository);
  if (place !== (state.ownerType === 'User' ? 'users' : 'orgs') || all.length === 0)
    return refusal(404, 'Package not found.');
  if (id === undefined) return pageOf(all.map(toJson), url, state.pageSize);
  const found = all.find(({ version }) => version.id === Number(id));
  if (found === undefined) return refusal(404, 'Package version not found.');
  return method === 'GET' ? { status: 200, body: toJson(found) } : deleteVersion(state, found, all);
}

/** @returns null where nothing was to go wrong with the request, or where it is to go on all the same */
async function meetFault({ faults }: State, request: string): Promise<Reply | null> {
  const planned = faults.find(({ fault, left }) => left > 0 && fault.request.test(request));
  if (planned === undefined) return null;
  planned.left -= 1;
  const { status, message = 'Server Error', headers = {}, meanwhile, goOn } = planned.fault;
  await meanwhile?.();
  return goOn === true ? null : { ...refusal(status, message), headers };
}

/** The version with that digest; what GitHub has not heard of yet gets the next id. */
function findVersion(versions: Version[], repository: string, digest: string): Version {
  const known = versions.find((version) => version.repository === repository && version.digest === digest);
  if (known !== undefined) return known;
  const version = { id: 700_000_001 + versions.length, repository, digest, changedAt: new Date() };
  versions.push(version);
  return version;
}

/** Every version, the newest first as GitHub has them, with the tags that the registry has now. */
async function listVersions({ registry, versions }: State, repository: string): Promise<TaggedVersion[]> {
  const tags = new Map<Version, string[]>();
  for (const tag of await registry.tags(repository)) {
    const served = await registry.findManifest(repository, tag);
    if (served === undefined) continue;
    const version = findVersion(versions, repository, served.digest);
    tags.set(version, [...(tags.get(version) ?? []), tag]);
  }
  return versions
    .filter((version) => version.repository === repository)
    .map((version) => ({ version, tags: tags.get(version) ?? [] }))
    .toSorted((one, other) => other.version.id - one.version.id);
}

async function deleteVersion(
  { registry, versions }: State,
  { version, tags }: TaggedVersion,
  all: readonly TaggedVersion[],
): Promise<Reply> {
  const othersTagged = all.some((other) => other.version !== version && other.tags.length > 0);
  if (tags.length > 0 && !othersTagged)
    return refusal(400, 'You cannot delete the last tagged version of a package. You must delete the package instead.');
  await registry.deleteManifest(version.repository, version.digest);
  versions.splice(versions.indexOf(version), 1, { ...version, repository: 'deleted' });
  return { status: 204 };
}

function toJson({ version, tags }: TaggedVersion): object {
  const time = version.changedAt.toISOString();
  return {
    id: version.id,
    name: version.digest,
    url: `https://api.github.com/versions/${version.id}`,
    created_at: time,
    updated_at: time,
    metadata: { package_type: 'container', container: { tags } },
  };
}
