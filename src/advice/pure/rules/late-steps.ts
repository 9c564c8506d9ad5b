// Steps behind a COPY that need nothing of what it copies: packages of the system, and the pruning of dependencies.
import { posix } from 'node:path';
import { isInside } from '../../../build/pure/context/local-paths.js';
import { type Advice, listWords, showInstruction } from '../advice.js';
import { type Cause, findCause, groupByCopy, isCopy, parseCopy } from '../cause.js';
import { type Command, isSetup, isTidying, leavesSystem, namesPackages, parseCommands } from '../commands.js';
import { getDestination, getWorkingDirectory, isOfSystem } from '../folders.js';
import {
  type ObservedBuild,
  type ObservedInstruction,
  type ObservedStage,
  measureAlone,
  sumLayerBytes,
} from '../observed.js';

/** One advice for all packages that are installed behind the same COPY. */
export function adviseOnLatePackages(build: ObservedBuild): readonly Advice[] {
  const late = build.stages.flatMap((stage) =>
    stage.own.flatMap((step) => {
      const cause = step.ran && isForPackages(step) ? findCause(build, stage, step) : null;
      return cause !== null && leavesPackages(stage, cause) ? [{ step, copy: cause.copy }] : [];
    }),
  );
  return groupByCopy(late).map(({ copy, group }) => {
    const steps = group.map(({ step }) => step);
    const [it, needs] = steps.length === 1 ? ['it', 'needs'] : ['them', 'need'];
    return {
      seconds: measureAlone(build, steps),
      bytes: sumLayerBytes(build, steps),
      text:
        `in each run with other files for ${showInstruction(copy)}: ` +
        `${listWords(steps.map(showInstruction))} ${needs} none of them and ran again. Put ${it} above that line.`,
    };
  });
}

function isForPackages(step: ObservedInstruction): boolean {
  const commands = parseCommands(step) ?? [];
  const known = commands.every((one) => namesPackages(one) || isTidying(one) || isSetup(one));
  return known && commands.some(namesPackages);
}

/** Whether package managers find the same above the COPY. */
function leavesPackages(stage: ObservedStage, { copy, between }: Cause): boolean {
  return [copy, ...between].every((instruction) => {
    const { kind, keyword } = instruction;
    if (kind === 'other') return !['USER', 'SHELL', 'ONBUILD', 'ENV'].includes(keyword);
    if (keyword === 'WORKDIR') return true;
    if (keyword === 'RUN') return parseCommands(instruction)?.every(leavesSystem) === true;
    const destination = getDestination(stage, instruction);
    return destination !== null && !isOfSystem(destination);
  });
}

/** Only where the dependencies themselves came from the cache: then a stage of their own would have, too. */
export function adviseOnPruning(build: ObservedBuild): readonly Advice[] {
  return build.stages.flatMap((stage) =>
    stage.own.flatMap((step) => {
      const commands = step.ran ? (parseCommands(step) ?? []) : [];
      const prune = commands.find(isPruning);
      const cause = prune === undefined ? null : findCause(build, stage, step);
      const install = cause === null ? undefined : findInstall(stage, cause.copy);
      if (prune === undefined || cause === null || install === undefined) return [];
      const own = measureAlone(build, [step]);
      const seconds = commands.every((one) => isPruning(one) || isTidying(one)) ? own : readSeconds(step, commands);
      const folder = getWorkingDirectory(stage, step);
      const copies = folder === null ? [] : listCopies(build, stage, posix.join(folder, 'node_modules'));
      return {
        seconds: Math.min(own, seconds),
        bytes: sumLayerBytes(build, copies),
        text:
          `in each run with other files for ${showInstruction(cause.copy)}: \`${prune.join(' ')}\` (line ${step.line}) ran again, ` +
          `although what ${showInstruction(install)} installs is the same. Give production's dependencies a stage of their own, ` +
          `with ${prune[0] === 'npm' ? '`npm ci --omit=dev`' : '`pnpm install --prod --frozen-lockfile`'} behind a COPY of the manifests, and copy them from there.`,
      };
    }),
  );
}

function isPruning([program = '', verb, ...options]: Command): boolean {
  const known = ['--omit=dev', '--production', '--prod', '--no-audit', '--no-fund', '--ignore-scripts'];
  return ['npm', 'pnpm'].includes(program) && verb === 'prune' && options.every((option) => known.includes(option));
}

function findInstall({ chain }: ObservedStage, copy: ObservedInstruction): ObservedInstruction | undefined {
  const before = chain.slice(0, chain.indexOf(copy)).filter(({ cached }) => cached);
  return before.find((one) =>
    parseCommands(one)?.some(([program = '', verb = '']) => /^p?npm$/.test(program) && /^(?:ci|i|install)$/.test(verb)),
  );
}

/** npm ends with the time that it took: `removed 5 packages, and audited 12 packages in 3s`. */
const TIME_OF_NPM = /^(?:up to date|(?:added|removed|changed) \d+ packages?)\b.* in (\d+)(ms|s|m)$/;

/** What npm itself says of a pruning among other commands; nothing where it is not the only one that says so. */
function readSeconds({ output }: ObservedInstruction, commands: readonly Command[]): number {
  const others = commands.filter(
    (one) => !isPruning(one) && one[0] === 'npm' && /^(?:ci|i|install|update|audit|dedupe)$/.test(one[1] ?? ''),
  );
  const told = output.flatMap((line) => {
    const [, count, unit = ''] = TIME_OF_NPM.exec(line) ?? [];
    return count === undefined ? [] : [Number(count) * ({ ms: 0.001, s: 1 }[unit] ?? 60)];
  });
  return others.length === 0 && told.length === 1 ? (told[0] ?? 0) : 0;
}

/** The COPY instructions that ran and copied just this folder, or what is in it, from the stage. */
function listCopies(build: ObservedBuild, { stage }: ObservedStage, folder: string): readonly ObservedInstruction[] {
  const name = stage.name?.toLowerCase() ?? '';
  return build.stages
    .flatMap(({ own }) => own)
    .filter((one) => {
      const copied = one.ran && isCopy(one) ? parseCopy(one) : null;
      return (
        copied?.from?.toLowerCase() === name &&
        copied.sources.every((source) => isInside(folder, posix.resolve('/', source)))
      );
    });
}
