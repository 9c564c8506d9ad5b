// What is checked before anything is published: the production image in the local engine. Pure.
import { listPlatforms } from '../inputs/build-options.js';
import { InputError } from '../shared/errors.js';
import type { Engine } from './engine.js';
import type { PassPlan, Plan } from './plan.js';

/** `linux/amd64`, as Node names an architecture and as platforms do. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm',
  s390x: 's390x',
  ppc64: 'ppc64le',
};

/** How the image comes to be in the local engine before it is published. */
export interface Candidate {
  /** The production pass that ends in the local engine. */
  readonly load: PassPlan;
  /**
   * All platforms, solved first where the engine takes one of them: what is published is built whole before it is
   * checked, and all platforms at once. Null where there is one, or the engine takes all.
   */
  readonly whole: PassPlan | null;
}

/**
 * Everything in the image's config is as it will be in the registry, the inline cache too, so that both have the same
 * config digest; of several platforms BuildKit writes the records of all into each config, so there the inline cache is
 * left out, and has to be when the configs are compared. What an engine cannot load (several platforms, attestations,
 * annotations) is not in the config, and is left for the push.
 * @param architecture of this machine, as `process.arch` has it
 * @throws InputError where there is no engine to load it into, or it has no image for this machine
 */
export function toCandidate({ production }: Plan, engine: Engine, architecture: string): Candidate {
  if (engine.engineVersion === null) {
    throw new InputError(
      'verify, scan: no Docker Engine answers on this machine, so the image cannot be checked here. Use a runner with Docker, or leave both empty.',
    );
  }
  const pushed = production.output === 'registry';
  const inline = { cacheTo: 'type=inline' } as const;
  const loaded: PassPlan = { ...production, output: 'engine' };
  if (engine.driver === 'docker') return { load: { ...loaded, ...(pushed && inline) }, whole: null };
  const plain = {
    ...{ provenance: null, sbom: null },
    flags: production.flags.filter(({ input }) => input !== 'annotations'),
  };
  const flags = plain.flags.map((flag) =>
    flag.input === 'platforms' ? { ...flag, value: choosePlatform(flag.value, architecture) } : flag,
  );
  if (listPlatforms(production.flags).length < 2) {
    return { load: { ...loaded, ...plain, flags, ...(pushed && inline) }, whole: null };
  }
  return {
    // What the first solve has run is taken as it is.
    load: { ...loaded, ...plain, flags, noCache: false },
    whole: { ...production, ...plain, output: 'cache', tag: null },
  };
}

/** The plan as it is shown: where the image ends that is not pushed, and which of several platforms is checked. */
export function withCandidate(plan: Plan, { load, whole }: Candidate): Plan {
  const local = whole === null ? load : ({ ...plan.production, output: 'engine' } as const);
  const checks = whole === null ? plan.checks : [...plan.checks, `on ${listPlatforms(load.flags).join(', ')} alone`];
  return { ...plan, production: plan.push.push ? plan.production : local, checks };
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
