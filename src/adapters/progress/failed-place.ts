// Finds the line of the Dockerfile that failed. rawjson does not have it, only the excerpt that Buildx prints as text.
import type { SourcePlace } from '../../shared/types.js';

/**
 * Reads the last excerpt of the form
 *
 *     Dockerfile:4
 *     --------------------
 *        3 |     FROM base AS builder
 *        4 | >>> RUN make
 *
 * (https://github.com/moby/buildkit/blob/master/solver/errdefs/source.go)
 * @param lines standard error of `docker buildx build`
 * @param file path of the Dockerfile: the excerpt has only its name
 */
export function findFailedPlace(lines: readonly string[], file: string): SourcePlace | null {
  const head = lines.findLastIndex((line, index) => isRule(lines[index + 1]) && isHeading(line));
  if (head === -1) return null;
  const end = lines.findIndex((line, index) => index > head + 1 && isRule(line));
  const marked = lines
    .slice(head + 2, end === -1 ? undefined : end)
    .map((line) => /^\s*(\d+) \| >>>/.exec(line)?.[1])
    .filter((number) => number !== undefined)
    .map(Number);
  const [line] = marked;
  return line === undefined ? null : { file, line, endLine: marked.at(-1) ?? line };
}

/** Longest line that can be `NAME:LINE`; longer ones are skipped. */
const LONGEST_HEADING = 5000;

function isHeading(line: string): boolean {
  return line.length <= LONGEST_HEADING && /^\S.*:\d+$/.test(line);
}

function isRule(line = ''): boolean {
  return /^-{10,}$/.test(line);
}
