// Production that copies a whole tree, with dependencies in it that were not installed again.
import { posix } from 'node:path';
import { isInside } from '../../../build/pure/context/local-paths.js';
import { toInlineCode } from '../../../shared/markdown.js';
import { type Advice, showInstruction } from '../advice.js';
import { isCopy, parseCopy } from '../cause.js';
import { type Command, isTidying, leavesSystem, parseCommands } from '../commands.js';
import { getWorkingDirectory } from '../folders.js';
import { parseInstall } from '../installers.js';
import { type ObservedBuild, type ObservedInstruction, findLayerBytes } from '../observed.js';

export function adviseOnWholeTrees(build: ObservedBuild): readonly Advice[] {
  return build.stages.flatMap(({ own }) => own.flatMap((copy) => toAdvice(build, copy) ?? []));
}

function toAdvice(build: ObservedBuild, copy: ObservedInstruction): Advice | null {
  const copied = copy.ran && isCopy(copy) ? parseCopy(copy) : null;
  const from = copied?.from?.toLowerCase();
  const stage = build.stages.findLast((one) => from !== undefined && one.stage.name?.toLowerCase() === from);
  const install = stage === undefined ? undefined : stage.chain.find((one) => one.cached && installsApart(one));
  if (copied === null || stage === undefined || install === undefined) return null;
  const folder = getWorkingDirectory(stage, install);
  const tree = copied.sources.find((source) => folder !== null && isInside(posix.resolve('/', source), folder));
  const [bytes, whole] = [findLayerBytes(build, install), findLayerBytes(build, copy)];
  // A smaller layer has not got them all.
  if (folder === null || tree === undefined || bytes === null || whole === null || whole < bytes) return null;
  const later = stage.chain.slice(stage.chain.indexOf(install) + 1).filter(({ keyword }) => keyword === 'RUN');
  if (!later.every(keepsDependencies)) return null;
  return {
    seconds: 0,
    bytes,
    text:
      `in each run that leaves the dependencies as they are: ${showInstruction(copy)} wrote them again, although ` +
      `${showInstruction(install)} came from the cache. Copy ${toInlineCode(posix.join(folder, 'node_modules'))} in a line of its own, ` +
      `and below it only what the build has made, not all of ${toInlineCode(tree)}.`,
  };
}

/** With npm's downloads in a cache mount, the layer has the packages and nothing else. */
function installsApart(step: ObservedInstruction): boolean {
  const commands = parseCommands(step) ?? [];
  const mounts = step.flags.some((flag) => flag.startsWith('--mount=') && flag.includes('type=cache'));
  return mounts && commands.some(installsNode) && commands.every((one) => installsNode(one) || isTidying(one));
}

function installsNode(command: Command): boolean {
  return ['npm', 'pnpm', 'yarn'].includes(command[0] ?? '') && parseInstall(command) !== null;
}

function keepsDependencies(step: ObservedInstruction): boolean {
  const commands = parseCommands(step);
  return commands?.every((one) => leavesSystem(one) && !one.includes('prune') && !installsNode(one)) === true;
}
