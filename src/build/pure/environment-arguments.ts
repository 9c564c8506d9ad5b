// Build arguments that are a name alone, whose value the environment of the build has. Pure.
import type { BuildFlag } from '../../inputs/build-options.js';
import type { Env } from '../../shared/types.js';

/**
 * The flags with the values that Buildx will put in: it looks up a `--build-arg NAME` in its own environment, and passes
 * nothing for a name that is not there. No other flag of this action takes a value from it.
 * https://docs.docker.com/reference/cli/docker/buildx/build/#build-arg
 * @param env the environment that the build will have
 */
export function withEnvironmentValues(flags: readonly BuildFlag[], env: Env): BuildFlag[] {
  return flags.map((flag) => {
    if (flag.input !== 'build-args' || flag.value.includes('=')) return flag;
    const value = Object.hasOwn(env, flag.value) ? env[flag.value] : undefined;
    return value === undefined ? flag : { ...flag, value: `${flag.value}=${value}` };
  });
}
