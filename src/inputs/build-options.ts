// The one table of the inputs that become flags of `docker buildx build`: input -> syntax, check, flag, passes.
// Names and syntax are those of docker/build-push-action.
import { InputError } from '../shared/errors.js';
import {
  type SecretInput,
  describeQuoting,
  forbidSecretOptions,
  isPlainId,
  toSecretFile,
} from './secrets/secret-items.js';
import { findSecret, isSecret, looksLikeSecret } from './secrets/secret-text.js';
import { type ListSyntax, csvFields, parseList } from './syntax.js';

/** One flag with its value, and whether the builder pass gets it too. */
export interface BuildFlag {
  readonly input: BuildOptionName;
  readonly flag: `--${string}`;
  readonly value: string;
  readonly passes: 'both' | 'production';
}

interface BuildOption {
  readonly flag: `--${string}`;
  /** `text`: the whole input is one value. */
  readonly syntax: ListSyntax | 'text';
  /** Labels and annotations change with every commit: on the builder image they would only spoil its digest. */
  readonly passes: BuildFlag['passes'];
  /** What an item must look like, for the check and for its message. */
  readonly shape?: { readonly pattern: RegExp; readonly text: string };
  /** All items in one flag, joined by commas. */
  readonly joined?: true;
  /** Item as it was given -> item in the syntax of this input. */
  readonly normalize?: (item: string) => string;
  /** Item -> value of the flag; the item itself unless given. */
  readonly toValue?: (item: string, index: number) => string;
}

const BY_LINE: ListSyntax = { separator: 'line' };
const BY_ITEM: ListSyntax = { separator: 'item' };
const NAME_AND_VALUE = { pattern: /^[^=\s][^=]*=/, text: 'NAME=VALUE' };
const ID_AND_SOURCE = { pattern: /^[^=,\s]+=./, text: 'ID=SOURCE' };

export const BUILD_OPTIONS = {
  'add-hosts': {
    flag: '--add-host',
    syntax: BY_ITEM,
    passes: 'both',
    shape: { pattern: /^[^:=]+[:=].+$/, text: 'HOST:IP' },
  },
  allow: { flag: '--allow', syntax: BY_ITEM, passes: 'both' },
  annotations: { flag: '--annotation', syntax: BY_LINE, passes: 'production', shape: NAME_AND_VALUE },
  'build-args': {
    flag: '--build-arg',
    syntax: BY_LINE,
    passes: 'both',
    shape: {
      pattern: /^[A-Za-z_][^=\s]*(?:=[^]*)?$/,
      text: 'NAME=VALUE, or NAME for the value of that environment variable',
    },
  },
  'build-contexts': { flag: '--build-context', syntax: BY_LINE, passes: 'both', shape: NAME_AND_VALUE },
  labels: {
    flag: '--label',
    syntax: BY_LINE,
    passes: 'production',
    shape: { pattern: /^[^=\s]/, text: 'NAME=VALUE' },
  },
  network: { flag: '--network', syntax: 'text', passes: 'both' },
  'no-cache-filters': { flag: '--no-cache-filter', syntax: BY_ITEM, passes: 'both' },
  platforms: {
    flag: '--platform',
    syntax: BY_ITEM,
    passes: 'both',
    joined: true,
    shape: { pattern: /^[a-z0-9_.()-]+(?:\/[a-z0-9_.()-]+){0,2}$/i, text: 'OS/ARCH or OS/ARCH/VARIANT' },
  },
  // The values travel in the environment of the one process: no file to leave behind, nothing on a command line.
  secrets: {
    flag: '--secret',
    syntax: { separator: 'line', keepWhitespace: true },
    passes: 'both',
    shape: { pattern: /^[^=,\s]+=/, text: 'ID=VALUE' },
    toValue: (item, index) => `id=${beforeEquals(item)},env=${secretVariable(index)}`,
  },
  'secret-envs': {
    flag: '--secret',
    syntax: BY_ITEM,
    passes: 'both',
    shape: { pattern: /^[^=,\s]+=[A-Za-z_][A-Za-z0-9_]*$/, text: 'ID=ENVIRONMENT_VARIABLE' },
    toValue: (item) => `id=${beforeEquals(item)},env=${afterEquals(item)}`,
  },
  'secret-files': {
    flag: '--secret',
    syntax: BY_LINE,
    passes: 'both',
    shape: ID_AND_SOURCE,
    normalize: toSecretFile,
    toValue: (item) => csvFields(`id=${beforeEquals(item)}`, `src=${afterEquals(item)}`),
  },
  'shm-size': {
    flag: '--shm-size',
    syntax: 'text',
    passes: 'both',
    shape: { pattern: /^\d+(?:\.\d+)?\s*[bkmg]?b?$/i, text: 'a size like 2g' },
  },
  ssh: { flag: '--ssh', syntax: BY_ITEM, passes: 'both' },
  ulimit: {
    flag: '--ulimit',
    syntax: BY_LINE,
    passes: 'both',
    shape: { pattern: /^[a-z]+=-?\d+(?::-?\d+)?$/, text: 'NAME=SOFT or NAME=SOFT:HARD' },
  },
} as const satisfies Readonly<Record<string, BuildOption>>;

export type BuildOptionName = keyof typeof BUILD_OPTIONS;

export interface ParsedBuildOptions {
  readonly flags: readonly BuildFlag[];
  /** Environment of the build processes that carries the values of `secrets`. */
  readonly secretEnvironment: Readonly<Record<string, string>>;
  /** IDs in `secrets` that have no value in this run. */
  readonly secretsWithoutValue: readonly string[];
  /** Warnings on items that were left out. */
  readonly warnings: readonly string[];
}

/**
 * Reads every input of the table.
 * @param read the raw text of an input, untrimmed
 * @throws InputError that names the input and the position of the item, and never repeats a secret
 */
export function parseBuildOptions(read: (input: BuildOptionName) => string): ParsedBuildOptions {
  const flags: BuildFlag[] = [];
  let secrets: readonly string[] = [];
  const warnings: string[] = [];
  const withoutValue: string[] = [];
  for (const [input, option] of buildOptionEntries()) {
    const all = readItems(input, option, read(input));
    // A run of a fork has no secrets: the expression is empty there, and the build goes on without.
    const isMissing = (item: string): boolean => input === 'secrets' && afterEquals(item) === '';
    for (const [index, item] of all.entries()) {
      if (!isMissing(item)) continue;
      const id = beforeEquals(item);
      if (isPlainId(id)) withoutValue.push(id);
      const name = isPlainId(id) ? id : `item ${index + 1}`;
      warnings.push(`secrets: ${name} has no value in this run, so the build gets no such secret.`);
    }
    const items = all.filter((item) => !isMissing(item));
    if (input === 'secrets') secrets = items;
    const values = items.map((item, index) => option.toValue?.(item, index) ?? item);
    for (const value of option.joined === true && values.length > 0 ? [values.join(',')] : values) {
      flags.push({ input, flag: option.flag, value, passes: option.passes });
    }
  }
  checkBuildArguments(flags);
  const suspects = listSuspectArguments(flags);
  if (suspects.length > 0) {
    warnings.push(
      `build-args: ${suspects.join(', ')}: by the name a secret, and build arguments are stored in the image. ` +
        'Pass a secret with "secrets: ID=VALUE" and use it by "RUN --mount=type=secret,id=ID".',
    );
  }
  const secretEnvironment = Object.fromEntries(
    secrets.map((item, index) => [secretVariable(index), afterEquals(item)]),
  );
  return { flags, secretEnvironment, secretsWithoutValue: withoutValue, warnings };
}

/** The target platforms as they were given; none: the builder's own. */
export function listPlatforms(flags: readonly BuildFlag[]): readonly string[] {
  return flags.filter(({ input }) => input === 'platforms').flatMap(({ value }) => value.split(','));
}

/** Names of the environment variables whose values `secret-envs` passes as secrets. */
export function secretEnvironmentNames(flags: readonly BuildFlag[]): string[] {
  return flags
    .filter(({ input }) => input === 'secret-envs')
    .map(({ value }) => value.slice(value.indexOf(',env=') + 5));
}

export interface PassedSecret {
  readonly input: SecretInput;
  readonly id: string;
}

function isSecretInput(input: BuildOptionName): input is SecretInput {
  return input === 'secrets' || input === 'secret-envs' || input === 'secret-files';
}

/** The secrets that the build gets, in the order in which they were given. */
export function listPassedSecrets(flags: readonly BuildFlag[]): PassedSecret[] {
  return flags.flatMap(({ input, value }) => {
    if (!isSecretInput(input)) return [];
    return [{ input, id: /^"?id=((?:[^,"]|"")*)/.exec(value)?.[1]?.replaceAll('""', '"') ?? '' }];
  });
}

/** Name -> value of the build arguments; null for a value that comes from the environment. */
export function listBuildArguments(flags: readonly BuildFlag[]): Map<string, string | null> {
  return new Map(
    flags
      .filter(({ input }) => input === 'build-args')
      .map(({ value }) => [beforeEquals(value), value.includes('=') ? afterEquals(value) : null]),
  );
}

/** Names of build arguments that BuildKit would call secrets. */
export function listSuspectArguments(flags: readonly BuildFlag[]): string[] {
  return [...listBuildArguments(flags)].filter(([name, value]) => looksLikeSecret(name, value)).map(([name]) => name);
}

/** Inputs whose text is stored in the image, its history or its provenance, and stands on a command line. */
const STORED_INPUTS = ['build-args', 'labels', 'annotations', 'build-contexts'] as const;

/**
 * A credential in one of these ends up in the image.
 * @param credentials secret value -> the input that it came in by
 * @throws InputError that names the right input
 */
export function forbidSecretArguments(flags: readonly BuildFlag[], credentials: ReadonlyMap<string, string>): void {
  for (const input of STORED_INPUTS) {
    const items = flags.filter((flag) => flag.input === input);
    for (const [index, { value }] of items.entries()) {
      const found = findCredential(value, credentials);
      if (found === null) continue;
      // The name is quoted only if it does not contain the secret.
      const name = beforeEquals(value);
      throw new InputError(
        `${input}: item ${index + 1}${findCredential(name, credentials) === null ? ` (${name})` : ''} holds ${found}, and what is given there is ` +
          'stored in the image. Pass it with "secrets: ID=VALUE" and use it by "RUN --mount=type=secret,id=ID".',
      );
    }
  }
}

/** @returns `the value of the input secrets`, or `line 2 of it`; null when the text has none. A short secret counts only if it is the whole value. */
function findCredential(text: string, credentials: ReadonlyMap<string, string>): string | null {
  for (const [secret, from] of credentials) {
    const part = findSecret(text, secret) ?? (isSecret(afterEquals(text), secret) ? { line: null } : null);
    if (part !== null) return part.line === null ? `the value of ${from}` : `line ${part.line} of the value of ${from}`;
  }
  return null;
}

function buildOptionEntries(): [BuildOptionName, BuildOption][] {
  const names = Object.keys(BUILD_OPTIONS).filter((name): name is BuildOptionName => name in BUILD_OPTIONS);
  return names.map((name) => [name, BUILD_OPTIONS[name]]);
}

function readItems(input: BuildOptionName, option: BuildOption, text: string): string[] {
  const { syntax, shape } = option;
  const trimmed = text.trim();
  const given = syntax === 'text' ? [trimmed].filter((item) => item !== '') : parseList(input, text, syntax);
  forbidSecretFlags(input, given);
  if (isSecretInput(input)) forbidSecretOptions(input, parseList(input, text, BY_LINE));
  const items = given.map((item) => option.normalize?.(item) ?? item);
  const index = shape === undefined ? -1 : items.findIndex((item) => !shape.pattern.test(item));
  if (shape !== undefined && index !== -1) throw malformed(input, items.slice(0, index), shape.text);
  return items;
}

/** @param before the items before the one that is malformed */
function malformed(input: BuildOptionName, before: readonly string[], expected: string): InputError {
  const id = before.map(beforeEquals).findLast(isPlainId) ?? null;
  const advice = input === 'secrets' && before.length > 0 ? ` ${describeQuoting(id)}.` : '';
  return new InputError(`${input}: item ${before.length + 1} is not of the form ${expected}.${advice}`);
}

/** An item in the form of the command line: `--secret id=…`, or `id=…,src=…` alone. */
const SECRET_OPTION =
  /^(?:--secret\b|(?:"?(?:type|id|env|src|source)=[^,]*,)*"?(?:id|env|src|source)=[^,]*,(?:type|id|env|src|source)=)/;

function forbidSecretFlags(input: BuildOptionName, items: readonly string[]): void {
  const index = input === 'build-args' ? items.findIndex((item) => SECRET_OPTION.test(item)) : -1;
  if (index !== -1) {
    throw new InputError(
      `build-args: item ${index + 1} is a --secret option. There it would become a build argument, and the secret mount ` +
        'would stay empty. Use the input "secrets" (ID=VALUE) or "secret-envs" (ID=ENVIRONMENT_VARIABLE).',
    );
  }
}

/** BuildKit's build argument that says which checks of the Dockerfile count: https://docs.docker.com/build/checks/ */
export const CHECK_ARGUMENT = 'BUILDKIT_DOCKERFILE_CHECK';

/** BuildKit's own build arguments that this action sets. */
function checkBuildArguments(flags: readonly BuildFlag[]): void {
  const inline = flags.find(
    ({ input, value }) => input === 'build-args' && /^BUILDKIT_INLINE_CACHE(?:=|$)/.test(value),
  );
  if (inline !== undefined) {
    throw new InputError(
      'build-args: remove BUILDKIT_INLINE_CACHE: both passes have inline cache metadata already, and setting it twice breaks it.',
    );
  }
}

function secretVariable(index: number): string {
  return `TWO_PASS_BUILD_SECRET_${index + 1}`;
}

function beforeEquals(item: string): string {
  const equals = item.indexOf('=');
  return equals === -1 ? item : item.slice(0, equals);
}

function afterEquals(item: string): string {
  return item.slice(item.indexOf('=') + 1);
}
