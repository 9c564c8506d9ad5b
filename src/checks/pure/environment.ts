// What a check may see of the job's environment. Pure.
import type { Engine } from '../../plan/engine.js';
import type { Env } from '../../shared/types.js';

/**
 * The files by which a step tells the runner of outputs and variables, and the tokens that the runner hands to actions
 * only: what is for this action is not for a script that it starts.
 */
const OWN_VARIABLES = /^(?:GITHUB_(?:OUTPUT|STATE|ENV|PATH)|ACTIONS_(?:RUNTIME_.*|RESULTS_URL|CACHE_.*))$/;

/**
 * As a step of the job would have it. The registry login is in none of it: it is in a Docker configuration of the passes.
 * @param engine the check asks the one that the image is in
 */
export function getCheckEnvironment(env: Env, { driver, builder }: Engine): Env {
  const kept = Object.entries(env).filter(([name]) => !OWN_VARIABLES.test(name));
  // A builder of the docker driver has the name of its Docker context, which DOCKER_HOST would overrule.
  if (driver !== 'docker' || builder === null) return Object.fromEntries(kept);
  return { ...Object.fromEntries(kept.filter(([name]) => name !== 'DOCKER_HOST')), DOCKER_CONTEXT: builder };
}
