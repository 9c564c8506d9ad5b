// Commands that install the dependencies that manifests list: which files they read, and whether they read no others.
import { at, isRecord, parseObject } from '../../shared/json.js';
import { type Command, listArguments } from './commands.js';

/** Files by name, as the build context has them. */
export type Manifests = ReadonlyMap<string, string>;

export interface Install {
  /** Files that must be there. */
  readonly needed: readonly string[];
  /** Files that are copied too where they are there. */
  readonly optional: readonly string[];
  /** Whether the command would do the same with nothing but these files. */
  readonly isEnough: (manifests: Manifests) => boolean;
}

/** @returns null for any other command */
export function parseInstall(command: Command): Install | null {
  const [program = ''] = command;
  switch (program) {
    case 'npm':
    case 'pnpm':
    case 'yarn':
      return parseNode(command);
    case 'pip':
    case 'pip3':
      return parsePip(command.slice(1));
    case 'python':
    case 'python3':
      return command[1] === '-m' && command[2] === 'pip' ? parsePip(command.slice(3)) : null;
    case 'bundle':
      return ['install', undefined].includes(listArguments(command, ['--jobs', '-j', '--retry'])[0]) ? BUNDLER : null;
    case 'go':
      return command[1] === 'mod' && command[2] === 'download' && command.length === 3 ? GO : null;
    default:
      return null;
  }
}

const NODE_VERBS: Readonly<Record<string, readonly (string | undefined)[]>> = {
  npm: ['ci', 'install', 'i'],
  pnpm: ['install', 'i'],
  yarn: ['install', undefined],
};
const NODE_LOCKS: Readonly<Record<string, readonly string[]>> = {
  npm: ['package-lock.json', 'npm-shrinkwrap.json'],
  pnpm: ['pnpm-lock.yaml'],
  yarn: ['yarn.lock', '.yarnrc'],
};

function parseNode(command: Command): Install | null {
  const [program = ''] = command;
  const [verb, ...packages] = listArguments(command);
  const elsewhere = command.some((word) => /^(?:-g|-C|--global|--prefix|--dir|--cwd|--workspace)\b/.test(word));
  if (NODE_VERBS[program]?.includes(verb) !== true || packages.length > 0 || elsewhere) return null;
  const withScripts = !command.includes('--ignore-scripts');
  return {
    needed: ['package.json'],
    optional: [...(NODE_LOCKS[program] ?? []), '.npmrc', 'pnpm-workspace.yaml', '.yarnrc.yml'],
    isEnough: (manifests) =>
      // Yarn 2 and workspaces read further folders.
      !manifests.has('pnpm-workspace.yaml') && !manifests.has('.yarnrc.yml') && isPlainPackage(manifests, withScripts),
  };
}

/** Scripts of the package itself, and what it depends on by path, may need any of its files. */
function isPlainPackage(manifests: Manifests, withScripts: boolean): boolean {
  const content = parseObject(manifests.get('package.json') ?? '');
  if (content === null || content.workspaces !== undefined || content.patchedDependencies !== undefined) return false;
  const scripts = [
    'preinstall',
    'install',
    'postinstall',
    'preprepare',
    'prepare',
    'postprepare',
    'prepublish',
    'dependencies',
  ];
  if (withScripts && scripts.some((name) => at(content, 'scripts', name) !== undefined)) return false;
  const groups = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides', 'resolutions', 'pnpm'];
  return !groups.some(
    (name) =>
      isRecord(content[name]) &&
      /"(?:file:|link:|portal:|patch:|workspace:|\.{1,2}\/|\/)/.test(JSON.stringify(content[name])),
  );
}

function parsePip(words: Command): Install | null {
  if (words[0] !== 'install') return null;
  const files: string[] = [];
  const packages = words.slice(1).filter((word, index, rest) => {
    const before = rest[index - 1] ?? '';
    if (before === '-r' || before === '--requirement') files.push(word);
    return (
      !word.startsWith('-') &&
      !/^(?:-r|--requirement|--index-url|-i|--extra-index-url|--target|-t|--prefix)$/.test(before)
    );
  });
  const known = files.every((file) => /^[\w.-]+(?:\/[\w.-]+)*$/.test(file) && !file.startsWith('..'));
  const others = words.some((word) => /^(?:-e|-c|--editable|--constraint|--find-links|-f)\b/.test(word));
  if (files.length === 0 || packages.length > 0 || !known || others) return null;
  return {
    needed: files,
    optional: [],
    isEnough: (manifests) =>
      files.every(
        (file) =>
          !/^[ \t]*(?:-[a-z]|--(?!hash\b|no-binary\b|only-binary\b)|\.|\/|file:)|@\s*(?:file:|\.)/m.test(
            manifests.get(file) ?? '-',
          ),
      ),
  };
}

const BUNDLER: Install = {
  needed: ['Gemfile'],
  optional: ['Gemfile.lock', '.ruby-version'],
  isEnough: (manifests) => {
    const text = manifests.get('Gemfile') ?? '';
    const readsFile = /\bfile:/.test(text.replace(/file:\s*["']\.ruby-version["']/g, ''));
    return (
      !readsFile &&
      !/\bpath\b|\bgemspec\b|eval_gemfile|require|\bFile\b|\bDir\b/.test(text.replace(/require:\s*\S+/g, ''))
    );
  },
};

const GO: Install = {
  needed: ['go.mod'],
  optional: ['go.sum', 'go.work'],
  isEnough: (manifests) => !manifests.has('go.work') && !/=>\s*[./]/.test(manifests.get('go.mod') ?? '=> .'),
};

/** Whether every source of a COPY is such a file: then only another list of dependencies makes it copy again. */
export function areManifests(sources: readonly string[]): boolean {
  return sources.every((source) => source.length <= LONGEST_PATH && MANIFEST.test(source.replace(/^\.\//, '')));
}

/** Longer ones would take the expression long. */
const LONGEST_PATH = 300;

const MANIFEST =
  /^(?:[\w.-]+\/)*(?:package(?:-lock)?\*?(?:\.json)?|npm-shrinkwrap\.json|yarn\.lock|\.yarnrc|pnpm-lock\.yaml|\.npmrc\*?|[\w.-]*requirements[\w.*-]*|Gemfile(?:\.lock|\*)?|\.ruby-version|\.tool-versions|\.node-version|\.nvmrc|go\.(?:mod|sum)|pyproject\.toml|poetry\.lock|uv\.lock|Pipfile(?:\.lock)?|composer\.(?:json|lock))$/;
