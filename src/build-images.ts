// The story of a build, from the first look at engine and registry to the copies of the image.
import { announceBuilder, announceLocalImage, announcePlan, announceTags } from './announce.js';
import { checkImage } from './checks.js';
import type { Found } from './found.js';
import { inspect } from './inspect.js';
import { keepBuilder } from './keep-builder.js';
import { openLayerStore } from './kept-layers.js';
import { copyPublished } from './mirrors.js';
import { describeEngine } from './plan/engine.js';
import { expectMirrored } from './plan/mirror-outcome.js';
import { planJob, planPasses } from './plan-job.js';
import { publishProduction } from './publish.js';
import type { RunFrame, RunSetup } from './reported-run.js';
import { buildTwoPasses } from './two-passes.js';

/**
 * Yields what each stage has found as soon as it has: the frame of the run keeps what can be kept when a later stage
 * fails, and makes the report.
 * @throws InputError for what engine or registry do not allow, before anything is built; any other error for a build,
 *   check or push that failed
 */
export async function* buildImages(setup: RunSetup, frame: RunFrame): AsyncGenerator<Found, void> {
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
  if (target !== null) github.prepare();

  const built = await buildTwoPasses({ runner, ...job, unique: target?.unique ?? null });
  yield { built };
  const checked =
    candidate === null ? null : await checkImage({ ...job, ...frame, world, github, inputs, configDirectory }, built);
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

  const copying =
    published === null || target === null ? [] : copyPublished(world, plan.image, target, state.mirrors, published);
  const { registry } = session;
  const places = { registry, stored: state.images, log: runner.log };
  const kept = await keepBuilder({ ...job, ...places, ...frame }, built, published?.layers ?? null);
  const copies = await copying;
  yield { kept, copies };

  announceBuilder(runner, plan, kept);
  if (published === null) announceLocalImage(runner, plan);
  else announceTags(runner, plan, published, kept, copies);
  if (kept.failure !== null) throw kept.failure;
  await layers.save(job, 'all');
  expectMirrored(copies, plan.image, published?.tag ?? plan.tags.unique);
}
