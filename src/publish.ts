// After the push: what the registry serves becomes the outputs, and the other tags follow.
import type { BranchHead } from './branch-head.js';
import type { PassResult } from './docker/buildx.js';
import { type Tag, pinnedReference, taggedReference } from './plan/image-name.js';
import type { Plan } from './plan/plan.js';
import { withoutOlderVersions } from './plan/tags.js';
import { sumBytes } from './plan/cache-manifest.js';
import { describeFault } from './plan/words.js';
import { readImages } from './registry/image.js';
import type { Manifest, Registry } from './registry/registry.js';
import type { ImageBytes, RunResult } from './report/summary.js';
import type { Runner } from './runner/runner.js';
import { type UniqueTag, settleUniqueTag } from './unique-tag.js';

export interface PublishRequest {
  readonly runner: Runner;
  readonly plan: Plan;
  readonly registry: Registry;
  readonly branch: BranchHead;
  readonly unique: UniqueTag;
  readonly warn: (message: string) => void;
  readonly note: (progress: Partial<RunResult>) => void;
}

export interface PublishedProduction {
  /** The unique tag first. */
  readonly tags: readonly Tag[];
  readonly manifest: Manifest;
  /** Uncompressed layer digests, one list for each platform. */
  readonly layers: readonly (readonly string[])[];
  readonly bytes: Pick<ImageBytes, 'image' | 'platforms'>;
}

/** @throws Error when the registry does not serve what was pushed, or refuses a tag */
export async function publishProduction(
  request: PublishRequest,
  built: Pick<PassResult, 'digest'>,
): Promise<PublishedProduction> {
  const { runner, plan, registry, unique, note } = request;
  const { image } = plan;
  const [{ tag: own, manifest }, moving] = await Promise.all([
    settleUniqueTag(registry, unique, built.digest),
    selectMovingTags(request),
  ]);
  const { digest } = manifest;
  if (own !== unique.tag) {
    runner.log.notice(`Another run has written ${unique.tag} meanwhile, and keeps it: this build is ${own}.`);
    note({ plan: { ...plan, tags: { ...plan.tags, unique: own } } });
  }
  runner.setOutput('image', taggedReference(image, own));
  runner.setOutput('tag', own);
  runner.setOutput('digest', digest);
  runner.setOutput('pinned-image', pinnedReference(image, own, digest));
  runner.setOutput('pushed', 'true');
  note({ digest, pushedTags: [own] });
  runner.log.info(`Pushed ${pinnedReference(image, own, digest)}`);

  const written: Tag[] = [own];
  for (const tag of moving) {
    // The bytes that were just confirmed, so every tag is the same image.
    await registry.writeManifest(tag, manifest).catch((error: unknown) => {
      throw explainMovingTag(tag, written, moving, error);
    });
    written.push(tag);
    note({ pushedTags: [...written] });
    runner.log.info(`Pushed ${taggedReference(image, tag)}`);
  }
  const images = await readImages(registry, own, manifest).catch(() => []);
  return {
    tags: written,
    manifest,
    layers: images.map(({ layers }) => layers.map(({ diffId }) => diffId)),
    bytes: { image: sumBytes(images), ...(images.length > 1 && { platforms: images.length }) },
  };
}

function explainMovingTag(tag: Tag, written: readonly Tag[], moving: readonly Tag[], cause: unknown): Error {
  const missing = moving.filter((one) => !written.includes(one));
  const reason = describeFault(cause);
  return new Error(
    `The image is pushed as ${written.join(', ')}, but the tag ${tag} could not be moved to it: ${reason} Not moved: ${missing.join(', ')}. Run the job again.`,
    { cause },
  );
}

/** The branch tag follows only while the branch is still at this commit: an older run that ends last changes nothing. */
async function selectMovingTags(request: PublishRequest): Promise<readonly Tag[]> {
  const { runner, plan, branch } = request;
  const { scope, event, tags } = plan;
  if (event.kind === 'git-tag') return selectVersionTags(request, event.gitTag);
  const newer = await branch.readNewer('now');
  if (scope === null || newer === null) return tags.moving;
  runner.log.notice(`${scope.branch} is at ${newer} by now, so ${scope.tag} is left to that commit's run.`);
  return tags.moving.filter((tag) => tag !== scope.tag);
}

/** `1` and `1.2` stay with a newer release that has them. */
async function selectVersionTags(
  { runner, plan, registry, warn }: PublishRequest,
  gitTag: string,
): Promise<readonly Tag[]> {
  const { moving } = plan.tags;
  if (moving.length === 0) return moving;
  const existing = await registry.listTags().catch((error: unknown) => {
    const reason = describeFault(error);
    warn(
      `The tags of the registry cannot be listed, so nobody knows whether ${gitTag} is the newest version: ${reason}`,
    );
    return [];
  });
  const selected = withoutOlderVersions(moving, gitTag, existing);
  const left = moving.filter((tag) => !selected.includes(tag));
  if (left.length > 0)
    runner.log.notice(`A newer version than ${gitTag} exists, so ${left.join(', ')} is left where it is.`);
  return selected;
}
