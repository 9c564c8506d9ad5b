// A registry that does wrong for ever: runs end, red where they must, and say what was written.
import { expect, test } from '@jest/globals';
import { PLACES, surviveFault } from '../../../lab/faults/faults.js';
import { useFaultLab } from '../../support/fault-lab.js';
import { sampleOf } from '../../support/nightly.js';

const { open: openStand } = useFaultLab();

const SILENCES = [
  ['manifest PUT', 'containerd'],
  ['blob PUT', 'overlay2'],
] as const;

// Nothing on the way loses patience: the action does. overlay2 takes three quarters of a minute for it.
test.each(sampleOf(SILENCES, ([, store]) => store === 'containerd'))(
  'silence without end at %s ends (%s)',
  async (placeName, store) => {
    const stand = await openStand(store, `silence-${placeName.toLowerCase().replace(' ', '-')}-${store}`);
    const place = PLACES.find(({ name }) => name === placeName)!;
    const { result } = await surviveFault(stand, place, 'silence', `silence ${placeName} ${store}`);
    expect(result.log).toContain('no sign of life for 4 s');
  },
);
