// The job summary: Markdown for the page of the run. Pure text.
import type { ImageIndex } from '../image/image-index.js';
import { showPlatform } from '../image/platform.js';
import { pinnedReference, taggedReference } from '../image/reference.js';
import type { ImageBytes } from '../image/stored-image.js';
import { type PassPlan, type Plan, isBuilt } from '../plan/plan.js';
import { showTarget } from '../plan/targets.js';
import { escapeCell, escapeMarkdown, limit, shorten, toCodeBlock, toTable } from '../shared/markdown.js';
import { formatMegabytes, formatSeconds } from '../shared/text.js';
import { type PassFigures, describeCached, describeMiss } from './figures.js';
import type { Failure, RunResult } from './result.js';
import { type TimedPass, shareTime, sumWork, toGantt } from './timeline.js';

export function toSummary(result: RunResult): string {
  const { plan, digest, error } = result;
  const lines = [`### Image \`${plan.image.name}\``, ''];
  if (error !== null) lines.push(...toFailure(error));
  if (digest !== null) lines.push('```text', pinnedReference(plan.image, plan.tags.unique, digest), '```', '');
  if (error === null && digest === null) lines.push(...toNotPushed(plan));
  if (result.checks !== undefined) lines.push(...result.checks);
  if (result.platforms !== undefined) lines.push(...toPlatforms(result.platforms));
  // A failed build has no figures.
  if (result.builders.length > 0 || result.production !== null) {
    lines.push(
      ...toTable([
        ['Pass', 'Target', 'Steps cached', 'Time', 'Image'],
        ...plan.builders.map((builder, index) => {
          const figures = result.builders[index] ?? null;
          return passRow(builder, figures, figures?.outcome ?? '');
        }),
        passRow(plan.production, result.production, digest === null ? '' : 'pushed'),
      ]),
      '',
    );
  }
  const verified = result.verified === true ? 'Verify: passed' : '';
  const items = [
    toCommitLine(plan),
    plan.promoted === undefined
      ? ''
      : `Promoted: a push to the main branch has built it as \`${taggedReference(plan.image, plan.promoted.tag)}\`, and nothing was built here`,
    verified,
    plan.onePass === null ? '' : `One pass: ${escapeMarkdown(shorten(plan.onePass))}`,
    describeBytes(result.bytes),
    describeTime(result),
    describeCache(result),
    ...describeMisses(result),
  ];
  lines.push(...items.filter((item) => item !== '').map((item) => `- ${item}`));
  const chart = toGantt(listPasses(result));
  if (chart.length > 0) lines.push('', '```mermaid', ...chart, '```');
  lines.push(...toAdvice(result));
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

/** The commit that people know; with the built one where it differs, such as GitHub's merge commit of a pull request. */
export function toCommitLine({ event, built }: Pick<Plan, 'event' | 'built'>): string {
  const { commit, insteadOf } = built;
  if (insteadOf !== null) return `Commit ${commit}, instead of ${insteadOf}, the commit of the event`;
  return commit === event.sha ? `Commit ${commit}` : `Commit ${event.sha}, merged as ${commit}`;
}

/** The output `summary`, for people who chart builds; docs: reference.md, "Outputs". */
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
    promoted: result.plan.promoted !== undefined,
    builder: pass(result.builders[0] ?? null),
    builders: result.builders.map((figures, index) => ({
      target: result.plan.builders[index]?.target ?? '',
      ...pass(figures),
    })),
    production: pass(result.production),
    bytes: result.bytes,
    cacheTags: result.cacheTags,
    warnings: result.warnings.length,
  });
}

/** The message, which names the step and its line, and the last output of the step. */
function toFailure({ message, output, outputTitle = 'The last lines that it printed' }: Failure): string[] {
  const lines = [`**Failed.** ${escapeMarkdown(shorten(message))}`, ''];
  return output.length === 0 ? lines : [...lines, `${outputTitle}:`, '', ...toCodeBlock(output), ''];
}

function toNotPushed({ image, tags, production, push, parts }: Plan): string[] {
  const reason = `**Not pushed:** ${escapeMarkdown(push.reason)}.`;
  if (production.output !== 'engine' || parts.length > 0) return [reason, ''];
  return [`${reason} Later steps of this job have the image as \`${taggedReference(image, tags.unique)}\`.`, ''];
}

function passRow(pass: PassPlan, figures: PassFigures | null, image: string): string[] {
  const target = `\`${showTarget(pass.target)}\``;
  if (figures === null) return [pass.name, target, 'not finished', '', ''];
  return [pass.name, target, describeCached(figures), describeSeconds(pass, figures), escapeCell(image)];
}

/** The builder's own seconds do not include its steps: these run while production is built. */
function describeSeconds({ name }: PassPlan, { seconds, steps }: PassFigures): string {
  if (seconds === null) return 'with production';
  const own = formatSeconds(seconds);
  return name === 'builder' && steps.length > 0 ? `with production, its image ${own}` : own;
}

function listPasses({ plan, builders, production, unfinished }: RunResult): TimedPass[] {
  const several = plan.builders.length > 1;
  return [
    ...plan.builders.map(({ target }, index) => ({
      name: several ? `builder ${showTarget(target)}` : 'builder',
      work: builders[index]?.work ?? [],
    })),
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

/** The time of all passes, split up without a rest. */
function describeTime(result: RunResult): string {
  const {
    run,
    pull,
    unpack,
    hash,
    export: exporting,
    push,
    prepare,
    wait,
  } = shareTime(listPasses(result).flatMap(({ work }) => work));
  const parts = [
    [run, 'steps'],
    [pull, 'reading layers'],
    [unpack, 'unpacking'],
    [hash, 'hashing'],
    [exporting, 'writing'],
    [push, 'pushing'],
    [prepare + wait, 'other'],
  ] as const;
  const told = parts.filter(([seconds]) => seconds >= 0.05).map(([seconds, what]) => `${what} ${seconds.toFixed(1)}`);
  const whole = parts.reduce((sum, [seconds]) => sum + seconds, 0);
  return told.length === 0 ? '' : `Time: ${formatSeconds(whole)}: ${told.join(', ')}`;
}

function describeCache({ plan, cacheTags, actionsCacheKey = null }: RunResult): string {
  if (isBuilt(plan)) return '';
  if (plan.production.noCache) return 'Cache: not used, as asked for';
  if (actionsCacheKey !== null) return `Cache: the Actions cache, \`${actionsCacheKey}\``;
  if (cacheTags.length === 0) return 'Cache: the registry has no earlier image to start from';
  return `Cache: ${limit(cacheTags.map((tag) => `\`${tag}\``)).join(', ')}`;
}

/** The first uncached step of each pass; none when there was no cache. */
function describeMisses({ plan, cacheTags, builders, production }: RunResult): string[] {
  if (plan.production.noCache || cacheTags.length === 0) return [];
  return [...builders, production].flatMap((figures) => {
    const missed = figures === null ? null : describeMiss(figures);
    return missed === null ? [] : [`First step not cached: ${missed}`];
  });
}

function toAdvice({ advice = [] }: RunResult): string[] {
  if (advice.length === 0) return [];
  return ['', '#### What would make this build faster', '', ...advice.map((line) => `- Saves ${line}`)];
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

/** Examples of deploying the pushed image. */
function toSnippet(pinned: string): string[] {
  return [
    ...['', '<details><summary>Use it</summary>', '', '```sh'],
    `export TF_VAR_app_docker_image=${pinned}`,
    `kubectl set image deployment/app app=${pinned}`,
    `docker run --rm ${pinned}`,
    ...['```', '', 'In the workflow it is `${{ steps.<id>.outputs.pinned-image }}`.', '', '</details>'],
  ];
}
