// What is checked before anything is published: the production image in the local engine. Pure.
import type { Engine } from './engine.js';
import { InputError } from './input-error.js';
import type { PassPlan, Plan } from './plan.js';

/** `linux/amd64`, as Node names an architecture and as platforms do. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm',
  s390x: 's390x',
  ppc64: 'ppc64le',
};

/**
 * The production pass that ends in the local engine instead of the registry. Everything in the image's config is as it
 * will be in the registry, the inline cache too, so that both have the same config digest. What an engine cannot load
 * (several platforms, attestations, annotations) is not in the config, and is left for the push.
 * @param architecture of this machine, as `process.arch` has it
 * @throws InputError where there is no engine to load it into, or it has no image for this machine
 */
export function toCandidate({ production }: Plan, engine: Engine, architecture: string): PassPlan {
  if (engine.engineVersion === null) {
    throw new InputError(
      'verify, scan: no Docker Engine answers on this machine, so the image cannot be checked here. Use a runner with Docker, or leave both empty.',
    );
  }
  const pushed = production.output === 'registry';
  const candidate: PassPlan = { ...production, output: 'engine', ...(pushed && { cacheTo: 'type=inline' }) };
  if (engine.driver === 'docker') return candidate;
  return {
    ...candidate,
    provenance: null,
    sbom: null,
    flags: candidate.flags.flatMap((flag) => {
      if (flag.input === 'annotations') return [];
      return flag.input === 'platforms' ? [{ ...flag, value: choosePlatform(flag.value, architecture) }] : [flag];
    }),
  };
}

function choosePlatform(platforms: string, architecture: string): string {
  const all = platforms.split(',');
  const own = `linux/${ARCHITECTURES[architecture] ?? architecture}`;
  const found = all.find((platform) => platform === own || platform.startsWith(`${own}/`));
  if (found !== undefined) return found;
  if (all.length === 1 && all[0] !== undefined) return all[0];
  throw new InputError(
    `verify, scan: none of the platforms ${all.join(', ')} is this machine's (${own}), so the image cannot be checked here.`,
  );
}

/** True where an image of the local engine is pushed as it is; other builders have it themselves, and push it from there. */
export function pushesFromEngine({ driver }: Engine): boolean {
  return driver === 'docker';
}
