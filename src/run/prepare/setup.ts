// What a run knows before it looks at engine and registry, and what its frame gives to the stages.
import type { GitHubApi } from '../../adapters/github/run-api.js';
import type { World } from '../../adapters/world.js';
import type { Dockerfile } from '../../build/pure/dockerfile.js';
import type { Inputs } from '../../inputs/inputs.js';
import type { RunContext } from '../../plan/context.js';
import type { WorkflowEvent } from '../../plan/event/event.js';
import type { Plan } from '../../plan/plan.js';
import type { Warn } from '../../shared/types.js';
import type { Trigger } from './built-commit.js';

/** What a run knows before it looks at engine and registry. */
export interface RunSetup {
  readonly world: World;
  readonly inputs: Inputs;
  readonly trigger: Trigger;
  /** What the run is for, by what is built. */
  readonly event: WorkflowEvent;
  readonly context: RunContext;
  readonly github: GitHubApi;
  /** Null where it cannot be read, as that of a Git context, and where nothing is built. */
  readonly dockerfile: Dockerfile | null;
  /** The plan as far as it is known by then. */
  readonly draft: Plan;
  /** Values that nothing may show. */
  readonly secrets: readonly string[];
  /** What has been warned of by then. */
  readonly warnings: readonly string[];
}

/** What the frame gives to the stages. */
export interface RunFrame {
  /** The run's own folder, gone in the end. */
  readonly directory: string;
  /** Said in the log at once, and in the summary. */
  readonly warn: Warn;
}
