// The story of a run: read inputs and event, plan, and then either build an image or make an index of built ones.
import type { OpenMirror } from '../access/open-mirrors.js';
import { Git } from '../adapters/process/git.js';
import type { World } from '../adapters/world.js';
import { findGitCredentials } from '../build/find-git-credentials.js';
import { keepBuilders } from '../build/keep-builder.js';
import { chooseTargets } from '../build/pure/choose-targets.js';
import { findUnmatchedValues } from '../build/pure/unmatched-values.js';
import { readDockerfile } from '../build/read-dockerfile.js';
import { buildTwoPasses } from '../build/two-passes.js';
import { openLayerStore } from '../cache/open-layer-store.js';
import { parseInputs } from '../inputs/inputs.js';
import { getGitHubRegistry } from '../inputs/secrets/github-token.js';
import { isTooShortToMask } from '../inputs/secrets/secret-text.js';
import { NOTHING_ASKED } from '../plan/context.js';
import { describeEngine } from '../plan/engine.js';
import { mayBeUntrustedCode } from '../plan/event/untrusted-code.js';
import { checkMachine } from '../plan/machine.js';
import { type Plan, planBuild } from '../plan/plan.js';
import { isRelease } from '../plan/tags/promoted.js';
import { type PublishedImage, type PushTarget, publishProduction } from '../publish/publish.js';
import { type MirrorOutcome, expectMirrored } from '../publish/pure/mirror-outcome.js';
import {
  announceBuilders,
  announceCopyOfGit,
  announceLocalImage,
  announcePlan,
  announceTags,
  setPlannedOutputs,
  showPlan,
} from './announce.js';
import type { Found } from './found.js';
import { type Story, runReported } from './frame.js';
import { describeTrigger, findBuiltRun } from './prepare/built-commit.js';
import { readRunContext, readWorkflowEvent } from './prepare/context.js';
import { inspect } from './prepare/inspect.js';
import { mask, maskSecretFiles, maskSecrets, readSecretFiles } from './prepare/mask-secrets.js';
import { planJob, planPasses } from './prepare/plan-job.js';
import type { RunFrame, RunSetup } from './prepare/setup.js';

/**
 * Yields each stage's result at once: when a later stage fails, frame.ts saves what it can from the results so far, and
 * it makes the report from them.
 * @throws InputError for what engine or registry do not allow, before anything is built; any other error for a build,
 *   check or push that failed
 */
async function* buildImages(setup: RunSetup, frame: RunFrame): AsyncGenerator<Found, void> {
  const { world, inputs, github, dockerfile } = setup;
  const { runner } = world;

  const survey = await inspect(setup, frame);
  yield { survey };
  const { engine, session, state } = survey;
  const { configDirectory } = session;
  const draft = planPasses(setup, survey);
  const layers = await openLayerStore({ world, inputs, plan: draft, engine, dockerfile, configDirectory, ...frame });
  yield { layers };
  const job = planJob(setup, survey, draft, layers, frame);
  const { plan, candidate, target } = job;
  yield { job, plan };
  announcePlan(runner, plan, `Plan (${describeEngine(engine)})`);
  // Loaded only by the runs that use it, as the checks below: the bundle has them apart.
  if (inputs.dockerfileChecks === 'error')
    await (await import('../build/check-dockerfile.js')).checkDockerfile({ ...job, runner });
  if (target !== null) github.prepare();

  const built = await buildTwoPasses({ runner, ...job, unique: target?.unique ?? null });
  yield { built };
  await announceCopyOfGit(setup, plan, built);
  const checks = candidate === null ? null : await import('../checks/checks.js');
  const checked =
    checks === null
      ? null
      : await checks.checkImage({ ...job, ...frame, world, github, inputs, configDirectory }, built);
  if (checked !== null) yield { checked };
  if (checked !== null && checked.failure !== null) throw checked.failure;

  const published =
    target === null
      ? null
      : await publishProduction(
          { ...job, ...target, ...frame, world, runner, targets: state.targets ?? [] },
          checked?.image ?? null,
          built,
        );
  if (published !== null) yield { published };
  if (published !== null && published.moved.failure !== null) throw published.moved.failure;

  const copying = copyToMirrors(world, plan, target, state.mirrors, published);
  const { registry } = session;
  const places = { registry, stored: state.images, log: runner.log };
  const kept = await keepBuilders({ ...job, ...places, ...frame }, built, published?.images ?? null);
  const copies = await copying;
  yield { kept, copies };

  announceBuilders(runner, plan, kept);
  if (published === null) announceLocalImage(runner, plan);
  else announceTags(runner, plan, published, kept, copies);
  const failed = kept.find(({ failure }) => failure !== null);
  if (failed?.failure) throw failed.failure;
  await recordOwn(setup, frame, { plan, survey, built, ...(published && { published }), kept });
  await layers.save(job, 'all');
  expectMirrored(copies, plan.image, published?.tag ?? plan.tags.unique);
}

/** What records is loaded only by the runs that do. */
async function recordOwn(
  { world }: RunSetup,
  { warn }: RunFrame,
  { plan, survey, built, published, kept = [] }: Found,
): Promise<void> {
  if (plan?.trust.kind !== 'recorded' || published === undefined) return;
  const { recordPublished } = await import('../cache/own-records.js');
  const pushed = (published.push ?? built)?.digest ?? null;
  await recordPublished({ world, plan, images: survey?.state.images ?? [], warn }, { ...published, pushed }, kept);
}

/** Copies to no mirror load nothing. */
async function copyToMirrors(
  world: World,
  { own }: Plan,
  target: PushTarget | null,
  mirrors: readonly OpenMirror[],
  published: PublishedImage | null,
): Promise<readonly MirrorOutcome[]> {
  if (published === null || target === null || mirrors.length === 0) return [];
  const { copyPublished } = await import('../publish/copy-to-mirrors.js');
  return copyPublished(world, own, target, mirrors, published);
}

/** @throws InputError for bad input, before anything is built; any other error for a build or push that failed */
export async function runBuildPhase(world: World): Promise<void> {
  const { runner, run, signal, now } = world;
  // Before any other check. An index needs no engine, so it can be made on any machine.
  if (runner.readInput('index-of').trim() === '') checkMachine(runner.machine);
  // Before the inputs are parsed: an error quotes values, and a token may stand in the wrong input.
  for (const name of ['password', 'github-token', 'scan-token'] as const) mask(runner, runner.readInput(name));
  const inputs = parseInputs((name) => runner.readInput(name), getGitHubRegistry(runner.serverUrl));
  const secrets = maskSecrets(runner, inputs);
  const warnings: string[] = [];
  const warn = (message: string): void => {
    runner.log.warning(message);
    warnings.push(message);
  };
  inputs.warnings.forEach(warn);
  const git = new Git(run, runner.childEnv, runner.workspace, signal, runner.onGitHub);
  const github = world.connectGitHub(inputs.githubToken);
  const trigger = describeTrigger(world, inputs, await readWorkflowEvent(runner, git));
  const builds = inputs.indexOf.length === 0;
  const found = await findBuiltRun(world, inputs, trigger, github);
  const { event } = found;
  if (builds && mayBeUntrustedCode(event)) {
    const { confinePaths } = await import('../build/confine-paths.js');
    await confinePaths(inputs, { ...runner, eventName: event.name });
  }
  const dockerfile = builds ? await readDockerfile(inputs, runner.workspace) : null;
  const targets = chooseTargets(dockerfile, inputs);
  const files = builds ? await readSecretFiles(inputs, runner.workspace) : [];
  maskSecretFiles(runner, inputs, files);
  secrets.push(...files.map(({ content }) => content));
  if (secrets.some(isTooShortToMask)) warn(SHORT_SECRET);
  const unmatched = findUnmatchedValues(dockerfile, inputs, [...targets.builders, targets.production]);
  unmatched.warnings.forEach(warn);
  for (const hint of unmatched.hints) runner.log.info(hint);
  const exposed = builds ? await findGitCredentials(inputs, runner.workspace) : null;
  if (exposed !== null) warn(exposed);
  const context = await readRunContext({ runner, inputs, dockerfile, targets, found, git, github, now, warn });
  const draft = planBuild(inputs, event, context, NOTHING_ASKED);
  if (inputs.dryRun) {
    showPlan(runner, draft, 'Plan (dry run: neither Docker nor the registry is touched)');
    setPlannedOutputs(runner, draft);
    return;
  }
  const setup = { world, inputs, trigger, event, context, github, dockerfile, draft, secrets, warnings };
  await runReported(setup, await chooseStory(setup));
}

/** What builds nothing is loaded only where a run has it. */
async function chooseStory({ inputs, event }: RunSetup): Promise<Story> {
  if (inputs.indexOf.length > 0) return (await import('./index-run.js')).publishIndex;
  if (!inputs.promote || !isRelease(event)) return buildImages;
  return (await import('./promote-run.js')).promoteOr(buildImages);
}

const SHORT_SECRET =
  'One of the secrets is too short to be hidden in the log: every such text would become asterisks. ' +
  'Give it a longer value, or pass it as a build argument if it is no secret.';
