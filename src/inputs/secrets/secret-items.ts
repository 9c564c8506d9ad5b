// Items of the inputs for secrets as people get them wrong: in the form of Buildx's --secret, or with values of several
// lines. Pure; never returns a value.
import { InputError } from '../../shared/errors.js';

export type SecretInput = 'secrets' | 'secret-envs' | 'secret-files';

interface SecretOption {
  readonly id: string;
  /** Path of a file; null when it names none. */
  readonly source: string | null;
  /** Name of an environment variable; null when it names none. */
  readonly env: string | null;
}

/**
 * `id=npmrc,src=.npmrc`, in any order and with a type, as `docker buildx build --secret` takes it:
 * https://docs.docker.com/reference/cli/docker/buildx/build/#secret
 * @returns null for any other text
 */
function parseSecretOption(item: string): SecretOption | null {
  const fields = new Map<string, string>();
  for (const field of item.split(',')) {
    const [, name, value] = /^\s*(type|id|src|source|env)=(.+)$/.exec(field) ?? [];
    if (name === undefined || value === undefined) return null;
    fields.set(name, value);
  }
  const [id, source, env] = [fields.get('id'), fields.get('src') ?? fields.get('source'), fields.get('env')];
  return id === undefined || (source === undefined && env === undefined)
    ? null
    : { id, source: source ?? null, env: env ?? null };
}

/** `id=npmrc,src=.npmrc` -> `npmrc=.npmrc`: the same in the syntax of the input secret-files. Any other item stays. */
export function toSecretFile(item: string): string {
  const option = parseSecretOption(item);
  const source = option?.source ?? null;
  return option === null || source === null ? item : `${option.id}=${source}`;
}

/**
 * Refuses `id=…,env=…` and `id=…,src=…` where they would become secrets with the IDs `id`, `env` and `src`.
 * @param lines of the input, each with its commas
 * @throws InputError that says how the same is written here
 */
export function forbidSecretOptions(input: SecretInput, lines: readonly string[]): void {
  for (const [index, item] of lines.entries()) {
    const option = parseSecretOption(item);
    if (option === null || (input === 'secret-files' && option.source !== null)) continue;
    const right =
      option.source === null
        ? `"${option.id}=${option.env ?? ''}" in the input secret-envs`
        : `"${option.id}=PATH" in the input secret-files`;
    throw new InputError(
      `${input}: item ${index + 1} is in the form of Buildx's --secret, and would become secrets of other IDs. Write ${right}.`,
    );
  }
}

/**
 * Whether the ID of a secret may be shown. In a value of several lines without quotes each line is taken for a secret, and
 * what stands before its `=` may be the end of a key. A name is one or more plain words.
 */
export function isPlainId(id: string): boolean {
  return (
    /^[A-Za-z_][\w.-]{0,39}$/.test(id) &&
    id.split(/[_.-]/).every((word) => /^(?:[a-z]*|[A-Z]*|[A-Z]?[a-z]+(?:[A-Z][a-z]{2,})*)\d{0,3}$/.test(word))
  );
}

/** How a value of several lines is given. @param id null where it is not known */
export function describeQuoting(id: string | null): string {
  return `A value of several lines needs quotes around the whole item, "${id ?? 'ID'}=…", and each quote (") in it twice; or pass it by secret-envs`;
}
