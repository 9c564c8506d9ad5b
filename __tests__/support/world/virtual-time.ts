// Time of a run in which nothing but requests to the registry takes any: each the same, however many at once. So a run takes
// as many rounds as the longest chain of its requests has, in which each waits for the answer to the one before. What is asked
// beside a build costs nothing, as a build takes longer.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Exchange } from './memory-registry.js';
import type { SmallWorld } from './small-world.js';

export interface VirtualRun {
  readonly requests: readonly Exchange[];
  /** Requests of the longest chain: times the delay of one, the seconds that the registry costs. */
  readonly chain: number;
  /** The requests that are answered together, in order. */
  readonly rounds: readonly (readonly Exchange[])[];
  /** Of the bodies, in both directions. */
  readonly bytes: number;
}

/** Holds every request until nothing else can happen any more; then those that are held are answered, all at once. */
export async function runInVirtualTime(
  { registry, engine }: SmallWorld,
  run: () => Promise<unknown>,
): Promise<VirtualRun> {
  const started = registry.exchanges.length;
  const rounds: (readonly Exchange[])[] = [];
  const held: (() => void)[] = [];
  registry.beforeAnswer = async () => {
    if (engine.building > 0) return;
    await new Promise<void>((resolve) => {
      held.push(resolve);
    });
  };
  const { exchanges } = registry;
  const state = { running: true };
  const ended = run().finally(() => {
    state.running = false;
  });
  // Its error is thrown by the `await` below.
  ended.catch(() => undefined);
  const traffic = watchRequests();
  try {
    while (state.running) {
      await becomeQuiet(() => engine.building === 0 && traffic.open() === held.length);
      const first = exchanges.length;
      const answers = held.splice(0);
      for (const answer of answers) answer();
      await nextTurn();
      if (answers.length > 0) rounds.push(exchanges.slice(first, first + answers.length));
    }
    await ended;
  } finally {
    traffic.stop();
    registry.beforeAnswer = () => undefined;
    for (const answer of held) answer();
  }
  const requests = exchanges.slice(started);
  return { requests, chain: rounds.length, rounds, bytes: requests.reduce((sum, { bytes }) => sum + bytes, 0) };
}

const STARTED = 'http.client.request.start';

/** Counts the requests of this process that have no whole answer yet. */
function watchRequests(): { readonly open: () => number; readonly stop: () => void } {
  let open = 0;
  const count = (message: unknown): void => {
    open += 1;
    (message as { readonly request: ClientRequest }).request.once('close', () => {
      open -= 1;
    });
  };
  subscribe(STARTED, count);
  return { open: () => open, stop: () => void unsubscribe(STARTED, count) };
}

/** Turns of the event loop in which nothing happens: what follows an answer needs fewer. */
const TURNS = 20;

/** @param isWaiting whether every request that was begun is held, and nothing is built */
async function becomeQuiet(isWaiting: () => boolean): Promise<void> {
  for (let turns = 0; turns < TURNS; turns += 1) {
    await nextTurn();
    const usesFiles = process.getActiveResourcesInfo().some((name) => /^FS|^FILE/.test(name));
    if (usesFiles || !isWaiting()) turns = 0;
  }
}
