// Paths inside the image: the working directory of an instruction, and where a COPY copies to.
import { posix } from 'node:path';
import { isInside } from '../../build/pure/context/local-paths.js';
import { withoutQuotes } from '../../build/pure/dockerfile.js';
import { parseCopy } from './cause.js';
import type { ObservedInstruction, ObservedStage } from './observed.js';

/** Stands for the working directory of the base image, which the Dockerfile does not tell. */
const OF_BASE_IMAGE = '/<working directory of the base image>';

/** @returns null where a variable is in it */
export function getWorkingDirectory({ chain }: ObservedStage, instruction: ObservedInstruction): string | null {
  const before = chain.slice(0, chain.indexOf(instruction)).filter(({ keyword }) => keyword === 'WORKDIR');
  const paths = before.map(({ rest }) => withoutQuotes(rest.join(' ')));
  return paths.some((path) => path.includes('$')) ? null : posix.resolve(OF_BASE_IMAGE, ...paths);
}

/** @returns null where a variable is in it */
export function getDestination(stage: ObservedStage, copy: ObservedInstruction): string | null {
  const paths = parseCopy(copy);
  const folder = getWorkingDirectory(stage, copy);
  return paths === null || folder === null ? null : posix.resolve(folder, paths.destination);
}

const OF_THE_SYSTEM: readonly string[] = ['/bin', '/etc', '/lib', '/root', '/sbin', '/usr', '/var'];

/** Whether a package manager of the system may find what is copied. A service under /usr/src or /var/www is none of it. */
export function isOfSystem(path: string): boolean {
  if (['/usr/src', '/usr/share/nginx', '/var/www'].some((folder) => isInside(folder, path))) return false;
  return path === '/' || OF_THE_SYSTEM.some((folder) => isInside(folder, path));
}
