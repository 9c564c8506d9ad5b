// The job summary: Markdown for the page of the run. Pure text.
import { type Digest, type Tag, pinnedReference, taggedReference } from '../plan/image-name.js';
import type { PassPlan, Plan } from '../plan/plan.js';
import { type PassFigures, describePass } from './pass-report.js';

export interface RunResult {
  readonly plan: Plan;
  /** Null for a pass that did not come to its end. */
  readonly builder: PassFigures | null;
  readonly production: PassFigures | null;
  /** What the registry serves under the unique tag; null when nothing was pushed. */
  readonly digest: Digest | null;
  /** Tags that were written. */
  readonly pushedTags: readonly Tag[];
  readonly warnings: readonly string[];
  readonly error: string | null;
}

export function toSummary(result: RunResult): string {
  const { plan, digest, error } = result;
  const lines = [`### Image \`${plan.image.name}\``, ''];
  if (error !== null) lines.push(`**Failed.** ${escapeMarkdown(error)}`, '');
  if (digest !== null) lines.push('```text', pinnedReference(plan.image, plan.tags.unique, digest), '```', '');
  if (error === null && digest === null) lines.push(`Not pushed: ${escapeMarkdown(plan.push.reason)}.`, '');
  lines.push(
    ...toTable([
      ['Pass', 'Target', 'Steps', 'Time', 'Image'],
      passRow(plan.builder, result.builder),
      passRow(plan.production, result.production),
    ]),
  );
  if (result.pushedTags.length > 0) {
    lines.push('', 'Pushed tags:', '', ...result.pushedTags.map((tag) => `- \`${taggedReference(plan.image, tag)}\``));
  }
  const remarks = [...plan.notes, ...result.warnings];
  if (remarks.length > 0) lines.push('', ...remarks.map((remark) => `- ${escapeMarkdown(remark)}`));
  return `${lines.join('\n')}\n`;
}

function passRow(pass: PassPlan, figures: PassFigures | null): string[] {
  if (figures === null) return [pass.name, `\`${pass.target}\``, 'not finished', '', ''];
  const time = figures.seconds === null ? 'with production' : `${figures.seconds.toFixed(1)} s`;
  return [pass.name, `\`${pass.target}\``, escapeCell(describePass(figures)), time, escapeCell(figures.outcome ?? '')];
}

/** How each pass went, for the log. */
export function toPassLines({ builder, production }: RunResult): string[] {
  const line = (name: string, figures: PassFigures | null): string[] =>
    figures === null ? [] : [`${name}: ${describePass(figures)}`];
  return [...line('Builder', builder), ...line('Production', production)];
}

function escapeCell(text: string): string {
  return text.replace(/\|/g, '\\|');
}

function toTable(rows: readonly (readonly string[])[]): string[] {
  const [header = [], ...body] = rows;
  return [header, header.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`);
}

/** Text from a build or a branch name must stay text: no markup, no HTML, no mentions. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s*[\r\n]+\s*/g, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/[\\`*_{}[\]()#|~>]/g, '\\$&')
    .replace(/@/g, '&#64;');
}
