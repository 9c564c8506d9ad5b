// The step that copies the context's `.git` with everything else, and so comes from no cache. Pure.
import { type Dockerfile, type Stage, findShown, readInstruction, stagesInside } from '../dockerfile.js';
import { isLeftOut } from './dockerignore.js';
import { toContextPath } from './local-paths.js';

/** Files of `.git` that git writes anew with each checkout. */
const CHANGING = ['.git/index', '.git/logs/HEAD', '.git/FETCH_HEAD'];

/** @param text of the .dockerignore; empty for none */
export function sendsGit(text: string): boolean {
  return CHANGING.some((path) => !isLeftOut(text, path));
}

export interface SolvedStep {
  /** `[builder 4/6] COPY . .` */
  readonly name: string;
  readonly stage: string;
  readonly cached: boolean;
}

/**
 * The first step that ran and copies the root of the context, where nothing before it had to run. It says nothing of a
 * Dockerfile that names `.git` as a source: such a build needs it.
 * @param steps each after those that it builds on
 */
export function findCopyOfGit(dockerfile: Dockerfile | null, steps: readonly SolvedStep[]): SolvedStep | null {
  if (dockerfile === null || dockerfile.customSyntax || namesGit(dockerfile)) return null;
  const missed = steps.filter(({ cached }) => !cached);
  const found = missed.find((step, index) => {
    const shown = findShown(dockerfile, step);
    if (shown === null || !copiesGit(shown.instruction)) return false;
    const own = stagesOf(dockerfile, shown.stage);
    return !missed.slice(0, index).some((other) => own.has(findShown(dockerfile, other)?.stage ?? null));
  });
  return found ?? null;
}

/** The stage and all that it is made of. */
function stagesOf(dockerfile: Dockerfile, stage: Stage): ReadonlySet<Stage | null> {
  return stagesInside(dockerfile, stage.name ?? String(dockerfile.stages.indexOf(stage)));
}

function copiesGit(instruction: string): boolean {
  const { sources, excluded } = readCopy(instruction);
  const reads = sources.some((source) => source === '.' || isLeftOut(source, '.git'));
  return reads && sendsGit(excluded.join('\n'));
}

function namesGit({ stages }: Dockerfile): boolean {
  return stages.some(({ instructions }) =>
    instructions.some((instruction) => {
      const { sources, mounts } = readCopy(instruction);
      return [...sources, ...mounts].some((source) => source.startsWith('.git/') || source === '.git');
    }),
  );
}

/** What COPY, ADD and RUN --mount=type=bind read of the context, as paths in it; `.` is its root. */
function readCopy(instruction: string): Record<'sources' | 'excluded' | 'mounts', readonly string[]> {
  const { keyword, flags, words } = readInstruction(instruction);
  const valuesOf = (flag: string): string[] =>
    flags.filter((one) => one.startsWith(`${flag}=`)).map((one) => one.slice(flag.length + 1));
  const mounts = valuesOf('--mount')
    .filter((mount) => !/(?:^|,)from=/.test(mount))
    .flatMap((mount) => /(?:^|,)(?:source|src)=([^,]+)/.exec(mount)?.[1] ?? []);
  const reads = /^(?:COPY|ADD)$/i.test(keyword) && valuesOf('--from').length === 0;
  // The last word is where they go to. A heredoc is written in the Dockerfile, and an address is fetched.
  const given = reads ? words.slice(0, -1).filter((word) => !/^<<|:\/\/|^git@/.test(word)) : [];
  return { sources: given.map(toContextPath), excluded: valuesOf('--exclude'), mounts: mounts.map(toContextPath) };
}
