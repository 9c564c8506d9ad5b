// The story of an index: images that other runs have built, one for each platform, become one image. Nothing is built, and
// no engine is needed.
import { announceNoIndex, announcePlan, announceTags } from './announce.js';
import { watchBranch } from './branch-head.js';
import { inspectEngine } from './docker/inspect-engine.js';
import type { Found } from './found.js';
import { copyPublished } from './mirrors.js';
import { type ImageIndex, makeImageIndex } from './plan/image-index.js';
import { digestOf } from './plan/image-name.js';
import { expectMirrored } from './plan/mirror-outcome.js';
import { type Plan, planBuild } from './plan/plan.js';
import { getUniqueAnnotation } from './plan/unique-label.js';
import { getPushTarget } from './plan-job.js';
import { publishPushed } from './publish.js';
import { askRegistry } from './registry-session.js';
import { readParts } from './registry/image.js';
import type { Manifest, Registry } from './registry/registry.js';
import type { RunFrame, RunSetup } from './reported-run.js';
import { writeUniqueTag } from './unique-tag.js';

/**
 * Yields what each stage has found, as the story of a build does.
 * @throws InputError for what the registry does not allow; Error when a part is not there, or does not fit the others
 */
export async function* publishIndex(setup: RunSetup, frame: RunFrame): AsyncGenerator<Found, void> {
  const { world, inputs, event, context, github } = setup;
  const { runner } = world;
  // Where there is no engine, nobody has called a registry insecure.
  const findInsecureRegistries = async (): Promise<readonly string[]> => {
    const found = await inspectEngine(world.run, runner.childEnv, inputs.builder, world.signal).catch(() => null);
    return found?.insecureRegistries ?? [];
  };
  const { session, state } = await askRegistry(setup, frame, findInsecureRegistries);
  const plan = planBuild(inputs, event, context, state);
  yield { plan };
  announcePlan(runner, plan, 'Plan');
  const target = getPushTarget(setup, session, plan);
  if (target === null) {
    announceNoIndex(runner, plan);
    return;
  }
  github.prepare();
  const { registry, unique } = target;
  const { platforms, index } = await makeIndex(registry, plan, inputs.platforms);
  yield { platforms };
  await writeUniqueTag(registry, unique, index);
  const branch = watchBranch(plan, github);
  const published = {
    ...(await publishPushed({ runner, plan, ...target, branch, targets: state.targets ?? [], ...frame }, index.digest)),
    push: null,
  };
  yield { published };
  if (published.moved.failure !== null) throw published.moved.failure;
  const copies = await copyPublished(world, plan.image, target, state.mirrors, published);
  yield { copies };
  announceTags(runner, plan, published, null, copies);
  expectMirrored(copies, plan.image, published.tag);
}

async function makeIndex(
  registry: Registry,
  { image, parts, tags, production }: Plan,
  platforms: readonly string[],
): Promise<{ readonly platforms: ImageIndex['platforms']; readonly index: Manifest }> {
  const found = (await readParts(registry, image.name, parts)).map((part, position) => {
    if (part !== null) return part;
    throw new Error(
      `index-of: ${image.name} has no image ${parts[position] ?? ''}. Build the parts with the same image, and let them push.`,
    );
  });
  const { content, mediaType, ...made } = makeImageIndex(
    found,
    platforms,
    getUniqueAnnotation(production.labels, image, tags.unique),
  );
  const bytes = Buffer.from(content, 'utf8');
  return { platforms: made.platforms, index: { bytes, mediaType, digest: digestOf(bytes) } };
}
