// The comment on the pull request. Pure text.
import { type RunNumber, toMarker } from '../plan/comment.js';
import { pinnedReference } from '../plan/image-name.js';
import { listMasks } from '../plan/secret-text.js';
import type { PassFigures } from './pass-report.js';
import { type RunResult, describeBytes, escapeMarkdown, shorten, toCommitLine, toPassLines } from './summary.js';

export interface CommentContext {
  readonly run: RunNumber;
  readonly runUrl: string | null;
  /** Values that must not be seen: the runner hides them in its logs, and nobody does in a comment. */
  readonly secrets: readonly string[];
}

/** Far below the 65536 characters that GitHub takes. */
export function toComment(result: RunResult, { run, runUrl, secrets }: CommentContext): string {
  const { plan, digest, error, bytes, builder, production } = hideSecrets(result, secrets);
  const lines = [toMarker(plan.image.name, run), `### Image \`${plan.image.name}\``, ''];
  if (error !== null) lines.push(`**Failed.** ${escapeMarkdown(shorten(error.message))}`, '');
  if (digest !== null) lines.push('```text', pinnedReference(plan.image, plan.tags.unique, digest), '```', '');
  if (error === null && digest === null) lines.push(`Not pushed: ${escapeMarkdown(shorten(plan.push.reason))}.`, '');
  const size = describeBytes(bytes);
  const facts = [...(size === '' ? [] : [size]), ...toPassLines({ builder, production })];
  if (facts.length > 0) lines.push(...facts.map((fact) => `- ${fact}`), '');
  lines.push(`${toCommitLine(plan)}${runUrl === null ? '' : `, [log of the run](${runUrl})`}`);
  return `${lines.join('\n')}\n`;
}

/** Before anything is shortened or escaped, which would leave half a secret. */
function hideSecrets(result: RunResult, secrets: readonly string[]): RunResult {
  // What the runner hides in its logs; the longest first.
  const hidden = secrets.flatMap(listMasks).sort((one, other) => other.length - one.length);
  const hide = (text: string): string => hidden.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
  const hideIn = (pass: PassFigures | null): PassFigures | null =>
    pass && { ...pass, steps: pass.steps.map((step) => ({ ...step, name: hide(step.name) })) };
  const { plan, builder, production, error } = result;
  return {
    ...result,
    plan: { ...plan, push: { ...plan.push, reason: hide(plan.push.reason) } },
    builder: hideIn(builder),
    production: hideIn(production),
    error: error === null ? null : { message: hide(error.message), output: [] },
  };
}
