// Where a variant runs, and what a try of it gives.
import type { Engine, ImageStore } from '../../lab/engine/engine.js';
import type { Lab } from '../../lab/lab.js';
import type { Team } from '../../lab/services/team.js';
import type { MeasuredService } from './measured-service.js';
import type { VariantName } from './options.js';
import type { Recorder } from './recorder.js';
import type { Commits } from './service.js';
import type { StepCount } from './steps.js';
import type { Traffic } from './traffic.js';

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
  /** DOCKER_CONFIG of the recipe. */
  readonly recipeConfig: string;
}

/** How a variant fared, as it can tell itself. */
export interface VariantRun {
  readonly code: number;
  readonly seconds: number;
  readonly log: string;
}

/** One run of one variant. */
export interface Try extends Omit<VariantRun, 'log'>, Traffic, StepCount {
  readonly store: ImageStore;
  readonly variant: VariantName;
  /** What was tried: a scenario, or a kind of determinism. */
  readonly name: string;
  /** Counts from 1. */
  readonly round: number;
  /** Seconds in which no child process ran. */
  readonly ownSeconds: number;
}
