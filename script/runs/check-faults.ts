// The whole matrix of faults and a number of kills, one line each, then the count. Fails when one is not survived.
import { parseArgs } from 'node:util';
import type { ImageStore } from '../../lab/engine/engine.js';
import { FAULTS, PLACES, chooseKill, createRandom, surviveFault, surviveKill } from '../../lab/faults/faults.js';
import { type Lab, openLab } from '../../lab/lab.js';
import { USERS, formTeam } from '../../lab/services/team.js';

const HELP = `script/check-faults [OPTIONS]
  --stores containerd,overlay2   image stores
  --places NAMES                 ${PLACES.map(({ name }) => name).join(', ')}
  --faults NAMES                 ${Object.keys(FAULTS).join(', ')}
  --kills 50                     runs to kill, on each store
  --checked                      push images that were checked (verify) first
  --seed NUMBER                  for the moments of the kills; printed at the start`;

interface Trial {
  readonly name: string;
  readonly run: (lab: Lab) => Promise<string>;
}

const options = readOptions();
let failed = 0;
let done = 0;
console.log(`seed ${options.seed}`);
for (const store of options.stores) {
  const lab = await openLab({ auth: 'token', users: USERS, stores: [store, 'overlay2'], inMemory: true });
  try {
    for (const { name, run } of [...listFaults(store), ...listKills(store)]) {
      const started = performance.now();
      const outcome = await run(lab).catch((error: unknown) => {
        failed += 1;
        return `FAILED ${error instanceof Error ? error.message : String(error)}`;
      });
      done += 1;
      console.log(`${store}: ${name}: ${outcome}, ${((performance.now() - started) / 1000).toFixed(1)} s`);
      await lab.engine(store).prune();
    }
  } finally {
    await lab.close();
  }
}
console.log(`${done - failed} survived, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function listFaults(store: ImageStore): Trial[] {
  const places = PLACES.filter((place) => options.places.includes(place.name) && (place.store ?? store) === store);
  return places.flatMap((place) =>
    options.faults.map((kind) => ({
      name: `${kind} at ${place.name}`,
      run: async (lab) => {
        const answer = FAULTS[kind];
        if (answer === undefined) throw new Error(`There is no fault ${kind}.`);
        return inTeam(lab, `${kind} ${place.name}`, async (stand) => {
          const seed = `${kind} ${place.name} ${options.seed}`;
          const { result, repeats } = await surviveFault(stand, place, answer, seed, options.inputs);
          return result.main?.code === 0 ? `survived, ${repeats} repeats` : 'ended red, as this engine must';
        });
      },
    })),
  );
}

function listKills(store: ImageStore): Trial[] {
  const random = createRandom(options.seed);
  return Array.from({ length: options.kills }, (_, index) => {
    const kill = chooseKill(random);
    const name = `${kill.signal} after ${kill.after} ms`;
    return {
      name,
      run: (lab) =>
        inTeam(lab, `kill ${index}`, async (stand) => {
          await surviveKill(stand, kill, `${options.seed} ${index} ${store}`);
          return 'survived';
        }),
    };
  });
}

async function inTeam<T>(
  lab: Lab,
  name: string,
  body: (stand: Parameters<typeof surviveFault>[0]) => Promise<T>,
): Promise<T> {
  const team = await formTeam(lab, name.toLowerCase().replaceAll(' ', '-'));
  const [engine, puller] = lab.engines;
  if (engine === undefined || puller === undefined) throw new Error('The lab has no engines.');
  try {
    return await body({ lab, team, engine, puller });
  } finally {
    await team.close();
  }
}

function readOptions() {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      stores: text,
      places: text,
      faults: text,
      kills: text,
      seed: text,
      checked: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    console.log(HELP);
    process.exit();
  }
  const choose = <T extends string>(name: string, value: string | undefined, known: readonly T[]): readonly T[] =>
    value === undefined
      ? known
      : value.split(',').map((one) => {
          const found = known.find((each) => each === one.trim());
          if (found === undefined) throw new Error(`--${name}: there is no ${one}. Use ${known.join(', ')}.`);
          return found;
        });
  const count = (name: string, value: string | undefined, preset: number): number => {
    const number = Number(value ?? preset);
    if (!Number.isInteger(number) || number < 0) throw new Error(`--${name}: ${value ?? ''} is no whole number.`);
    return number;
  };
  return {
    stores: choose('stores', values.stores, ['containerd', 'overlay2'] as const),
    places: choose(
      'places',
      values.places,
      PLACES.map(({ name }) => name),
    ),
    faults: choose('faults', values.faults, Object.keys(FAULTS)),
    inputs: values.checked === true ? { verify: 'true' } : {},
    kills: count('kills', values.kills, 50),
    seed: count('seed', values.seed, Date.now() % 100_000),
  };
}
