// What a build finds before it starts: the engine, and the registry with its mirrors.
import { type EngineFacts, inspectEngine } from './docker/inspect-engine.js';
import { type AskedRegistry, type RegistrySession, askRegistry } from './registry-session.js';
import type { RunFrame, RunSetup } from './reported-run.js';

export interface Survey {
  readonly engine: EngineFacts['engine'];
  readonly session: RegistrySession;
  readonly state: AskedRegistry;
}

/**
 * Looks at the engine and at the registry at the same time; what is wrong with the engine is said first.
 * @throws InputError for what is wrong with either
 */
export async function inspect(run: RunSetup, frame: RunFrame): Promise<Survey> {
  const { world, inputs } = run;
  const inspecting = inspectEngine(world.run, world.runner.childEnv, inputs.builder, world.signal);
  const asking = askRegistry(run, frame, async () => (await inspecting).insecureRegistries);
  // Both are waited for in any case: nothing may write into the run's folder after it is removed.
  const [inspected, asked] = await Promise.allSettled([inspecting, asking]);
  if (inspected.status === 'rejected') throw inspected.reason;
  if (asked.status === 'rejected') throw asked.reason;
  return { engine: inspected.value.engine, ...asked.value };
}
