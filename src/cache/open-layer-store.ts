// Decides whether a run keeps layers in the Actions cache. What does it is loaded only then: the bundle has it apart.
import type { BuildRequest } from '../build/build-request.js';
import type { LayerStore } from './layer-store.js';
import { decideLayers } from './pure/layer-keys.js';

/** Restores the nearest entry. Runs that push, and those without a cache service, get a store that does nothing. */
export async function openLayerStore(request: BuildRequest): Promise<LayerStore> {
  const { world, inputs, plan, engine } = request;
  const decision = decideLayers(plan, inputs, engine, world.now);
  if (decision.kind === 'off') {
    if (decision.reason !== null) world.runner.log.info(`The Actions cache is not used: ${decision.reason}.`);
    return NO_STORE;
  }
  const { restoreLayers } = await import('./layer-store.js');
  return (await restoreLayers(request, decision.keys)) ?? NO_STORE;
}

const NO_STORE: LayerStore = {
  source: null,
  restored: null,
  onStep: () => undefined,
  save: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
