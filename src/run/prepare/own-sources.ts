// Reads the images that main has recorded (trust-cache: own), and what is under their tags now.
import { readStoredImage } from '../../adapters/registry/read-image.js';
import type { Registry } from '../../adapters/registry/registry.js';
import { describeLeftOut } from '../../cache/pure/own-record.js';
import { sourceTags } from '../../plan/plan.js';
import { type Sources, type SourcesRequest, readSource } from './read-source.js';

export async function readOwnSources(
  registry: Registry,
  { draft, inputs, restoring, warn }: SourcesRequest,
): Promise<Sources> {
  const tags = sourceTags(draft);
  const [heads, restored] = await Promise.all([
    Promise.all(tags.map((tag) => registry.readDigest(tag).catch(() => null))),
    restoring,
  ]);
  const known = await Promise.all(
    tags.map(async (tag, index) => {
      const digest = heads[index] ?? null;
      const recorded = restored?.record?.images.get(tag) ?? null;
      const image = recorded === null ? null : await readSource(registry, tag, recorded, warn);
      return { tag, digest, recorded, image, taken: image !== null };
    }),
  );
  const images = known.flatMap(({ image, digest, recorded }) =>
    image === null ? [] : [digest === recorded ? image : { ...image, moved: true as const }],
  );
  const targets = await Promise.all(
    known
      .filter(({ tag, digest }) => digest !== null && draft.tags.moving.includes(tag))
      .map(async ({ tag, digest, recorded, image }) =>
        digest === recorded && image !== null ? image : readStoredImage(registry, tag, digest).catch(() => null),
      ),
  );
  const note = describeLeftOut(known, restored?.fault ?? null, inputs.cacheFrom.length > 0);
  return { images, targets: targets.filter((image) => image !== null), notes: note === null ? [] : [note] };
}
