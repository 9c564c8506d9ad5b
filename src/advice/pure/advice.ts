// What would have made a build faster, as far as the build itself has shown it: the rules put together, and their lines.
import { formatMegabytes, formatSeconds } from '../../shared/text.js';
import { toInlineCode } from '../../shared/markdown.js';
import type { ObservedInstruction } from './observed.js';

/** One change of the Dockerfile or of the workflow. */
export interface Advice {
  /** What it would have saved of this build. */
  readonly seconds: number;
  /** Compressed bytes that would not have been written; null where that is not known. */
  readonly bytes: number | null;
  /** Markdown: when it saves that, and what to change. Goes on after "saves 3.1 s". */
  readonly text: string;
}

/** Less is not worth a change. */
const LEAST_SECONDS = 2;
const LEAST_BYTES = 5_000_000;
/** More would not be read. */
const MOST_LINES = 3;

/** @returns lines of Markdown, those that save most first; none where nothing worth a change was seen */
export function toLines(found: readonly Advice[]): string[] {
  const seconds = (advice: Advice): number => (advice.seconds >= LEAST_SECONDS ? advice.seconds : 0);
  return found
    .filter((advice) => advice.seconds >= LEAST_SECONDS || (advice.bytes ?? 0) >= LEAST_BYTES)
    .sort((one, other) => seconds(other) - seconds(one) || (other.bytes ?? 0) - (one.bytes ?? 0))
    .slice(0, MOST_LINES)
    .map((advice) => `**${describeSaving(advice)}** ${advice.text}`);
}

function describeSaving({ seconds, bytes }: Advice): string {
  const parts = [
    ...(seconds >= 0.1 ? [formatSeconds(seconds)] : []),
    ...(bytes !== null && bytes >= 100_000 ? [formatMegabytes(bytes)] : []),
  ];
  return parts.join(' and ');
}

/** `` `RUN npm ci` (line 4)``; the mounts of a RUN would leave no room for its command. */
export function showInstruction({ keyword, text, rest, line }: ObservedInstruction): string {
  return `${toInlineCode(keyword === 'RUN' ? `RUN ${rest.join(' ')}` : text)} (line ${line})`;
}

/** `a, b and c` */
export function listWords(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
