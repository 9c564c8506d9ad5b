// A registry that does wrong for ever: runs end, red where they must, and say what was written.
import { expect, test } from '@jest/globals';
import { PLACES, surviveFault } from '../../../lab/faults/faults.js';
import { useFaultLab } from '../../support/fault-lab.js';

const { open: openStand } = useFaultLab();

// Nothing on the way loses patience: the action does.
test.each([
  ['manifest PUT', 'containerd'],
  ['blob PUT', 'overlay2'],
] as const)('silence without end at %s ends (%s)', async (placeName, store) => {
  const stand = await openStand(store, `silence-${placeName.toLowerCase().replace(' ', '-')}-${store}`);
  const place = PLACES.find(({ name }) => name === placeName)!;
  const { result } = await surviveFault(stand, place, 'silence', `silence ${placeName} ${store}`);
  expect(result.log).toContain('no sign of life for 4 s');
});
