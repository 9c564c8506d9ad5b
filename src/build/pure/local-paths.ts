// Which inputs may name files and folders of the runner, and whether these stay where they should. Pure.
import { isAbsolute, relative, resolve } from 'node:path';
import type { BuildFlag } from '../../inputs/build-options.js';
import type { Inputs } from '../../inputs/inputs.js';

export interface LocalPath {
  /** As a message names it: `context`, `secret-files: item 2,`. */
  readonly input: string;
  /** As it was given. */
  readonly value: string;
  /** Absolute; symbolic links are not resolved. */
  readonly path: string;
  /**
   * `content`: what it leads to can end up in the image, or in the log. `key`: an agent's socket or a key, which stay on
   * the runner and are commonly elsewhere.
   */
  readonly kind: 'content' | 'key';
}

/**
 * Every path that a build is given. Buildx takes an address for a path where such a folder exists, and a checkout may have
 * one: so addresses are among them, as paths that usually do not exist.
 * @param workspace folder that relative paths are relative to
 */
export function listLocalPaths(inputs: Inputs, workspace: string): LocalPath[] {
  const at = (input: string, value: string, path: string, kind: LocalPath['kind'] = 'content'): LocalPath => ({
    input,
    value,
    path: resolve(workspace, path),
    kind,
  });
  const { context, file, flags } = inputs;
  const given = file === null ? ['Dockerfile', 'dockerfile'].map((name) => resolve(workspace, context, name)) : [file];
  const ofFlags = (input: BuildFlag['input'], getPath: (flag: BuildFlag) => string, kind?: LocalPath['kind']) =>
    flags
      .filter((flag) => flag.input === input)
      .map((flag, index) => at(`${input}: item ${index + 1},`, getPath(flag), getPath(flag), kind));
  return [
    at('context', context, context),
    ...given.map((path) => at('file', file ?? relative(workspace, path), path)),
    ...ofFlags('secret-files', getSecretPath),
    ...ofFlags('build-contexts', ({ value }) => withoutLayoutScheme(afterEquals(value))),
    ...ofFlags('ssh', ({ value }) => (value.includes('=') ? afterEquals(value) : '.'), 'key'),
  ];
}

/** The path of a flag that the input secret-files made. */
export function getSecretPath({ value }: BuildFlag): string {
  return /,"?src=(.*?)"?$/.exec(value)?.[1]?.replaceAll('""', '"') ?? '';
}

export interface ContextFolder {
  /** Absolute. */
  readonly folder: string;
  /** What tells which of its files are left out; the first that is there counts. */
  readonly ignoreFiles: readonly string[];
}

/** The folders that are sent to the build; those of addresses usually do not exist. */
export function listContextFolders({ context, file, flags }: Inputs, workspace: string): ContextFolder[] {
  const folder = resolve(workspace, context);
  const dockerfile = file === null ? resolve(folder, 'Dockerfile') : resolve(workspace, file);
  const named = flags
    .filter(({ input }) => input === 'build-contexts')
    .map(({ value }) => resolve(workspace, afterEquals(value)));
  return [
    { folder, ignoreFiles: [`${dockerfile}.dockerignore`, resolve(folder, '.dockerignore')] },
    ...named.map((path) => ({ folder: path, ignoreFiles: [resolve(path, '.dockerignore')] })),
  ];
}

/** Folders in which paths may lie. */
export interface Bounds {
  /** Both as the runner names it and as it is without symbolic links. */
  readonly workspace: Folder;
  /** RUNNER_TEMP; null where there is none. */
  readonly temporary: Folder | null;
}

export interface Folder {
  readonly path: string;
  readonly real: string;
}

/**
 * Whether a path stays inside. A symbolic link of the checkout may lead anywhere in the workspace and nowhere else. What
 * the workflow itself has put into RUNNER_TEMP it may name by that path; no link of the checkout leads there, since other
 * steps keep credentials in it.
 * @param real where the path leads when all symbolic links are resolved
 */
export function staysInside({ path, kind }: LocalPath, real: string, { workspace, temporary }: Bounds): boolean {
  if (isWithin(workspace.real, real)) return true;
  if (kind === 'key' && !isWithin(workspace.path, path) && !isWithin(workspace.real, path)) return true;
  return temporary !== null && isWithin(temporary.path, path) && isWithin(temporary.real, real);
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith('../') && !isAbsolute(way);
}

/** `oci-layout:///path:tag@digest` of a named context is a folder too. */
function withoutLayoutScheme(value: string): string {
  const path = /^oci-layout:\/\/(.*)$/.exec(value)?.[1];
  return path === undefined ? value : path.replace(/@[^@/]*$/, '').replace(/:[^:/]*$/, '');
}

function afterEquals(item: string): string {
  return item.slice(item.indexOf('=') + 1);
}
