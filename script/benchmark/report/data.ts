// What is kept of a measurement: docs/benchmark.json, made of the files that `script/bench --json` writes. Pure.
import type { BenchOptions } from '../options.js';
import type { Try } from '../place.js';
import type { MeasuredRun, MeasuredTry } from './figures.js';

/** A file of `script/bench --json`. */
export interface BenchFile {
  readonly machine: readonly { readonly where: string; readonly store: string }[];
  readonly options: Pick<BenchOptions, 'service'>;
  readonly tries: readonly Try[];
}

/** A run per service and store, in the order of the files. Of a scenario that two files have, the later one's tries count. */
export function joinFiles(files: readonly BenchFile[]): readonly MeasuredRun[] {
  const runs = new Map<string, MeasuredRun>();
  for (const { machine, options, tries } of files) {
    for (const store of new Set(tries.map((one) => one.store))) {
      const { service } = options;
      const found = tries.filter((one) => one.store === store).map(keepTry);
      const scenarios = new Set(found.map(({ scenario }) => scenario));
      const before = runs.get(`${service} ${store}`)?.tries ?? [];
      runs.set(`${service} ${store}`, {
        service,
        store,
        where: machine.find((one) => one.store === store)?.where ?? '',
        tries: [...before.filter(({ scenario }) => !scenarios.has(scenario)), ...found],
      });
    }
  }
  return [...runs.values()];
}

/** A try without what the report does not need. */
export function keepTry(one: Try): MeasuredTry {
  const round = (seconds: number) => Math.round(seconds * 1000) / 1000;
  return {
    scenario: one.name,
    variant: one.variant,
    round: one.round,
    code: one.code,
    seconds: round(one.seconds),
    tagSeconds: one.tagSeconds === null ? null : round(one.tagSeconds),
    ownSeconds: round(one.ownSeconds),
    pulled: one.layersPulled,
    pushed: one.layersPushed,
    rerun: one.rerun.length,
    steps: one.steps,
  };
}

/** One try a line, so that a new measurement shows as what it is. */
export function toKeptText(runs: readonly MeasuredRun[]): string {
  const text = runs.map(({ tries, ...run }) => {
    const lines = tries.map((one) => `    ${JSON.stringify(one)}`).join(',\n');
    return `  {\n    ${JSON.stringify(run).slice(1, -1)},\n    "tries": [\n${lines}\n    ]\n  }`;
  });
  return `[\n${text.join(',\n')}\n]\n`;
}
