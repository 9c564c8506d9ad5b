// The one comment on the pull request: its text, and whether this run writes it.
import type { PullRequestComment } from '../adapters/github/run-api.js';
import type { RunNumber } from '../adapters/runner/runner.js';
import { pinnedReference } from '../image/reference.js';
import { listMasks } from '../inputs/secrets/secret-text.js';
import { escapeMarkdown, shorten } from '../shared/markdown.js';
import type { PassFigures } from './figures.js';
import { toPassLines } from './log-lines.js';
import type { RunResult } from './result.js';
import { describeBytes, toCommitLine } from './summary.js';

export interface CommentContext {
  readonly run: RunNumber;
  readonly runUrl: string | null;
  /** Values to hide: the runner masks its logs, but not what is sent to GitHub's API. */
  readonly secrets: readonly string[];
}

/** Far below the 65536 characters that GitHub takes. */
export function toComment(result: RunResult, { run, runUrl, secrets }: CommentContext): string {
  const { plan, digest, error, bytes, builders, production } = hideSecrets(result, secrets);
  const lines = [toMarker(plan.image.name, run), `### Image \`${plan.image.name}\``, ''];
  if (error !== null) lines.push(`**Failed.** ${escapeMarkdown(shorten(error.message))}`, '');
  if (digest !== null) lines.push('```text', pinnedReference(plan.image, plan.tags.unique, digest), '```', '');
  if (error === null && digest === null) lines.push(`Not pushed: ${escapeMarkdown(shorten(plan.push.reason))}.`, '');
  const size = describeBytes(bytes);
  const items = [...(size === '' ? [] : [size]), ...toPassLines({ plan, builders, production })];
  if (items.length > 0) lines.push(...items.map((item) => `- ${item}`), '');
  lines.push(`${toCommitLine(plan)}${runUrl === null ? '' : `, [log of the run](${runUrl})`}`);
  return `${lines.join('\n')}\n`;
}

/** Called before texts are shortened or escaped: half a secret would no longer be recognised. */
function hideSecrets(result: RunResult, secrets: readonly string[]): RunResult {
  // The same texts that the runner masks; longest first, since one may contain another.
  const hidden = secrets.flatMap(listMasks).sort((one, other) => other.length - one.length);
  const hide = (text: string): string => hidden.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
  const hideIn = (pass: PassFigures): PassFigures => ({
    ...pass,
    steps: pass.steps.map((step) => ({ ...step, name: hide(step.name) })),
  });
  const { plan, builders, production, error } = result;
  return {
    ...result,
    plan: { ...plan, push: { ...plan.push, reason: hide(plan.push.reason) } },
    builders: builders.map(hideIn),
    production: production && hideIn(production),
    error: error === null ? null : { message: hide(error.message), output: [] },
  };
}

export type CommentDecision =
  | { readonly kind: 'create' }
  | { readonly kind: 'update'; readonly id: number }
  /** A later run has written it already. */
  | { readonly kind: 'leave' };

export interface CommentWriter {
  /** Login of the token's owner. */
  readonly author: string;
  readonly imageName: string;
  readonly run: RunNumber;
}

/** The first line of the comment, which GitHub does not show. An image name cannot contain `-->`. */
export function toMarker(imageName: string, { id, attempt }: RunNumber): string {
  return `<!-- two-pass-build:${imageName} --><!-- run=${id} attempt=${attempt} -->`;
}

/** Only comments by the token's owner count: anybody can write the marker, and the token can change any comment. */
export function chooseComment(
  comments: readonly PullRequestComment[],
  { author, imageName, run }: CommentWriter,
): CommentDecision {
  const own = comments.flatMap((comment) => {
    const written = comment.author === author ? readMarker(comment.body, imageName) : null;
    return written === null ? [] : [{ id: comment.id, written }];
  });
  if (own.some(({ written }) => isLater(written, run))) return { kind: 'leave' };
  const [first] = own;
  return first === undefined ? { kind: 'create' } : { kind: 'update', id: first.id };
}

function isLater(one: RunNumber, other: RunNumber): boolean {
  return one.id === other.id ? one.attempt > other.attempt : one.id > other.id;
}

/** Only at the beginning of a comment: a bot that quotes the comment has the marker further down. */
function readMarker(body: string, imageName: string): RunNumber | null {
  const [, name, id, attempt] =
    /^<!-- two-pass-build:(\S+) --><!-- run=(\d{1,15}) attempt=(\d{1,15}) -->/.exec(body) ?? [];
  return name === imageName ? { id: Number(id), attempt: Number(attempt) } : null;
}
