// Inputs + event + answers of the registry -> Plan, from which everything that a run does follows.
// A pass gets one cache source, since BuildKit merges several instead of preferring the first (moby/buildkit#6418).
import { withBuiltByLabel, withBuiltFromLabel } from '../image/origin-labels.js';
import type { Digest } from '../image/digest.js';
import type { ImageName, Tag } from '../image/reference.js';
import type { StoredImage } from '../image/stored-image.js';
import { withUniqueLabel } from '../image/unique-label.js';
import type { BuildFlag } from '../inputs/build-options.js';
import type { Inputs } from '../inputs/inputs.js';
import { getLineage, selectCacheSources } from './cache-sources.js';
import { type CacheTrust, decideTrust, getOtherSources } from './cache-trust.js';
import type { RegistryState, RunContext } from './context.js';
import type { BuiltCommit } from './event/built-commit.js';
import type { WorkflowEvent } from './event/event.js';
import { getLabels, getVersion, withBuilderId } from './labels.js';
import { type PushDecision, decidePush } from './push-decision.js';
import { builderTags, formerBuilderTags } from './tags/builder-tags.js';
import { type GuardedTags, checkTagNamesBuilt, guardMainTags } from './tags/main-tags.js';
import { describeTaken, findTaken } from './tags/moving-tags.js';
import { type OwnBuild, expectSameBuild, toTargets } from './tags/other-build.js';
import { describeTrigger, isRelease } from './tags/promoted.js';
import { type Scope, deriveTags, describeOtherBuild } from './tags/tags.js';

/** Where the result of a pass goes. `engine`: loaded into the local engine. `cache`: kept in the build cache only. */
type PassOutput = 'registry' | 'engine' | 'cache';

/** How an image is written to the registry, as far as the engine allows (engine.ts). */
export interface Exporter {
  /** Also keep the image in the engine, which then pulls and unpacks layers that are only needed there. */
  readonly store: boolean;
  /** Compress new layers with zstd instead of gzip. */
  readonly zstd: boolean;
}

const PLAIN_EXPORTER: Exporter = { store: true, zstd: false };

/** One `docker buildx build` of one target. */
export interface PassPlan {
  readonly name: 'builder' | 'production';
  /** The stage; a number only for a last stage without a name. */
  readonly target: string;
  /** Tags of this stage's images in the lineage, nearest first: one for each scope of `Plan.lineage`. */
  readonly lineageTags: readonly Tag[];
  /** The tag that this build writes; null when the run has no scope and so no builder tag. */
  readonly tag: Tag | null;
  readonly output: PassOutput;
  readonly exporter: Exporter;
  /** `type=registry,ref=…`, at most one, and the sources of the input cache-from. */
  readonly cacheFrom: readonly string[];
  /** Run every step again instead of taking it from the engine's own cache. */
  readonly noCache: boolean;
  readonly pull: boolean;
  readonly flags: readonly BuildFlag[];
  /** Labels that the action sets; those of the input labels override them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly provenance: string | null;
  readonly sbom: string | null;
  /** Value of --cache-to. */
  readonly cacheTo?: string;
  /**
   * Push by digest, without a tag, which is added after a comparison. `joined`: several nodes push, and Buildx joins their
   * images in an index.
   */
  readonly byDigest?: 'alone' | 'joined';
}

export interface Plan {
  readonly image: ImageName;
  readonly event: WorkflowEvent;
  /** The commit that is built. For a pull request it may be GitHub's merge commit. */
  readonly built: BuiltCommit;
  readonly scope: Scope | null;
  /** Scopes whose images may hold useful layers, nearest first. */
  readonly lineage: readonly Scope[];
  /** Which of their images are trusted. */
  readonly trust: CacheTrust;
  readonly tags: { readonly unique: Tag; readonly moving: readonly Tag[] };
  /** What is built, to be compared with what the moving tags lead to. */
  readonly own: OwnBuild;
  readonly push: PushDecision;
  /** Further names that the pushed image is copied to, with the same tags. */
  readonly mirrors: readonly ImageName[];
  /** One for each stage that keeps its layers, in the order of the input; none: the run has one pass. */
  readonly builders: readonly PassPlan[];
  readonly production: PassPlan;
  /** Why there is no builder pass, as a clause; null where there is one. */
  readonly onePass: string | null;
  /** Images of one platform each that an index run joins; empty when the run builds an image. */
  readonly parts: readonly Digest[];
  /** The image of the main branch that gets the tags, with nothing built; left out: the run builds, or makes an index. */
  readonly promoted?: { readonly tag: Tag; readonly digest: Digest };
  /** Checks that production must pass before it is published. */
  readonly checks: readonly string[];
  /** Notes on these decisions, for the log. */
  readonly notes: readonly string[];
}

const DIRTY =
  'The work tree has changes that are not committed: the tag says dirty, and no tag of the branch is moved.';

const MAY_PROMOTE =
  'Where the registry has the image that the main branch has built of this commit, that image gets the tags, and nothing is built.';

/** Whether the image is there already: as parts of an index, or as the image of the main branch. */
export function isBuilt({ parts, promoted }: Pick<Plan, 'parts' | 'promoted'>): boolean {
  return parts.length > 0 || promoted !== undefined;
}

/**
 * Decides the whole run. Call it with `NOTHING_ASKED` to learn what to ask the registry (and for a dry run), and again
 * with the answers.
 * @throws InputError when the run must push and may not, or would move a tag of an image built from something else
 */
export function planBuild(inputs: Inputs, event: WorkflowEvent, context: RunContext, registry: RegistryState): Plan {
  const { tag: ownTag, extraTags, part } = inputs;
  const mainBranch = inputs.mainBranch ?? context.defaultBranch;
  checkTagNamesBuilt(ownTag, context.built);
  const derived = guardMainTags(
    deriveTags({ event, now: context.now, ownTag, extraTags, part }),
    event,
    mainBranch,
    part,
  );
  const { scope, moving } = derived;
  const unique = registry.unique ?? derived.unique;
  const lineage = getLineage(event, scope, mainBranch, context.mergedBranch, part);
  const trust = decideTrust(inputs, event, scope, context);
  const push = decidePush(inputs, event, context, registry);
  const taken = push.push ? findTaken(inputs.image, moving, extraTags, registry.targets ?? []) : [];
  const own = { image: inputs.image, builtFrom: context.builtFrom, movedFrom: inputs.movedFrom, event };
  if (push.push) {
    const there = [{ at: inputs.image, stored: registry.targets ?? [] }, ...(registry.mirrorTargets ?? [])];
    const moved = moving.filter((tag) => !taken.includes(tag));
    expectSameBuild(
      own,
      there.flatMap(({ at, stored }) => toTargets(at, stored, moved)),
    );
  }
  const run: PlannedRun = {
    inputs: { ...inputs, cacheFrom: getOtherSources(trust, inputs) },
    event,
    context,
    scope,
    unique,
    push,
  };
  const passes = planPasses(run, lineage, registry);
  return {
    image: inputs.image,
    event,
    built: context.built,
    scope,
    lineage,
    trust,
    tags: { unique, moving: moving.filter((tag) => !taken.includes(tag)) },
    own,
    parts: inputs.indexOf,
    push,
    // The run that makes the index copies the parts with it.
    mirrors: push.push && part === null ? inputs.mirrors.map(({ image }) => image) : [],
    ...passes,
    onePass: context.targets.onePass,
    checks: [
      ...(inputs.verify === null ? [] : ['the verify script']),
      ...(inputs.scan === null ? [] : [`scan by ${inputs.scan.scanner} (${inputs.scan.threshold})`]),
    ],
    notes: listNotes(run, derived, taken, registry),
  };
}

/** @param taken moving tags that stay with other images */
function listNotes(
  { inputs, event, context, unique }: PlannedRun,
  derived: GuardedTags,
  taken: readonly Tag[],
  registry: RegistryState,
): readonly string[] {
  return [
    ...(event.kind === 'local' && event.dirty ? [DIRTY] : []),
    ...(inputs.dryRun && inputs.promote && isRelease(event) ? [MAY_PROMOTE] : []),
    ...context.notes,
    ...derived.notes,
    ...(unique === derived.unique ? [] : [describeOtherBuild(derived.unique, unique, event.sha)]),
    ...taken.map((tag) => `${describeTaken(tag)}: this run leaves it where it is.`),
    ...(registry.notes ?? []),
  ];
}

/** What both passes are planned from. */
interface PlannedRun {
  readonly inputs: Inputs;
  readonly event: WorkflowEvent;
  readonly context: RunContext;
  readonly scope: Scope | null;
  readonly unique: Tag;
  readonly push: PushDecision;
}

function planPasses(
  run: PlannedRun,
  lineage: readonly Scope[],
  registry: RegistryState,
): Pick<Plan, 'builders' | 'production'> {
  const { inputs, context, scope } = run;
  const targets = context.targets.builders;
  const written = scope === null ? [] : builderTags(targets, scope.tag);
  const kept = lineage.map(({ tag }) => builderTags(targets, tag));
  const tags = {
    builders: targets.map((_, index) => kept.map((ofScope) => ofScope[index]).filter((tag) => tag !== undefined)),
    production: lineage.map(({ tag }) => tag),
  };
  const former = lineage.map(({ tag }) => formerBuilderTags(targets, tag));
  const candidates = tags.builders.map((own) => own.flatMap((tag, scopeIndex) => [tag, ...(former[scopeIndex] ?? [])]));
  const sources = inputs.reuseCache
    ? selectCacheSources(inputs.image, { ...tags, builders: candidates }, registry)
    : { builders: [], production: [] };
  return {
    builders: targets.map((target, index) => ({
      ...planBuilder(run, sources.builders[index] ?? []),
      target,
      lineageTags: tags.builders[index] ?? [],
      tag: written[index] ?? null,
    })),
    production: { ...planProduction(run, sources.production), lineageTags: tags.production },
  };
}

/** @param sources cache sources of our own */
function planBuilder(
  { inputs, scope, push }: PlannedRun,
  sources: readonly string[],
): Omit<PassPlan, 'target' | 'tag' | 'lineageTags'> {
  return {
    ...planCache(inputs, sources),
    name: 'builder',
    output: push.push && scope !== null ? 'registry' : 'cache',
    flags: inputs.flags.filter(({ passes }) => passes === 'both'),
    labels: {},
    provenance: null,
    sbom: null,
  };
}

/** @param sources as above */
function planProduction(
  { inputs, event, context, unique, push }: PlannedRun,
  sources: readonly string[],
): Omit<PassPlan, 'lineageTags'> {
  const { image } = inputs;
  const labels = getLabels(inputs, context, inputs.part === null ? unique : getVersion(inputs, event));
  const named = withBuiltFromLabel(withUniqueLabel(labels, image, unique), image, context.builtFrom);
  return {
    ...planCache(inputs, sources),
    name: 'production',
    target: context.targets.production,
    tag: unique,
    output: push.push ? 'registry' : 'engine',
    flags: inputs.flags,
    labels: withBuiltByLabel(named, image, describeTrigger(event)),
    provenance: inputs.provenance === null ? null : withBuilderId(inputs.provenance, context.runUrl),
    sbom: inputs.sbom,
  };
}

function planCache(
  { reuseCache, cacheFrom, pull }: Inputs,
  sources: readonly string[],
): Pick<PassPlan, 'cacheFrom' | 'noCache' | 'pull' | 'exporter'> {
  return {
    cacheFrom: [...sources, ...(reuseCache ? cacheFrom : [])],
    noCache: !reuseCache,
    pull,
    exporter: PLAIN_EXPORTER,
  };
}

/**
 * Tags of the images that may have useful layers, nearest first; none when no cache is to be used. Production comes
 * before builder: of a layer that both have, both passes can use production's gzip form.
 */
export function sourceTags(plan: Plan): readonly Tag[] {
  return plan.production.noCache || plan.parts.length > 0
    ? []
    : plan.lineage.flatMap(({ tag: scope }, index) => [
        ...[plan.production, ...plan.builders]
          .map(({ lineageTags }) => lineageTags[index])
          .filter((tag) => tag !== undefined),
        ...listFormerTags(plan, scope),
      ]);
}

/**
 * The images that are sources of this run: without a scope's image of an only builder stage, where each of the present
 * stages has one of its own.
 */
export function withoutReplaced(plan: Plan, images: readonly StoredImage[]): readonly StoredImage[] {
  const has = (tag: Tag | undefined): boolean => images.some((image) => image.tag === tag);
  const replaced = plan.lineage.flatMap(({ tag: scope }, index) =>
    plan.builders.every(({ lineageTags }) => has(lineageTags[index])) ? listFormerTags(plan, scope) : [],
  );
  return images.filter(({ tag }) => !replaced.includes(tag));
}

function listFormerTags({ builders }: Plan, scope: Tag): readonly Tag[] {
  return formerBuilderTags(
    builders.map(({ target }) => target),
    scope,
  );
}
