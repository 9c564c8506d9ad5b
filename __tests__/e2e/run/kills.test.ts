// Runs that are killed at any moment: afterwards no tag points at anything incomplete, and the same run succeeds.
// script/check-faults does more of them.
import { test } from '@jest/globals';
import { chooseKill, createRandom, surviveKill } from '../../../lab/faults/faults.js';
import { useFaultLab } from '../../support/fault-lab.js';
import { IS_NIGHTLY } from '../../support/nightly.js';
import { STORES } from '../../support/stores.js';

const { open: openStand } = useFaultLab();

/** script/check-faults kills fifty on each store. */
const KILLS = IS_NIGHTLY ? 5 : 1;

test.each(STORES)(`killed at any moment, ${KILLS} times, and run again (%s)`, async (store) => {
  const seed = Number(process.env.FAULTS_SEED ?? Date.now() % 100_000);
  console.log(`FAULTS_SEED=${seed}`);
  const random = createRandom(seed);
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const stand = await openStand(store, `killed-${kill}-${store}`);
    await surviveKill(stand, chooseKill(random), `${seed} ${kill} ${store}`);
  }
});
