// A registry that does wrong for ever: runs end, red where they must, and say what was written.
import { describe, expect, test } from '@jest/globals';
import { PLACES, expectAgreement, surviveFault } from '../../../lab/faults/faults.js';
import { startFront } from '../../../lab/registry/front.js';
import { useFaultLab } from '../../support/fault-lab.js';

const { open: openStand } = useFaultLab();

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
