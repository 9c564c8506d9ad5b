// Which layers a run has moved, asked of the registry and its log.
import type { Lab } from '../../lab/lab.js';
import type { LogMark } from '../../lab/registry/registry.js';
import type { Team } from '../../lab/services/team.js';

export interface Layer {
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
}

export async function readLayers({ registry }: Lab, repository: string, tag: string): Promise<readonly Layer[]> {
  return (await registry.manifest(repository, tag)).body.layers as Layer[];
}

/** Digests of the team's blobs that were pulled or pushed since a mark, other than JSON. */
export async function findMovedLayers(
  lab: Lab,
  team: Team,
  mark: LogMark,
): Promise<{ pulled: string[]; pushed: number }> {
  const { registry } = lab;
  const requests = (await registry.requests(mark)).filter(({ path }) => path.includes(team.repository));
  const tags = await registry.tags(team.repository);
  const layers = new Set(
    (await Promise.all(tags.map((tag) => readLayers(lab, team.repository, tag)))).flat().map(({ digest }) => digest),
  );
  const pulled = requests.flatMap(({ method, path, status }) => {
    const digest = /\/blobs\/(sha256:[0-9a-f]+)$/.exec(path)?.[1] ?? '';
    return method === 'GET' && status === 200 && layers.has(digest) ? [digest] : [];
  });
  const pushed = requests.filter(({ method, path, status }) => {
    const digest = decodeURIComponent(/[?&]digest=([^&]+)/.exec(path)?.[1] ?? '');
    return method === 'PUT' && status === 201 && layers.has(digest);
  });
  return { pulled: [...new Set(pulled)], pushed: pushed.length };
}

/**
 * Layers of the team's images that were pulled whole more than once since a mark, by whatever name: their base images' are
 * in another repository too. JSON is not among them, since each pass reads the cache's records.
 */
export async function findPulledTwice(lab: Lab, team: Team, mark: LogMark): Promise<string[]> {
  const { registry } = lab;
  const served = new Map<string, number>();
  for (const { method, path, bytes, status } of await registry.requests(mark)) {
    const digest = /\/blobs\/(sha256:[0-9a-f]+)$/.exec(path)?.[1];
    if (method !== 'GET' || digest === undefined || status >= 300) continue;
    served.set(digest, (served.get(digest) ?? 0) + bytes);
  }
  const tags = await registry.tags(team.repository);
  const layers = (await Promise.all(tags.map((tag) => readLayers(lab, team.repository, tag)))).flat();
  const twice = layers.filter(({ digest, size }) => (served.get(digest) ?? 0) >= 2 * size);
  return [...new Set(twice.map(({ digest }) => digest))];
}
