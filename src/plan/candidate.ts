// Plans the candidate: the production image in the local engine, which is checked before it is published. Pure.
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

/** The passes that bring the image into the local engine. */
export interface Candidate {
  /** The production pass that loads the image into the local engine. */
  readonly load: PassPlan;
  /**
   * A production pass for all platforms, before `load`, when the engine can load only one of them: everything that will be
   * published is then built before the check. Null for one platform, or when the engine can load all.
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
  expectEngine(engine);
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
    // The steps that the first pass has run must not run again.
    load: { ...loaded, ...plain, flags, noCache: false },
    whole: { ...production, ...plain, output: 'cache', tag: null },
  };
}

/** @throws InputError where there is no engine to check an image in */
export function expectEngine({ engineVersion }: Engine): void {
  if (engineVersion === null) {
    throw new InputError(
      'verify, scan: no Docker Engine answers on this machine, so the image cannot be checked here. Use a runner with Docker, or leave both empty.',
    );
  }
}

/** The plan to show: with the output of an image that is not pushed, and a note on which platform is checked. */
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

/** Whether the checked image is pushed from the local engine; other builders push from their own cache. */
export function pushesFromEngine({ driver }: Engine): boolean {
  return driver === 'docker';
}
