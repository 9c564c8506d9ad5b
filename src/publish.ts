// After the push: what the registry serves becomes the outputs, and the moving tags follow.
import type { GitHubApi } from './runner/github-api.js';
import type { BuiltPasses } from './passes.js';
import { type Digest, type Tag, pinnedReference, taggedReference } from './plan/image-name.js';
import type { Plan } from './plan/plan.js';
import { withoutOlderVersions } from './plan/tags.js';
import type { Registry } from './registry/registry.js';
import type { RunResult } from './report/summary.js';
import type { Runner } from './runner/runner.js';

export interface PublishRequest {
  readonly runner: Runner;
  readonly plan: Plan;
  readonly built: BuiltPasses;
  readonly registry: Registry;
  readonly github: GitHubApi;
  readonly warn: (message: string) => void;
  readonly note: (progress: Partial<RunResult>) => void;
}

/** @throws Error when the registry does not serve what was pushed, or refuses a tag */
export async function publish(request: PublishRequest): Promise<void> {
  const { runner, plan, built, registry, note } = request;
  const { image, tags } = plan;
  const digest = await confirmDigest(registry, tags.unique, built.production.digest);
  runner.setOutput('image', taggedReference(image, tags.unique));
  runner.setOutput('tag', tags.unique);
  runner.setOutput('digest', digest);
  runner.setOutput('pinned-image', pinnedReference(image, tags.unique, digest));
  runner.setOutput('pushed', 'true');
  const pushed: Tag[] = [tags.unique];
  note({ digest, pushedTags: pushed });

  const builderTag = await announceBuilder(request);
  const moving = await selectMovingTags(request);
  if (moving.length > 0) {
    // By digest, so that every tag is the image that was just confirmed; read once for all of them.
    const manifest = await registry.readManifest(digest);
    if (manifest === null) throw new Error(`The registry no longer serves ${digest}, which was just pushed.`);
    for (const tag of moving) {
      await registry.tagManifest(manifest, tag);
      pushed.push(tag);
    }
  }
  const all = [...pushed, ...(builderTag === null ? [] : [builderTag])];
  note({ pushedTags: all });
  runner.setOutput('tags', all.map((tag) => taggedReference(image, tag)).join('\n'));
  runner.log.info(`Pushed ${pinnedReference(image, tags.unique, digest)}`);
  for (const tag of all.slice(1)) runner.log.info(`Pushed ${taggedReference(image, tag)}`);
}

async function confirmDigest(registry: Registry, tag: Tag, reported: Digest | null): Promise<Digest> {
  const served = await registry.readDigest(tag);
  if (served === null) throw new Error(`The registry does not serve ${tag}, although the push succeeded.`);
  if (reported !== null && reported !== served) {
    throw new Error(
      `The registry serves ${served} for ${tag}, but ${reported} was pushed: another run wrote the same tag.`,
    );
  }
  return served;
}

/** The builder image is only cache: not finding it again is worth a warning. */
async function announceBuilder({ runner, plan, built, registry, warn }: PublishRequest): Promise<Tag | null> {
  const { tag, output } = plan.builder;
  if (tag === null || output !== 'registry' || built.builder === null) return null;
  const served = await registry.readDigest(tag).catch(() => null);
  if (served === null) {
    warn(`The registry does not serve the builder image ${tag}; later runs will build its steps again.`);
    return null;
  }
  runner.setOutput('builder-image', taggedReference(plan.image, tag));
  runner.setOutput('builder-digest', served);
  return tag;
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
    warn(
      `The tags of the registry cannot be listed, so nobody knows whether ${gitTag} is the newest version: ${error instanceof Error ? error.message : ''}`,
    );
    return [];
  });
  const selected = withoutOlderVersions(moving, gitTag, existing);
  const left = moving.filter((tag) => !selected.includes(tag));
  if (left.length > 0)
    runner.log.notice(`A newer version than ${gitTag} exists, so ${left.join(', ')} is left where it is.`);
  return selected;
}
