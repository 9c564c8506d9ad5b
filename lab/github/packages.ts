// Stands in for GitHub's API of container packages. What is in a package is what the lab's registry serves, so that a
// deleted version is truly gone. Shapes and rules: https://docs.github.com/rest/packages/packages, and for the refusals
// https://docs.github.com/packages/learn-github-packages/deleting-and-restoring-a-package
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from '../registry/registry.js';

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
  readonly registry: Registry;
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

export function createPackages({ registry, ownerType, pageSize = 100 }: PackagesOptions): Packages {
  const versions: Version[] = [];
  const faults: { fault: PackageFault; left: number }[] = [];

  const find = (repository: string, digest: string): Version => {
    const known = versions.find((version) => version.repository === repository && version.digest === digest);
    if (known !== undefined) return known;
    const version = { id: 700_000_001 + versions.length, repository, digest, changedAt: new Date() };
    versions.push(version);
    return version;
  };
  /** Every version, the newest first as GitHub has them, with the tags that the registry has now. */
  const list = async (repository: string): Promise<{ version: Version; tags: string[] }[]> => {
    const tags = new Map<Version, string[]>();
    for (const tag of await registry.tags(repository)) {
      const served = await registry.findManifest(repository, tag);
      if (served === undefined) continue;
      const version = find(repository, served.digest);
      tags.set(version, [...(tags.get(version) ?? []), tag]);
    }
    return versions
      .filter((version) => version.repository === repository)
      .map((version) => ({ version, tags: tags.get(version) ?? [] }))
      .toSorted((one, other) => other.version.id - one.version.id);
  };

  const respond = async (request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> => {
    const send = (status: number, body?: unknown, headers: Readonly<Record<string, string>> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
      response.end(body === undefined ? '' : JSON.stringify(body));
    };
    const what = `${request.method ?? ''} ${url.pathname}`;
    const planned = faults.find(({ fault, left }) => left > 0 && fault.request.test(what));
    if (planned !== undefined) {
      planned.left -= 1;
      await planned.fault.meanwhile?.();
      if (planned.fault.goOn !== true) {
        send(planned.fault.status, { message: planned.fault.message ?? 'Server Error' }, planned.fault.headers);
        return;
      }
    }
    const [, user] = /^\/users\/([^/]+)$/.exec(url.pathname) ?? [];
    if (user !== undefined) {
      if (user === 'octo') send(200, { login: user, type: ownerType });
      else send(404, { message: 'Not Found' });
      return;
    }
    const path = /^\/(orgs|users)\/([^/]+)\/packages\/container\/([^/]+)\/versions(?:\/(\d+))?$/.exec(url.pathname);
    const [, place, owner = '', name = '', id] = path ?? [];
    const repository = `${owner}/${decodeURIComponent(name)}`;
    const all = await list(repository);
    if (place !== (ownerType === 'User' ? 'users' : 'orgs') || all.length === 0) {
      send(404, { message: 'Package not found.' });
      return;
    }
    if (id === undefined) {
      const size = Math.min(Number(url.searchParams.get('per_page') ?? '30'), pageSize);
      const page = Number(url.searchParams.get('page') ?? '1');
      const next = new URL(url);
      next.searchParams.set('page', String(page + 1));
      const link = { link: `<${next.href}>; rel="next", <${url.href}>; rel="first"` };
      send(200, all.slice((page - 1) * size, page * size).map(toJson), page * size < all.length ? link : {});
      return;
    }
    const found = all.find(({ version }) => version.id === Number(id));
    if (found === undefined) send(404, { message: 'Package version not found.' });
    else if (request.method === 'GET') send(200, toJson(found));
    else if (found.tags.length > 0 && all.every((one) => one === found || one.tags.length === 0))
      send(400, {
        message: 'You cannot delete the last tagged version of a package. You must delete the package instead.',
      });
    else {
      await registry.deleteManifest(repository, found.version.digest);
      versions.splice(versions.indexOf(found.version), 1, { ...found.version, repository: 'deleted' });
      send(204);
    }
  };

  return {
    add: (repository, digest, changedAt = new Date()) => void (find(repository, digest).changedAt = changedAt),
    fail: (fault) => void faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }),
    heal: () => void faults.splice(0),
    answer: (request, response) => {
      const url = new URL(request.url ?? '', `http://${request.headers.host ?? ''}`);
      if (!/^\/(?:orgs|users)\//.test(url.pathname)) return false;
      respond(request, url, response).catch(() => response.destroy());
      return true;
    },
  };
}

function toJson({ version, tags }: { version: Version; tags: readonly string[] }): object {
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
