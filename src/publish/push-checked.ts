// Pushes the image that was checked, and no other. From the local engine it is pushed as it is. A docker-container builder
// pushes it by digest alone; it gets its tag after the comparison with the checked image.
import { PassFailedError, type PassResult } from '../adapters/docker/buildx.js';
import { pushImage, readPushedDigest } from '../adapters/docker/local-image.js';
import { readConfigDigests } from '../adapters/registry/read-image.js';
import type { Manifest, Registry } from '../adapters/registry/registry.js';
import type { World } from '../adapters/world.js';
import type { PassRunner } from '../build/run-pass.js';
import { CheckFailedError, type CheckedImage } from '../checks/check.js';
import type { Digest } from '../image/digest.js';
import { pushesFromEngine } from '../plan/candidate.js';
import { type Engine, joinsNodes } from '../plan/engine.js';
import type { PassPlan, Plan } from '../plan/plan.js';
import { showTarget } from '../plan/targets.js';
import { type UniqueTag, writeUniqueTag } from './unique-tag.js';

export interface PushCheckedRequest {
  readonly world: Pick<World, 'runner' | 'signal'>;
  readonly plan: Plan;
  readonly engine: Engine;
  readonly passes: PassRunner;
  readonly registry: Registry;
  readonly unique: UniqueTag;
}

/**
 * @throws PassFailedError when the push fails; CheckFailedError when the pushed image is not the checked one
 */
export function pushChecked(request: PushCheckedRequest, image: CheckedImage): Promise<PassResult> {
  return pushesFromEngine(request.engine) ? pushFromEngine(request, image) : pushFromBuilder(request, image);
}

async function pushFromEngine(request: PushCheckedRequest, image: CheckedImage): Promise<PassResult> {
  const { world, plan, passes, registry, unique } = request;
  const { runner, signal } = world;
  const start = Date.now();
  const pushed = await passes.repeat({ name: 'production', hasCache: false }, async () => {
    runner.log.info(`Pushing ${image.reference}, as it was checked`);
    await unique.look();
    const told = await pushImage(image.local, image.reference, { signal, stallLimit: runner.stallLimit });
    const digest = told ?? (await readPushedDigest(image.local, plan.image, image.reference, null));
    const work = [{ name: 'pushing', stage: '', kind: 'push', start, end: Date.now() } as const];
    const progress = { steps: [], failed: null, errors: [], warnings: [], work };
    return { seconds: (Date.now() - start) / 1000, progress, digest, ids: image.ids };
  });
  const manifest = await registry.readManifest(pushed.digest ?? unique.tag);
  if (manifest === null) throw new Error(NOT_SERVED);
  await expectChecked(registry, manifest, image);
  return pushed;
}

const NOT_SERVED = 'The registry does not serve the image that was pushed to it.';

async function pushFromBuilder(request: PushCheckedRequest, image: CheckedImage): Promise<PassResult> {
  const { registry, unique } = request;
  const built = await pushByDigest(request);
  const manifest = built.digest === null ? null : await registry.readManifest(built.digest);
  if (manifest === null) throw new Error(NOT_SERVED);
  await expectChecked(registry, manifest, image);
  await writeUniqueTag(registry, unique, manifest);
  return built;
}

/** Cache is allowed even with `reuse-cache: false`: the steps that were built for the check must not run again. */
async function pushByDigest({ plan, engine, passes }: PushCheckedRequest): Promise<PassResult> {
  const pass: PassPlan = { ...plan.production, noCache: false };
  const title = `Pushing ${showTarget(pass.target)}, as it was checked`;
  if (!joinsNodes(engine, pass)) return passes.run({ ...pass, byDigest: 'alone' }, { title });
  return passes.run({ ...pass, byDigest: 'joined' }, { title }).catch((error: unknown) => {
    // One node has all platforms, so Buildx joins nothing, and BuildKit refuses a tag together with "by digest". It does
    // so before it pushes anything.
    if (!(error instanceof PassFailedError) || !REFUSAL.test(error.message)) throw error;
    return passes.run({ ...pass, byDigest: 'alone' }, { title: `${title}, by one node` });
  });
}

/** https://github.com/moby/buildkit/blob/master/util/push/push.go */
const REFUSAL = /can't push tagged ref \S+ by digest/;

/**
 * Compares what the registry serves with the checked image: the digest is the same, or that of the config is, which
 * covers the digests of all layers.
 */
async function expectChecked(registry: Registry, manifest: Manifest, { ids, id }: CheckedImage): Promise<void> {
  const known = new Set<string>([...ids, id]);
  if (known.has(manifest.digest)) return;
  const configs: readonly Digest[] = await readConfigDigests(registry, manifest);
  if (configs.some((digest) => known.has(digest))) return;
  throw new CheckFailedError(
    `The image that was pushed (${manifest.digest}) is not the one that was checked (${id}). A check must not change the files that the image is built from.`,
  );
}
