// How a pass went, in figures and in words.
import type { Work } from '../progress/build-step.js';

export interface PassFigures {
  /** Null for a pass that had no process of its own. */
  readonly seconds: number | null;
  readonly steps: readonly { readonly name: string; readonly cached: boolean }[];
  /** Why the first step that was not cached usually is not; null when all were. */
  readonly missReason: string | null;
  /** What became of the image, such as "unchanged"; null until that is known. */
  readonly outcome: string | null;
  readonly work: readonly Work[];
}

/** `5 of 7 steps cached; the first that was not: [builder 4/5] COPY src ./ (a file that it copies changed)` */
export function describePass(figures: PassFigures): string {
  const missed = describeMiss(figures);
  return `${describeCached(figures)} steps cached${missed === null ? '' : `; the first that was not: ${missed}`}`;
}

/** `5 of 7` */
export function describeCached({ steps }: PassFigures): string {
  return `${steps.filter(({ cached }) => cached).length} of ${steps.length}`;
}

/** The first step that ran, as code, and why; null when all were cached. */
export function describeMiss({ steps, missReason }: PassFigures): string | null {
  const missed = steps.find(({ cached }) => !cached);
  if (missed === undefined) return null;
  return `\`${shorten(missed.name)}\`${missReason === null ? '' : ` (${missReason})`}`;
}

function shorten(name: string): string {
  const plain = name.replace(/[`|\p{Cc}]+/gu, ' ');
  return plain.length > 60 ? `${plain.slice(0, 57)}...` : plain;
}
