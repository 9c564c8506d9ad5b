// Writes docs/benchmark.md, its picture and its data, and prints which goals are reached: see script/write-benchmark.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toChart } from './report/chart.js';
import { type BenchFile, joinFiles, toKeptText } from './report/data.js';
import type { MeasuredRun } from './report/figures.js';
import { toGoalLines, toGoals } from './report/goals.js';
import { toPage } from './report/page.js';

const DOCS = join(import.meta.dirname, '../../docs');
const DATA = join(DOCS, 'benchmark.json');

const files = await Promise.all(process.argv.slice(2).map((file) => readFile(file, 'utf8')));
if (files.length > 0) await writeFile(DATA, toKeptText(joinFiles(files.map((text) => JSON.parse(text) as BenchFile))));
const runs = JSON.parse(await readFile(DATA, 'utf8')) as readonly MeasuredRun[];
await writeFile(join(DOCS, 'benchmark.md'), toPage(runs, 'benchmark.svg'));
await writeFile(join(DOCS, 'benchmark.svg'), toChart(runs));
console.log(toGoalLines(runs.flatMap(toGoals)).join('\n'));
