// Sets outputs and prints notices and annotations, each as soon as it is true.
import type { PassResult } from '../adapters/docker/buildx.js';
import type { DockerfileWarning } from '../adapters/progress/build-progress.js';
import type { Runner } from '../adapters/runner/runner.js';
import type { KeptBuilder } from '../build/keep-builder.js';
import type { Dockerfile } from '../build/pure/dockerfile.js';
import { type Tag, pinnedReference, taggedReference } from '../image/reference.js';
import type { Plan } from '../plan/plan.js';
import type { PublishedImage } from '../publish/publish.js';
import { type MirrorOutcome, listPinned, listReferences } from '../publish/pure/mirror-outcome.js';
import { toPlanJson, toPlanLines } from '../report/plan-text.js';
import type { RunSetup } from './prepare/setup.js';

export function showPlan(runner: Runner, plan: Plan, title: string): void {
  runner.log.group(title, () => {
    for (const line of toPlanLines(plan)) runner.log.info(line);
  });
  // Off GitHub the lines of the plan have shown them.
  if (runner.onGitHub) for (const message of plan.notes) runner.log.notice(message);
}

/** Before anything is built, so that later steps have the plan of a failed run too. */
export function announcePlan(runner: Runner, plan: Plan, title: string): void {
  showPlan(runner, plan, title);
  runner.setOutput('plan', toPlanJson(plan));
}

export function setPlannedOutputs(runner: Runner, plan: Plan): void {
  const { image, tags, builders, parts } = plan;
  const written = builders.flatMap(({ tag, output }) => (output === 'registry' && tag !== null ? [tag] : []));
  runner.setOutput('plan', toPlanJson(plan));
  runner.setOutput('image', taggedReference(image, tags.unique));
  runner.setOutput('tag', tags.unique);
  if (written.length > 0 && parts.length === 0)
    runner.setOutput('builder-image', written.map((tag) => taggedReference(image, tag)).join('\n'));
  runner.setOutput('pushed', 'false');
}

/** The outputs have a line for each builder stage whose image the registry has, in the order of the stages. */
export function announceBuilders(runner: Runner, { image, builders }: Plan, kept: readonly KeptBuilder[]): void {
  const there = builders.flatMap(({ tag }, index) => {
    const digest = kept[index]?.digest ?? null;
    return tag === null || digest === null ? [] : [{ tag, digest }];
  });
  if (there.length === 0) return;
  const list = (show: (one: (typeof there)[number]) => string): string => there.map(show).join('\n');
  runner.setOutput(
    'builder-image',
    list(({ tag }) => taggedReference(image, tag)),
  );
  runner.setOutput(
    'builder-digest',
    list(({ digest }) => digest),
  );
  runner.setOutput(
    'pinned-builder-image',
    list(({ tag, digest }) => pinnedReference(image, tag, digest)),
  );
}

/** @param kept none when the run had no builder image to keep */
export function announceTags(
  runner: Runner,
  plan: Plan,
  published: Pick<PublishedImage, 'moved' | 'manifest'>,
  kept: readonly KeptBuilder[],
  copies: readonly MirrorOutcome[],
): void {
  const written = listWrittenTags(plan, published, kept);
  const references = [...written.map((tag) => taggedReference(plan.image, tag)), ...listReferences(copies)];
  runner.setOutput('tags', references.join('\n'));
  if (copies.length === 0) return;
  const { digest } = published.manifest;
  runner.setOutput('pinned-mirrors', listPinned(copies, digest).join('\n'));
  for (const { image: mirror, tags, error, effort } of copies) {
    // A failed copy is reported by `expectMirrored`, when everything else is done.
    const [unique] = tags;
    if (error === null && unique !== undefined)
      runner.log.info(`Copied to ${pinnedReference(mirror, unique, digest)} (${effort})`);
  }
}

/** Every tag that the run has written to the registry, the unique one first. */
export function listWrittenTags(
  { builders }: Plan,
  { moved }: Pick<PublishedImage, 'moved'>,
  kept: readonly KeptBuilder[],
): readonly Tag[] {
  const written = builders.flatMap(({ tag }, index) => (tag !== null && kept[index]?.written === true ? [tag] : []));
  return [...moved.tags, ...written];
}

/**
 * @param warnings each once, although both passes find them
 * @param said build arguments that the action has warned of already; BuildKit's own warning of their ARG is left out
 */
export function announceDockerfileWarnings(
  runner: Runner,
  dockerfile: Dockerfile | null,
  warnings: readonly DockerfileWarning[],
  said: readonly string[],
): void {
  for (const { message, url, line } of warnings) {
    const again =
      message.startsWith('SecretsUsedInArgOrEnv') && said.some((name) => message.includes(`(ARG "${name}")`));
    if (again) continue;
    const text = url === '' ? message : `${message} (${url})`;
    if (dockerfile === null || line === null) runner.log.warning(text);
    else runner.log.warning(text, { file: dockerfile.path, line, endLine: line });
  }
}

/** A notice: the build is right, and only slower than it could be. */
export async function announceCopyOfGit(
  { world: { runner }, inputs, dockerfile }: RunSetup,
  { production }: Plan,
  { progress }: PassResult,
): Promise<void> {
  // Without a source every step runs, whatever it copies.
  if (!inputs.advice || production.noCache || production.cacheFrom.length === 0) return;
  if (progress.steps.every(({ cached }) => cached)) return;
  const { explainCopyOfGit } = await import('../advice/copy-of-git.js');
  const hint = await explainCopyOfGit(inputs, runner.workspace, dockerfile, progress.steps);
  if (hint !== null) runner.log.notice(hint);
}

/** For an index that may not be pushed. */
export function announceNoIndex(runner: Runner, { push }: Plan): void {
  runner.setOutput('pushed', 'false');
  runner.log.notice(`Nothing was pushed: ${push.reason}. There is no index of the parts.`);
}

export function announceLocalImage(runner: Runner, { image, tags, production, push }: Plan): void {
  runner.setOutput('pushed', 'false');
  runner.setOutput('tag', tags.unique);
  const local = production.output === 'engine';
  if (local) runner.setOutput('image', taggedReference(image, tags.unique));
  const where = local ? `${taggedReference(image, tags.unique)} is in the local engine` : 'both passes were built';
  runner.log.notice(`Nothing was pushed: ${push.reason}. ${where}.`);
}
