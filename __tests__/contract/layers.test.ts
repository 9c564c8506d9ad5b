// The layering of CONTRIBUTING.md is a lint rule that really fires.
import { ESLint } from 'eslint';
import { expect, test } from '@jest/globals';

const eslint = new ESLint({ cwd: new URL('../..', import.meta.url).pathname });

async function lint(file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: new URL(`../../src/${file}`, import.meta.url).pathname });
  return result!.messages.map(({ ruleId }) => ruleId ?? 'parse error');
}

// The files exist: type-aware rules know no others.
test.each([
  ['plan/tags.ts', "import '../docker/buildx.js';"],
  ['plan/tags.ts', "import 'node:fs';"],
  ['plan/tags.ts', "import '@actions/core';"],
  ['report/summary.ts', "import '../runner/runner.js';"],
  ['docker/buildx.ts', "import 'node:child_process';"],
  ['docker/buildx.ts', "import '../registry/registry.js';"],
  ['docker/buildx.ts', "import '@actions/core';"],
  ['registry/registry.ts', "import '../docker/buildx.js';"],
  ['registry/registry.ts', "import '@actions/github';"],
  ['runner/runner.ts', "import '../docker/buildx.js';"],
  ['process/process.ts', "import '../plan/plan.js';"],
  ['build-phase.ts', "import '@actions/core';"],
])('src/%s may not contain %s', async (file, code) => {
  expect(await lint(file, code)).toContain('no-restricted-imports');
});

test.each([
  ['plan/tags.ts', 'export const now = new Date();', 'no-restricted-syntax'],
  ['plan/tags.ts', 'export const chance = Math.random();', 'no-restricted-syntax'],
  ['docker/buildx.ts', 'export const home = process.env.HOME;', 'no-restricted-properties'],
  ['build-phase.ts', 'export const home = process.env.HOME;', 'no-restricted-properties'],
  ['build-phase.ts', 'export function start(): void { Promise.resolve(); }', '@typescript-eslint/no-floating-promises'],
])('src/%s may not contain %s', async (file, code, rule) => {
  expect(await lint(file, code)).toContain(rule);
});

test.each([
  ['plan/tags.ts', "import './image-name.js';"],
  ['registry/http.ts', "import '@actions/http-client';"],
  ['runner/runner.ts', "import '@actions/core';"],
  ['process/process.ts', "import 'node:child_process';"],
])('src/%s may contain %s', async (file, code) => {
  expect(await lint(file, code)).toEqual([]);
});
