// What a registry may do wrong at each kind of request, and what must be true after any run that met it: exit code and
// registry agree, and no tag points at anything incomplete.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine, ImageStore } from '../engine/engine.js';
import type { Lab } from '../lab.js';
import { ENGINE_AGENT, type Fault, type FaultAnswer, startFront } from '../registry/front.js';
import { readWholeImage } from '../registry/image-check.js';
import type { ActionResult } from '../runner/action-run.js';
import type { Team } from '../services/team.js';

/** A kind of request, and what a run needs to make it. */
export interface FaultPlace {
  readonly name: string;
  readonly where: Omit<Fault, 'answer'>;
  /** `cache`: an earlier commit's image is in the registry, and the engine is as new. */
  readonly after: 'nothing' | 'cache';
  /** Left out: whatever the store. */
  readonly store?: ImageStore;
  /**
   * The image stores whose engine waits for ever on a request without an answer, even when the build that made it has
   * ended: another build that shares the request waits for ever, too. Left out: on none.
   */
  readonly clings?: readonly ImageStore[];
}

const agent = ENGINE_AGENT;

export const PLACES: readonly FaultPlace[] = [
  { name: 'token', where: { path: /^\/token/, agent }, after: 'nothing' },
  { name: 'own token', where: { path: /^\/token/, agent: /^two-pass-build/ }, after: 'nothing' },
  { name: 'manifest HEAD', where: { method: 'HEAD', path: /\/manifests\// }, after: 'nothing' },
  { name: 'manifest PUT', where: { method: 'PUT', path: /\/manifests\/[0-9a-f]{40}$/, agent }, after: 'nothing' },
  {
    name: 'manifest GET',
    where: { method: 'GET', path: /\/manifests\//, agent },
    after: 'cache',
    clings: ['containerd', 'overlay2'],
  },
  {
    name: 'blob HEAD',
    where: { method: 'HEAD', path: /\/blobs\/sha256/, agent },
    after: 'nothing',
    clings: ['overlay2'],
  },
  {
    name: 'blob GET',
    where: { method: 'GET', path: /\/blobs\/sha256/, agent },
    after: 'cache',
    clings: ['containerd', 'overlay2'],
  },
  {
    name: 'blob POST',
    where: { method: 'POST', path: /\/blobs\/uploads\//, agent },
    after: 'nothing',
    clings: ['overlay2'],
  },
  {
    name: 'blob PATCH',
    where: { method: 'PATCH', path: /\/blobs\/uploads\//, agent },
    after: 'nothing',
    store: 'overlay2',
    clings: ['overlay2'],
  },
  {
    name: 'blob PUT',
    where: { method: 'PUT', path: /\/blobs\/uploads\//, agent },
    after: 'nothing',
    clings: ['overlay2'],
  },
  { name: 'moving tag PUT', where: { method: 'PUT', path: /\/manifests\/main$/ }, after: 'nothing' },
  { name: 'cache manifest PUT', where: { method: 'PUT', path: /\/manifests\/cache-main$/ }, after: 'cache' },
];

export const FAULTS: Readonly<Record<string, FaultAnswer>> = {
  '429': { status: 429 },
  '429 with Retry-After': { status: 429, headers: { 'retry-after': '1' } },
  '500': { status: 500 },
  '502': { status: 502 },
  '503': { status: 503 },
  '504': { status: 504 },
  reset: 'reset',
  disconnect: 'disconnect',
  silence: 'silence',
  stall: 'stall',
  truncate: 'truncate',
  cut: 'cut',
};

/** What a run works with: `puller` is an engine for nothing but pulling, so that it has no layer before. */
export interface FaultStand {
  readonly lab: Lab;
  readonly team: Team;
  readonly engine: Engine;
  readonly puller: Engine;
}

/** What a run went through. */
export interface Survival {
  readonly result: ActionResult;
  /** How often a pass ran again. */
  readonly repeats: number;
}

/**
 * One fault once, at one place, in a run that must survive it; where the engine never gives the request up, the run may fail.
 * @param more further inputs
 * @throws Error when the run fails, was not hit by the fault, or disagrees with the registry
 */
export async function surviveFault(
  stand: FaultStand,
  { where, after, clings = [] }: FaultPlace,
  answer: FaultAnswer,
  seed: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Survival> {
  const { lab, team, engine } = stand;
  const { registry } = lab;
  const front = await startFront({ registry: registry.host, ...(registry.realm && { realm: registry.realm }) });
  try {
    const run = {
      engine,
      inputs: { image: `${front.host}/${team.repository}`, ...more },
      // BuildKit itself would wait for ever.
      env: answer === 'silence' ? { TWO_PASS_BUILD_STALL_SECONDS: '4' } : {},
    };
    if (after === 'cache') {
      expectGreen(await team.build(await team.push(), run), 'the run before');
      await engine.prune();
    }
    // Layers that no other run has pushed or kept.
    await team.service.changeSource(seed);
    front.fail({ ...where, answer, times: 1 });
    const event = await team.push();
    const result = await team.build(event, run);
    const mayFail = answer === 'silence' && clings.includes(engine.store);
    if (!mayFail) expectGreen(result, 'the run');
    if (front.faultsServed() !== 1) throw new Error(`The fault was met ${front.faultsServed()} times:\n${result.log}`);
    await expectAgreement(stand, event.sha, result);
    const digest = (await registry.findManifest(team.repository, 'main'))?.digest;
    if (result.main?.code === 0 && digest !== result.outputs.digest)
      throw new Error(`The branch tag is ${digest ?? 'absent'}:\n${result.log}`);
    return { result, repeats: [...result.log.matchAll(/; it runs again in /g)].length };
  } finally {
    await front.stop();
  }
}

/** When a run is killed, and by which signal. */
export interface Kill {
  readonly signal: 'SIGTERM' | 'SIGKILL';
  /** Milliseconds. */
  readonly after: number;
}

/** Kills a run, and then runs the same once more, which must succeed. */
export async function surviveKill(stand: FaultStand, kill: Kill, seed: string): Promise<void> {
  const { team, engine } = stand;
  await team.service.changeSource(seed);
  const event = await team.push();
  await team.build(event, { engine, signal: kill });
  // After SIGKILL the docker client runs on for a moment: its push ends or breaks off.
  await sleep(500);
  await expectAgreement(stand, event.sha, null);
  const second = await team.build(event, { engine });
  expectGreen(second, 'the run after the kill');
  const tag = second.outputs.tag ?? '';
  if (!tag.startsWith(event.sha)) throw new Error(`The second run's tag is ${tag}:\n${second.log}`);
  await expectAgreement(stand, tag, second);
}

/** Numerical Recipes' generator: the same seed gives the same moments. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

/** Somewhere in a run, which takes about three seconds. */
export function chooseKill(random: () => number): Kill {
  return { signal: random() < 0.5 ? 'SIGTERM' : 'SIGKILL', after: Math.round(random() * 3000) };
}

/**
 * Compares what the registry serves with what the run says: the unique tag is absent, or it is a complete image that an engine
 * without any layer can pull, and its digest is the output.
 * @param result null for a run that could say nothing
 */
async function expectAgreement(
  { lab: { registry }, team, puller }: Omit<FaultStand, 'engine'>,
  unique: string,
  result: ActionResult | null,
): Promise<void> {
  const tags = await registry.tags(team.repository);
  const images = tags.filter((one) => !one.startsWith('cache-'));
  for (const tag of images) await readWholeImage(registry, team.repository, tag);
  const exists = tags.includes(unique);
  if (result?.main?.code === 0 && !exists) throw new Error(`A green run, and no tag ${unique}:\n${result.log}`);
  if (exists) {
    await puller.prune();
    await team.pullImage(puller, `${team.image}:${unique}`);
  }
  const { digest = '' } = result?.outputs ?? {};
  if (digest === '') return;
  const served = await registry.manifest(team.repository, unique);
  if (served.digest !== digest) throw new Error(`${unique} is ${served.digest} and not ${digest}.`);
}

function expectGreen(result: ActionResult, what: string): void {
  if (result.main?.code !== 0 || result.post?.code !== 0) throw new Error(`${what} failed:\n${result.log}`);
}
