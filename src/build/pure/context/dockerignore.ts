// Whether a .dockerignore leaves a file out of the build context. Pure.
// Rules: https://docs.docker.com/build/concepts/context/#dockerignore-files, as https://github.com/moby/patternmatcher has them
import { posix } from 'node:path';

/**
 * Of the patterns that match a path or a folder that it is in, the last one counts.
 * @param text of the file
 * @param path relative to the context, without `./`
 */
export function isLeftOut(text: string, path: string): boolean {
  const parts = path.split('/');
  const paths = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  let leftOut = false;
  for (const { pattern, exception } of parsePatterns(text)) {
    // Skip patterns that would change nothing: matching takes time.
    if (leftOut === exception && paths.some((one) => pattern.test(one))) leftOut = !exception;
  }
  return leftOut;
}

interface Pattern {
  readonly pattern: RegExp;
  /** Begins with `!`: what it matches stays in. */
  readonly exception: boolean;
}

/** Longer patterns are ignored: many `**` in one would make matching slow. */
const LONGEST_PATTERN = 500;

function* parsePatterns(text: string): Generator<Pattern> {
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const trimmed = line.startsWith('#') ? '' : line.trim();
    const exception = trimmed.startsWith('!');
    const given = exception ? trimmed.slice(1).trim() : trimmed;
    if (given === '' || given.length > LONGEST_PATTERN) continue;
    const pattern = toRegExp(
      posix
        .normalize(given)
        .replace(/(?<=.)\/$/, '')
        .replace(/^\/(?=.)/, ''),
    );
    if (pattern !== null) yield { pattern, exception };
  }
}

/** @returns null for an invalid pattern, for which the build itself fails */
function toRegExp(pattern: string): RegExp | null {
  const source = pattern.replace(/\*\*\/?$|\*\*\/?|\*|\?|\\[^]?|[.+()|{}$]/g, (found, at: number) => {
    if (found.startsWith('**')) return at + found.length === pattern.length ? '.*' : '(?:.*/)?';
    if (found === '*') return '[^/]*';
    if (found === '?') return '[^/]';
    if (found === '\\') return '\\\\';
    return found.startsWith('\\') ? found : `\\${found}`;
  });
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    return null;
  }
}
