// What the stages get that work on what is built, in the local engine.
import type { LocalEngine } from '../adapters/docker/local-image.js';
import type { World } from '../adapters/world.js';
import type { Inputs } from '../inputs/inputs.js';
import type { Engine } from '../plan/engine.js';
import type { Plan } from '../plan/plan.js';
import type { Warn } from '../shared/types.js';
import type { Dockerfile } from './pure/dockerfile.js';

export interface BuildRequest {
  readonly world: World;
  readonly inputs: Inputs;
  readonly plan: Plan;
  readonly engine: Engine;
  /** Null where it cannot be read, as that of a Git context. */
  readonly dockerfile: Dockerfile | null;
  /** The run's own folder. */
  readonly directory: string;
  /** DOCKER_CONFIG with the login that pushes: the docker client's own, and nobody else's. */
  readonly configDirectory: string;
  readonly warn: Warn;
}

/** The engine that the builder builds in, or the current one for a builder that has no engine of its own. */
export function toLocalEngine({
  world: { run, runner, signal },
  engine,
  configDirectory,
}: Pick<BuildRequest, 'engine' | 'configDirectory'> & {
  readonly world: Pick<World, 'run' | 'runner' | 'signal'>;
}): LocalEngine {
  const env = { ...runner.childEnv, DOCKER_CONFIG: configDirectory };
  return { run, env, builder: engine.driver === 'docker' ? engine.builder : null, signal };
}
