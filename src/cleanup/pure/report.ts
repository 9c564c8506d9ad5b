// What a cleanup says: lines for the log, outputs, and the job summary. Text in, text out.
import type { PackageVersion } from '../../adapters/github/packages.js';
import type { ImageName } from '../../image/reference.js';
import { escapeMarkdown } from '../../shared/markdown.js';

/** A tag, or a version without one. */
export interface CleanupItem {
  readonly version: PackageVersion;
  readonly tag: string | null;
  /** Why it stays; null for what goes. */
  readonly reason: string | null;
}

export interface CleanupResult {
  readonly image: ImageName;
  readonly dryRun: boolean;
  readonly deleted: readonly CleanupItem[];
  /** What should have gone and stays. */
  readonly kept: readonly CleanupItem[];
  readonly failed: readonly CleanupItem[];
  /** Versions without tags that stay because others need them. */
  readonly needed: number;
  /** What is left to the next run, as a sentence. */
  readonly notes: readonly string[];
}

/** The summary of a run holds no more; the log has all. */
const MOST_ROWS = 100;

/** `NAME:TAG`, or `NAME@DIGEST` where there is no tag. */
export function toReference({ name }: ImageName, { tag, version }: CleanupItem): string {
  return tag === null ? `${name}@${version.digest}` : `${name}:${tag}`;
}

/** Everything, one thing a line. */
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
export function toCleanupOutput(image: ImageName, items: readonly CleanupItem[]): string {
  return items.map((item) => toReference(image, item)).join('\n');
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
