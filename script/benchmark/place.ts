// Where a variant runs, and what a try of it gives.
import type { Engine, ImageStore } from '../../lab/engine/engine.js';
import type { ActionsCacheStandIn } from '../../lab/github/actions-cache.js';
import type { Lab } from '../../lab/lab.js';
import type { Team } from '../../lab/services/team.js';
import type { MeasuredService } from './services/measured-service.js';
import type { Recorder } from './readings/recorder.js';
import type { Commits } from './services/history.js';
import type { StepCount } from './readings/steps.js';
import type { Traffic } from './readings/traffic.js';
import type { Change } from './scenarios.js';
import type { VariantName } from './variants/catalog.js';

/** What a variant works with. */
export interface Place {
  readonly lab: Lab;
  readonly engine: Engine;
  readonly team: Team;
  readonly commits: Commits;
  readonly recorder: Recorder;
  /** PATH with the recorder first. */
  readonly path: string;
  /** Of the registry, or of the proxy before it. */
  readonly host: string;
  readonly service: MeasuredService;
  /** The folder with action.yml. */
  readonly action: string;
  /** DOCKER_CONFIG of plain commands, with a login. */
  readonly recipeConfig: string;
  /** null unless a variant uses it. */
  readonly actionsCache: ActionsCacheStandIn | null;
}

/** What a variant builds, and from what. */
export interface What {
  readonly change: Change;
  /** Path of a repository below the registry's host. */
  readonly repository: string;
  readonly image: string;
  /** The repository of the state that it starts from; null = nothing was built before. */
  readonly state: string | null;
}

/** How a variant fared, as it can tell itself. */
export interface VariantRun {
  readonly code: number;
  readonly seconds: number;
  readonly log: string;
  /** Milliseconds of the clock. */
  readonly startedAt: number;
  /** The unique tag; the commit unless said. */
  readonly tag?: string;
  /** Bytes from and to a cache that is not in the registry. */
  readonly cachePulled?: number;
  readonly cachePushed?: number;
}

/** One run of one variant. */
export interface Try extends Pick<VariantRun, 'code' | 'seconds'>, Traffic, StepCount {
  readonly store: ImageStore;
  readonly variant: VariantName;
  /** What was tried: a scenario, or a kind of determinism. */
  readonly name: string;
  /** Counts from 1. */
  readonly round: number;
  /** Seconds in which no child process ran. */
  readonly ownSeconds: number;
  /** Seconds until the registry served the unique tag; null = never. */
  readonly tagSeconds: number | null;
}
