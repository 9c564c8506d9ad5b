// Inputs + event + what the registry has -> Plan: everything that a run does follows from it.
// BuildKit merges several cache sources instead of ranking them (moby/buildkit#6418), so a pass gets one.
import type { BuildFlag } from './build-options.js';
import { type ImageName, type Tag, taggedReference } from './image-name.js';
import { InputError } from './input-error.js';
import type { Inputs, PushMode } from './inputs.js';
import { type Scope, builderTag, deriveTags, toScope, withTime } from './tags.js';
import type { WorkflowEvent } from './workflow-event.js';

/** Where the result of a pass goes. `engine`: loaded into the local engine. `cache`: nowhere but the build cache. */
export type PassOutput = 'registry' | 'engine' | 'cache';

/** One `docker buildx build` of one target. */
export interface PassPlan {
  readonly name: 'builder' | 'production';
  readonly target: string;
  /** The tag that this build writes; null when the run has no scope and so no builder tag. */
  readonly tag: Tag | null;
  readonly output: PassOutput;
  /** `type=registry,ref=…` or what the caller gave; at most one of our own. */
  readonly cacheFrom: readonly string[];
  /** Run every step again instead of taking it from the engine's own cache. */
  readonly noCache: boolean;
  readonly pull: boolean;
  readonly flags: readonly BuildFlag[];
  /** Labels of our own; the caller's win. */
  readonly labels: Readonly<Record<string, string>>;
  readonly provenance: string | null;
  readonly sbom: string | null;
}

export interface PushDecision {
  readonly push: boolean;
  /** One line that completes "pushed: yes/no, because …". */
  readonly reason: string;
}

export interface Plan {
  readonly image: ImageName;
  readonly event: WorkflowEvent;
  readonly scope: Scope | null;
  /** Scopes whose images may hold useful layers, nearest first. */
  readonly lineage: readonly Scope[];
  readonly tags: { readonly unique: Tag; readonly moving: readonly Tag[] };
  readonly push: PushDecision;
  readonly builder: PassPlan;
  readonly production: PassPlan;
  /** What people should know about these decisions; said in the log. */
  readonly notes: readonly string[];
}

/** What the runner knows beside inputs and event. */
export interface RunContext {
  readonly now: Date;
  /** `https://github.com/owner/app`, for the label that links image and repository; null off GitHub. */
  readonly repositoryUrl: string | null;
  /** ISO 8601, or null when nobody could tell. */
  readonly committedAt: string | null;
  /** The repository's default branch, for when the input main-branch is empty. */
  readonly defaultBranch: string | null;
  /** `https://github.com/owner/app/actions/runs/1/attempts/1`: builder-id of the provenance; null off GitHub. */
  readonly runUrl: string | null;
}

/** What was found out about the registry; `NOTHING_ASKED` for a plan that touches nothing. */
export interface RegistryState {
  /** Tags of the image that exist, of those that `tagsToLookUp` named. */
  readonly existing: ReadonlySet<Tag>;
  /** Null: not asked. */
  readonly writeAccess: WriteAccess | null;
}

/** `reason` completes "the run does not push, because …", without a full stop. */
export type WriteAccess = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

export const NOTHING_ASKED: RegistryState = { existing: new Set(), writeAccess: null };

/**
 * Decides the whole run. Call it with `NOTHING_ASKED` to learn what to ask the registry (and for a dry run), and again
 * with the answers.
 * @throws InputError when the run must push and may not
 */
export function planBuild(inputs: Inputs, event: WorkflowEvent, context: RunContext, registry: RegistryState): Plan {
  const derived = deriveTags({ event, now: context.now, ownTag: inputs.tag, extraTags: inputs.extraTags });
  const { scope, moving } = derived;
  const taken = registry.existing.has(derived.unique);
  const unique = taken ? withTime(derived.unique, context.now) : derived.unique;
  const lineage = getLineage(event, scope, inputs.mainBranch ?? context.defaultBranch);
  const push = decidePush(inputs.push, inputs.image, event, registry);
  const sources = inputs.reuseCache
    ? selectCacheSources(lineage, registry.existing)
    : { builder: null, production: null };
  const common = {
    noCache: !inputs.reuseCache,
    pull: inputs.pull,
  };
  const toCacheFrom = (source: Tag | null): string[] => [
    ...(source === null ? [] : [`type=registry,ref=${taggedReference(inputs.image, source)}`]),
    ...(inputs.reuseCache ? inputs.cacheFrom : []),
  ];
  return {
    image: inputs.image,
    event,
    scope,
    lineage,
    tags: { unique, moving },
    push,
    builder: {
      ...common,
      name: 'builder',
      target: inputs.builderTarget,
      tag: scope === null ? null : builderTag(scope.tag),
      output: push.push && scope !== null ? 'registry' : 'cache',
      cacheFrom: toCacheFrom(sources.builder),
      flags: inputs.flags.filter(({ passes }) => passes === 'both'),
      labels: {},
      provenance: null,
      sbom: null,
    },
    production: {
      ...common,
      name: 'production',
      target: inputs.productionTarget,
      tag: unique,
      output: push.push ? 'registry' : 'engine',
      cacheFrom: toCacheFrom(sources.production),
      flags: inputs.flags,
      labels: getLabels(inputs, event, context, unique),
      provenance: inputs.provenance === null ? null : withBuilderId(inputs.provenance, context.runUrl),
      sbom: inputs.sbom,
    },
    notes: taken ? [`${derived.unique} exists in the registry and is never moved: this build is ${unique}.`] : [],
  };
}

/** The tags whose existence decides something. */
export function tagsToLookUp(plan: Plan): readonly Tag[] {
  const sources = plan.lineage.flatMap(({ tag }) => [builderTag(tag), tag]);
  return [...new Set([plan.tags.unique, ...(plan.production.noCache ? [] : sources)])];
}

/**
 * Own branch, base branch, main branch; each once. Main and git tags take nothing from branches that anyone with write
 * access may have filled, and a fork's head branch is never in it, whatever its name.
 */
export function getLineage(event: WorkflowEvent, scope: Scope | null, mainBranch: string | null): readonly Scope[] {
  const trustedOnly = event.kind === 'git-tag' || (scope !== null && scope.branch === mainBranch);
  const base = event.kind === 'pull-request' || event.kind === 'merge-group' ? event.baseBranch : null;
  const branches = trustedOnly ? [mainBranch] : [scope?.branch ?? null, base, mainBranch];
  return [...new Set(branches.filter((branch): branch is string => branch !== null && branch !== ''))].map(toScope);
}

/** For each pass the nearest image that exists; a production image holds the builder's keys but not its layers. */
export function selectCacheSources(
  lineage: readonly Scope[],
  existing: ReadonlySet<Tag>,
): { readonly builder: Tag | null; readonly production: Tag | null } {
  const nearest = (tags: readonly Tag[]): Tag | null => tags.find((tag) => existing.has(tag)) ?? null;
  const builder = nearest(lineage.map(({ tag }) => builderTag(tag)));
  const production = nearest(lineage.map(({ tag }) => tag));
  // Pass 2 with no source at all would run every step again, even those that pass 1 has just found.
  return { builder, production: production ?? builder };
}

/** True when the run may write at all, as far as inputs and event tell: the registry has the last word. */
export function mayWantToPush(inputs: Inputs, event: WorkflowEvent): boolean {
  return inputs.push !== 'never' && !isFork(event);
}

function decidePush(
  mode: PushMode,
  image: ImageName,
  event: WorkflowEvent,
  { writeAccess }: RegistryState,
): PushDecision {
  if (isFork(event)) {
    const reason = describeFork(event);
    if (mode === 'always')
      throw new InputError(`push is true, but ${reason}. Such a run never pushes. Use "push: auto".`);
    return { push: false, reason };
  }
  if (mode === 'never') return { push: false, reason: 'the input push is false' };
  if (writeAccess === null) return { push: true, reason: 'the run may push if the registry lets it (not asked yet)' };
  if (writeAccess.allowed) return { push: true, reason: 'the registry gives write access' };
  const reason = `${writeAccess.reason}. ${adviseOnAccess(image)}`;
  if (mode === 'always') throw new InputError(`push is true, but ${reason}`);
  return { push: false, reason };
}

/** The one line to change, as far as the registry's name tells. */
function adviseOnAccess({ registry }: ImageName): string {
  return registry === 'ghcr.io'
    ? 'To push, the job needs "permissions: packages: write", and the package must grant this repository write access'
    : `To push, set "username" and "password" to a login that may write to ${registry}`;
}

function isFork(event: WorkflowEvent): boolean {
  return (event.kind === 'pull-request' || event.kind === 'other') && event.fork;
}

function describeFork(event: WorkflowEvent): string {
  const from = event.kind === 'pull-request' ? (event.headRepository ?? 'a deleted fork') : 'another repository';
  return `this ${event.name} run is for code from ${from}`;
}

/** https://specs.opencontainers.org/image-spec/annotations/#pre-defined-annotation-keys */
function getLabels(inputs: Inputs, event: WorkflowEvent, context: RunContext, unique: Tag): Record<string, string> {
  const labels = {
    'org.opencontainers.image.source': context.repositoryUrl,
    'org.opencontainers.image.revision': event.sha,
    'org.opencontainers.image.version': unique,
    // The commit's time, never the clock: the same commit gives the same image.
    'org.opencontainers.image.created': context.committedAt,
    'org.opencontainers.image.title': inputs.image.repository.split('/').at(-1) ?? inputs.image.repository,
  };
  const own = new Set(
    inputs.flags.filter(({ input }) => input === 'labels').map(({ value }) => value.slice(0, value.indexOf('='))),
  );
  return Object.fromEntries(
    Object.entries(labels).filter((label): label is [string, string] => label[1] !== null && !own.has(label[0])),
  );
}

function withBuilderId(attributes: string, runUrl: string | null): string {
  if (runUrl === null || /(?:^|,)\s*builder-id=/.test(attributes)) return attributes;
  return [attributes, `builder-id=${runUrl}`].filter((part) => part !== '').join(',');
}
