// A registry that does wrong once, at each kind of request, and a run that is killed at any moment: afterwards exit code
// and registry agree, and no tag points at anything incomplete. script/check-faults does all of the matrix.
import { describe, expect, test } from '@jest/globals';
import type { ImageStore } from '../../script/lab/engine.js';
import {
  FAULTS,
  type FaultStand,
  PLACES,
  chooseKill,
  createRandom,
  expectAgreement,
  surviveFault,
  surviveKill,
} from '../../script/lab/faults.js';
import { startFront } from '../../script/lab/front.js';
import { useLab } from './support.js';

const STORES = ['containerd', 'overlay2'] as const;
// The last engine has nothing but what it pulls.
const fixture = useLab({ stores: [...STORES, 'overlay2'] });

async function openStand(store: ImageStore, name: string): Promise<FaultStand> {
  const lab = fixture.lab();
  return { lab, team: await fixture.team(name), engine: lab.engine(store), puller: lab.engines.at(-1)! };
}

/** Faults that take turns, so that in two stores and all places each comes up. */
const TURNS = ['429 with Retry-After', '503', 'reset', 'cut', 'stall', 'truncate'];
/** The action's own requests are the same, whatever the store. */
const SAMPLE = STORES.flatMap((store, turn) =>
  PLACES.filter((place) => (place.store ?? store) === store)
    .filter(({ where }) => turn === 0 || where.agent !== undefined)
    .map((place, index) => [TURNS[(index + turn * 4) % TURNS.length]!, place.name, store] as const),
);

test.each(SAMPLE)('%s once at %s is survived (%s)', async (kind, placeName, store) => {
  const stand = await openStand(store, `${kind} ${placeName} ${store}`.toLowerCase().replaceAll(' ', '-'));
  const place = PLACES.find(({ name }) => name === placeName)!;
  await surviveFault(stand, place, FAULTS[kind]!, `${kind} ${placeName} ${store}`);
});

test('each kind of fault is in the sample', () => {
  expect(new Set(SAMPLE.map(([kind]) => kind))).toEqual(new Set(TURNS));
});

test.each(STORES)('reset once while a checked image is pushed is survived (%s)', async (store) => {
  const stand = await openStand(store, `checked-${store}`);
  const place = PLACES.find(({ name }) => name === 'manifest PUT')!;
  const { repeats } = await surviveFault(stand, place, 'reset', `checked ${store}`, { verify: 'true' });
  expect(repeats).toBe(1);
});

// Nothing on the way loses patience: the action does.
test.each([
  ['manifest PUT', 'containerd'],
  ['blob PUT', 'overlay2'],
] as const)('silence without end at %s ends (%s)', async (placeName, store) => {
  const stand = await openStand(store, `silence-${placeName.toLowerCase().replace(' ', '-')}-${store}`);
  const place = PLACES.find(({ name }) => name === placeName)!;
  const { result } = await surviveFault(stand, place, 'silence', `silence ${placeName} ${store}`);
  expect(result.log).toContain('no sign of life for 4 s');
});

describe('what does not pass', () => {
  test.each([
    ['manifest PUT', { status: 403 }, 1],
    ['blob POST', { status: 400 }, 1],
    // Three more tries, and then an end.
    ['manifest PUT', { status: 503 }, 4],
  ] as const)(
    '%s answered with %j for ever ends the run, red, after %d attempts',
    async (placeName, answer, attempts) => {
      const stand = await openStand(
        'containerd',
        `for-ever-${placeName.toLowerCase().replace(' ', '-')}-${answer.status}`,
      );
      const { lab, team, engine } = stand;
      const { where } = PLACES.find(({ name }) => name === placeName)!;
      const { registry } = lab;
      const front = await startFront({ registry: registry.host, ...(registry.realm && { realm: registry.realm }) });
      try {
        front.fail({ ...where, answer });
        const event = await team.push();
        const inputs = { image: `${front.host}/${team.repository}` };
        const result = await team.build(event, { engine, inputs });
        expect(result.main?.code).toBe(1);
        expect([...result.log.matchAll(/^Building .*production.*$/gm)]).toHaveLength(attempts);
        expect(result.outputs).not.toHaveProperty('digest');
        expect(await registry.tags(team.repository)).not.toContain(event.sha);
        await expectAgreement(stand, event.sha, result);
      } finally {
        await front.stop();
      }
    },
  );

  test('a moving tag that the registry refuses is an error that says what was written, with the outputs set', async () => {
    const { lab, team, engine } = await openStand('containerd', 'moving-refused');
    const { registry } = lab;
    const front = await startFront({ registry: registry.host });
    try {
      front.fail({ method: 'PUT', path: /\/manifests\/main$/, answer: { status: 403 } });
      const event = await team.push();
      const result = await team.build(event, { engine, inputs: { image: `${front.host}/${team.repository}` } });
      expect(result.main?.code).toBe(1);
      expect(result.log).toMatch(
        new RegExp(`pushed as ${event.sha}, but the tag main could not be moved.*403.*Not moved: main`),
      );
      expect(result.outputs.digest).toBe((await registry.manifest(team.repository, event.sha)).digest);
      expect(await registry.tags(team.repository)).not.toContain('main');
    } finally {
      await front.stop();
    }
  });
});

test.each(STORES)('killed at any moment, five times, and run again (%s)', async (store) => {
  const seed = Number(process.env.FAULTS_SEED ?? Date.now() % 100_000);
  console.log(`FAULTS_SEED=${seed}`);
  const random = createRandom(seed);
  for (let kill = 1; kill <= 5; kill += 1) {
    const stand = await openStand(store, `killed-${kill}-${store}`);
    await surviveKill(stand, chooseKill(random), `${seed} ${kill} ${store}`);
  }
});
