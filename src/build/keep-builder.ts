// Keeps the builder images for later runs: does nothing when the registry has one, adds a tag, or runs the builder pass.
import { PassFailedError, type PassResult } from '../adapters/docker/buildx.js';
import type { BranchHead } from '../adapters/github/branch-head.js';
import type { Work } from '../adapters/progress/build-progress.js';
import { findPushed } from '../adapters/registry/read-image.js';
import type { Registry } from '../adapters/registry/registry.js';
import type { Log } from '../adapters/runner/log.js';
import type { Digest } from '../image/digest.js';
import { type Tag, taggedReference } from '../image/reference.js';
import type { StoredImage } from '../image/stored-image.js';
import type { PassPlan, Plan } from '../plan/plan.js';
import { showTarget } from '../plan/targets.js';
import type { Warn } from '../shared/types.js';
import { type BuilderDecision, type SolvedProduction, decideBuilder } from './pure/builder-decision.js';
import type { Dockerfile } from './pure/dockerfile.js';
import type { PassRunner } from './run-pass.js';

export interface BuilderRequest {
  readonly plan: Plan;
  /** The builder pass: one of the plan's. */
  readonly builder: PassPlan;
  readonly dockerfile: Dockerfile | null;
  readonly passes: PassRunner;
  readonly branch: BranchHead;
  /** Null when the registry did not answer. */
  readonly registry: Registry | null;
  /** Images of the lineage that the registry had before this run. */
  readonly stored: readonly StoredImage[];
  readonly log: Log;
  readonly warn: Warn;
}

/** What became of the builder image. */
export interface KeptBuilder {
  /** Null when the builder image is not in the registry. */
  readonly digest: Digest | null;
  /** False where nothing names what was pushed, and the digest is that of an image with its config. */
  readonly proved: boolean;
  /** True when this run wrote the tag. */
  readonly written: boolean;
  /** For log and summary: "unchanged", "written", … */
  readonly outcome: string;
  readonly seconds: number | null;
  /** Of the builder pass; empty when it did not run. */
  readonly work: readonly Work[];
  /** Why the builder stage could not be built; null when it was. Only possible when production does not copy from it. */
  readonly failure: Error | null;
}

/**
 * Never throws: production is published by now, and copies to mirrors are under way.
 * @param production result of the production pass
 * @param images the new image, one for each platform; null when it is not in the registry
 */
export async function keepBuilders(
  request: Omit<BuilderRequest, 'builder'>,
  production: PassResult,
  images: SolvedProduction['images'],
): Promise<readonly KeptBuilder[]> {
  const kept: KeptBuilder[] = [];
  for (const builder of request.plan.builders) {
    kept.push(await keepBuilder({ ...request, builder }, { steps: production.progress.steps, images }));
  }
  return kept;
}

async function keepBuilder(request: BuilderRequest, production: SolvedProduction): Promise<KeptBuilder> {
  const { plan, builder, dockerfile, stored, log } = request;
  try {
    const kept = await applyDecision(request, decideBuilder(plan, builder, dockerfile, stored, production));
    log.info(`${nameImage('Builder image', plan, builder)}: ${kept.outcome}`);
    return kept;
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error));
    return { ...notKept('not built'), failure };
  }
}

async function applyDecision(request: BuilderRequest, decision: BuilderDecision): Promise<KeptBuilder> {
  const { plan, builder, dockerfile, branch, stored, registry } = request;
  const { tag, output } = builder;
  const writes = output === 'registry' && (decision.kind === 'build' || decision.kind === 'copy');
  if (writes && (await branch.lastNewerCommit()) !== null) {
    // A builder stage that production does not copy from is still built, so that its failure fails the run.
    const local: PassPlan = { ...builder, output: 'cache', tag: null };
    const again = decideBuilder(plan, local, dockerfile, stored, { steps: [], images: null });
    const { seconds } = await applyDecision({ ...request, builder: local }, again);
    return { ...notKept('left to the newer commit of the branch'), seconds };
  }
  switch (decision.kind) {
    case 'included':
      return notKept('built with production, not kept');
    case 'keep': {
      const { digest, tag: own } = decision.image;
      return { ...notKept(`unchanged, ${own} is what it was`), digest };
    }
    case 'copy':
      if (tag !== null && registry !== null && (await copyTag(registry, decision.from, tag))) {
        const { tag: other } = decision.from;
        const outcome = `unchanged, ${other === tag ? `${tag} leads to it again` : `${tag} is what ${other} is`}`;
        return { ...notKept(outcome), digest: decision.from.digest, written: true };
      }
      return confirm(request, await buildBuilder(request));
    case 'build':
      return confirm(request, await buildBuilder(request));
  }
}

/** `Builder image`; of several `Builder image of gems` */
function nameImage(what: string, { builders }: Plan, { target }: PassPlan): string {
  return builders.length > 1 ? `${what} of ${showTarget(target)}` : what;
}

function notKept(outcome: string): KeptBuilder {
  return { digest: null, proved: true, written: false, outcome, seconds: null, work: [], failure: null };
}

/** @returns null, with a warning, when the stage was built but its image could not be written: it is only cache */
export async function buildBuilder({
  plan,
  builder,
  passes,
  warn,
}: Pick<BuilderRequest, 'plan' | 'builder' | 'passes' | 'warn'>): Promise<PassResult | null> {
  try {
    const stage = showTarget(builder.target);
    const title = builder.output === 'registry' ? `Writing the ${stage} image` : `Building ${stage}`;
    return await passes.run(builder, { title });
  } catch (error) {
    if (!(error instanceof PassFailedError) || !error.exportOnly) throw error;
    warn(`${nameImage('The builder image', plan, builder)} was not kept for later runs. ${error.message}`);
    return null;
  }
}

/** @param built result of the builder pass; null when its image could not be written */
async function confirm(
  { plan, builder, registry, warn }: BuilderRequest,
  built: PassResult | null,
): Promise<KeptBuilder> {
  const { tag, output } = builder;
  if (built === null) return notKept('not kept, it could not be written');
  const { seconds } = built;
  const { work } = built.progress;
  if (output !== 'registry' || tag === null) return { ...notKept('built, not kept'), seconds, work };
  const digest = registry === null ? null : await readPushedDigest(registry, tag, built).catch(() => null);
  if (digest === null) {
    warn(`The registry does not serve the builder image ${tag}; later runs will build its steps again.`);
    return { ...notKept('not kept, the registry does not serve it'), seconds, work };
  }
  const outcome = `written to ${taggedReference(plan.image, tag)}`;
  return { ...notKept(outcome), digest, proved: built.digest !== null, written: true, seconds, work };
}

/** Of what was pushed, and not of what somebody may have put under the tag since. */
async function readPushedDigest(registry: Registry, tag: Tag, { digest, ids }: PassResult): Promise<Digest | null> {
  if (digest !== null) return registry.readDigest(digest);
  return (await findPushed(registry, await registry.readManifest(tag), { digest, ids }))?.digest ?? null;
}

/** Writes the same manifest under the other tag; no layer is moved. False when that fails: then the builder pass runs. */
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
