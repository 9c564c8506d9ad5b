// Reads the images that a run takes layers from: whatever is under the tags of the lineage, or what main has recorded.
import type { Registry } from '../../adapters/registry/registry.js';
import type { World } from '../../adapters/world.js';
import type { Restored } from '../../cache/own-records.js';
import { type Plan, sourceTags } from '../../plan/plan.js';
import { type Sources, type SourcesRequest, readSource } from './read-source.js';

/** The newest record of main; null where the run trusts the whole lineage, or takes no cache at all. Never rejects. */
export function startRestoring(world: World, draft: Plan): Promise<Restored | null> {
  const { trust } = draft;
  if (trust.kind === 'lineage' || sourceTags(draft).length === 0) return Promise.resolve(null);
  if (trust.kind === 'nothing') return Promise.resolve({ record: null, fault: trust.reason });
  return import('../../cache/own-records.js').then(({ restoreRecord }) => restoreRecord(world, trust.keys));
}

export async function readSources(registry: Registry, request: SourcesRequest): Promise<Sources> {
  const { draft, warn } = request;
  const tags = sourceTags(draft);
  if (draft.trust.kind === 'lineage' || tags.length === 0) {
    const found = await Promise.all(tags.map((tag) => readSource(registry, tag, null, warn)));
    const images = found.filter((image) => image !== null);
    return { images, targets: images, notes: [] };
  }
  const { readOwnSources } = await import('./own-sources.js');
  return readOwnSources(registry, request);
}
