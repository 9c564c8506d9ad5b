// Build arguments without a value, which Buildx takes from its environment. Pure.
import type { BuildFlag } from '../../inputs/build-options.js';
import type { Env } from '../../shared/types.js';

/**
 * The flags with those values filled in: Buildx looks up `--build-arg NAME` in its environment, and ignores it when it is
 * not there. No other flag of this action does so.
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
