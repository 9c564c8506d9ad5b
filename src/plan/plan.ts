// Inputs + event + what the registry has -> Plan: everything that a run does follows from it.
// BuildKit merges several cache sources instead of ranking them (moby/buildkit#6418), so a pass gets one.
import type { BuildFlag } from './build-options.js';
import type { BuiltCommit } from './built-commit.js';
import type { StoredImage } from './cache-manifest.js';
import { type RunFacts, type ServerAnswer, explainDenial, showAnswer, toMirrorFacts, toRunFacts } from './denial.js';
import { type Digest, type ImageName, type Tag, taggedReference } from './image-name.js';
import { InputError } from './input-error.js';
import type { Inputs } from './inputs.js';
import { checkTagNamesBuilt, guardMainTags, isPullRequestOfMain } from './main-tags.js';
import type { Mirror } from './mirror-inputs.js';
import { describeTaken, findTaken } from './moving-tags.js';
import type { Platform } from './platform.js';
import { type Scope, builderTag, deriveTags, describeOtherBuild, toScope } from './tags.js';
import { withUniqueLabel } from './unique-label.js';
import { type CheckoutEvent, type WorkflowEvent, isFromFork } from './workflow-event.js';

/** Where the result of a pass goes. `engine`: loaded into the local engine. `cache`: nowhere but the build cache. */
type PassOutput = 'registry' | 'engine' | 'cache';

/** How an image is written to the registry; what the engine allows (engine.ts). */
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
  readonly target: string;
  /** The tag that this build writes; null when the run has no scope and so no builder tag. */
  readonly tag: Tag | null;
  readonly output: PassOutput;
  readonly exporter: Exporter;
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
  /** Value of --cache-to, beside what the output brings. */
  readonly cacheTo?: string;
  /**
   * Pushed under its digest alone: a tag comes when somebody has looked at it. `joined`: by several nodes, whose images
   * Buildx joins in an index.
   */
  readonly byDigest?: 'alone' | 'joined';
}

export interface PushDecision {
  readonly push: boolean;
  /** One line that completes "pushed: yes/no, because …". */
  readonly reason: string;
}

export interface Plan {
  readonly image: ImageName;
  readonly event: WorkflowEvent;
  /** The commit that the image is made of. For a pull request it may be the merge that GitHub makes for the run. */
  readonly built: BuiltCommit;
  readonly scope: Scope | null;
  /** Scopes whose images may hold useful layers, nearest first. */
  readonly lineage: readonly Scope[];
  readonly tags: { readonly unique: Tag; readonly moving: readonly Tag[] };
  readonly push: PushDecision;
  /** Further names of what is pushed, which get the same tags. */
  readonly mirrors: readonly ImageName[];
  readonly builder: PassPlan;
  readonly production: PassPlan;
  /** Images of one platform each that become one; none when the image is built here. */
  readonly parts: readonly Digest[];
  /** What production must pass before it is published. */
  readonly checks: readonly string[];
  /** What people should know about these decisions; said in the log. */
  readonly notes: readonly string[];
}

/** What the runner knows beside inputs and event. */
export interface RunContext {
  readonly now: Date;
  readonly built: BuiltCommit;
  /** What is to be said about it. */
  readonly notes: readonly string[];
  /** `https://github.com/owner/app`, for the label that links image and repository; null off GitHub. */
  readonly repositoryUrl: string | null;
  /** When the built commit was made (ISO 8601), or null when nobody could tell. */
  readonly committedAt: string | null;
  /** The repository's default branch, for when the input main-branch is empty. */
  readonly defaultBranch: string | null;
  /** Head branch of the pull request that this commit merged, of the same repository; null when there is none. */
  readonly mergedBranch: string | null;
  /** `https://github.com/owner/app/actions/runs/1/attempts/1`: builder-id of the provenance; null off GitHub. */
  readonly runUrl: string | null;
  /** `owner/app`; empty off GitHub. */
  readonly repository: string;
  /** Who or what started the run, by GitHub's name; empty off GitHub. */
  readonly actor: string;
}

/** What was found out about the registry; `NOTHING_ASKED` for a plan that touches nothing. */
export interface RegistryState {
  /** The first of `uniqueCandidates` that does not exist; null when nobody asked. */
  readonly unique: Tag | null;
  /** The images of the lineage that exist, nearest first: `sourceTags` names them. */
  readonly images: readonly StoredImage[];
  /** The merged cache of these images, as it can be imported; null when it was not written. */
  readonly mergedCache: string | null;
  /** Null: not asked. */
  readonly writeAccess: WriteAccess | null;
  /** Of each mirror that was asked. */
  readonly mirrors: readonly MirrorAccess[];
  /** What the moving tags of the run lead to, as far as they exist and could be read. */
  readonly targets?: readonly StoredImage[];
}

export interface MirrorAccess {
  readonly mirror: Mirror;
  readonly access: WriteAccess;
}

export type WriteAccess =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      readonly answer: ServerAnswer;
      /** False: nobody logged in. */ readonly hasLogin: boolean;
    };

const DIRTY =
  'The work tree has changes that are not committed: the tag says dirty, and no tag of the branch is moved.';

export const NOTHING_ASKED: RegistryState = {
  unique: null,
  images: [],
  mergedCache: null,
  writeAccess: null,
  mirrors: [],
};

/**
 * Decides the whole run. Call it with `NOTHING_ASKED` to learn what to ask the registry (and for a dry run), and again
 * with the answers.
 * @throws InputError when the run must push and may not
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
  const push = decidePush(inputs, event, context, registry);
  const taken = push.push ? findTaken(inputs.image, moving, extraTags, registry.targets ?? []) : [];
  const sources = inputs.reuseCache
    ? selectCacheSources(inputs.image, lineage, registry)
    : { builder: [], production: [] };
  const common = { noCache: !inputs.reuseCache, pull: inputs.pull, exporter: PLAIN_EXPORTER };
  const extra = inputs.reuseCache ? inputs.cacheFrom : [];
  return {
    image: inputs.image,
    event,
    built: context.built,
    scope,
    lineage,
    tags: { unique, moving: moving.filter((tag) => !taken.includes(tag)) },
    parts: inputs.indexOf,
    push,
    // A part is copied with the index.
    mirrors: push.push && part === null ? inputs.mirrors.map(({ image }) => image) : [],
    builder: {
      ...common,
      name: 'builder',
      target: inputs.builderTarget,
      tag: scope === null ? null : builderTag(scope.tag),
      output: push.push && scope !== null ? 'registry' : 'cache',
      cacheFrom: [...sources.builder, ...extra],
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
      cacheFrom: [...sources.production, ...extra],
      flags: inputs.flags,
      labels: withUniqueLabel(
        getLabels(inputs, context, part === null ? unique : getVersion(inputs, event)),
        inputs.image,
        unique,
      ),
      provenance: inputs.provenance === null ? null : withBuilderId(inputs.provenance, context.runUrl),
      sbom: inputs.sbom,
    },
    checks: [
      ...(inputs.verify === null ? [] : ['the verify script']),
      ...(inputs.scan === null ? [] : [`scan by ${inputs.scan.scanner} (${inputs.scan.threshold})`]),
    ],
    notes: [
      ...(event.kind === 'local' && event.dirty ? [DIRTY] : []),
      ...context.notes,
      ...derived.notes,
      ...(unique === derived.unique ? [] : [describeOtherBuild(derived.unique, unique, event.sha)]),
      ...taken.map((tag) => `${describeTaken(tag)}: this run leaves it where it is.`),
    ],
  };
}

/**
 * The images that may hold useful layers, nearest first; none when the cache is not to be used. Production comes before
 * builder: of a layer that both have, its gzip form is the one that both can use.
 */
export function sourceTags(plan: Plan): readonly Tag[] {
  return plan.production.noCache || plan.parts.length > 0
    ? []
    : plan.lineage.flatMap(({ tag }) => [tag, builderTag(tag)]);
}

/**
 * Own branch, head branch of the pull request that the commit merged, base branch, main branch; each once. Main and git
 * tags take nothing else, since anyone with write access may have filled other branches' images, and a fork's head
 * branch is never in it, whatever its name.
 */
export function getLineage(
  event: WorkflowEvent,
  scope: Scope | null,
  mainBranch: string | null,
  mergedBranch: string | null,
  part: Platform | null,
): readonly Scope[] {
  const onMain = (scope !== null && scope.branch === mainBranch) || isPullRequestOfMain(event, mainBranch);
  const hasBase = (event.kind === 'pull-request' || event.kind === 'merge-group') && !onMain;
  const base = hasBase ? event.baseBranch : null;
  // Without a scope where it may not write, a developer's branch is still where its layers are.
  const own = event.kind === 'local' ? event.branch : (scope?.branch ?? null);
  const branches = event.kind === 'git-tag' ? [mainBranch] : [own, mergedBranch, base, mainBranch];
  const named = branches.filter((branch): branch is string => branch !== null && branch !== '');
  return [...new Set(named)].map((branch) => toScope(branch, part));
}

/** True for runs that ask which pull request their commit merged: pushes to main, where the answer saves a build. */
export function mayHaveMerged(inputs: Inputs, event: WorkflowEvent, defaultBranch: string | null): boolean {
  const main = inputs.mainBranch ?? defaultBranch;
  const builds = inputs.reuseCache && inputs.indexOf.length === 0;
  return event.kind === 'branch' && event.name === 'push' && event.branch === main && builds;
}

/**
 * The merged cache for both passes, or else for each pass the nearest image that exists. A production image has the
 * builder's keys but not its layers, and a pass with no source at all would run steps again that the other has found.
 */
function selectCacheSources(
  image: ImageName,
  lineage: readonly Scope[],
  { images, mergedCache }: Pick<RegistryState, 'images' | 'mergedCache'>,
): { readonly builder: readonly string[]; readonly production: readonly string[] } {
  const from = (reference: string): string => `type=registry,ref=${reference}`;
  if (mergedCache !== null) return { builder: [from(mergedCache)], production: [from(mergedCache)] };
  const nearest = (tags: readonly Tag[]): readonly string[] => {
    const tag = tags.find((one) => images.some((stored) => stored.tag === one));
    return tag === undefined ? [] : [from(taggedReference(image, tag))];
  };
  const builder = nearest(lineage.map(({ tag }) => builderTag(tag)));
  const production = nearest(lineage.map(({ tag }) => tag));
  return { builder, production: production.length === 0 ? builder : production };
}

/** True when the run may write at all, as far as inputs and event tell: the registry has the last word. */
export function mayWantToPush(inputs: Inputs, event: WorkflowEvent): boolean {
  return inputs.push !== 'never' && !isFromFork(event) && !isWithheld(event);
}

function decidePush(inputs: Inputs, event: WorkflowEvent, context: RunContext, registry: RegistryState): PushDecision {
  const mode = inputs.push;
  if (isFromFork(event)) {
    const reason = describeFork(event);
    if (mode === 'always') throw new InputError(`push is true, but ${reason}. Use "push: auto".`);
    return { push: false, reason };
  }
  if (isWithheld(event)) {
    const reason = event.withheld;
    if (mode === 'always')
      throw new InputError(
        `push is true, but ${reason}. Check out the commit of the event, or the head of a branch of this repository, or use "push: auto".`,
      );
    return { push: false, reason };
  }
  if (mode === 'never') return { push: false, reason: 'the input push is false' };
  if (registry.writeAccess === null)
    return { push: true, reason: 'the run may push if the registry lets it (not asked yet)' };
  const refused = describeRefusal(inputs, event, context, registry);
  if (refused !== null) {
    if (mode === 'always') throw new InputError(`push is true, but ${refused}.`);
    return { push: false, reason: refused };
  }
  const mirror = findRefusedMirror(inputs, event, context, registry);
  if (mirror === null) return { push: true, reason: describeAccess(registry) };
  // An image is pushed everywhere or nowhere. Only Dependabot's runs lack the secrets of a mirror without a mistake.
  if (mode === 'auto' && mirror.facts.origin === 'dependabot') return { push: false, reason: mirror.reason };
  throw new InputError(`The image may be pushed, but not to its mirror ${mirror.name}: ${mirror.reason}.`);
}

function describeAccess({ mirrors }: RegistryState): string {
  if (mirrors.length === 0) return 'the registry gives write access';
  return `the registry gives write access, and so ${mirrors.length === 1 ? 'does the mirror' : `do all ${mirrors.length} mirrors`}`;
}

/** Null when the registry gives write access. */
function describeRefusal(
  inputs: Inputs,
  event: WorkflowEvent,
  { repository, actor }: RunContext,
  { writeAccess, images }: RegistryState,
): string | null {
  if (writeAccess?.allowed !== false) return null;
  const { hasLogin } = writeAccess;
  const facts = toRunFacts(inputs, event, { repository, actor, hasLogin });
  return describeDenial(inputs.image, facts, writeAccess, images.length > 0);
}

/** The first mirror that takes nothing, and why. */
function findRefusedMirror(
  inputs: Inputs,
  event: WorkflowEvent,
  { repository, actor }: RunContext,
  { mirrors }: RegistryState,
): { readonly name: string; readonly facts: RunFacts; readonly reason: string } | null {
  for (const { mirror, access } of mirrors) {
    if (access.allowed) continue;
    const run = toRunFacts(inputs, event, { repository, actor, hasLogin: true });
    const facts = toMirrorFacts(mirror, inputs, run, access.hasLogin);
    return { name: mirror.image.name, facts, reason: describeDenial(mirror.image, facts, access, false) };
  }
  return null;
}

function describeDenial(
  image: ImageName,
  facts: RunFacts,
  { answer, hasLogin }: Extract<WriteAccess, { allowed: false }>,
  readable: boolean,
): string {
  const { cause, change } = explainDenial({ ...facts, action: 'write', image, answer, readable });
  if (!hasLogin) return `${cause}. ${change}`;
  return `the registry ${image.registry} refuses to take an upload to ${image.repository} (${showAnswer(answer)}): ${cause}. ${change}`;
}

function isWithheld(event: WorkflowEvent): event is CheckoutEvent & { readonly withheld: string } {
  return event.kind === 'checkout' && event.withheld !== null;
}

function describeFork(event: WorkflowEvent): string {
  const from = event.kind === 'pull-request' ? (event.headRepository ?? 'a deleted fork') : 'another repository';
  return `runs for the code of a fork never push, and this ${event.name} is from ${from}`;
}

/** What all parts of an index have in common: their tags have platforms and times of their own. */
function getVersion({ tag }: Inputs, event: WorkflowEvent): string {
  return tag ?? (event.kind === 'git-tag' ? event.gitTag : event.sha);
}

/** https://specs.opencontainers.org/image-spec/annotations/#pre-defined-annotation-keys */
function getLabels(inputs: Inputs, context: RunContext, version: string): Record<string, string> {
  const labels = {
    'org.opencontainers.image.source': context.repositoryUrl,
    'org.opencontainers.image.revision': context.built.commit,
    'org.opencontainers.image.version': version,
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
