// The command line: its flags, from flags to inputs, and its help.
import { InputError } from '../shared/errors.js';
import { findNearest, quote } from '../shared/text.js';
import { ACTION_INPUTS } from './action-inputs.js';
import type { InputName } from './inputs.js';

export type GivenInputs = Partial<Record<InputName, string>>;

export type Request =
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'build'; /** Only what the arguments say. */ readonly given: GivenInputs };

/** Flags that may be given several times; each is one line of the input. */
const LISTS: readonly string[] = [
  'mirrors',
  'mirror-logins',
  'builder-target',
  'build-args',
  'secrets',
  'secret-envs',
  'secret-files',
  'ssh',
  'build-contexts',
  'labels',
  'annotations',
  'platforms',
  'add-hosts',
  'allow',
  'ulimit',
  'no-cache-filters',
  'cache-from',
  'extra-tags',
  'index-of',
  'scan-args',
] satisfies InputName[];

/** Defaults that differ from action.yml, which has an expression or what only a workflow wants. Null: from `origin`. */
const LOCAL_DEFAULTS = {
  image: null,
  username: '',
  password: '',
  'github-token': '',
  push: 'false',
} as const satisfies Partial<Record<InputName, string | null>>;

interface Flag {
  readonly name: InputName;
  readonly kind: 'switch' | 'list' | 'text';
  readonly description: string;
  /** Null: derived from the git remote. */
  readonly default: string | null;
}

/** Whether the flag alone means `true`, so that a value needs `=`. */
function isSwitch(name: string, preset: string): boolean {
  return name === 'push' || preset === 'true' || preset === 'false';
}

export const FLAGS: readonly Flag[] = Object.entries(ACTION_INPUTS).map(([name, input]) => ({
  name: name as InputName,
  kind: isSwitch(name, input.default) ? 'switch' : LISTS.includes(name) ? 'list' : 'text',
  description: input.description,
  default: Object.hasOwn(LOCAL_DEFAULTS, name) ? LOCAL_DEFAULTS[name as keyof typeof LOCAL_DEFAULTS] : input.default,
}));

/**
 * @param args without the program's own name
 * @throws InputError that names the flag; the value of an unknown one may be a secret, and is not repeated
 */
export function parseCommandLine(args: readonly string[]): Request {
  if (args.includes('--help') || args.includes('-h')) return { kind: 'help' };
  if (args.includes('--version')) return { kind: 'version' };
  const given: GivenInputs = {};
  const add = (flag: Flag, value: string): void => {
    const before = given[flag.name];
    if (before !== undefined && flag.kind !== 'list')
      throw new InputError(`--${flag.name} is given twice. It takes one value.`);
    given[flag.name] = before === undefined ? value : `${before}\n${value}`;
  };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (!arg.startsWith('-') || arg === '-') {
      addContext(given, arg);
      continue;
    }
    const [word = '', ...values] = arg.split('=');
    const flag = findFlag(word);
    if (values.length > 0) add(flag, values.join('='));
    else if (flag.kind === 'switch') add(flag, 'true');
    else add(flag, takeValue(flag, rest));
  }
  return { kind: 'build', given };
}

/** The argument without a flag is the context, as in `docker build`. */
function addContext(given: GivenInputs, path: string): void {
  if (given.context !== undefined) {
    throw new InputError(
      `${quote(path)} belongs to no flag, and the context is ${quote(given.context)} already. Repeat the flag before each value of a list.`,
    );
  }
  given.context = path;
}

function findFlag(word: string): Flag {
  const flag = FLAGS.find(({ name }) => `--${name}` === word);
  if (flag !== undefined) return flag;
  const nearest = findNearest(
    word.replace(/^-+/, ''),
    FLAGS.map(({ name }) => name),
  );
  throw new InputError(
    `There is no flag ${quote(word)}. ${nearest === null ? '' : `Is it --${nearest}? `}--help lists them all.`,
  );
}

function takeValue({ name }: Flag, rest: string[]): string {
  const value = rest[0];
  if (value === undefined || (value.startsWith('-') && value !== '-')) {
    throw new InputError(`--${name} has no value. Write --${name} VALUE, or --${name}=VALUE if it starts with "-".`);
  }
  rest.shift();
  return value;
}

/** Every input, as the action reads it. */
export function toInputs(given: GivenInputs, image: string): Record<InputName, string> {
  return Object.fromEntries(FLAGS.map(({ name, default: preset }) => [name, given[name] ?? preset ?? image])) as Record<
    InputName,
    string
  >;
}

/**
 * The image of a repository on github.com, by the URL of its clone: `https://…`, `ssh://…` or `git@github.com:…`.
 * @returns null for any other
 */
export function toImage(remote: string): string | null {
  const path =
    /^(?:https?|ssh|git):\/\/(?:[^@/]*@)?(?:www\.|ssh\.)?github\.com(?::\d+)?\/([^?#]+)$/i.exec(remote)?.[1] ??
    /^(?:[^@/:]+@)?github\.com:([^?#]+)$/i.exec(remote)?.[1];
  const [, owner, name] = /^\/?([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(path ?? '') ?? [];
  return owner === undefined || name === undefined ? null : `ghcr.io/${owner}/${name}`.toLowerCase();
}

/** @throws InputError when there is none, or when it is not on github.com */
export function deriveImage(remote: string | null): string {
  const image = toImage(remote ?? '');
  if (image !== null) return image;
  const cause =
    remote === null
      ? 'The repository has no git remote "origin" to take the name of the image from'
      : `The git remote "origin" (${quote(remote)}) is no repository on github.com, so the name of the image cannot be taken from it`;
  throw new InputError(`${cause}. Give --image REGISTRY/NAME.`);
}

const WIDTH = 100;
const INDENT = '      ';

export function toHelp(): string {
  return `Usage: two-pass-build [FLAG…] [CONTEXT]

Builds the stages "builder" and "production" of a Dockerfile, or its only stage, as the GitHub Action DFE-Digital/two-pass-build does,
and loads the image into the local engine, or with --push pushes it. Run it in the git work tree of the service.

  two-pass-build                          build, load
  two-pass-build --push                   build, push with the tag dev-<commit>-<time>
  two-pass-build --dry-run                say what a build would do, and do nothing

Flags are --NAME VALUE or --NAME=VALUE; those with [=…] alone mean true, those with "…" may be repeated.
The login is that of "docker login", unless --username and --password are given; others on this machine
can read what stands on a command line, so give secrets by --secret-envs or --secret-files.

${FLAGS.map(toEntry).join('\n')}
  --help, -h
      This text
  --version
      The version

Exit codes: 0 done, 1 failed, 2 to be corrected before a build starts, 130 stopped by Ctrl-C.
`;
}

function toEntry(flag: Flag): string {
  const { name, kind, description } = flag;
  const syntax = { switch: '[=true|false]', list: ' VALUE …', text: ' VALUE' }[kind];
  const preset = describeDefault(flag);
  const text = `${description}${preset === '' ? '' : ` (default: ${preset})`}`;
  return [
    `  --${name}${name === 'push' ? '[=true|false|auto]' : syntax}`,
    ...wrap(text).map((line) => INDENT + line),
  ].join('\n');
}

function describeDefault({ default: preset }: Flag): string {
  return preset ?? 'ghcr.io/OWNER/NAME of the git remote "origin"';
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
