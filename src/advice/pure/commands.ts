// The commands of a RUN, and what they need. What is not known for certain is not told: then there is no advice.
import { parseStringList } from '../../shared/json.js';
import type { ObservedInstruction } from './observed.js';

/** Its words without quotes; what the shell would replace is still in them. */
export type Command = readonly string[];

/** Programs that neither change what a package manager finds nor need what it has installed here. */
const LANGUAGE_TOOLS: readonly string[] = [
  'bundle',
  'cargo',
  'composer',
  'dotnet',
  'go',
  'gradle',
  'gulp',
  'mvn',
  'node',
  'npm',
  'npx',
  'php',
  'pip',
  'pip3',
  'pnpm',
  'poetry',
  'pytest',
  'python',
  'python3',
  'rails',
  'rake',
  'tsc',
  'uv',
  'webpack',
  'yarn',
];

/**
 * The commands of a RUN that are run one after the other.
 * @returns null for anything else: pipes, substitutions outside of quotes, heredocs, files of the context that are mounted
 */
export function parseCommands({ keyword, flags, rest }: ObservedInstruction): readonly Command[] | null {
  if (keyword !== 'RUN' || flags.some(isForeignMount) || rest.length === 0) return null;
  const text = rest.join(' ');
  if (text.startsWith('[')) {
    const words = parseStringList(text);
    return words === null ? null : [words];
  }
  const commands: string[][] = [[]];
  for (const [token] of text.matchAll(/&&|;|[|&<>()`]|(?:[^\s"'\\|&;<>()`]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+|["'\\]/g)) {
    if (token === '&&' || token === ';') commands.push([]);
    else if (/^[|&<>()`"'\\]$/.test(token)) return null;
    else commands.at(-1)?.push(unquote(token));
  }
  return commands.map(withoutAssignments).filter((command) => command.length > 0);
}

/** `bind` is the type of a mount that names none. */
function isForeignMount(flag: string): boolean {
  return flag.startsWith('--mount=') && !/[=,]type=(?:cache|secret|ssh|tmpfs)(?:,|$)/.test(flag);
}

function unquote(token: string): string {
  return token.replace(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'/g,
    (_, double?: string, single?: string) => double ?? single ?? '',
  );
}

/** `NODE_ENV=production npm ci` -> `npm ci` */
function withoutAssignments(command: Command): Command {
  const start = command.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  return start === -1 ? [] : command.slice(start);
}

/** The words that are no options. `values`: options that a value follows. */
export function listArguments([, ...words]: Command, values: readonly string[] = []): readonly string[] {
  return words.filter((word, index) => !word.startsWith('-') && !values.includes(words[index - 1] ?? ''));
}

/** Package names with versions; neither files nor variables. */
function arePackages(words: readonly string[]): boolean {
  return (
    words.length > 0 &&
    words.every(
      (word) => /^@?[A-Za-z0-9][\w.+:@/~=<>!-]*$/.test(word) && !/\.(?:deb|apk|rpm|tgz|whl|gem|txt)$/.test(word),
    )
  );
}

/** Whether a command installs packages that it names, and so needs nothing that a COPY brings. */
export function namesPackages(command: Command): boolean {
  const [program = ''] = command;
  const [verb = '', ...packages] = listArguments(command, [
    '-t',
    '--virtual',
    '-o',
    '--target-release',
    '--repository',
    '-X',
  ]);
  switch (program) {
    case 'apt':
    case 'apt-get':
    case 'apk':
    case 'dnf':
    case 'microdnf':
    case 'yum':
      if (['update', 'upgrade', 'dist-upgrade'].includes(verb)) return packages.length === 0;
      return ['install', 'add'].includes(verb) && arePackages(packages);
    case 'npm':
      return ['install', 'i'].includes(verb) && isGlobal(command) && arePackages(packages);
    case 'gem':
      return verb === 'install' && arePackages(packages);
    default:
      return false;
  }
}

function isGlobal(command: Command): boolean {
  return command.includes('-g') || command.includes('--global');
}

/** Whether a command only tidies up behind a package manager, or makes no difference to what follows. */
export function isTidying(command: Command): boolean {
  const [program = '', verb = ''] = command;
  switch (program) {
    case 'set':
    case 'true':
    case ':':
      return true;
    case 'apt-get':
    case 'apt':
    case 'yum':
    case 'dnf':
    case 'microdnf':
      return ['clean', 'autoclean', 'autoremove'].includes(listArguments(command)[0] ?? '');
    case 'npm':
    case 'yarn':
      return verb === 'cache';
    case 'bundle':
      return verb === 'config';
    case 'corepack':
      return verb === 'enable';
    case 'rm':
      return listArguments(command).every((path) =>
        /^\/(?:var\/lib\/apt|var\/cache|tmp|root\/\.(?:npm|cache))\//.test(`${path}/`),
      );
    default:
      return false;
  }
}

/** Whether a command makes users or empty folders: the work of a moment. */
export function isSetup([program = '']: Command): boolean {
  return ['addgroup', 'adduser', 'groupadd', 'mkdir', 'touch', 'useradd', 'usermod'].includes(program);
}

/** Whether a package manager of the system works as well before a command as behind it. */
export function leavesSystem(command: Command): boolean {
  const [program = ''] = command;
  const isTool = LANGUAGE_TOOLS.includes(program.replace(/^(?:\.\/)?bin\//, ''));
  return isTool || namesPackages(command) || isTidying(command) || isSetup(command);
}
