// Builds both images and publishes production: the story of a run from the first look at engine and registry on.
import { announceBuilder, announceDockerfileWarnings, announceLocalImage, announceTags, showPlan } from './announce.js';
import { watchBranch } from './branch-head.js';
import { type CheckedImage, checkProduction, wantsChecks } from './checks.js';
import { type EngineFacts, inspectEngine } from './docker/inspect-engine.js';
import { explainPassFailure } from './explain-failure.js';
import { type KeptBuilder, keepBuilder } from './keep-builder.js';
import { type KeptLayers, openKeptLayers } from './kept-layers.js';
import { copyToMirrors } from './mirrors.js';
import { type Seen, buildProduction, isOwnStepOfProduction, keepBuilderOnly } from './passes.js';
import { listSuspectArguments } from './plan/build-options.js';
import { sumBytes } from './plan/cache-manifest.js';
import { toCandidate, withCandidate } from './plan/candidate.js';
import { toRunFacts } from './plan/denial.js';
import type { Dockerfile } from './plan/dockerfile.js';
import { describeEngine, fitToEngine } from './plan/engine.js';
import { expectMirrored } from './plan/mirror-outcome.js';
import { planBuild } from './plan/plan.js';
import { toScope, uniqueCandidates } from './plan/tags.js';
import { pushChecked } from './publish-checked.js';
import { type PublishedProduction, publishProduction } from './publish.js';
import { type AskedRegistry, type RegistrySession, askRegistry } from './registry-session.js';
import { toLocalLines } from './report/local-result.js';
import { toPlanJson } from './report/plan-report.js';
import { type RunResult, toPassLines } from './report/summary.js';
import type { ReportedRun, RunRequest } from './reported-run.js';
import { watchUniqueTag } from './unique-tag.js';

/**
 * @param dockerfile null where it cannot be read, as that of a Git context
 * @throws InputError for what engine or registry do not allow, before anything is built; any other error for a build or
 *   push that failed
 */
export async function buildImages(run: RunRequest, report: ReportedRun, dockerfile: Dockerfile | null): Promise<void> {
  const { world, inputs, event, context, draft, github } = run;
  const { directory, note, warn } = report;
  const { runner } = world;
  let layers: KeptLayers | null = null;
  const seen: Seen = { steps: new Set(), warnings: new Map() };
  try {
    const { facts, session, state } = await lookAround(run, report);
    const { engine } = facts;
    const { configDirectory, registry } = session;
    const { images, mirrors } = state;
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
    const mainBranch = inputs.mainBranch ?? context.defaultBranch;
    const main =
      mainBranch === null ? undefined : images.find(({ tag }) => tag === toScope(mainBranch, inputs.part).tag);
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
        checked === null
          ? production.result
          : await pushChecked(request, registry, unique, checked, report.read().production);
      return publishProduction({ runner, plan, registry, branch, unique, warn, note }, pushed);
    };
    const published = await publish().catch(async (error: unknown) => {
      // No process may outlive the run that it belongs to.
      await production.builder?.finish().catch(() => null);
      return explain(error);
    });
    if (published !== null) note({ bytes: { ...published.bytes, main: mainBytes } });
    const copying =
      registry === null || published === null || plan.mirrors.length === 0
        ? Promise.resolve([])
        : copyToMirrors({ world, from: registry, mirrors, manifest: published.manifest, tags: published.tags });
    const builder = await keepBuilder(request, registry, images, production, published?.layers ?? null).catch(
      async (error: unknown) => {
        // Production is published all the same, and its copies.
        const copies = await copying;
        if (published !== null) announceTags(runner, plan, published, null, copies, note);
        return explain(error);
      },
    );
    announceBuilder(runner, plan, builder);
    const copies = await copying;
    if (published === null) announceLocalImage(runner, plan);
    else announceTags(runner, plan, published, builder, copies, note);
    note(withBuilder(report.read(), builder));
    const result = report.read();
    for (const line of toPassLines(result)) runner.log.info(line);
    await layers.save(request);
    if (!runner.onGitHub) for (const line of toLocalLines(result)) runner.log.info(line);
    expectMirrored(copies, result.plan.image, result.plan.tags.unique);
  } finally {
    await layers?.close();
    announceDockerfileWarnings(runner, dockerfile, seen, listSuspectArguments(inputs.flags));
  }
}

/** Looks at the engine and at the registry at the same time; what is wrong with the engine is said first. */
async function lookAround(
  run: RunRequest,
  report: ReportedRun,
): Promise<{ facts: EngineFacts; session: RegistrySession; state: AskedRegistry }> {
  const { world, inputs } = run;
  const inspecting = inspectEngine(world.run, world.runner.childEnv, inputs.builder, world.signal);
  const asking = askRegistry(run, report, async () => (await inspecting).insecureRegistries);
  // Both are waited for in any case: nothing may write into the run's folder after it is removed.
  const [facts, asked] = await Promise.allSettled([inspecting, asking]);
  if (facts.status === 'rejected') throw facts.reason;
  if (asked.status === 'rejected') throw asked.reason;
  return { facts: facts.value, ...asked.value };
}

function withBuilder({ builder }: RunResult, { seconds, outcome, work }: KeptBuilder): Partial<RunResult> {
  return builder === null ? {} : { builder: { ...builder, seconds, outcome, work: [...builder.work, ...work] } };
}
