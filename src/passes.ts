// The two passes: builder, then production.
import { type BuildxSession, PassFailedError, type PassResult, runPass } from './docker/buildx.js';
import { type Dockerfile, stagesOutside } from './plan/dockerfile.js';
import type { Engine } from './plan/engine.js';
import type { Inputs } from './plan/inputs.js';
import type { PassPlan, Plan } from './plan/plan.js';
import { describePass } from './report/pass-report.js';
import type { RunResult } from './report/summary.js';
import type { World } from './world.js';

export interface PassesRequest {
  readonly world: World;
  readonly inputs: Inputs;
  readonly plan: Plan;
  readonly engine: Engine;
  readonly dockerfile: Dockerfile | null;
  readonly directory: string;
  readonly configDirectory: string;
  readonly warn: (message: string) => void;
  readonly note: (progress: Partial<RunResult>) => void;
}

export interface BuiltPasses {
  /** Null when the builder image could not be written; it is only cache. */
  readonly builder: PassResult | null;
  readonly production: PassResult;
}

/** @throws PassFailedError, except for a builder image that was built and only could not be pushed */
export async function buildBothPasses(request: PassesRequest): Promise<BuiltPasses> {
  const { world, inputs, plan, dockerfile, note } = request;
  const builder = await runBuilderPass(request);
  if (builder !== null) note({ builder: toFigures(builder) });
  // A refresh has just run the builder's stages: pass 2 takes them as they are, and runs only the others again.
  const refreshStages =
    dockerfile === null ? [inputs.productionTarget] : stagesOutside(dockerfile, inputs.builderTarget);
  const production = await runOnePass(request, plan.production, refreshStages);
  note({ production: toFigures(production) });
  world.runner.log.info(
    `Builder: ${builder === null ? 'not kept' : describePass(toFigures(builder))}. Production: ${describePass(toFigures(production))}.`,
  );
  return { builder, production };
}

async function runBuilderPass(request: PassesRequest): Promise<PassResult | null> {
  try {
    return await runOnePass(request, request.plan.builder, null);
  } catch (error) {
    if (!(error instanceof PassFailedError) || !error.exportOnly) throw error;
    request.warn(`The builder image was not kept for later runs, and the build goes on. ${error.message}`);
    return null;
  }
}

function runOnePass(
  request: PassesRequest,
  pass: PassPlan,
  refreshStages: readonly string[] | null,
): Promise<PassResult> {
  const { world, inputs, plan, engine, directory, configDirectory } = request;
  const { runner, run, signal } = world;
  runner.log.info(`Pass ${pass.name === 'builder' ? 1 : 2} of 2: ${pass.name} (target ${pass.target})`);
  return runner.log.foreign((onLine) => {
    const env = { ...runner.childEnv, ...inputs.secretEnvironment, DOCKER_CONFIG: configDirectory };
    const session: BuildxSession = { run, env, signal, onLine, directory };
    return runPass(session, plan.image, pass, engine, { context: inputs.context, file: inputs.file, refreshStages });
  });
}

function toFigures({ seconds, progress }: PassResult): NonNullable<RunResult['builder']> {
  return { seconds, steps: progress.steps };
}
