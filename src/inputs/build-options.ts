// The one table of the inputs that become flags of `docker buildx build`: input -> syntax, check, flag, passes.
// Names and syntax are those of docker/build-push-action.
import { InputError } from '../shared/errors.js';
import { holdsSecret, looksLikeSecret } from './secrets/secret-text.js';
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
  for (const [input, option] of buildOptionEntries()) {
    const all = readItems(input, option, read(input));
    // A run of a fork has no secrets: the expression is empty there, and the build goes on without.
    const isMissing = (item: string): boolean => input === 'secrets' && afterEquals(item) === '';
    for (const item of all.filter(isMissing)) {
      warnings.push(`secrets: ${beforeEquals(item)} has no value in this run, so the build gets no such secret.`);
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
  return { flags, secretEnvironment, warnings };
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

/** Names of build arguments that BuildKit would call secrets. */
export function listSuspectArguments(flags: readonly BuildFlag[]): string[] {
  const names = flags
    .filter(({ input }) => input === 'build-args')
    .filter(({ value }) => looksLikeSecret(beforeEquals(value), value.includes('=') ? afterEquals(value) : null))
    .map(({ value }) => beforeEquals(value));
  return [...new Set(names)];
}

/** Inputs whose text is stored in the image, its history or its provenance, and stands on a command line. */
const STORED_INPUTS = ['build-args', 'labels', 'annotations', 'build-contexts'] as const;

/**
 * A credential in one of these ends up in the image.
 * @param credentials secret value -> the input that it came in by
 * @throws InputError that names the right input
 */
export function forbidSecretArguments(flags: readonly BuildFlag[], credentials: ReadonlyMap<string, string>): void {
  const secrets = [...credentials].filter(([secret]) => secret.trim() !== '');
  for (const input of STORED_INPUTS) {
    const items = flags.filter((flag) => flag.input === input);
    for (const [index, { value }] of items.entries()) {
      // A short secret counts only if it is the whole value.
      const found = secrets.find(([secret]) => afterEquals(value) === secret.trim() || holdsSecret(value, secret));
      if (found === undefined) continue;
      // The name is quoted only if it does not contain the secret.
      const name = beforeEquals(value);
      const isSecret = secrets.some(([secret]) => name === secret.trim() || holdsSecret(name, secret));
      throw new InputError(
        `${input}: item ${index + 1}${isSecret ? '' : ` (${name})`} holds the value of ${found[1]}, and what is given there is ` +
          'stored in the image. Pass it with "secrets: ID=VALUE" and use it by "RUN --mount=type=secret,id=ID".',
      );
    }
  }
}

function buildOptionEntries(): [BuildOptionName, BuildOption][] {
  const names = Object.keys(BUILD_OPTIONS).filter((name): name is BuildOptionName => name in BUILD_OPTIONS);
  return names.map((name) => [name, BUILD_OPTIONS[name]]);
}

function readItems(input: BuildOptionName, option: BuildOption, text: string): string[] {
  const { syntax, shape } = option;
  const trimmed = text.trim();
  const items = syntax === 'text' ? [trimmed].filter((item) => item !== '') : parseList(input, text, syntax);
  forbidSecretOptions(input, items);
  if (shape !== undefined) {
    for (const [index, item] of items.entries()) {
      if (!shape.pattern.test(item)) throw malformed(input, index, shape.text);
    }
  }
  return items;
}

function malformed(input: BuildOptionName, index: number, expected: string): InputError {
  return new InputError(`${input}: item ${index + 1} is not of the form ${expected}.`);
}

/** An item in the form of the command line: `--secret id=…`, or `id=…,src=…` alone. */
const SECRET_OPTION =
  /^(?:--secret\b|(?:"?(?:type|id|env|src|source)=[^,]*,)*"?(?:id|env|src|source)=[^,]*,(?:type|id|env|src|source)=)/;

function forbidSecretOptions(input: BuildOptionName, items: readonly string[]): void {
  const index = input === 'build-args' ? items.findIndex((item) => SECRET_OPTION.test(item)) : -1;
  if (index !== -1) {
    throw new InputError(
      `build-args: item ${index + 1} is a --secret option. There it would become a build argument, and the secret mount ` +
        'would stay empty. Use the input "secrets" (ID=VALUE) or "secret-envs" (ID=ENVIRONMENT_VARIABLE).',
    );
  }
}

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
