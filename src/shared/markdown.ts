// Markdown from untrusted text.
import { withoutTerminalCodes } from './text.js';

/** GitHub takes 1 MiB of summary from a step: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits */
const MOST_ITEMS = 50;
const LONGEST_ITEM = 2000;

/** A code block that untrusted text cannot end: the fence is longer than any run of backticks in the text. */
export function toCodeBlock(text: readonly string[]): string[] {
  const lines = text.map((line) => shorten(withoutTerminalCodes(line).replace(/(?!\t)\p{Cc}/gu, '')));
  const longest = Math.max(2, ...lines.flatMap((line) => line.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}text`, ...lines, fence];
}

export function limit(items: readonly string[]): readonly string[] {
  return items.length <= MOST_ITEMS ? items : [...items.slice(0, MOST_ITEMS), `and ${items.length - MOST_ITEMS} more`];
}

export function shorten(text: string): string {
  return text.length <= LONGEST_ITEM ? text : `${text.slice(0, LONGEST_ITEM)}…`;
}

/** A short text as code on one line, which it cannot end. */
export function toInlineCode(text: string): string {
  const plain = text.replace(/[`|\p{Cc}]+/gu, ' ');
  return `\`${plain.length > LONGEST_CODE ? `${plain.slice(0, LONGEST_CODE - 3)}...` : plain}\``;
}

const LONGEST_CODE = 60;

export function escapeCell(text: string): string {
  return text.replace(/\|/g, '\\|');
}

export function toTable(rows: readonly (readonly string[])[]): string[] {
  const [header = [], ...body] = rows;
  return [header, header.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`);
}

/** Text from a build or a branch name must stay text: no markup, no HTML, no mentions, no links to sites or issues. */
export function escapeMarkdown(text: string): string {
  return (
    text
      .replace(/\s+/g, (space) => (/[\r\n]/.test(space) ? ' ' : space))
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/[\\`*_{}[\]()#|~>]/g, '\\$&')
      // GitHub looks for addresses, @user, #1 and GH-1 in what Markdown has become, where no escape is left: only a gap
      // prevents them. https://github.github.com/gfm/#autolinks-extension-
      .replace(/#(?=\d)/g, '#&#8203;')
      .replace(/:\/\//g, ':&#8203;//')
      .replace(/www\./gi, (host) => `${host.slice(0, -1)}&#8203;.`)
      .replace(/GH-(?=\d)/gi, (prefix) => `${prefix}&#8203;`)
      .replace(/@/g, '&#64;&#8203;')
  );
}
