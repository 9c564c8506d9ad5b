// Finds the image that the main branch has built of the run's commit, and gives it the tags of a release. Its bytes are read
// once, and everything after that goes by digest.
import { hasAttestations, readStored } from '../adapters/registry/read-image.js';
import type { Manifest, Registry } from '../adapters/registry/registry.js';
import { TIME_ENDING, type Tag, taggedReference } from '../image/reference.js';
import { promotedTag } from '../plan/tags/promoted.js';
import { uniqueCandidates } from '../plan/tags/tags.js';
import { inPool } from '../shared/pool.js';
import { errorMessage } from '../shared/text.js';
import { type MovingTagsRequest, listTags } from './moving-tags.js';
import { type PublishedImage, type PushTarget, publishPushed } from './publish.js';
import { type Source, type Wanted, explainUnfit, listSourceTags } from './pure/promotion.js';
import { findFreeTag, writeUniqueTag } from './unique-tag.js';

export interface PromotionRequest {
  readonly registry: Registry;
  readonly mirrors: readonly Registry[];
  readonly wanted: Wanted;
  /** First choices of the unique tag of a build of the commit. */
  readonly names: readonly Tag[];
  /** First choice of the release's own. */
  readonly unique: Tag;
  readonly now: Date;
}

export interface Promotion extends Source {
  readonly manifest: Manifest;
  /** The tag that the release has, or will have. */
  readonly unique: Tag;
  /** False: it is the tag that the image was built with. */
  readonly isNew: boolean;
}

/**
 * @returns the image, or why there is none, as a sentence without its end
 * @throws Error when the registry does not say; InputError when all tags of the release are taken
 */
export async function findPromotion(request: PromotionRequest): Promise<Promotion | { readonly reason: string }> {
  const { registry, wanted, unique, names } = request;
  const { existing, fault } = await listTags(registry);
  const tags = listSourceTags(names, existing ?? []);
  const found = await inPool(tags, AT_ONCE, (tag) => readSource(registry, tag)).catch((cause: unknown) => {
    const image = `${wanted.image.name} has an image of ${wanted.commit}`;
    throw new Error(`Nobody knows whether ${image} to promote: ${errorMessage(cause)} Run the job again.`, { cause });
  });
  const sources = found.filter((source) => source !== null);
  const reasons = sources.map((source) => explainUnfit(source, wanted));
  const fit = sources.filter((_, index) => reasons[index] === null);
  // A release that runs again is what it was, also where the commit was built again since.
  const released = await readPromoted(registry, unique);
  const source = fit.find(({ manifest }) => manifest.digest === released) ?? fit[0];
  if (source === undefined) {
    const known = reasons.filter((reason) => reason !== null).join('; ');
    if (known === '') return { reason: `${wanted.image.name} has no image of commit ${wanted.commit}` };
    // Where the first choice was taken, main's image has another tag.
    const unlisted = fault === null ? '' : ` (other tags cannot be listed: ${fault.replace(/\.$/, '')})`;
    return { reason: `${known}${unlisted}` };
  }
  const { tag } = source.stored;
  if (tag.replace(TIME_ENDING, '') === unique || tag === unique) return { ...source, unique: tag, isNew: false };
  return { ...source, unique: await findReleaseTag(request, source.manifest), isNew: true };
}

const AT_ONCE = 4;

async function readSource(registry: Registry, tag: Tag): Promise<(Source & { readonly manifest: Manifest }) | null> {
  const manifest = await registry.readManifest(tag);
  if (manifest === null) return null;
  return { manifest, stored: await readStored(registry, tag, manifest), attested: hasAttestations(manifest) };
}

/** Digest of the promoted image whose unique tag that is; null where it is none. */
async function readPromoted(registry: Registry, unique: Tag): Promise<string | null> {
  const [digest, mark] = await Promise.all([registry.readDigest(unique), registry.readDigest(promotedTag(unique))]);
  return digest === mark ? digest : null;
}

/**
 * The first tag that is free, or that an earlier run of this release has written. A tag without mark that leads to the
 * image is a branch's or one of `extra-tags`, which moves on. The marks of mirrors follow their tags.
 */
function findReleaseTag({ registry, mirrors, unique, now }: PromotionRequest, { digest }: Manifest): Promise<Tag> {
  return findFreeTag([registry, ...mirrors], uniqueCandidates(unique, now), async (there, place, tag) => {
    if (there === null) return true;
    return there === digest && (place > 0 || (await registry.readDigest(promotedTag(tag))) === digest);
  });
}

/**
 * Writes the mark first: the unique tag is nobody's to move from its first moment.
 * @throws RegistryError, ConnectionError; Error when the registry does not serve what was written
 */
export async function publishPromotion(
  request: MovingTagsRequest & PushTarget,
  { manifest, isNew }: Promotion,
): Promise<Omit<PublishedImage, 'push'>> {
  const { registry, unique } = request;
  const pushed = { digest: manifest.digest, ids: [] };
  if (!isNew) return publishPushed(request, pushed);
  await writeMark(request, unique.tag, manifest);
  await writeUniqueTag(registry, unique, manifest);
  const published = await publishPushed(request, pushed);
  const mark = promotedTag(published.tag);
  // Another run was faster, and this release has another tag.
  if (published.tag !== unique.tag) await writeMark(request, published.tag, manifest);
  const {
    tags: [own = published.tag, ...rest],
    failure,
  } = published.moved;
  return { ...published, moved: { tags: [own, mark, ...rest], failure } };
}

async function writeMark(
  { runner, plan, registry }: Pick<MovingTagsRequest, 'runner' | 'plan' | 'registry'>,
  unique: Tag,
  manifest: Manifest,
): Promise<void> {
  const mark = promotedTag(unique);
  await registry.writeManifest(mark, manifest);
  runner.log.info(`Pushed ${taggedReference(plan.image, mark)}: no moving tag takes the place of ${unique}`);
}
