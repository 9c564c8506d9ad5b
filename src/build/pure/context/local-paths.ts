// The paths on the runner that inputs name, and whether they stay inside the workspace. Pure.
import { isAbsolute, posix, relative, resolve } from 'node:path';
import type { BuildFlag } from '../../../inputs/build-options.js';
import type { Inputs } from '../../../inputs/inputs.js';

export interface LocalPath {
  /** For messages: `context`, `secret-files: item 2,`. */
  readonly input: string;
  /** As it was given. */
  readonly value: string;
  /** Absolute; symbolic links are not resolved. */
  readonly path: string;
  /**
   * `content`: files that can end up in the image, or in the log. `key`: an SSH agent's socket or key, which stays on the
   * runner and is usually outside the workspace.
   */
  readonly kind: 'content' | 'key';
}

/**
 * Every path that a build is given. Addresses are listed as paths too, though such paths rarely exist: Buildx takes an
 * address for a path when a folder of that name exists, and a checkout may contain one.
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
  /** Candidates for the .dockerignore of this folder; the first that exists counts. */
  readonly ignoreFiles: readonly string[];
}

/** The folders that are sent to the build. Addresses are treated as folders, which usually do not exist. */
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
  /** GITHUB_WORKSPACE. */
  readonly workspace: Folder;
  /** RUNNER_TEMP; null where there is none. */
  readonly temporary: Folder | null;
}

export interface Folder {
  readonly path: string;
  readonly real: string;
}

/**
 * Whether a path stays inside. A symbolic link in the checkout may lead anywhere in the workspace and nowhere else. The
 * workflow may name files in RUNNER_TEMP directly, but a link in the checkout must not lead there: other steps keep
 * credentials in it.
 * @param real where the path leads when all symbolic links are resolved
 */
export function staysInside({ path, kind }: LocalPath, real: string, { workspace, temporary }: Bounds): boolean {
  if (isInside(workspace.real, real)) return true;
  if (kind === 'key' && !isInside(workspace.path, path) && !isInside(workspace.real, path)) return true;
  return temporary !== null && isInside(temporary.path, path) && isInside(temporary.real, real);
}

/** Whether a path is the folder or in it; both absolute, or both relative to the same. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith('../') && !isAbsolute(way);
}

/** `oci-layout:///path:tag@digest` -> `/path`: a named context may be an OCI layout in a folder. */
function withoutLayoutScheme(value: string): string {
  const path = /^oci-layout:\/\/(.*)$/.exec(value)?.[1];
  return path === undefined ? value : path.replace(/@[^@/]*$/, '').replace(/:[^:/]*$/, '');
}

function afterEquals(item: string): string {
  return item.slice(item.indexOf('=') + 1);
}

/**
 * A path as it is given to COPY -> the path in the build context, as BuildKit has it: `./`, `/` and `src/..` -> `.`;
 * `/src/` and `../src` -> `src`
 */
export function toContextPath(path: string): string {
  return posix.relative('/', posix.resolve('/', path)) || '.';
}
