// Publishes production: pushes it unless its pass has done so, sets the outputs to what the registry then serves, and
// moves the moving tags to it.
import type { PassResult } from '../adapters/docker/buildx.js';
import { type Pushed, readImages } from '../adapters/registry/read-image.js';
import type { Manifest, Registry } from '../adapters/registry/registry.js';
import type { Runner } from '../adapters/runner/runner.js';
import type { CheckedImage } from '../checks/check.js';
import { pinnedReference, taggedReference } from '../image/reference.js';
import { type CachedImage, type ImageBytes, type StoredImage, sumBytes } from '../image/stored-image.js';
import type { Plan } from '../plan/plan.js';
import { type Moved, type MovingTagsRequest, moveTags, readTargets, selectMovingTags } from './moving-tags.js';
import { hasChanged } from './pure/changed.js';
import type { PushCheckedRequest } from './push-checked.js';
import { type SettledTag, type UniqueTag, settleUniqueTag } from './unique-tag.js';

/** The registry and the unique tag that a run pushes to. */
export interface PushTarget {
  readonly registry: Registry;
  readonly unique: UniqueTag;
}

export interface PublishedImage extends SettledTag {
  readonly moved: Moved;
  /** One for each platform; none when they could not be read. */
  readonly images: readonly CachedImage[];
  readonly bytes: Pick<ImageBytes, 'image' | 'platforms'>;
  /** The push of an image that was checked first; null when its pass has pushed it. */
  readonly push: PassResult | null;
}

/**
 * @param checked the image to push; null when its pass has pushed it
 * @param built result of the production pass
 * @throws Error when the image cannot be pushed, or the registry does not serve it
 */
export async function publishProduction(
  request: MovingTagsRequest & PushCheckedRequest,
  checked: CheckedImage | null,
  built: PassResult,
): Promise<PublishedImage> {
  const push = checked === null ? null : await (await import('./push-checked.js')).pushChecked(request, checked);
  return { ...(await publishPushed(request, push ?? built)), push };
}

/** @throws Error when the registry does not serve what was pushed */
export async function publishPushed(
  request: MovingTagsRequest & PushTarget,
  pushed: Pushed,
): Promise<Omit<PublishedImage, 'push'>> {
  const { registry, plan, targets } = request;
  const readTarget = readTargets(registry, plan.tags.moving, targets);
  const selecting = Promise.allSettled([selectMovingTags(request)]);
  const settled = await settleUniqueTag(registry, request.unique, pushed);
  announcePush(request.runner, plan, request.unique, settled);
  const [selected] = await selecting;
  const before = readBefore(plan, readTarget);
  const [moved, images] = await Promise.all([
    selected.status === 'fulfilled'
      ? moveTags(request, settled, selected.value, readTarget)
      : { tags: [settled.tag], failure: selected.reason as Error },
    readImages(registry, settled.tag, settled.manifest).catch(() => []),
  ]);
  const changed = hasChanged(images, await before);
  if (changed !== null) request.runner.setOutput('changed', `${changed}`);
  return {
    ...settled,
    moved,
    images,
    bytes: { image: sumBytes(images), ...(images.length > 1 && { platforms: images.length }) },
  };
}

/** The image that the branch tag had before; undefined when that is not known, or there is no branch tag. */
async function readBefore(
  { scope, tags }: Plan,
  readTarget: ReturnType<typeof readTargets>,
): Promise<StoredImage['images'] | null | undefined> {
  if (scope === null || !tags.moving.includes(scope.tag)) return undefined;
  return readTarget(scope.tag).then(
    (stored) => stored?.images ?? null,
    () => undefined,
  );
}

/** Sets the outputs at once: the image stays published whatever fails after this. */
function announcePush(
  runner: Runner,
  { image, promoted }: Plan,
  unique: UniqueTag,
  { tag, manifest }: { tag: SettledTag['tag']; manifest: Manifest },
): void {
  const { digest } = manifest;
  if (tag !== unique.tag)
    runner.log.notice(`Another run has written ${unique.tag} meanwhile, and keeps it: this build is ${tag}.`);
  runner.setOutput('image', taggedReference(image, tag));
  runner.setOutput('tag', tag);
  runner.setOutput('digest', digest);
  runner.setOutput('pinned-image', pinnedReference(image, tag, digest));
  runner.setOutput('pushed', 'true');
  runner.log.info(`${promoted === undefined ? 'Pushed' : 'Promoted'} ${pinnedReference(image, tag, digest)}`);
}
