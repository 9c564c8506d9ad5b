import { describe, expect, test } from '@jest/globals';
import { type Engine, describeEngine, fitToEngine } from '../../src/plan/engine.js';
import { type Plan, planBuild } from '../../src/plan/plan.js';
import { CONTEXT, type With, inputsOf, messageOf, pushTo, registryWith } from './fixtures.js';

const engineOf = (driver: string, store: Engine['store']): Engine => ({
  builder: null,
  driver,
  store,
  buildxVersion: '0.29.1',
  engineVersion: '28.5.2',
});
const OVERLAY2 = engineOf('docker', 'overlay2');
const CONTAINERD = engineOf('docker', 'containerd');
const CONTAINER = engineOf('docker-container', null);
const planOf = (given: With): Plan => planBuild(inputsOf(given), pushTo('main'), CONTEXT, registryWith());

describe('the docker driver with overlay2', () => {
  test.each<[string, string]>([
    ['provenance', 'true'],
    ['provenance', 'mode=max'],
    ['sbom', 'true'],
    ['platforms', 'linux/amd64,linux/arm64'],
    ['annotations', 'a=b'],
  ])('refuses %s %j before the build, and names what to use', (input, text) => {
    const message = messageOf(() => fitToEngine(planOf({ [input]: text }), OVERLAY2));
    expect(message).toMatch(new RegExp(`^InputError: ${input}: `));
    expect(message).toContain('docker/setup-buildx-action');
  });

  test.each<With>([{}, { platforms: 'linux/arm64' }, { provenance: 'false', sbom: 'false' }, { labels: 'a=b' }])(
    'takes %j as it is',
    (given) => expect(fitToEngine(planOf(given), OVERLAY2)).toEqual(planOf(given)),
  );
});

describe('an image that the engine cannot load is built all the same, and that is said', () => {
  const attested: With = { push: 'false', provenance: 'true' };
  const twoPlatforms: With = { push: 'false', platforms: 'linux/amd64\nlinux/arm64' };

  test.each<[string, Engine, With, string, number]>([
    ['attestations, docker-container', CONTAINER, attested, 'cache', 1],
    ['an SBOM, remote', engineOf('remote', null), { push: 'false', sbom: 'true' }, 'cache', 1],
    ['two platforms, kubernetes', engineOf('kubernetes', null), twoPlatforms, 'cache', 1],
    ['attestations, containerd store', CONTAINERD, attested, 'engine', 0],
    ['two platforms, containerd store', CONTAINERD, twoPlatforms, 'engine', 0],
    ['one plain image, docker-container', CONTAINER, { push: 'false', platforms: 'linux/amd64' }, 'engine', 0],
    [
      'two platforms that are pushed, docker-container',
      CONTAINER,
      { platforms: 'linux/amd64,linux/arm64' },
      'registry',
      0,
    ],
  ])('%s', (_, engine, given, output, notes) => {
    const plan = fitToEngine(planOf(given), engine);
    expect(plan.production.output).toBe(output);
    expect(plan.notes).toHaveLength(notes);
    for (const note of plan.notes) expect(note).toContain(engine.driver);
  });
});

test.each([
  [OVERLAY2, 'Buildx 0.29.1, docker driver, overlay2 image store, Docker Engine 28.5.2'],
  [{ ...CONTAINER, engineVersion: null }, 'Buildx 0.29.1, docker-container driver'],
])('the engine in a line (%#)', (engine, line) => expect(describeEngine(engine)).toBe(line));
