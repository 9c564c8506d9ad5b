// The test stand for one image store: an engine, a registry, the service with its history, and a repository per variant
// and state to start from. It makes single tries; what is tried, and how often, is decided elsewhere.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '../../lab/command.js';
import type { Engine, ImageStore } from '../../lab/engine/engine.js';
import { startActionsCache } from '../../lab/github/actions-cache.js';
import { openLab } from '../../lab/lab.js';
import { listUploadedBlobs } from '../../lab/registry/access-log.js';
import { startFront } from '../../lab/registry/front.js';
import { USERS, WRITER, formTeam } from '../../lab/services/team.js';
import { furnishService } from './services/measured-service.js';
import type { BenchOptions } from './options.js';
import type { Place, Try } from './place.js';
import type { VariantName } from './variants/catalog.js';
import { cacheTagOf } from './variants/one-build.js';
import { logInForCommands } from './variants/commands.js';
import { runVariant } from './variants/run-variant.js';
import { openRecorder, sumIntervals } from './readings/recorder.js';
import { type Repositories, openRepositories } from './readings/repository.js';
import { type Change, HISTORY, SCENARIOS, type StateName } from './scenarios.js';
import { writeHistory } from './services/history.js';
import { countSteps } from './readings/steps.js';
import { countTraffic } from './readings/traffic.js';

/** What to try. */
interface TryOptions {
  readonly variant: VariantName;
  readonly name: string;
  readonly round: number;
  readonly start: StateName;
  readonly change: Change;
  /** Makes something of the fresh engine before the run. */
  readonly ready?: () => Promise<void>;
}

export interface Stand {
  readonly store: ImageStore;
  readonly options: BenchOptions;
  readonly place: Place;
  readonly say: (line: string) => void;
  /** Builds the states for all variants up to that one. Throws where a build fails. */
  readonly prepare: (state: StateName) => Promise<void>;
  /** On a fresh engine and a fresh copy of the state. A run that fails is a try with its code. */
  readonly try: (options: TryOptions) => Promise<Try>;
  readonly close: () => Promise<void>;
}

interface Inside {
  readonly store: ImageStore;
  readonly options: BenchOptions;
  readonly place: Place;
  readonly repositories: Repositories;
  readonly say: (line: string) => void;
  /** Blobs that a later try may need. */
  readonly kept: Set<string>;
}

export async function openStand(store: ImageStore, options: BenchOptions, say: (line: string) => void): Promise<Stand> {
  const lab = await openLab({ stores: [store], auth: 'token', users: USERS });
  const open: { stop: () => Promise<void> }[] = [{ stop: lab.close }];
  const close = async () => {
    for (const one of open.toReversed()) await one.stop();
  };
  try {
    const { delayMs, bandwidth } = options;
    const front =
      delayMs === 0 && bandwidth === 0
        ? undefined
        : await startFront({
            registry: lab.registry.host,
            delayMs,
            ...(bandwidth > 0 && { megabytesPerSecond: bandwidth }),
          });
    if (front !== undefined) open.push(front);
    const service = await furnishService(options.service, lab, front?.host ?? lab.registry.host);
    const team = await formTeam(lab, 'bench', { from: service.folder });
    open.push({ stop: team.close });
    const actionsCache = options.variants.includes('actions-cache')
      ? await startActionsCache(await mkdtemp(join(lab.directory, 'actions-cache-')))
      : null;
    if (actionsCache !== null) open.push(actionsCache);
    const found = { lab, engine: lab.engine(store), team, service, action: options.action, actionsCache };
    const place = await furnish(found, front?.host);
    const repositories = openRepositories(lab.registry, WRITER, service.baseLayers);
    const inside: Inside = { store, options, place, repositories, say, kept: new Set() };
    let tries = 0;
    const prepared = new Set<StateName>();
    return {
      store,
      options,
      place,
      say,
      prepare: (state) => prepareStates(inside, state, prepared),
      try: (what) => tryOnce(inside, what, `octo/try-${++tries}`),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function furnish(
  found: Pick<Place, 'lab' | 'engine' | 'team' | 'service' | 'action' | 'actionsCache'>,
  frontHost: string | undefined,
): Promise<Place> {
  const { lab, engine, team, service } = found;
  const recorder = await openRecorder(join(lab.directory, 'recorder'), lab.tools);
  const place: Place = {
    ...found,
    commits: await writeHistory(team, service),
    recorder,
    path: `${recorder.folder}:${engine.env.PATH ?? ''}`,
    host: frontHost ?? lab.registry.host,
    recipeConfig: join(lab.directory, 'recipe-config'),
  };
  await logInForCommands(place);
  return place;
}

const stateRepository = (variant: VariantName, state: StateName): string => `octo/${state}-${variant}`;

async function prepareStates(inside: Inside, state: StateName, prepared: Set<StateName>): Promise<void> {
  const last = HISTORY.findIndex((one) => one.state === state);
  for (const [index, { state: next, changes }] of HISTORY.slice(0, last + 1).entries()) {
    if (prepared.has(next)) continue;
    prepared.add(next);
    if (changes.length === 0) continue;
    for (const variant of inside.options.variants) {
      const repository = stateRepository(variant, next);
      const before = HISTORY[index - 1];
      if (variant === 'limit') await prepareLimit(inside, next, repository);
      else {
        if (before !== undefined && before.changes.length > 0) {
          await inside.repositories.copy(stateRepository(variant, before.state), repository);
        }
        await seed(inside, variant, repository, changes);
      }
      for (const digest of (await inside.repositories.readBlobs(repository)).all) inside.kept.add(digest);
    }
  }
}

/** The action's images, and the cache that it merges of them for the next commit of the branch. */
async function prepareLimit(inside: Inside, state: StateName, repository: string): Promise<void> {
  const [from, next] = [stateRepository('bundle', state), `octo/${state}-next`];
  await inside.repositories.copy(from, next);
  const { change } = SCENARIOS.find(({ name }) => name === 'unchanged')!;
  await seed(inside, 'bundle', next, [change]);
  await inside.repositories.copy(from, repository);
  await inside.repositories.copy(next, repository, cacheTagOf(change.branch));
}

/** Each build of a small history has a fresh engine, as it had in life; the many older branches may share one. */
async function seed(
  inside: Inside,
  variant: VariantName,
  repository: string,
  changes: readonly Change[],
): Promise<void> {
  const { place, store, say } = inside;
  for (const [index, change] of changes.entries()) {
    if (index === 0 || changes.length <= 2) await refresh(place.engine);
    await checkOut(place, change);
    const what = { change, repository, image: `${place.host}/${repository}`, state: repository };
    const { code, seconds, log } = await runVariant(variant, place, what);
    if (code !== 0) throw new Error(`${variant} failed to build ${change.commit}:\n${log}`);
    say(`${store}: ${variant} made ${change.branch} of ${repository} in ${seconds.toFixed(1)} s`);
  }
}

async function tryOnce(inside: Inside, what: TryOptions, repository: string): Promise<Try> {
  const { place, repositories, store } = inside;
  const { registry } = place.lab;
  const state = what.start === 'empty' ? null : stateRepository(what.variant, what.start);
  if (state !== null) await repositories.copy(state, repository);
  const before = await repositories.readBlobs(repository);
  await checkOut(place, what.change);
  await refresh(place.engine);
  if (what.ready !== undefined) {
    await what.ready();
    await runOrThrow('sync', []);
  }
  await place.recorder.take();
  const mark = registry.mark();

  const run = await runVariant(what.variant, place, {
    change: what.change,
    repository,
    image: `${place.host}/${repository}`,
    state,
  });

  const busy = sumIntervals(await place.recorder.take());
  const requests = await registry.requests(mark);
  const uploaded = [...new Set(listUploadedBlobs(requests))];
  const sizes = new Map<string, number>();
  for (const digest of uploaded) sizes.set(digest, await repositories.blobSize(repository, digest));
  const after = await repositories.readBlobs(repository);
  const kinds = {
    metadata: new Set([...before.metadata, ...after.metadata]),
    base: new Set([...before.base, ...after.base]),
  };
  const traffic = countTraffic(requests, sizes, kinds);
  const tagged = await registry.tagWrittenAt(repository, run.tag ?? place.commits.get(what.change.commit)!);
  const result: Try = {
    store,
    variant: what.variant,
    name: what.name,
    round: what.round,
    code: run.code,
    seconds: run.seconds,
    ownSeconds: run.seconds - busy,
    tagSeconds: tagged === undefined ? null : (tagged - run.startedAt) / 1000,
    ...traffic,
    layersPulled: traffic.layersPulled + (run.cachePulled ?? 0),
    layersPushed: traffic.layersPushed + (run.cachePushed ?? 0),
    ...countSteps(run.log),
  };
  // The disk shall not fill up with what no later try can need.
  for (const digest of uploaded) if (!inside.kept.has(digest)) await registry.loseBlob(digest);
  await keepLog(inside, result, `${run.log}\n${JSON.stringify({ result, requests }, null, 1)}\n`);
  return result;
}

async function keepLog({ options, say }: Inside, one: Try, log: string): Promise<void> {
  const { store, variant, name, round, code } = one;
  if (code !== 0) say(`${variant} failed with ${code}:\n${log.slice(0, log.lastIndexOf('\n{')).slice(-6000)}`);
  if (options.logs === undefined) return;
  await mkdir(options.logs, { recursive: true });
  await writeFile(join(options.logs, `${store}-${name}-${round}-${variant}.log`), log);
}

async function checkOut({ team, commits }: Place, { commit }: Change): Promise<void> {
  await team.service.git('checkout', '--quiet', '--detach', commits.get(commit)!);
}

/** As a hosted runner's; and what was written before must not be written to the disk during the next run. */
async function refresh(engine: Engine): Promise<void> {
  await engine.prune();
  await runOrThrow('sync', []);
}
