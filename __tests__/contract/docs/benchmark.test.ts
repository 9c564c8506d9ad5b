// The benchmark's page and picture are what its data give.
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { toChart } from '../../../script/benchmark/report/chart.js';
import type { MeasuredRun } from '../../../script/benchmark/report/figures.js';
import { toPage } from '../../../script/benchmark/report/page.js';

const read = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const runs = JSON.parse(read('benchmark.json')) as readonly MeasuredRun[];

test('docs/benchmark.md: run script/write-benchmark', () =>
  expect(read('benchmark.md')).toBe(toPage(runs, 'benchmark.svg')));

test('docs/benchmark.svg: run script/write-benchmark', () => expect(read('benchmark.svg')).toBe(toChart(runs)));
