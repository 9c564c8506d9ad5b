// The benchmark from start to end: `script/bench --help`. Progress goes to stderr, the result as Markdown to stdout.
// It measures and compares; it fails only where a run fails.
import { writeFile } from 'node:fs/promises';
import { measurePairs } from './compare.js';
import { measureDeterminism } from './determinism.js';
import { readMachine } from './machine.js';
import { HELP, parseOptions } from './options.js';
import { measureMounts } from './mounts.js';
import { measureParsers } from './parsers.js';
import type { Try } from './place.js';
import { toDeterminismTable, toPairsTable, toTitle } from './report.js';
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
const machine = [];
for (const store of options.stores) {
  const stand = await openStand(store, options, say);
  try {
    machine.push(await readMachine(stand, options));
    sections.push(`${toTitle(store)}\n\n${await measure(stand)}`);
  } finally {
    await stand.close();
  }
  // A later store may fail: what was measured until here is worth keeping.
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify({ machine, options, tries }, null, 2)}\n`);
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
  const { determinism, mounts } = stand.options;
  if (mounts) return measureMounts(stand);
  const measured = determinism > 0 ? await measureDeterminism(stand) : await measurePairs(stand);
  tries.push(...measured);
  return determinism > 0 ? toDeterminismTable(measured) : toPairsTable(measured, stand.options);
}

function readOptions(): ReturnType<typeof parseOptions> {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    process.exit(2);
  }
}
