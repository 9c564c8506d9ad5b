// A RUN that changes owner or mode of files which a COPY has brought: each of them is copied into one more layer.
import { posix } from 'node:path';
import { isInside } from '../../../build/pure/context/local-paths.js';
import { toInlineCode } from '../../../shared/markdown.js';
import { type Advice, listWords, showInstruction } from '../advice.js';
import { isCopy } from '../cause.js';
import { type Command, isSetup, isTidying, listArguments, namesPackages, parseCommands } from '../commands.js';
import { getDestination, getWorkingDirectory } from '../folders.js';
import {
  type ObservedBuild,
  type ObservedInstruction,
  type ObservedStage,
  findLayerBytes,
  measureAlone,
} from '../observed.js';

export function adviseOnOwnerChanges(build: ObservedBuild): readonly Advice[] {
  return build.stages.flatMap((stage) => stage.own.flatMap((step) => toAdvice(build, stage, step) ?? []));
}

function toAdvice(build: ObservedBuild, stage: ObservedStage, step: ObservedInstruction): Advice | null {
  const commands = step.ran ? (parseCommands(step) ?? []) : [];
  const changes = commands.map(parseChange);
  const others = commands.filter((one, index) => changes[index] === null && !isSetup(one) && !isTidying(one));
  const [change, ...further] = changes.filter((one) => one !== null);
  if (change === undefined || further.length > 0 || others.length > 0) return null;
  const copies = findCopies(stage, step, change);
  if (copies === null) return null;
  const option = toInlineCode(`${change.option}${change.value}`);
  return {
    seconds: measureAlone(build, [step]),
    bytes: findLayerBytes(build, step),
    text: `in each run that copies again: ${showInstruction(step)} writes the same files into a layer of its own. Give ${listWords(copies.map(showInstruction))} the option ${option} instead${commands.some(isSetup) ? ', and make the user above' : ''}.`,
  };
}

interface Change {
  readonly option: '--chown=' | '--chmod=';
  readonly value: string;
  readonly paths: readonly string[];
}

/** Only modes in digits: COPY has no others in every BuildKit. */
function parseChange(command: Command): Change | null {
  const [program = ''] = command;
  const [value = '', ...paths] = listArguments(command);
  if (paths.length === 0 || [value, ...paths].some((word) => /[$*?[]/.test(word))) return null;
  if (program === 'chown') return { option: '--chown=', value, paths };
  return program === 'chmod' && /^[0-7]{3,4}$/.test(value) ? { option: '--chmod=', value, paths } : null;
}

/**
 * The COPY instructions that have brought what is changed.
 * @returns null where something else may have, or where a COPY brings other files too
 */
function findCopies(
  stage: ObservedStage,
  step: ObservedInstruction,
  { paths, option }: Change,
): readonly ObservedInstruction[] | null {
  const folder = getWorkingDirectory(stage, step);
  if (folder === null) return null;
  const changed = paths.map((path) => posix.resolve(folder, path));
  const before = stage.own.slice(0, stage.own.indexOf(step));
  const made = before.filter(({ kind, keyword }) => kind === 'step' && keyword !== 'WORKDIR');
  const copies = made.filter((one) => {
    const destination = isCopy(one) ? getDestination(stage, one) : null;
    return destination !== null && changed.some((path) => isInside(path, destination));
  });
  const isHarmless = (one: ObservedInstruction): boolean =>
    one.keyword === 'RUN'
      ? parseCommands(one)?.every((command) => isSetup(command) || isTidying(command) || namesPackages(command)) ===
        true
      : isElsewhere(stage, one, changed);
  const others = made.filter((one) => !copies.includes(one));
  const has = copies.some(({ flags }) => flags.some((flag) => flag.startsWith(option)));
  return copies.length === 0 || has || !others.every(isHarmless) ? null : copies;
}

function isElsewhere(stage: ObservedStage, copy: ObservedInstruction, changed: readonly string[]): boolean {
  const destination = getDestination(stage, copy);
  return destination !== null && !changed.some((path) => isInside(path, destination) || isInside(destination, path));
}
