// What several unit tests start from: events, inputs and contexts of an ordinary run, to be changed in one point.
import type { PassProgress } from '../../src/adapters/progress/build-progress.js';
import { RawProgressReader } from '../../src/adapters/progress/raw.js';
import { type Digest, parseDigest } from '../../src/image/digest.js';
import { parseTag } from '../../src/image/reference.js';
import type { StoredImage } from '../../src/image/stored-image.js';
import { ACTION_INPUTS } from '../../src/inputs/action-inputs.js';
import { type InputName, type Inputs, parseInputs } from '../../src/inputs/inputs.js';
import type { RegistryState, RunContext } from '../../src/plan/context.js';
import type { PullRequestEvent, WorkflowEvent } from '../../src/plan/event/event.js';
import { type PassPlan, type Plan, planBuild } from '../../src/plan/plan.js';
import type { Targets } from '../../src/plan/targets.js';
import type { PassFigures } from '../../src/report/figures.js';
import { type EndedPart, rawProgress } from './raw-progress.js';

export const SHA = '8f5c2e1d4b7a9063f1e2d3c4b5a6978812345678';
export const NOW = new Date('2026-02-03T04:05:06.789Z');
/** `NOW` as it stands in tags. */
export const NOW_TAG = '20260203040506';

/** The defaults of action.yml for a run in `owner/app`, without a token. */
const DEFAULTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(ACTION_INPUTS).map(([name, input]) => [name, input.default])),
  image: 'ghcr.io/owner/app',
  username: 'owner',
  password: '',
  'github-token': '',
};

export type With = Partial<Record<InputName, string>>;

/** @param gitHubRegistry that of the server that runs the workflow */
export function inputsOf(given: With = {}, gitHubRegistry = 'ghcr.io'): Inputs {
  const block: Readonly<Record<string, string>> = { ...DEFAULTS, ...given };
  return parseInputs((name) => block[name] ?? '', gitHubRegistry);
}

/** The message of what a function throws; a function that returns fails the test that asks. */
export function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : 'thrown, but no Error';
  }
  throw new Error('Nothing was thrown.');
}

export function pushTo(branch: string): WorkflowEvent {
  return onBranch('push', branch);
}

/** An event of a branch that is none of a pull request: `push`, `schedule` … */
export function onBranch(name: string, branch = 'main'): WorkflowEvent {
  return { kind: 'branch', name, branch, sha: SHA };
}

export function mergeGroup(baseBranch = 'main'): WorkflowEvent {
  return { kind: 'merge-group', name: 'merge_group', baseBranch, sha: SHA };
}

/** An event that belongs to no branch, tag or pull request; `fork`: a run of a fork caused it. */
export function otherEvent(name = 'issue_comment', fork = false): WorkflowEvent {
  return { kind: 'other', name, sha: SHA, fork };
}

/** A build outside a workflow; `dirty`: with changes that are not committed. */
export function localBuild(branch: string | null, dirty = false): WorkflowEvent {
  return { kind: 'local', name: 'local', branch, sha: SHA, dirty };
}

export function gitTagPush(gitTag: string): WorkflowEvent {
  return { kind: 'git-tag', name: 'push', gitTag, sha: SHA };
}

export function pullRequest(change: Partial<PullRequestEvent> = {}): PullRequestEvent {
  return {
    kind: 'pull-request',
    name: 'pull_request',
    number: 7,
    headBranch: 'feature-x',
    baseBranch: 'develop',
    sha: SHA,
    headRepository: 'owner/app',
    fork: false,
    ...change,
  };
}

export function fromFork(change: Partial<PullRequestEvent> = {}): PullRequestEvent {
  return pullRequest({ headRepository: 'stranger/app', fork: true, ...change });
}

export const CONTEXT: RunContext = {
  now: NOW,
  targets: { builders: ['builder'], production: 'production', onePass: null },
  built: { commit: SHA, from: 'work-tree', insteadOf: null },
  notes: [],
  repositoryUrl: 'https://github.com/owner/app',
  committedAt: '2026-01-02T03:04:05Z',
  defaultBranch: 'main',
  ownRef: 'refs/heads/main',
  mergedBranch: null,
  runUrl: 'https://github.com/owner/app/actions/runs/1/attempts/1',
  builtFrom: 'Dockerfile (context ., target production)',
  repository: 'owner/app',
  actor: 'octocat',
};

/** A digest that is known by a number. */
export function digestOf(number: number): Digest {
  return parseDigest(`sha256:${number.toString(16).padStart(64, '0')}`);
}

/** An image of the registry without layers or cache of its own. */
export function storedImage(tag: string, change: Partial<StoredImage> = {}): StoredImage {
  return { tag: parseTag(tag), digest: digestOf(1), images: [], ...change };
}

/** A registry that gives write access, has these images of the lineage, and no merged cache. */
export function registryWith(...tags: readonly string[]): RegistryState {
  return {
    unique: null,
    images: tags.map((tag) => storedImage(tag)),
    mergedCache: null,
    writeAccess: { allowed: true },
    mirrors: [],
  };
}

/** A registry of `registryWith` in which the unique tag of a push of `SHA` is taken, and the one with the time is free. */
export function registryWithUnique(...tags: readonly string[]): RegistryState {
  return { ...registryWith(...tags), unique: parseTag(`${SHA}-${NOW_TAG}`) };
}

/** The plan of a run: a push to main with the defaults of all inputs, where nothing else is said. */
export function planOf(
  event: WorkflowEvent = pushTo('main'),
  given: With = {},
  registry: RegistryState = registryWith(),
  context: Partial<RunContext> = {},
): Plan {
  const inputs = inputsOf(given);
  return planBuild(inputs, event, { ...CONTEXT, targets: targetsOf(inputs), ...context }, registry);
}

/** Those of the inputs, which no Dockerfile has been asked for. */
function targetsOf({ builderTargets, productionTarget }: Inputs): Targets {
  const builders = builderTargets.length === 0 ? CONTEXT.targets.builders : builderTargets;
  return { builders, production: productionTarget ?? CONTEXT.targets.production, onePass: null };
}

/** The first builder pass of a plan that has one. */
export function builderOf({ builders: [builder] }: Plan): PassPlan {
  if (builder === undefined) throw new Error('The plan has no builder pass.');
  return builder;
}

/** A pass of one second without steps. */
export const FIGURES: PassFigures = { seconds: 1, steps: [], missReason: null, outcome: null, work: [] };

/** What is known of a build that had these parts. */
export function progressOf(...parts: readonly EndedPart[]): PassProgress {
  const reader = new RawProgressReader();
  for (const line of rawProgress(...parts).split('\n')) if (line !== '') reader.read(line, 0);
  return reader.progress;
}
