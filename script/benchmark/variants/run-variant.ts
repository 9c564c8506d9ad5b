// How each variant is run.
import type { Place, VariantRun, What } from '../place.js';
import { runBundle } from './bundle.js';
import type { VariantName } from './catalog.js';
import { runBuildDockerImage, runDockerActions } from './docker-actions.js';
import { runActionsCache, runLimit, runRegistryMax } from './one-build.js';
import { runRecipe } from './recipe.js';

const RUN: Readonly<Record<VariantName, (place: Place, what: What) => Promise<VariantRun>>> = {
  bundle: runBundle,
  limit: runLimit,
  recipe: runRecipe,
  'docker-actions': runDockerActions,
  'registry-max': runRegistryMax,
  'actions-cache': runActionsCache,
  'build-docker-image': runBuildDockerImage,
};

export function runVariant(variant: VariantName, place: Place, what: What): Promise<VariantRun> {
  return RUN[variant](place, what);
}
