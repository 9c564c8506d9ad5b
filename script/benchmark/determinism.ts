// Whether a cache that holds every step is also found, every time: many tries of commits that were built before.
import { describeTry } from './compare.js';
import type { Try } from './place.js';
import { KINDS, SCENARIOS } from './scenarios.js';
import type { Stand } from './stand.js';
import { supports } from './variants/catalog.js';

/** Runs the tries in a row, each kind from a state with many scopes. */
export async function measureDeterminism(stand: Stand): Promise<readonly Try[]> {
  const { options, say, store } = stand;
  const start = 'many-scopes';
  await stand.prepare(start);
  const tries: Try[] = [];
  for (const { name, change } of SCENARIOS.filter((scenario) => scenario.name in KINDS)) {
    for (const variant of options.variants.filter((one) => supports(one, store, name))) {
      for (let round = 1; round <= options.determinism; round++) {
        const one = await stand.try({ name, change, start, variant, round });
        tries.push(one);
        say(`${store} ${round}/${options.determinism} ${name}: ${describeTry(one)}`);
      }
    }
  }
  return tries;
}
