// The result of a cleanup as text: lines for the log, outputs, and the job summary. Pure.
import type { PackageVersion } from '../../adapters/github/packages.js';
import type { ImageName } from '../../image/reference.js';
import { escapeMarkdown } from '../../shared/markdown.js';
import { errorMessage } from '../../shared/text.js';

/** A tag, or a version without one. */
export interface CleanupItem {
  readonly version: PackageVersion;
  readonly tag: string | null;
  /** Why the tag or version stays, or was not removed; null when it is removed. */
  readonly reason: string | null;
}

export interface CleanupResult {
  readonly image: ImageName;
  readonly dryRun: boolean;
  readonly deleted: readonly CleanupItem[];
  /** Due to be removed, and kept for the reason of each. */
  readonly kept: readonly CleanupItem[];
  readonly failed: readonly CleanupItem[];
  /** How many versions without tags stay because other versions need them. */
  readonly needed: number;
  /** Sentences on what was not looked at or is left to the next run. */
  readonly notes: readonly string[];
}

/** More rows could exceed the size that GitHub allows for a summary; the log has all. */
const MOST_ROWS = 100;

/** `NAME:TAG`, or `NAME@DIGEST` where there is no tag. */
export function toReference({ name }: ImageName, { tag, version }: CleanupItem): string {
  return tag === null ? `${name}@${version.digest}` : `${name}:${tag}`;
}

/** One line for each tag, or version without one. */
export function toCleanupLines(result: CleanupResult): string[] {
  const { image, dryRun, deleted, kept, failed, needed } = result;
  const line = (word: string, item: CleanupItem): string => {
    const of = item.tag === null ? '' : ` (${item.version.digest})`;
    return `${word} ${toReference(image, item)}${of}${item.reason === null ? '' : `: ${item.reason}`}`;
  };
  return [
    ...deleted.map((item) => line(dryRun ? 'Would go:' : 'Gone:    ', item)),
    ...kept.map((item) => line('Stays:   ', item)),
    ...failed.map((item) => line('Failed:  ', item)),
    ...(needed === 0 ? [] : [`Stays:    ${needed} without a tag of their own, which others need`]),
    ...(deleted.length + kept.length + failed.length === 0 ? [`${image.name} has nothing to clean up.`] : []),
  ];
}

/** The outputs `deleted` and `kept`; docs: docs/cleanup.md, "Outputs". */
export function toCleanupOutput(results: readonly CleanupResult[], which: 'deleted' | 'kept'): string {
  return results.flatMap(({ image, [which]: items }) => items.map((item) => toReference(image, item))).join('\n');
}

/**
 * One error of those of several images; a single one as it is.
 * @param images how many there are to clean up
 */
export function joinFaults(faults: readonly unknown[], images: number): Error {
  const [first] = faults;
  if (images === 1 && first instanceof Error) return first;
  const messages = faults.map(errorMessage);
  return new Error(`${faults.length} of ${images} images: ${messages.join(' Also: ')}`, { cause: first });
}

export function toCleanupSummary(result: CleanupResult): string {
  const { image, dryRun, deleted, kept, failed, needed, notes } = result;
  const rows = [
    ...failed.map((item) => ({ item, word: 'failed' })),
    ...deleted.map((item) => ({ item, word: dryRun ? 'would go' : 'gone' })),
    ...kept.map((item) => ({ item, word: 'stays' })),
  ];
  const cells = rows
    .slice(0, MOST_ROWS)
    .map(
      ({ item, word }) => `| \`${item.tag ?? item.version.digest}\` | ${word} | ${escapeMarkdown(item.reason ?? '')} |`,
    );
  return [
    `### Cleanup of \`${image.name}\`${dryRun ? ' (dry run)' : ''}`,
    '',
    ...(rows.length === 0 ? ['Nothing to clean up.'] : ['| Tag or digest | | Why |', '| --- | --- | --- |', ...cells]),
    '',
    ...(rows.length <= MOST_ROWS ? [] : [`And ${rows.length - MOST_ROWS} more, which the log names.`, '']),
    ...(needed === 0 ? [] : [`${needed} without a tag of their own stay, since others need them.`, '']),
    ...notes.flatMap((note) => [escapeMarkdown(note), '']),
  ].join('\n');
}
