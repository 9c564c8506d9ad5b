// Chooses the stages to build: those of the inputs, or those that the Dockerfile has under the usual names.
import type { Inputs } from '../../inputs/inputs.js';
import { type Targets, isStageNumber } from '../../plan/targets.js';
import { InputError } from '../../shared/errors.js';
import { findNearest, quote } from '../../shared/text.js';
import { type Dockerfile, type Stage, findStage, stagesInside } from './dockerfile.js';

const USUAL = { builder: 'builder', production: 'production' } as const;

/**
 * Without `builder-target`: the stage `builder`, if there is one. Without `production-target`: the stage `production`, else
 * the last stage, if that is the only one or has no name.
 * @param dockerfile null where it cannot be read: the inputs and the usual names are then not checked
 * @throws InputError when a target is not there, or cannot be built
 */
export function chooseTargets(
  dockerfile: Dockerfile | null,
  { builderTargets, productionTarget }: Pick<Inputs, 'builderTargets' | 'productionTarget'>,
): Targets {
  if (dockerfile === null || dockerfile.customSyntax) return takeUnchecked(builderTargets, productionTarget);
  const production =
    productionTarget === null
      ? findUsualProduction(dockerfile)
      : resolveTarget(dockerfile, productionTarget, 'production-target');
  const own = findStage(dockerfile, production);
  const builders = builderTargets.map((target) => resolveTarget(dockerfile, target, 'builder-target'));
  const same = builders.find((target) => findStage(dockerfile, target) === own);
  if (same !== undefined) throw sameStage(same, builders);
  expectEachOnce(builders, (target) => findStage(dockerfile, target));
  if (builders.length > 0) return { builders, production, onePass: null };
  const usual = findStage(dockerfile, USUAL.builder);
  return usual === undefined || usual === own
    ? { builders: [], production, onePass: explainOnePass(dockerfile, production) }
    : { builders: [USUAL.builder], production, onePass: null };
}

function takeUnchecked(builderTargets: readonly string[], productionTarget: string | null): Targets {
  const builders = builderTargets.length === 0 ? [USUAL.builder] : builderTargets;
  const production = productionTarget ?? USUAL.production;
  const number = [...builders, production].find(isStageNumber);
  if (number !== undefined)
    throw new InputError(
      `Stage ${number} cannot be found by its number: the Dockerfile is not here to be read, or not written for Docker's own frontend. Give the name of the stage.`,
    );
  const same = builders.find((target) => target.toLowerCase() === production.toLowerCase());
  if (same !== undefined) throw sameStage(same, builders);
  expectEachOnce(builders, (target) => target.toLowerCase());
  return { builders, production, onePass: null };
}

/** @throws InputError for a stage that is given twice, perhaps by name and by number */
function expectEachOnce(builders: readonly string[], identify: (target: string) => unknown): void {
  const twice = builders.find(
    (target, index) => builders.findIndex((one) => identify(one) === identify(target)) < index,
  );
  if (twice === undefined) return;
  throw new InputError(`builder-target names the stage ${quote(twice)} twice. Leave one of the two out.`);
}

function sameStage(target: string, builders: readonly string[]): InputError {
  if (builders.length > 1)
    return new InputError(
      `builder-target names ${quote(target)}, which is the stage of production-target: the image itself keeps its layers. Leave it out of builder-target.`,
    );
  return new InputError(
    `builder-target and production-target are both ${quote(target)}: two passes need two stages. For a Dockerfile of one stage leave both out.`,
  );
}

/** @throws InputError when no stage is called so, and the last one is named otherwise */
function findUsualProduction(dockerfile: Dockerfile): string {
  const { stages } = dockerfile;
  if (findStage(dockerfile, USUAL.production) !== undefined) return USUAL.production;
  const last = stages.at(-1);
  if (last === undefined || (last.name !== null && stages.length > 1)) {
    throw new InputError(
      `production-target is not given, but ${describeStages(dockerfile)}, and none is called production.${suggest(dockerfile, USUAL.production)} ` +
        'Set production-target to the one that makes the image, or name it "production".',
    );
  }
  return last.name ?? String(stages.length - 1);
}

/**
 * The target as Buildx takes it.
 * @throws InputError that names the existing stages, when the target is not one of them, or can only be reached by name
 */
function resolveTarget(dockerfile: Dockerfile, target: string, input: string): string {
  const stage = findStage(dockerfile, target);
  if (stage === undefined)
    throw new InputError(
      `${input} is ${quote(target)}, but ${describeStages(dockerfile)}.${suggest(dockerfile, target)} ` +
        `Set ${input} to one of them, or name the stage with "FROM … AS ${isStageNumber(target) ? 'NAME' : target}".`,
    );
  if (stage.name !== null) return isStageNumber(target) ? stage.name : target;
  // Without --target BuildKit builds the last stage; all others it finds by name only.
  if (stage === dockerfile.stages.at(-1)) return String(dockerfile.stages.indexOf(stage));
  throw new InputError(
    `${input} is ${quote(target)}, a stage without a name: BuildKit builds such a stage only if it is the last one. Name it with "FROM … AS NAME", and set ${input} to that name.`,
  );
}

function describeStages({ path, stages }: Dockerfile): string {
  const names = listNames(stages);
  return `${path} ${names.length === 0 ? 'has no named stage' : `has the stages ${names.join(', ')}`}`;
}

function suggest({ stages }: Dockerfile, target: string): string {
  const nearest = findNearest(target, listNames(stages));
  return nearest === null ? '' : ` Is it ${nearest}?`;
}

function listNames(stages: Iterable<Stage>): string[] {
  return [...stages].flatMap(({ name }) => (name === null ? [] : [name]));
}

/** With the stages whose layers are not kept: most of them will have been meant to be. */
function explainOnePass(dockerfile: Dockerfile, production: string): string {
  const own = findStage(dockerfile, production);
  const others = listNames([...stagesInside(dockerfile, production)].filter((stage) => stage !== own));
  const why = `${dockerfile.path} has no other stage called builder`;
  return others.length === 0
    ? why
    : `${why}; to keep the layers of ${others.join(' or ')} for the next run, name it in builder-target`;
}
