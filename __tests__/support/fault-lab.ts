// A lab for the tests of faults.
import type { ImageStore } from '../../lab/engine/engine.js';
import type { FaultStand } from '../../lab/faults/faults.js';
import { useLab } from './e2e.js';
import { STORES } from './stores.js';

/** A lab in which registries do wrong; its last engine has nothing but what it pulls. */
export function useFaultLab(): { readonly open: (store: ImageStore, name: string) => Promise<FaultStand> } {
  const fixture = useLab({ stores: [...STORES, 'overlay2'] });
  return {
    open: async (store, name) => {
      const lab = fixture.lab();
      return { lab, team: await fixture.team(name), engine: lab.engine(store), puller: lab.engines.at(-1)! };
    },
  };
}
