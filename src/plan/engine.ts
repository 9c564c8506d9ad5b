// What the builder can do, and the plan fitted to it: what is impossible is an error before the build.
import coerce from 'semver/functions/coerce.js';
import isOlder from 'semver/functions/lt.js';
import { listPlatforms } from '../inputs/build-options.js';
import { InputError } from '../shared/errors.js';
import type { Machine } from './machine.js';
import type { Exporter, PassPlan, Plan } from './plan.js';

export interface Engine {
  /** Name of the Buildx builder; null is the current one. */
  readonly builder: string | null;
  /** Buildx driver: `docker`, `docker-container`, `kubernetes`, `remote`, or one that is not known here yet. */
  readonly driver: string;
  /** Number of nodes, which build for different platforms; left out: one. */
  readonly nodes?: number;
  /** Image store of the engine behind the `docker` driver; null for other drivers, which have their own. */
  readonly store: 'containerd' | 'overlay2' | null;
  /** `0.29.1` */
  readonly buildxVersion: string;
  /** `28.5.2`, or null where no engine answers (a remote builder needs none). */
  readonly engineVersion: string | null;
}

/**
 * With the docker driver, an older Buildx pushes without storing the image, and then fails since the tag is not in the
 * engine. Version 0.13 fails, 0.29 does not; those between were not tried.
 */
const OLDEST_BUILDX_WITHOUT_STORE = '0.29.0';

/** How a pass writes its image, so that no layer is moved without need. */
function getExporter(engine: Engine, pass: 'builder' | 'production'): Exporter {
  const ownStore = engine.driver !== 'docker';
  const lazy =
    ownStore || (engine.store === 'containerd' && isAtLeast(engine.buildxVersion, OLDEST_BUILDX_WITHOUT_STORE));
  // zstd only for the builder image: production must be readable by every engine and scanner.
  return { store: !lazy, zstd: pass === 'builder' && (ownStore || engine.store === 'containerd') };
}

/** Of Buildx or an engine. */
export function isAtLeast(version: string, oldest: string): boolean {
  const found = coerce(version);
  // A Buildx built from source has no version number and counts as new.
  return found === null || !isOlder(found, oldest);
}

/** Whether the platforms of a pass may be built by several nodes, whose images Buildx joins. */
export function joinsNodes({ nodes = 1 }: Engine, { flags }: Pick<PassPlan, 'flags'>): boolean {
  return nodes > 1 && listPlatforms(flags).length > 1;
}

/** One line for the log: what does the work. */
export function describeEngine(engine: Engine): string {
  const store = engine.store === null ? '' : `, ${engine.store} image store`;
  const version = engine.engineVersion === null ? '' : `, Docker Engine ${engine.engineVersion}`;
  return `Buildx ${engine.buildxVersion}, ${engine.driver} driver${store}${version}`;
}

/**
 * A hosted runner's label is one word of the workflow, and the newer label's engine moves fewer layers: worth a notice. A
 * self-hosted engine may have reasons for its store, and whoever writes the workflow may be unable to change it: none.
 * https://github.com/actions/runner-images
 * @returns null where there is nothing to gain
 */
export function adviseOnEngine(engine: Engine, { onGitHub, selfHosted }: Machine): string | null {
  const plain = engine.driver === 'docker' && engine.store === 'overlay2';
  if (!plain || !onGitHub || selfHosted) return null;
  return (
    'The overlay2 image store of this runner pulls and unpacks every layer of an image that it exports. ' +
    'With "runs-on: ubuntu-26.04", whose engine has the containerd image store, an unchanged commit pulls nothing and a changed one less; ' +
    'docker/setup-buildx-action before this step does the same here, but fetches its builder in each run.'
  );
}

/**
 * Fits a plan to the engine.
 * @throws InputError for what was asked for and cannot be had on this engine
 */
export function fitToEngine(draft: Plan, engine: Engine): Plan {
  const plan = {
    ...draft,
    builders: draft.builders.map((builder) => ({ ...builder, exporter: getExporter(engine, 'builder') })),
    production: { ...draft.production, exporter: getExporter(engine, 'production') },
  };
  const plain = engine.driver === 'docker' && engine.store === 'overlay2';
  const platforms = listPlatforms(plan.production.flags);
  const elsewhere =
    'Use a docker-container builder (docker/setup-buildx-action), or the containerd image store of Docker Engine.';
  if (plain) {
    for (const input of ['provenance', 'sbom'] as const) {
      if (plan.production[input] !== null) {
        throw new InputError(
          `${input}: the docker driver with the overlay2 image store cannot attach attestations. ${elsewhere}`,
        );
      }
    }
    if (platforms.length > 1) {
      throw new InputError(
        `platforms: the docker driver with the overlay2 image store builds one platform, not ${platforms.length}. ${elsewhere}`,
      );
    }
    if (plan.production.flags.some(({ input }) => input === 'annotations')) {
      throw new InputError(
        `annotations: the docker driver with the overlay2 image store cannot write them. ${elsewhere}`,
      );
    }
  }
  const canLoadIndex = engine.driver === 'docker' && engine.store === 'containerd';
  const isIndex = platforms.length > 1 || plan.production.provenance !== null || plan.production.sbom !== null;
  if (plan.production.output === 'engine' && isIndex && !canLoadIndex) {
    return {
      ...plan,
      production: { ...plan.production, output: 'cache' },
      // For checks the image is loaded all the same (candidate.ts).
      notes:
        plan.checks.length > 0
          ? plan.notes
          : [
              ...plan.notes,
              `The image is not loaded into the engine: the ${engine.driver} driver cannot load one with several platforms or attestations.`,
            ],
    };
  }
  return plan;
}
