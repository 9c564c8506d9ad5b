// Finds out which commit a run builds, and the branch, tag or pull request that its image is named after. GitHub is asked
// only when it is not the event's commit.
import { type GitHubApi, isRefusal } from '../../adapters/github/run-api.js';
import { type WorkTree, openWorkTree } from '../../adapters/process/work-tree.js';
import type { World } from '../../adapters/world.js';
import { findContextFolder } from '../../build/read-dockerfile.js';
import type { Inputs } from '../../inputs/inputs.js';
import {
  type BranchesAtCommit,
  type BuildOrigin,
  type BuiltRun,
  decideBuiltRun,
  decideIndexRun,
  decideWithoutWorkTree,
  isEventCommit,
} from '../../plan/event/built-commit.js';
import { type WorkflowEvent, readDefaultBranch } from '../../plan/event/event.js';
import { errorMessage } from '../../shared/text.js';

export interface Trigger {
  readonly event: WorkflowEvent;
  /** `GITHUB_SHA`; off GitHub, HEAD. */
  readonly sha: string;
  readonly mainBranch: string | null;
}

/** The event that started the run, from the runner's variables. */
export function describeTrigger({ runner }: World, inputs: Inputs, event: WorkflowEvent): Trigger {
  if (!runner.onGitHub) return { event, sha: event.sha, mainBranch: inputs.mainBranch };
  const { sha, payload } = runner.readRunnerEvent();
  return { event, sha, mainBranch: inputs.mainBranch ?? readDefaultBranch(payload) };
}

/** The work tree of the context; null where there is none. */
async function openContext({ runner, run, signal }: World, inputs: Inputs): Promise<WorkTree | null> {
  const folder = findContextFolder(inputs, runner.workspace);
  return folder === null ? null : openWorkTree(run, runner.childEnv, folder, runner.workspace, signal);
}

export interface FoundRun extends BuiltRun {
  /** When the built commit was made, read from its work tree (ISO 8601); null when no work tree has it. */
  readonly committedAt: string | null;
}

/** Off GitHub HEAD is built. An index counts as one of the event's commit until the labels of its parts are read. */
export async function findBuiltRun(
  world: World,
  inputs: Inputs,
  trigger: Trigger,
  github: Pick<GitHubApi, 'readBranchesAt'>,
): Promise<FoundRun> {
  const { event, sha } = trigger;
  if (!world.runner.onGitHub) {
    const built = { commit: event.sha, from: 'work-tree', insteadOf: null } as const;
    return { event, built, notes: [], committedAt: null };
  }
  if (inputs.indexOf.length > 0) return { ...decideIndexRun(event), committedAt: null };
  const context = await openContext(world, inputs);
  if (context === null) return { ...decideWithoutWorkTree(event, sha), committedAt: null };
  const tree = await leaveSubmodule(context, trigger);
  const { commit, committedAt } = tree.head;
  const run = await decideCommit(trigger, { commit, from: 'work-tree' }, tree, github);
  return { ...run, committedAt };
}

/** @param tree the work tree that has the commit checked out; null when there is none */
export async function decideCommit(
  { event, sha, mainBranch }: Trigger,
  built: BuildOrigin['built'],
  tree: Pick<WorkTree, 'readBranch'> | null,
  github: Pick<GitHubApi, 'readBranchesAt'>,
): Promise<BuiltRun> {
  const known = { trigger: event, eventSha: sha, built, mainBranch };
  if (isEventCommit(event, sha, built.commit))
    return decideBuiltRun({ ...known, branches: { names: [] }, checkedOut: null });
  const [branches, checkedOut] = await Promise.all([readBranches(built.commit, github), tree?.readBranch() ?? null]);
  return decideBuiltRun({ ...known, branches, checkedOut });
}

/** The commit of a submodule follows from that of the work tree around it, so the outer commit is what is built. */
async function leaveSubmodule(tree: WorkTree, trigger: Trigger): Promise<WorkTree> {
  if (isEventCommit(trigger.event, trigger.sha, tree.head.commit)) return tree;
  const outer = await tree.openSuperproject();
  return outer === null ? tree : leaveSubmodule(outer, trigger);
}

async function readBranches(commit: string, github: Pick<GitHubApi, 'readBranchesAt'>): Promise<BranchesAtCommit> {
  try {
    return { names: await github.readBranchesAt(commit) };
  } catch (error) {
    const advice = isRefusal(error) ? ' (the job may need "permissions: contents: read")' : '';
    return { fault: `${errorMessage(error)}${advice}` };
  }
}
