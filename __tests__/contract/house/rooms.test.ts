// The rooms of src/: what may import what is a lint rule that really fires, and the tree is as rooms.json says.
import { readFileSync, readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from '@jest/globals';
import { ESLint } from 'eslint';
import ts from 'typescript';
import tseslint from 'typescript-eslint';

const root = new URL('../../../', import.meta.url);
const { order, pure } = JSON.parse(readFileSync(new URL('rooms.json', root), 'utf8')) as {
  readonly order: readonly (readonly string[])[];
  readonly pure: readonly string[];
};
const ROOMS = order.flat();
const FILES = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const ENTRIES = ['cleanup.ts', 'cli.ts', 'index.ts', 'post.ts'];
/** The same noun in another layer: the inputs of both actions, what is decided of an event and what is read of it, ... */
const SAME_NOUN = ['built-commit.ts', 'cli.ts', 'comment.ts', 'context.ts', 'event.ts', 'inputs.ts', 'moving-tags.ts'];
const MOST_FILES = 10;

const rankOf = (room: string): number => order.findIndex((group) => group.includes(room));
const isPure = (room: string): boolean => pure.includes(room) || room.split('/').includes('pure');
const roomOf = (file: string): string => posix.dirname(file).replace(/^\.$/, '');
/** What a module of one room writes to import a file of another. */
function specifier(from: string, to: string): string {
  const path = posix.relative(`/${from}`, `/${to}/planted.js`);
  return path.startsWith('.') ? path : `./${path}`;
}

// Without types: the planted modules do not exist.
const eslint = new ESLint({ cwd: root.pathname, overrideConfig: [tseslint.configs.disableTypeChecked] as never });

async function lint(room: string, lines: readonly string[]): Promise<readonly { rule: string | null; line: number }[]> {
  const filePath = new URL(posix.join('src', room, 'planted-importer.ts'), root).pathname;
  const [result] = await eslint.lintText(lines.join('\n'), { filePath });
  return result!.messages.map(({ ruleId, line }) => ({ rule: ruleId, line }));
}

const linesOf = (messages: readonly { rule: string | null; line: number }[], rule: string): readonly number[] =>
  messages.filter((message) => message.rule === rule).map(({ line }) => line);

test.each(ROOMS)('src/%s imports only rooms that stand above it', async (room) => {
  const others = ROOMS.filter((other) => other !== room);
  const refused = others.filter((other) => rankOf(other) >= rankOf(room));
  const above = others.filter((other) => rankOf(other) < rankOf(room));
  const imports = [...refused, ...above].map((other, at) => `import type { A${at} } from '${specifier(room, other)}';`);
  const found = await lint(room, [...imports, "import type { Own } from './planted.js';"]);
  expect(linesOf(found, 'no-restricted-imports')).toEqual(refused.map((_, at) => at + 1));
});

test.each(ROOMS.filter(isPure))('src/%s is pure: it calls only pure code', async (room) => {
  const above = ROOMS.filter((other) => rankOf(other) < rankOf(room));
  const impure = above.filter((other) => !isPure(other));
  const calls = [...impure.map((other) => specifier(room, other)), 'node:fs', 'node:child_process'];
  const found = await lint(room, [
    ...calls.map((module, at) => `import { a${at} } from '${module}';`),
    ...impure.map((other, at) => `import type { A${at} } from '${specifier(room, other)}';`),
    ...above.filter(isPure).map((other, at) => `import { b${at} } from '${specifier(room, other)}';`),
    "import { createHash } from 'node:crypto';",
  ]);
  expect(linesOf(found, '@typescript-eslint/no-restricted-imports')).toEqual(calls.map((_, at) => at + 1));
});

test.each([
  ['const now = new Date();', 'no-restricted-syntax'],
  ['const now = Date.now();', 'no-restricted-syntax'],
  ['const chance = Math.random();', 'no-restricted-syntax'],
  ['setTimeout(() => undefined, 1);', 'no-restricted-globals'],
  ['performance.now();', 'no-restricted-globals'],
])('pure code may not contain %s', async (code, rule) => {
  for (const room of ROOMS.filter(isPure)) expect(linesOf(await lint(room, [code]), rule)).toEqual([1]);
});

test.each([
  ["import '@actions/core';", 'no-restricted-imports', ['adapters/github', 'adapters/runner']],
  ["import '@actions/github';", 'no-restricted-imports', ['adapters/github', 'adapters/runner']],
  [
    "import '@actions/http-client';",
    'no-restricted-imports',
    ['adapters/github', 'adapters/registry', 'adapters/runner'],
  ],
  ["import 'node:child_process';", 'no-restricted-imports', ['adapters/process']],
  ["import 'child_process';", 'no-restricted-imports', ['adapters/process']],
  ['export const home = process.env.HOME;', 'no-restricted-properties', ['adapters/runner']],
])('%s stands only where it may', async (code, rule, allowed) => {
  const found = await Promise.all(
    ROOMS.map(async (room) => (linesOf(await lint(room, [code]), rule).length === 0 ? [room] : [])),
  );
  expect(found.flat().sort()).toEqual(allowed);
});

test('no function has more than 60 lines', async () => {
  const lines = ['export function long(): void {', ...Array.from({ length: 59 }, () => '  //'), '}'];
  expect(linesOf(await lint('run', lines), 'max-lines-per-function')).toEqual([1]);
  expect(linesOf(await lint('run', lines.slice(1).with(0, lines[0]!)), 'max-lines-per-function')).toEqual([]);
});

test('a promise that nobody waits for is refused', async () => {
  // With types, and so with a file that exists.
  const [result] = await new ESLint({ cwd: root.pathname }).lintText(
    'export function start(): void { Promise.resolve(); }',
    { filePath: new URL('src/index.ts', root).pathname },
  );
  expect(result!.messages.map(({ ruleId }) => ruleId)).toContain('@typescript-eslint/no-floating-promises');
});

test('every folder is a room, and every room a folder', () =>
  expect([...new Set(FILES.map(roomOf))].sort()).toEqual([...ROOMS].sort()));

test('at the top of src/ are only the entries', () =>
  expect(FILES.filter((file) => roomOf(file) === '').sort()).toEqual(ENTRIES));

test('no room has more than ten files', () => {
  const sizes = ROOMS.map((room) => ({ room, files: FILES.filter((file) => roomOf(file) === room).length }));
  expect(sizes.filter(({ files }) => files > MOST_FILES)).toEqual([]);
});

test('no file name stands twice, unless it is the same noun in another layer', () => {
  const names = FILES.map((file) => posix.basename(file));
  const twice = [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
  expect(twice.filter((name) => !SAME_NOUN.includes(name))).toEqual([]);
});

/** Types count too. */
function listImports(file: string): readonly string[] {
  const text = readFileSync(new URL(`src/${file}`, root), 'utf8');
  return ts
    .preProcessFile(text)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((module) => module.startsWith('.'))
    .map((module) => posix.join(posix.dirname(file), module).replace(/\.js$/, '.ts'));
}

/** Takes away, again and again, what imports nothing that is left or is imported by nothing that is left: the rest goes in circles. */
function findCircles(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const left = new Map(imports);
  for (;;) {
    const imported = new Set([...left.values()].flat());
    const free = [...left]
      .filter(([file, targets]) => !imported.has(file) || !targets.some((target) => left.has(target)))
      .map(([file]) => file);
    if (free.length === 0) return [...left.keys()];
    for (const file of free) left.delete(file);
  }
}

test('circles are found', () => {
  const imports = { a: ['b'], b: ['c', 'd'], c: ['b'], d: [] };
  expect(findCircles(new Map(Object.entries(imports)))).toEqual(['b', 'c']);
});

test('no file is in a circle of imports, and none imports a room that is not above its own', () => {
  const imports = new Map(FILES.map((file) => [file, listImports(file)]));
  expect([...imports.values()].flat().filter((file) => !imports.has(file))).toEqual([]);
  expect(findCircles(imports)).toEqual([]);
  const up = [...imports].flatMap(([file, targets]) =>
    targets
      .filter((target) => roomOf(target) !== roomOf(file) && rankOf(roomOf(target)) >= rankOf(roomOf(file)))
      .map((target) => `${file} -> ${target}`),
  );
  expect(up).toEqual([]);
});
