// Dependencies that are installed again since a COPY before them brings more than their manifests.
import { posix } from 'node:path';
import { isInside, toContextPath } from '../../../build/pure/context/local-paths.js';
import { toInlineCode } from '../../../shared/markdown.js';
import { type Advice, listWords, showInstruction } from '../advice.js';
import { type Cause, findCause, groupByCopy, isCopy, parseCopy } from '../cause.js';
import { isTidying, namesPackages, parseCommands } from '../commands.js';
import { getDestination, getWorkingDirectory } from '../folders.js';
import { type Install, type Manifests, areManifests, parseInstall } from '../installers.js';
import {
  type ObservedBuild,
  type ObservedInstruction,
  type ObservedStage,
  measureAlone,
  sumLayerBytes,
} from '../observed.js';

/** A RUN that does nothing but install, behind a COPY of more than it needs. */
interface LateInstall {
  readonly stage: ObservedStage;
  readonly step: ObservedInstruction;
  readonly copy: ObservedInstruction;
  readonly installs: readonly Install[];
  /** The folder of the build context that its manifests are in. */
  readonly folder: string;
}

/** Paths in the build context that the rule wants to read. */
export function listWantedManifests(build: ObservedBuild): readonly string[] {
  return findLateInstalls(build).flatMap(({ installs, folder }) => listPaths(installs, folder));
}

/** @param files by path in the build context; a path that is missing is no file */
export function adviseOnEarlyCopy(build: ObservedBuild, files: Manifests): readonly Advice[] {
  const late = findLateInstalls(build).filter((one) => isEnough(one, files));
  return groupByCopy(late).map(({ copy, group }) => toAdvice(build, copy, group, files));
}

function toAdvice(
  build: ObservedBuild,
  copy: ObservedInstruction,
  group: readonly LateInstall[],
  files: Manifests,
): Advice {
  const steps = group.map(({ step }) => step);
  const names = new Set(
    group.flatMap(({ installs, folder }) => listPaths(installs, folder).filter((path) => files.has(path))),
  );
  const manifests = listWords([...names].map(toInlineCode));
  return {
    seconds: measureAlone(build, steps),
    bytes: sumLayerBytes(build, steps),
    text:
      `in each run that leaves ${manifests} as ${names.size === 1 ? 'it is' : 'they are'}: ` +
      `${listWords(steps.map(showInstruction))} ran again for ${showInstruction(copy)}, which copies more. ` +
      `Copy ${names.size === 1 ? 'that file' : 'these files'} first, install, and copy the rest below.`,
  };
}

function findLateInstalls(build: ObservedBuild): readonly LateInstall[] {
  return build.stages.flatMap((stage) =>
    stage.own.filter(({ ran }) => ran).flatMap((step) => toLateInstall(build, stage, step) ?? []),
  );
}

function toLateInstall(build: ObservedBuild, stage: ObservedStage, step: ObservedInstruction): LateInstall | null {
  const installs = parseInstalls(step);
  const cause = installs === null ? null : findCause(build, stage, step);
  if (installs === null || !cause?.between.every(mayStandBetween)) return null;
  const copied = parseCopy(cause.copy);
  if (copied?.from !== null || areManifests(copied.sources)) return null;
  const folder = findFolder(stage, step, cause);
  return folder === null ? null : { stage, step, copy: cause.copy, installs, folder };
}

/** @returns null for a RUN that does anything else too */
function parseInstalls(step: ObservedInstruction): readonly Install[] | null {
  const commands = parseCommands(step) ?? [];
  const installs = commands.map(parseInstall);
  const others = commands.filter((_, index) => installs[index] === null);
  const found = installs.filter((install) => install !== null);
  return found.length > 0 && others.every((one) => isTidying(one) || namesPackages(one)) ? found : null;
}

/** Whether an instruction can stay where it is, or move along, when the installation goes up. */
function mayStandBetween(instruction: ObservedInstruction): boolean {
  if (instruction.kind === 'other') return !['USER', 'SHELL', 'ONBUILD'].includes(instruction.keyword);
  if (isCopy(instruction)) return parseCopy(instruction)?.from === null;
  const commands = instruction.keyword === 'RUN' ? parseCommands(instruction) : [];
  return commands?.every((one) => isTidying(one) || namesPackages(one) || parseInstall(one) !== null) === true;
}

/** The folder of the context whose files the COPY brings to the working directory of the step; null where that is not certain. */
function findFolder(stage: ObservedStage, step: ObservedInstruction, { copy }: Cause): string | null {
  const sources = parseCopy(copy)?.sources ?? [];
  const [destination, folder] = [getDestination(stage, copy), getWorkingDirectory(stage, step)];
  if (destination === null || folder === null) return null;
  const manifest = sources.find((one) => areManifests([one]));
  if (manifest !== undefined) return destination === folder ? toContextPath(posix.dirname(manifest)) : null;
  const [source = ''] = sources;
  if (sources.length !== 1 || /[*?[]/.test(source) || !isInside(destination, folder)) return null;
  return toContextPath(posix.join(source, posix.relative(destination, folder)));
}

function listPaths(installs: readonly Install[], folder: string): readonly string[] {
  return installs.flatMap(({ needed, optional }) => [...needed, ...optional]).map((name) => posix.join(folder, name));
}

function isEnough({ installs, folder }: LateInstall, files: Manifests): boolean {
  return installs.every(({ needed, optional, isEnough: enough }) => {
    const known = [...needed, ...optional].flatMap((name): [string, string][] => {
      const text = files.get(posix.join(folder, name));
      return text === undefined ? [] : [[name, text]];
    });
    const manifests = new Map(known);
    return needed.every((name) => manifests.has(name)) && enough(manifests);
  });
}
