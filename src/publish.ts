// After the push: what the registry serves becomes the outputs, and the other tags follow.
import type { GitHubApi } from './runner/github-api.js';
import type { PassResult } from './docker/buildx.js';
import { type Digest, type Tag, pinnedReference, taggedReference } from './plan/image-name.js';
import type { Plan } from './plan/plan.js';
import { withoutOlderVersions } from './plan/tags.js';
import { sumBytes } from './plan/cache-manifest.js';
import { readImages } from './registry/image.js';
import type { Manifest, Registry } from './registry/registry.js';
import type { RunResult } from './report/summary.js';
import type { Runner } from './runner/runner.js';

export interface PublishRequest {
  readonly runner: Runner;
  readonly plan: Plan;
  readonly registry: Registry;
  readonly github: GitHubApi;
  readonly warn: (message: string) => void;
  readonly note: (progress: Partial<RunResult>) => void;
}

export interface PublishedProduction {
  readonly tags: readonly Tag[];
  /** Uncompressed layer digests, one list for each platform. */
  readonly layers: readonly (readonly string[])[];
  /** Of the compressed layers of the first platform; null when it cannot be read. */
  readonly bytes: number | null;
}

/** @throws Error when the registry does not serve what was pushed, or refuses a tag */
export async function publishProduction(request: PublishRequest, built: PassResult): Promise<PublishedProduction> {
  const { runner, plan, registry, note } = request;
  const { image, tags } = plan;
  const [manifest, moving] = await Promise.all([
    readPushed(registry, tags.unique, built.digest),
    selectMovingTags(request),
  ]);
  const { digest } = manifest;
  runner.setOutput('image', taggedReference(image, tags.unique));
  runner.setOutput('tag', tags.unique);
  runner.setOutput('digest', digest);
  runner.setOutput('pinned-image', pinnedReference(image, tags.unique, digest));
  runner.setOutput('pushed', 'true');
  note({ digest, pushedTags: [tags.unique] });
  runner.log.info(`Pushed ${pinnedReference(image, tags.unique, digest)}`);

  for (const tag of moving) {
    // The bytes that were just confirmed, so every tag is the same image.
    await registry.writeManifest(tag, manifest);
    runner.log.info(`Pushed ${taggedReference(image, tag)}`);
  }
  const written = [tags.unique, ...moving];
  note({ pushedTags: written });
  const images = await readImages(registry, tags.unique, manifest).catch(() => []);
  return {
    tags: written,
    layers: images.map(({ layers }) => layers.map(({ diffId }) => diffId)),
    bytes: sumBytes(images),
  };
}

/** Asks the registry, whose answer is the truth; what Buildx reports must agree where it reports a manifest. */
async function readPushed(registry: Registry, tag: Tag, reported: Digest | null): Promise<Manifest> {
  const served = await registry.readManifest(tag);
  if (served === null) throw new Error(`The registry does not serve ${tag}, although the push succeeded.`);
  if (reported !== null && reported !== served.digest) {
    throw new Error(
      `The registry serves ${served.digest} for ${tag}, but ${reported} was pushed: another run wrote the same tag.`,
    );
  }
  return served;
}

/** The branch tag follows only while the branch is still at this commit: an older run that ends last changes nothing. */
async function selectMovingTags(request: PublishRequest): Promise<readonly Tag[]> {
  const { runner, plan, github } = request;
  const { scope, event, tags } = plan;
  if (event.kind === 'git-tag') return selectVersionTags(request, event.gitTag);
  if (scope === null || event.kind === 'local') return tags.moving;
  const head = await github.readBranchHead(scope.branch);
  if (head === null || head === event.sha) return tags.moving;
  runner.log.notice(`${scope.branch} is at ${head} by now, so ${scope.tag} is left to that commit's run.`);
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
    const reason = error instanceof Error ? error.message : 'unknown reason';
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
