// Parses the stages of a Dockerfile. Only the part of the grammar that is needed here: stages, sources, directives.
// Grammar: https://docs.docker.com/reference/dockerfile/, heredocs as in BuildKit's parser.
import { type BuildFlag, CHECK_ARGUMENT } from '../../inputs/build-options.js';
import type { Inputs } from '../../inputs/inputs.js';
import { isStageNumber } from '../../plan/targets.js';
import { InputError } from '../../shared/errors.js';
import { parseStringList } from '../../shared/json.js';
import { isMadeOf } from '../../shared/text.js';

export interface Stage {
  /** As written; null for a stage without AS. BuildKit ignores case. */
  readonly name: string | null;
  /** Names (lower case) or numbers of the stages and images in FROM, COPY --from and RUN --mount=from. */
  readonly uses: readonly string[];
  /** Its instructions after FROM, each on one line. */
  readonly instructions: readonly string[];
  /** The first line of each of them in the file, counted from 1. */
  readonly lines: readonly number[];
}

export interface Dockerfile {
  /** Relative to the workspace, as annotations need it. */
  readonly path: string;
  readonly stages: readonly Stage[];
  /** Instructions before the first FROM, which are ARG. */
  readonly beforeStages: readonly string[];
  /** True for a frontend other than Docker's: it may have another grammar, so the stages are not relied on. */
  readonly customSyntax: boolean;
  /** Has `# check=…;error=true`: violations of BuildKit's checks fail its build. */
  readonly failsOnChecks: boolean;
}

/** Far more than any Dockerfile has; bounds the time of code that walks the stages. */
const MOST_STAGES = 1000;

/** @throws InputError when there are too many stages */
export function parseDockerfile(text: string, path = 'Dockerfile'): Dockerfile {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const directives = parseDirectives(lines);
  const stages: { name: string | null; uses: string[]; instructions: string[]; lines: number[] }[] = [];
  const beforeStages: string[] = [];
  const escape = firstWord(directives.get('escape')) === '`' ? '`' : '\\';
  for (const { text: instruction, line } of toInstructions(lines, escape)) {
    const from = /^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*$/i.exec(instruction);
    if (from !== null) {
      if (stages.length === MOST_STAGES)
        throw new InputError(`${path} has more than ${MOST_STAGES} stages. Split it into several Dockerfiles.`);
      stages.push({ name: from[2] ?? null, uses: [(from[1] ?? '').toLowerCase()], instructions: [], lines: [] });
      continue;
    }
    const stage = stages.at(-1);
    for (const source of listSources(instruction)) stage?.uses.push(source);
    (stage?.instructions ?? beforeStages).push(instruction);
    stage?.lines.push(line);
  }
  const syntax = firstWord(directives.get('syntax')) || 'docker/dockerfile';
  const customSyntax = !/^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]|$)/.test(syntax);
  const failsOnChecks = /(?:^|;)\s*error\s*=\s*(?:1|t|true)\s*(?:;|$)/i.test(directives.get('check') ?? '');
  return { path, stages, beforeStages, customSyntax, failsOnChecks };
}

/**
 * The build argument that ends BuildKit's checks, for `dockerfile-checks: off`. It replaces the `# check=` of the
 * Dockerfile, so one that fails its build by them stays as it is.
 * @param dockerfile null where it cannot be read
 */
export function hideChecks(
  { dockerfileChecks }: Pick<Inputs, 'dockerfileChecks'>,
  dockerfile: Dockerfile | null,
): readonly BuildFlag[] {
  if (dockerfileChecks !== 'off' || dockerfile?.failsOnChecks === true) return [];
  return [{ input: 'build-args', flag: '--build-arg', value: `${CHECK_ARGUMENT}=skip=all`, passes: 'both' }];
}

/**
 * The named stages that none of the targets is made of. With `reuse-cache: false` each pass runs only those stages again
 * that no pass before it has run.
 */
export function stagesOutside(dockerfile: Dockerfile, targets: readonly string[]): string[] {
  const inside = new Set(targets.flatMap((target) => [...stagesInside(dockerfile, target)]));
  return dockerfile.stages.filter((stage) => !inside.has(stage)).flatMap(({ name }) => (name === null ? [] : [name]));
}

/** The stage of a target and all stages that it is made of. */
export function stagesInside(dockerfile: Dockerfile, target: string): ReadonlySet<Stage> {
  const inside = new Set<Stage>();
  // Of two stages of one name the later one counts, as in BuildKit.
  const byName = new Map(dockerfile.stages.map((stage) => [stage.name?.toLowerCase(), stage]));
  const visit = (name: string): void => {
    const stage = byName.get(name.toLowerCase()) ?? findByNumber(dockerfile, name);
    if (stage === undefined || inside.has(stage)) return;
    inside.add(stage);
    new Set(stage.uses).forEach(visit);
  };
  visit(target);
  return inside;
}

/** The name of a stage in BuildKit's progress: `builder`, `stage-1`; empty for the only one. */
export function getStageLabel({ stages }: Dockerfile, stage: Stage): string {
  return stages.length === 1 ? '' : (stage.name?.toLowerCase() ?? `stage-${stages.indexOf(stage)}`);
}

/** Stages and images that COPY --from and RUN --mount=from= read from, in lower case. */
function listSources(instruction: string): string[] {
  const { keyword, flags } = readFlags(instruction);
  const options = flags.flatMap((flag) => {
    if (/^(?:COPY|ADD)$/i.test(keyword) && flag.startsWith('--from=')) return [flag.slice('--from='.length)];
    if (!/^RUN$/i.test(keyword) || !flag.startsWith('--mount=')) return [];
    const fields = flag.slice('--mount='.length).split(',');
    return fields.filter((field) => field.startsWith('from=')).map((field) => field.slice('from='.length));
  });
  return options.map((source) => source.toLowerCase());
}

/** An instruction taken apart. */
export interface InstructionParts {
  /** As written. */
  readonly keyword: string;
  /** Without quotes: `--mount=type=secret,id=npmrc`. */
  readonly flags: readonly string[];
  /** The words behind the flags, with their quotes. */
  readonly rest: readonly string[];
}

/** The keyword of an instruction, the flags behind it, and what follows. */
export function readFlags(instruction: string): InstructionParts {
  const [keyword = '', ...words] = splitWords(instruction);
  const first = words.findIndex((word) => !word.startsWith('--'));
  const end = first === -1 ? words.length : first;
  return { keyword, flags: words.slice(0, end).map(withoutQuotes), rest: words.slice(end) };
}

/** The same, with the words behind the flags: those of a JSON list, or else of a line, without quotes. */
export function readInstruction(instruction: string): InstructionParts & { readonly words: readonly string[] } {
  const parts = readFlags(instruction);
  return { ...parts, words: parseStringList(parts.rest.join(' ')) ?? parts.rest.map(withoutQuotes) };
}

export function withoutQuotes(word: string): string {
  return word.replace(/["']/g, '');
}

/** The stage that another begins with; undefined where that is an image. Of two stages of one name the nearer one counts. */
export function findBaseStage({ stages }: Dockerfile, stage: Stage): Stage | undefined {
  const [base = ''] = stage.uses;
  const earlier = stages.slice(0, stages.indexOf(stage));
  return earlier.findLast(({ name }) => name?.toLowerCase() === base);
}

/** Shell words, with their quotes. */
function splitWords(text: string): string[] {
  return text.match(/(?:[^\s"'\\]|\\[^]|"(?:[^"\\]|\\[^])*"?|'[^']*'?)+/g) ?? [];
}

interface Heredoc {
  readonly end: string;
  /** `<<-`: tabs before the end word do not count. */
  readonly chomp: boolean;
}

/** As in BuildKit's parser: a heredoc is a whole word, so none is inside quotes. */
function listHeredocs(instruction: string): Heredoc[] {
  if (!/^(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s/i.test(instruction)) return [];
  return splitWords(instruction).flatMap((word) => {
    const [, chomp, name = ''] = /^\d*<<(-?)([^<]+)$/.exec(word) ?? [];
    const end = name.replace(/["'\\]/g, '');
    return end === '' ? [] : [{ end, chomp: chomp === '-' }];
  });
}

export function findStage(dockerfile: Dockerfile, target: string): Stage | undefined {
  const wanted = target.toLowerCase();
  // Of two stages of one name the later one counts, as in BuildKit.
  return dockerfile.stages.findLast(({ name }) => name?.toLowerCase() === wanted) ?? findByNumber(dockerfile, target);
}

function findByNumber({ stages }: Dockerfile, target: string): Stage | undefined {
  return isStageNumber(target) ? stages[Number(target)] : undefined;
}

/** `# escape=…`, `# syntax=…` and `# check=…`, which count only at the top of the file. */
function parseDirectives(lines: readonly string[]): Map<string, string> {
  const directives = new Map<string, string>();
  for (const line of lines) {
    const directive = /^#\s*([a-z]+)\s*=\s*(\S.*)/i.exec(line);
    if (directive === null) break;
    directives.set((directive[1] ?? '').toLowerCase(), directive[2] ?? '');
  }
  return directives;
}

function firstWord(text = ''): string {
  return text.split(/\s/, 1)[0] ?? '';
}

/** Joins continued lines, and leaves out comments and the bodies of heredocs. */
function* toInstructions(lines: readonly string[], escape: string): Generator<{ text: string; line: number }> {
  let joined = '';
  /** Where the instruction began. */
  let first = 0;
  const heredocs: Heredoc[] = [];
  for (const [index, line] of lines.entries()) {
    const heredoc = heredocs[0];
    if (heredoc !== undefined) {
      if ((heredoc.chomp ? line.replace(/^\t+/, '') : line) === heredoc.end) heredocs.shift();
      continue;
    }
    // Comments and empty lines may stand between continued lines.
    if (/^\s*(?:#|$)/.test(line)) continue;
    const text = line.trim();
    if (joined === '') first = index + 1;
    if (text.endsWith(escape)) {
      joined += `${text.slice(0, -1)} `;
      continue;
    }
    const instruction = joined + text;
    joined = '';
    for (const found of listHeredocs(instruction)) heredocs.push(found);
    yield { text: instruction, line: first };
  }
  if (joined !== '') yield { text: joined, line: first };
}

/** The instruction of a step: `[builder 4/6] RUN npm ci` -> `RUN npm ci`. */
export function getInstruction(stepName: string): string {
  return stepName.replace(/^\[[^\]]*\] /, '');
}

/** The instruction of a step that BuildKit shows, and its stage; null when it is not found. */
export function findShown(
  dockerfile: Dockerfile,
  { name, stage: label }: { readonly name: string; readonly stage: string },
): { readonly stage: Stage; readonly instruction: string } | null {
  const stage = dockerfile.stages.find((one) => getStageLabel(dockerfile, one) === label);
  // The quotes of a JSON list are not shown.
  const shown = withoutQuotes(getInstruction(name));
  const instruction = stage?.instructions.find((one) => isShownAs(withoutQuotes(one), shown));
  return stage === undefined || instruction === undefined ? null : { stage, instruction };
}

/** BuildKit shows an instruction with its variables replaced, and cuts long ones off. */
export function isShownAs(instruction: string, shown: string): boolean {
  const plain = (text: string): string => text.replace(/\s+/g, ' ').trim().toLowerCase();
  if (shown.endsWith('...')) return plain(instruction).startsWith(plain(shown.slice(0, -3)));
  return isMadeOf(plain(shown), plain(instruction).split(/\$\{[^}]*\}|\$\w+/));
}
