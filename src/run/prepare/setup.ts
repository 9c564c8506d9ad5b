// Types: what a run knows before it inspects engine and registry, and what frame.ts gives to the stages.
import type { GitHubApi } from '../../adapters/github/run-api.js';
import type { World } from '../../adapters/world.js';
import type { Dockerfile } from '../../build/pure/dockerfile.js';
import type { Inputs } from '../../inputs/inputs.js';
import type { RunContext } from '../../plan/context.js';
import type { WorkflowEvent } from '../../plan/event/event.js';
import type { Plan } from '../../plan/plan.js';
import type { Warn } from '../../shared/types.js';
import type { Trigger } from './built-commit.js';

/** What a run knows before it inspects engine and registry. */
export interface RunSetup {
  readonly world: World;
  readonly inputs: Inputs;
  readonly trigger: Trigger;
  /** The event that the image is named after; not the trigger when another commit is checked out. */
  readonly event: WorkflowEvent;
  readonly context: RunContext;
  readonly github: GitHubApi;
  /** Null for a remote context, which BuildKit fetches, and when nothing is built. */
  readonly dockerfile: Dockerfile | null;
  /** The plan before engine and registry are inspected. */
  readonly draft: Plan;
  /** Values that nothing may show. */
  readonly secrets: readonly string[];
  /** Warnings so far. */
  readonly warnings: readonly string[];
}

/** What frame.ts gives to the stages. */
export interface RunFrame {
  /** The run's own folder; removed when the run ends. */
  readonly directory: string;
  /** Warns in the log at once, and in the summary. */
  readonly warn: Warn;
}
