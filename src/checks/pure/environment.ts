// The environment variables that a check gets. Pure.
import type { Engine } from '../../plan/engine.js';
import type { Env } from '../../shared/types.js';

/**
 * Withheld from checks: the files by which this step sets its outputs and variables, and tokens that the runner gives to
 * actions only. A script of a check must not be able to set outputs of this action.
 */
const OWN_VARIABLES = /^(?:GITHUB_(?:OUTPUT|STATE|ENV|PATH)|ACTIONS_(?:RUNTIME_.*|RESULTS_URL|CACHE_.*))$/;

/**
 * The environment that a script step of the job would have. It has no registry login of this action: that is in a private
 * Docker config.
 * @param engine the engine that has the image; the check's docker client is pointed at it
 */
export function getCheckEnvironment(env: Env, { driver, builder }: Engine): Env {
  const kept = Object.entries(env).filter(([name]) => !OWN_VARIABLES.test(name));
  // A builder of the docker driver is named after its Docker context. DOCKER_HOST would win over DOCKER_CONTEXT.
  if (driver !== 'docker' || builder === null) return Object.fromEntries(kept);
  return { ...Object.fromEntries(kept.filter(([name]) => name !== 'DOCKER_HOST')), DOCKER_CONTEXT: builder };
}
