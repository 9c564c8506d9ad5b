// The benchmark from start to end: `script/bench --help`. Progress goes to stderr, the result as Markdown to stdout.
// It measures and compares; it fails only where a run fails.
import { writeFile } from 'node:fs/promises';
import { measurePairs } from './compare.js';
import { measureDeterminism } from './determinism.js';
import { type Machine, readMachine } from './machine.js';
import { HELP, parseOptions } from './options.js';
import { measureMounts } from './mounts.js';
import { measureParsers } from './parsers/measure-parsers.js';
import type { Try } from './place.js';
import { keepTry } from './report/data.js';
import { toGoalLines, toGoals } from './report/goals.js';
import { toComparisonTable, toDeterminismTable, toOwnTime, toTitle } from './report/tables.js';
import { type Stand, openStand } from './stand.js';

const options = readOptions();
if (options === 'help') {
  console.log(HELP);
  process.exit();
}
if (options === 'parsers') {
  console.log(measureParsers());
  process.exit();
}

const say = (line: string) => {
  console.error(line);
};
const tries: Try[] = [];
const sections: string[] = [];
const machine: Machine[] = [];
for (const store of options.stores) {
  const stand = await openStand(store, options, say);
  try {
    machine.push(await readMachine(stand, options));
    sections.push(`${toTitle(store)}\n\n${await measure(stand)}`);
  } finally {
    await stand.close();
  }
}
console.log([machine[0]?.line ?? '', ...sections].join('\n\n'));
const failed = tries.filter(({ code }) => code !== 0).length;
if (failed > 0) {
  say(`${failed} of ${tries.length} runs failed.`);
  process.exitCode = 1;
}

/** Gives a table. */
async function measure(stand: Stand): Promise<string> {
  if (stand.options.mounts) return measureMounts(stand);
  if (stand.options.determinism > 0) {
    await keep(await measureDeterminism(stand));
    return toDeterminismTable(tries.filter(({ store }) => store === stand.store));
  }
  await measurePairs(stand, keep);
  const { store, options } = stand;
  const run = {
    service: options.service,
    store,
    where: '',
    tries: tries.filter((one) => one.store === store).map(keepTry),
  };
  say(toGoalLines(toGoals(run)).join('\n'));
  return `${toComparisonTable(run)}\n\n${toOwnTime(run)}`;
}

/** What comes later may fail, or somebody may stop it: what was measured until here is worth keeping. */
async function keep(measured: readonly Try[]): Promise<void> {
  tries.push(...measured);
  if (options === 'help' || options === 'parsers' || options.json === undefined) return;
  await writeFile(options.json, `${JSON.stringify({ machine, options, tries }, null, 2)}\n`);
}

function readOptions(): ReturnType<typeof parseOptions> {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    process.exit(2);
  }
}
