// Pieces of workflow files as text. Pure.
import { stringify } from 'yaml';

/** `${{ text }}` */
export function expression(text: string): string {
  return `\${{ ${text} }}`;
}

/** A value as YAML writes it, on one line. */
export function toScalar(value: string): string {
  return stringify(value, { singleQuote: true, lineWidth: 0 }).trimEnd();
}

/** The lines as one text, each behind `depth` spaces. */
export function indent(depth: number, lines: readonly string[]): string {
  return lines.map((line) => `${' '.repeat(depth)}${line}`).join('\n');
}
