// The job summary: Markdown for the page of the run. Pure text.
import { type Digest, type Tag, pinnedReference, taggedReference } from '../plan/image-name.js';
import type { ImageIndex } from '../plan/image-index.js';
import type { MirrorOutcome } from '../plan/mirror-outcome.js';
import type { PassPlan, Plan } from '../plan/plan.js';
import { showPlatform } from '../plan/platform.js';
import { formatMegabytes, withoutTerminalCodes } from '../plan/words.js';
import type { Work } from '../progress/build-step.js';
import { type PassFigures, describeCached, describeMiss, describePass } from './pass-report.js';
import { type TimedPass, sumWork, toGantt } from './timeline.js';

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
  readonly error: Failure | null;
  /** What a build did that did not come to its end. */
  readonly unfinished: readonly Work[];
  readonly bytes: ImageBytes;
  /** Images whose cache this run could use. */
  readonly cacheTags: readonly Tag[];
  /** The platforms of an index that was made of parts; left out: the image was built here. */
  readonly platforms?: ImageIndex['platforms'];
  /** What became of the copies; left out: there are none. */
  readonly mirrors?: readonly MirrorOutcome[];
  /** Whether the team's own check has passed. */
  readonly verified?: boolean;
  /** Markdown of what the scanner found. */
  readonly checks?: readonly string[];
  /** Key of the entry of the Actions cache that both passes took instead. */
  readonly actionsCacheKey?: string | null;
}

export interface Failure {
  readonly message: string;
  /** The last lines that the failed step printed; none when no step failed. */
  readonly output: readonly string[];
}

/** Compressed layers of the production image; null when that is not known. */
export interface ImageBytes {
  /** Compressed; of the first platform where there are several. */
  readonly image: number | null;
  /** How many platforms the image has; left out: one. */
  readonly platforms?: number;
  /** Of the image that the main branch had before this run. */
  readonly main: number | null;
}

/** GitHub takes 1 MiB of summary from a step: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits */
const MOST_ITEMS = 50;
const LONGEST_ITEM = 2000;

export function toSummary(result: RunResult): string {
  const { plan, digest, error } = result;
  const lines = [`### Image \`${plan.image.name}\``, ''];
  if (error !== null) lines.push(...toFailure(error));
  if (digest !== null) lines.push('```text', pinnedReference(plan.image, plan.tags.unique, digest), '```', '');
  if (error === null && digest === null) lines.push(...toNotPushed(plan));
  if (result.checks !== undefined) lines.push(...result.checks);
  if (result.platforms !== undefined) lines.push(...toPlatforms(result.platforms));
  // Of a build that failed there is nothing to compare.
  if (result.builder !== null || result.production !== null) {
    lines.push(
      ...toTable([
        ['Pass', 'Target', 'Steps cached', 'Time', 'Image'],
        passRow(plan.builder, result.builder, result.builder?.outcome ?? ''),
        passRow(plan.production, result.production, digest === null ? '' : 'pushed'),
      ]),
      '',
    );
  }
  const verified = result.verified === true ? 'Verify: passed' : '';
  const facts = [
    toCommitLine(plan),
    verified,
    describeBytes(result.bytes),
    describeTime(result),
    describeCache(result),
    ...describeMisses(result),
  ];
  lines.push(...facts.filter((fact) => fact !== '').map((fact) => `- ${fact}`));
  const chart = toGantt(listPasses(result));
  if (chart.length > 0) lines.push('', '```mermaid', ...chart, '```');
  if (result.pushedTags.length > 0) {
    const tags = limit(result.pushedTags.map((tag) => `\`${taggedReference(plan.image, tag)}\``));
    lines.push('', 'Pushed tags:', '', ...tags.map((tag) => `- ${tag}`));
  }
  lines.push(...toMirrors(result));
  const remarks = limit([...plan.notes, ...result.warnings].map((remark) => escapeMarkdown(shorten(remark))));
  if (remarks.length > 0) lines.push('', 'Remarks:', '', ...remarks.map((remark) => `- ${remark}`));
  if (digest !== null && error === null)
    lines.push(...toSnippet(pinnedReference(plan.image, plan.tags.unique, digest)));
  return `${lines.join('\n')}\n`;
}

/** The commit that people see, and what is built where that is another: the merge that GitHub makes of a pull request. */
export function toCommitLine({ event, built }: Pick<Plan, 'event' | 'built'>): string {
  const { commit, insteadOf } = built;
  if (insteadOf !== null) return `Commit ${commit}, instead of ${insteadOf}, the commit of the event`;
  return commit === event.sha ? `Commit ${commit}` : `Commit ${event.sha}, merged as ${commit}`;
}

/** The output `summary`, for people who chart builds; docs: README, "Outputs". */
export function toFiguresJson(result: RunResult): string {
  const pass = (figures: PassFigures | null): object | null =>
    figures === null
      ? null
      : {
          steps: figures.steps.length,
          cached: figures.steps.filter(({ cached }) => cached).length,
          seconds: figures.seconds === null ? null : Math.round(figures.seconds * 1000) / 1000,
          work: sumWork(figures.work),
        };
  return JSON.stringify({
    commit: result.plan.built.commit,
    pushed: result.digest !== null,
    builder: pass(result.builder),
    production: pass(result.production),
    bytes: result.bytes,
    cacheTags: result.cacheTags,
    warnings: result.warnings.length,
  });
}

/** What a person wants of a red run: the step, its line, and what it said. */
function toFailure({ message, output }: Failure): string[] {
  const lines = [`**Failed.** ${escapeMarkdown(shorten(message))}`, ''];
  return output.length === 0 ? lines : [...lines, 'The last lines that it printed:', '', ...toCodeBlock(output), ''];
}

/** Text of anybody, which cannot end the block: its fence is longer than any run of backticks in it. */
function toCodeBlock(text: readonly string[]): string[] {
  const lines = text.map((line) => shorten(withoutTerminalCodes(line).replace(/(?!\t)\p{Cc}/gu, '')));
  const longest = Math.max(2, ...lines.flatMap((line) => line.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}text`, ...lines, fence];
}

function toNotPushed({ image, tags, production, push, parts }: Plan): string[] {
  const reason = `**Not pushed:** ${escapeMarkdown(push.reason)}.`;
  if (production.output !== 'engine' || parts.length > 0) return [reason, ''];
  return [`${reason} Later steps of this job have the image as \`${taggedReference(image, tags.unique)}\`.`, ''];
}

function passRow(pass: PassPlan, figures: PassFigures | null, image: string): string[] {
  if (figures === null) return [pass.name, `\`${pass.target}\``, 'not finished', '', ''];
  return [pass.name, `\`${pass.target}\``, describeCached(figures), describeSeconds(pass, figures), escapeCell(image)];
}

/** Builder steps that run with production are not part of the builder's own seconds. */
function describeSeconds({ name }: PassPlan, { seconds, steps }: PassFigures): string {
  if (seconds === null) return 'with production';
  const own = `${seconds.toFixed(1)} s`;
  return name === 'builder' && steps.length > 0 ? `with production, its image ${own}` : own;
}

function listPasses({ builder, production, unfinished }: RunResult): TimedPass[] {
  return [
    { name: 'builder', work: builder?.work ?? [] },
    { name: 'production', work: production?.work ?? [] },
    { name: 'failed', work: unfinished },
  ];
}

/** `Size: 12.3 MB compressed, 0.4 MB more than on main` */
export function describeBytes({ image, platforms = 1, main }: ImageBytes): string {
  if (image === null) return '';
  const which = platforms === 1 ? '' : ` (the first of ${platforms} platforms)`;
  const size = `Size: ${formatMegabytes(image)} compressed${which}`;
  if (main === null) return size;
  const change = image - main;
  if (Math.abs(change) < 50_000) return `${size}, as on the main branch`;
  return `${size}, ${formatMegabytes(Math.abs(change))} ${change > 0 ? 'more' : 'less'} than on the main branch`;
}

function describeTime(result: RunResult): string {
  const { run, pull, export: exporting, push } = sumWork(listPasses(result).flatMap(({ work }) => work));
  const parts = [
    [run, 'running steps'],
    [pull, 'reading layers'],
    [exporting, 'writing images'],
    [push, 'pushing'],
  ] as const;
  const told = parts.filter(([seconds]) => seconds >= 0.05).map(([seconds, what]) => `${what} ${seconds.toFixed(1)} s`);
  return told.length === 0 ? '' : `Time: ${told.join(', ')} (some of it at once)`;
}

function describeCache({ plan, cacheTags, actionsCacheKey = null }: RunResult): string {
  if (plan.parts.length > 0) return '';
  if (plan.production.noCache) return 'Cache: not used, as asked for';
  if (actionsCacheKey !== null) return `Cache: the Actions cache, \`${actionsCacheKey}\``;
  if (cacheTags.length === 0) return 'Cache: the registry has no earlier image to start from';
  return `Cache: ${limit(cacheTags.map((tag) => `\`${tag}\``)).join(', ')}`;
}

/** Where each pass left the cache, unless there was none. */
function describeMisses({ plan, cacheTags, builder, production }: RunResult): string[] {
  if (plan.production.noCache || cacheTags.length === 0) return [];
  return [builder, production].flatMap((figures) => {
    const missed = figures === null ? null : describeMiss(figures);
    return missed === null ? [] : [`First step not cached: ${missed}`];
  });
}

function toPlatforms(platforms: ImageIndex['platforms']): string[] {
  const rows = platforms.map(({ platform, part }) => [`\`${showPlatform(platform)}\``, `\`${part}\``]);
  return [...toTable([['Platform', 'Part'], ...rows]), ''];
}

function toMirrors({ mirrors = [], digest }: RunResult): string[] {
  if (mirrors.length === 0 || digest === null) return [];
  const items = mirrors.map(({ image, tags: [unique], error }) => {
    const name = unique === undefined ? image.name : pinnedReference(image, unique, digest);
    return `- \`${name}\`${error === null ? '' : `: **failed**, ${escapeMarkdown(shorten(error))}`}`;
  });
  return ['', 'Mirrors:', '', ...limit(items)];
}

/** For the step that deploys. */
function toSnippet(pinned: string): string[] {
  return [
    ...['', '<details><summary>Use it</summary>', '', '```sh'],
    `export TF_VAR_app_docker_image=${pinned}`,
    `kubectl set image deployment/app app=${pinned}`,
    `docker run --rm ${pinned}`,
    ...['```', '', 'In the workflow it is `${{ steps.<id>.outputs.pinned-image }}`.', '', '</details>'],
  ];
}

/** How each pass went, for the log. */
export function toPassLines({ builder, production }: Pick<RunResult, 'builder' | 'production'>): string[] {
  const line = (name: string, figures: PassFigures | null): string[] =>
    // Nobody knows the steps where Buildx drew on a terminal.
    figures === null || figures.steps.length === 0 ? [] : [`${name}: ${describePass(figures)}`];
  return [...line('Builder', builder), ...line('Production', production)];
}

function limit(items: readonly string[]): readonly string[] {
  return items.length <= MOST_ITEMS ? items : [...items.slice(0, MOST_ITEMS), `and ${items.length - MOST_ITEMS} more`];
}

export function shorten(text: string): string {
  return text.length <= LONGEST_ITEM ? text : `${text.slice(0, LONGEST_ITEM)}…`;
}

function escapeCell(text: string): string {
  return text.replace(/\|/g, '\\|');
}

function toTable(rows: readonly (readonly string[])[]): string[] {
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
