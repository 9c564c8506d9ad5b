// The comparison: every scenario with every variant, again and again, in an order that favours nobody.
import type { Try } from './place.js';
import { SCENARIOS } from './scenarios.js';
import type { Stand } from './stand.js';
import { supports } from './variants/catalog.js';

/** Runs all rounds on one stand. @param keep is given each round of a scenario as soon as it is measured */
export async function measurePairs(stand: Stand, keep: (tries: readonly Try[]) => Promise<void>): Promise<void> {
  const { options, say, store } = stand;
  const scenarios = SCENARIOS.filter(({ name }) => options.scenarios.includes(name));
  for (const { start } of scenarios) await stand.prepare(start);
  for (let round = 1; round <= options.pairs; round++) {
    for (const [index, scenario] of scenarios.entries()) {
      const variants = options.variants.filter((variant) => supports(variant, store, scenario.name));
      const order = (round + index) % 2 === 0 ? variants : variants.toReversed();
      const pair = [];
      for (const variant of order) pair.push(await stand.try({ ...scenario, variant, round }));
      await keep(pair);
      say(`${store} ${round}/${options.pairs} ${scenario.name}: ${pair.map(describeTry).join('; ')}`);
    }
  }
}

/** `bundle 2.1 s, 0 MB pulled, 1 MB pushed, 0 of 10 steps re-run` */
export function describeTry({ variant, code, seconds, layersPulled, layersPushed, rerun, steps }: Try): string {
  if (code !== 0) return `${variant} FAILED`;
  const [pulled, pushed] = [layersPulled, layersPushed].map((bytes) => Math.round(bytes / 1e6));
  return `${variant} ${seconds.toFixed(1)} s, ${pulled} MB pulled, ${pushed} MB pushed, ${rerun.length} of ${steps} steps re-run`;
}
