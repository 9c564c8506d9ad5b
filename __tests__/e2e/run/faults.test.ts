// A registry that does wrong once: afterwards exit code and registry agree, and no tag points at anything incomplete. This is
// a sample, each fault once; by night it is each kind of request, and script/check-faults does all of the matrix.
import { expect, test } from '@jest/globals';
import { FAULTS, PLACES, surviveFault } from '../../../lab/faults/faults.js';
import { useFaultLab } from '../../support/fault-lab.js';
import { IS_NIGHTLY, sampleOf, testByNight } from '../../support/nightly.js';
import { STORES } from '../../support/stores.js';

const { open: openStand } = useFaultLab();

/** Faults that take turns, so that in two stores and all places each comes up. */
const TURNS = ['429 with Retry-After', '503', 'reset', 'cut', 'stall', 'truncate'];
/** The action's own requests are the same, whatever the store. */
const ALL = STORES.flatMap((store, turn) =>
  PLACES.filter((place) => (place.store ?? store) === store)
    .filter(({ where }) => turn === 0 || where.agent !== undefined)
    .map((place, index) => [TURNS[(index + turn * 4) % TURNS.length]!, place.name, store] as const),
);
/** Each fault, both stores, and of the requests those that read, push, name and keep an image. */
const CHOSEN = [
  'stall at manifest GET on containerd',
  '429 with Retry-After at blob GET on containerd',
  'reset at blob PUT on containerd',
  'cut at moving tag PUT on containerd',
  '503 at manifest GET on overlay2',
  'truncate at blob PATCH on overlay2',
];
const SAMPLE = sampleOf(ALL, ([kind, place, store]) => CHOSEN.includes(`${kind} at ${place} on ${store}`));

test.each(SAMPLE)('%s once at %s is survived (%s)', async (kind, placeName, store) => {
  const stand = await openStand(store, `${kind} ${placeName} ${store}`.toLowerCase().replaceAll(' ', '-'));
  const place = PLACES.find(({ name }) => name === placeName)!;
  await surviveFault(stand, place, FAULTS[kind]!, `${kind} ${placeName} ${store}`);
});

test('each kind of fault is in the sample', () => {
  expect(new Set(SAMPLE.map(([kind]) => kind))).toEqual(new Set(TURNS));
  expect(SAMPLE).toHaveLength(IS_NIGHTLY ? ALL.length : CHOSEN.length);
});

for (const store of STORES)
  testByNight(`reset once while a checked image is pushed is survived (${store})`, async () => {
    const stand = await openStand(store, `checked-${store}`);
    const place = PLACES.find(({ name }) => name === 'manifest PUT')!;
    const { repeats } = await surviveFault(stand, place, 'reset', `checked ${store}`, { verify: 'true' });
    expect(repeats).toBe(1);
  });
