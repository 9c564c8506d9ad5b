// Keeps the builder image for later runs, with as little work as there is: none, a tag moved by the registry, or a pass.
import type { PassResult } from './docker/buildx.js';
import { type BuiltProduction, type PassesRequest, buildBuilder } from './passes.js';
import { type BuilderDecision, type SolvedProduction, decideBuilder } from './plan/builder-image.js';
import type { StoredImage } from './plan/cache-manifest.js';
import type { Work } from './progress/build-step.js';
import { type Digest, type Tag, taggedReference } from './plan/image-name.js';
import type { Plan } from './plan/plan.js';
import type { Registry } from './registry/registry.js';

/** What became of the builder image. */
export interface KeptBuilder {
  /** Null when it is not in the registry. */
  readonly digest: Digest | null;
  /** True when this run wrote the tag. */
  readonly written: boolean;
  /** For people: "unchanged", "written", … */
  readonly outcome: string;
  readonly seconds: number | null;
  /** Of a pass of its own: writing the image. */
  readonly work: readonly Work[];
}

/** @throws PassFailedError when the builder stage, which production does not need, cannot be built */
export async function keepBuilder(
  request: PassesRequest,
  registry: Registry | null,
  stored: readonly StoredImage[],
  production: BuiltProduction,
  layers: SolvedProduction['layers'],
): Promise<KeptBuilder> {
  const { plan, dockerfile, world } = request;
  const { steps } = production.result.progress;
  const kept =
    production.builder === null
      ? await carryOut(request, registry, stored, decideBuilder(plan, dockerfile, stored, { steps, layers }))
      : await confirm(request, registry, await production.builder.finish());
  world.runner.log.info(`Builder image: ${kept.outcome}`);
  return kept;
}

async function carryOut(
  request: PassesRequest,
  registry: Registry | null,
  stored: readonly StoredImage[],
  decision: BuilderDecision,
): Promise<KeptBuilder> {
  const { plan, dockerfile, branch } = request;
  const { tag, output } = plan.builder;
  const writes = output === 'registry' && (decision.kind === 'build' || decision.kind === 'copy');
  if (writes && (await branch.readNewer('before')) !== null) {
    // What production does not need is still built, since it may fail.
    const local: Plan = { ...plan, builder: { ...plan.builder, output: 'cache', tag: null } };
    const again = decideBuilder(local, dockerfile, stored, { steps: [], layers: null });
    const { seconds } = await carryOut({ ...request, plan: local }, registry, stored, again);
    return { ...LEFT, seconds };
  }
  switch (decision.kind) {
    case 'included':
      return { digest: null, written: false, outcome: 'built with production, not kept', seconds: null, work: [] };
    case 'keep':
      return {
        digest: decision.image.digest,
        written: false,
        outcome: `unchanged, ${decision.image.tag} is what it was`,
        seconds: null,
        work: [],
      };
    case 'copy': {
      if (tag !== null && registry !== null && (await copyTag(registry, decision.from, tag))) {
        const outcome = `unchanged, ${tag} is what ${decision.from.tag} is`;
        return { digest: decision.from.digest, written: true, outcome, seconds: null, work: [] };
      }
      break;
    }
    case 'build':
      break;
  }
  return confirm(request, registry, await buildBuilder(request));
}

const LEFT: KeptBuilder = {
  digest: null,
  written: false,
  outcome: 'left to the newer commit of the branch',
  seconds: null,
  work: [],
};

/** Asks the registry for what the pass wrote; null is a pass that could not write it. */
async function confirm(
  { plan, warn }: PassesRequest,
  registry: Registry | null,
  built: PassResult | null | 'left',
): Promise<KeptBuilder> {
  const { tag } = plan.builder;
  if (built === 'left') return LEFT;
  if (built === null)
    return { digest: null, written: false, outcome: 'not kept, it could not be written', seconds: null, work: [] };
  const { seconds } = built;
  const work = built.progress.work.filter(({ kind }) => kind === 'export' || kind === 'push');
  if (plan.builder.output !== 'registry' || tag === null)
    return { digest: null, written: false, outcome: 'built, not kept', seconds, work };
  const digest = (await registry?.readDigest(tag).catch(() => null)) ?? null;
  if (digest === null) {
    warn(`The registry does not serve the builder image ${tag}; later runs will build its steps again.`);
    return { digest, written: false, outcome: 'not kept, the registry does not serve it', seconds, work };
  }
  return { digest, written: true, outcome: `written to ${taggedReference(plan.image, tag)}`, seconds, work };
}

/** Server-side: no layer moves. False when the registry does not play along; then the pass writes it. */
async function copyTag(registry: Registry, from: StoredImage, to: Tag): Promise<boolean> {
  try {
    const manifest = await registry.readManifest(from.digest);
    if (manifest === null) return false;
    await registry.writeManifest(to, manifest);
    return true;
  } catch {
    return false;
  }
}
