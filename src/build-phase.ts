// The story of a run, top to bottom.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  announceBuilder,
  announceDockerfileWarnings,
  announceLocalImage,
  announceTags,
  setPlannedOutputs,
  showPlan,
} from './announce.js';
import { watchBranch } from './branch-head.js';
import { readDockerfile, readSecretFiles } from './docker/build-context.js';
import { type CheckedImage, checkProduction, wantsChecks } from './checks.js';
import { commentOnPullRequest } from './comment.js';
import { PassFailedError } from './docker/buildx.js';
import { type EngineFacts, inspectEngine } from './docker/inspect-engine.js';
import { Git } from './git/git.js';
import { listSuspectArguments } from './plan/build-options.js';
import { toRunFacts } from './plan/denial.js';
import { toCandidate, withCandidate } from './plan/candidate.js';
import { CheckFailedError } from './plan/check-error.js';
import { describeEngine, fitToEngine } from './plan/engine.js';
import { sumBytes } from './plan/cache-manifest.js';
import { type Inputs, parseInputs } from './plan/inputs.js';
import { NOTHING_ASKED, type Plan, type RegistryState, mayWantToPush, planBuild } from './plan/plan.js';
import { explainPassFailure } from './explain-failure.js';
import { type KeptBuilder, keepBuilder } from './keep-builder.js';
import { type KeptLayers, openKeptLayers } from './kept-layers.js';
import { mask, maskSecrets } from './mask-secrets.js';
import { toScope, uniqueCandidates } from './plan/tags.js';
import { type Seen, buildProduction, isOwnStepOfProduction, keepBuilderOnly } from './passes.js';
import { type PublishedProduction, publishProduction } from './publish.js';
import { pushChecked } from './publish-checked.js';
import { type RegistrySession, openRegistrySession, readRegistryState } from './registry-session.js';
import { toLocalLines } from './report/local-result.js';
import { toPlanJson } from './report/plan-report.js';
import { type RunResult, toFiguresJson, toPassLines, toSummary } from './report/summary.js';
import { readRunContext, readWorkflowEvent } from './run-context.js';
import { createGitHubApi } from './runner/github-api.js';
import { watchUniqueTag } from './unique-tag.js';
import type { World } from './world.js';

/** @throws InputError for bad input, before anything is built; any other error for a build or push that failed */
export async function runBuildPhase(world: World): Promise<void> {
  const { runner, run, now } = world;
  // Before anything is read from them: an error may quote what stands in the wrong input.
  for (const name of ['password', 'github-token', 'scan-token'] as const) mask(runner, runner.readInput(name));
  const inputs = parseInputs((name) => runner.readInput(name));
  const secrets = maskSecrets(runner, inputs);
  for (const warning of inputs.warnings) runner.log.warning(warning);
  const git = new Git(run, runner.childEnv, runner.workspace);
  const github = createGitHubApi(inputs.githubToken, runner.repository);
  const event = await readWorkflowEvent(runner, git);
  const dockerfile = await readDockerfile(inputs, runner.workspace);
  for (const secret of await readSecretFiles(inputs, runner.workspace)) {
    mask(runner, secret);
    secrets.push(secret);
  }
  const context = await readRunContext({ runner, inputs, event, git, github, now });
  const mainBranch = inputs.mainBranch ?? context.defaultBranch;
  const draft = planBuild(inputs, event, context, NOTHING_ASKED);
  if (inputs.dryRun) {
    showPlan(runner, draft, 'Plan (dry run: neither Docker nor the registry is touched)');
    setPlannedOutputs(runner, draft);
    return;
  }

  const directory = runner.reserveDirectory();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  let result: RunResult = {
    plan: draft,
    builder: null,
    production: null,
    digest: null,
    pushedTags: [],
    warnings: [],
    error: null,
    unfinished: [],
    bytes: { image: null, main: null },
    cacheTags: [],
  };
  const note = (progress: Partial<RunResult>): void => {
    result = { ...result, ...progress };
  };
  const warn = (message: string): void => {
    runner.log.warning(message);
    note({ warnings: [...result.warnings, message] });
  };
  let layers: KeptLayers | null = null;
  const seen: Seen = { steps: new Set(), warnings: new Map() };
  try {
    const { facts, session, state } = await lookAround(world, inputs, draft, context.now, directory, warn);
    const { engine } = facts;
    const { configDirectory, registry } = session;
    const { images } = state;
    const fitted = fitToEngine(planBuild(inputs, event, context, state), engine);
    layers = await openKeptLayers({
      world,
      inputs,
      plan: fitted,
      engine,
      dockerfile,
      directory,
      configDirectory,
      warn,
    });
    const { onStep, restored } = layers;
    const candidate = wantsChecks(inputs) ? toCandidate(layers.plan, engine, runner.architecture) : undefined;
    const plan = candidate === undefined ? layers.plan : withCandidate(layers.plan, candidate);
    const main = mainBranch === null ? undefined : images.find(({ tag }) => tag === toScope(mainBranch).tag);
    const mainBytes = sumBytes(main?.images ?? []);
    const cacheTags = images.map(({ tag }) => tag);
    note({ plan, cacheTags, actionsCacheKey: restored, bytes: { image: null, main: mainBytes } });
    showPlan(runner, plan, `Plan (${describeEngine(engine)})`);
    runner.setOutput('plan', toPlanJson(plan));

    const branch = watchBranch(plan, github);
    const unique =
      registry === null || !plan.push.push
        ? null
        : watchUniqueTag(registry, plan.tags.unique, () => uniqueCandidates(draft.tags.unique, context.now));
    const request = {
      world,
      inputs,
      plan,
      engine,
      dockerfile,
      ...(candidate && { candidate }),
      directory,
      configDirectory,
      branch,
      onWriting: () => unique?.look(),
      warn,
      note,
      seen,
      onStep,
    };
    if (plan.push.push) github.prepare();
    const { repository, actor } = context;
    const runFacts = toRunFacts(inputs, event, { repository, actor, hasLogin: session.hasLogin });
    const explain = (error: unknown): never => {
      throw explainPassFailure(error, runFacts, plan.image, images.length > 0);
    };
    const keep = layers.save;
    const production = await buildProduction(request).catch(async (error: unknown) => {
      if (isOwnStepOfProduction(request, error)) await keep(request, { builderOnly: true });
      return explain(error);
    });
    const check = async (): Promise<CheckedImage | null> => {
      if (candidate === undefined) return null;
      const env = { ...runner.childEnv, DOCKER_CONFIG: configDirectory };
      const local = { run: world.run, env, builder: engine.driver === 'docker' ? engine.builder : null };
      const checks = { world, github, inputs, plan, engine, dockerfile, directory, facts: runFacts, warn, note };
      return checkProduction(checks, local, production.result);
    };
    const checked = await check().catch(async (error: unknown) => {
      // The check's failure is the run's, whatever becomes of the builder image.
      await keepBuilderOnly(request, production, cacheTags).catch(() => null);
      if (!world.signal.aborted) await keep(request);
      throw error;
    });
    const publish = async (): Promise<PublishedProduction | null> => {
      if (registry === null || unique === null) return null;
      const pushed =
        checked === null ? production.result : await pushChecked(request, registry, unique, checked, result.production);
      return publishProduction({ runner, plan, registry, branch, unique, warn, note }, pushed);
    };
    const published = await publish().catch(async (error: unknown) => {
      // No process may outlive the run that it belongs to.
      await production.builder?.finish().catch(() => null);
      return explain(error);
    });
    if (published !== null) note({ bytes: { ...published.bytes, main: mainBytes } });
    const builder = await keepBuilder(request, registry, images, production, published?.layers ?? null).catch(explain);
    announceBuilder(runner, plan, builder);
    if (published === null) announceLocalImage(runner, plan);
    else announceTags(runner, plan, published, builder, note);
    note(withBuilder(result, builder));
    for (const line of toPassLines(result)) runner.log.info(line);
    await layers.save(request);
    if (!runner.onGitHub) for (const line of toLocalLines(result)) runner.log.info(line);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    note({ error: { message, output: listOutput(error) } });
    throw error;
  } finally {
    await layers?.close();
    announceDockerfileWarnings(runner, dockerfile, seen, listSuspectArguments(inputs.flags));
    // A cancelled run has nothing to tell, and no time.
    if (!world.signal.aborted) await commentOnPullRequest({ runner, github, inputs, result, secrets, warn });
    runner.setOutput('summary', toFiguresJson(result));
    await runner.writeSummary(toSummary(result));
    await rm(directory, { recursive: true, force: true });
  }
}

/** What a failed step or check printed last. */
function listOutput(error: unknown): readonly string[] {
  if (error instanceof CheckFailedError) return error.output;
  return error instanceof PassFailedError ? (error.progress.failed?.output ?? []) : [];
}

/** Looks at the engine and at the registry at the same time; what is wrong with the engine is said first. */
async function lookAround(
  { runner, run, signal }: World,
  inputs: Inputs,
  draft: Plan,
  now: Date,
  directory: string,
  warn: (message: string) => void,
): Promise<{ facts: EngineFacts; session: RegistrySession; state: RegistryState }> {
  const inspecting = inspectEngine(run, runner.childEnv, inputs.builder, signal);
  const asking = openRegistrySession({
    runner,
    run,
    inputs,
    event: draft.event,
    privateDirectory: join(directory, 'docker-config'),
    findInsecureRegistries: async () => (await inspecting).insecureRegistries,
    write: mayWantToPush(inputs, draft.event),
    warn,
  }).then(async (session) => ({ session, state: await readRegistryState(session, draft, now, warn) }));
  // Both are waited for in any case: nothing may write into the run's folder after it is removed.
  const [facts, asked] = await Promise.allSettled([inspecting, asking]);
  if (facts.status === 'rejected') throw facts.reason;
  if (asked.status === 'rejected') throw asked.reason;
  return { facts: facts.value, ...asked.value };
}

function withBuilder({ builder }: RunResult, { seconds, outcome, work }: KeptBuilder): Partial<RunResult> {
  return builder === null ? {} : { builder: { ...builder, seconds, outcome, work: [...builder.work, ...work] } };
}
