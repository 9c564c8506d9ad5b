import { describe, expect, test } from '@jest/globals';
import { type Engine, adviseOnEngine, describeEngine, fitToEngine } from '../../../src/plan/engine.js';
import type { Machine } from '../../../src/plan/machine.js';
import type { Exporter, Plan } from '../../../src/plan/plan.js';
import { type With, messageOf, planOf, pushTo, builderOf } from '../../support/fixtures.js';

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
const pushWith = (given: With): Plan => planOf(pushTo('main'), given);

describe('the docker driver with overlay2', () => {
  test.each<[string, string]>([
    ['provenance', 'true'],
    ['provenance', 'mode=max'],
    ['sbom', 'true'],
    ['platforms', 'linux/amd64,linux/arm64'],
    ['annotations', 'a=b'],
  ])('refuses %s %j before the build, and names what to use', (input, text) => {
    const message = messageOf(() => fitToEngine(pushWith({ [input]: text }), OVERLAY2));
    expect(message).toMatch(new RegExp(`^InputError: ${input}: `));
    expect(message).toContain('docker/setup-buildx-action');
  });

  test.each<With>([{}, { platforms: 'linux/arm64' }, { provenance: 'false', sbom: 'false' }, { labels: 'a=b' }])(
    'takes %j as it is',
    (given) => expect(fitToEngine(pushWith(given), OVERLAY2)).toEqual(pushWith(given)),
  );
});

describe('where another engine would move fewer layers, and a word of the workflow chooses it', () => {
  const hosted: Machine = { system: 'Linux', onGitHub: true, selfHosted: false };

  test('the label is named, and the other way', () => {
    const advice = adviseOnEngine(OVERLAY2, hosted);
    expect(advice).toContain('"runs-on: ubuntu-26.04"');
    expect(advice).toContain('docker/setup-buildx-action');
  });

  test.each<[string, Engine, Machine]>([
    ['the containerd store', CONTAINERD, hosted],
    ['a docker-container builder', CONTAINER, hosted],
    ['a runner of the team, whose engine may have its reasons', OVERLAY2, { ...hosted, selfHosted: true }],
    ['a laptop', OVERLAY2, { ...hosted, onGitHub: false }],
  ])('nothing is said on %s', (_, engine, machine) => expect(adviseOnEngine(engine, machine)).toBeNull());
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
    const plan = fitToEngine(pushWith(given), engine);
    expect(plan.production.output).toBe(output);
    expect(plan.notes).toHaveLength(notes);
    for (const note of plan.notes) expect(note).toContain(engine.driver);
  });
});

describe('layers do not travel without need', () => {
  const withBuildx = (engine: Engine, buildxVersion: string): Engine => ({ ...engine, buildxVersion });
  const plain = { store: true, zstd: false };

  test.each<[string, Engine, Exporter, Exporter]>([
    ['overlay2 has to store and has no zstd', OVERLAY2, plain, plain],
    ['overlay2 with a newer Buildx, too', withBuildx(OVERLAY2, '0.36.0'), plain, plain],
    ['the containerd store', CONTAINERD, { store: false, zstd: true }, { store: false, zstd: false }],
    [
      'the containerd store with a Buildx that fails without storing',
      withBuildx(CONTAINERD, '0.13.1'),
      { store: true, zstd: true },
      plain,
    ],
    ['the last version before', withBuildx(CONTAINERD, 'v0.28.0'), { store: true, zstd: true }, plain],
    [
      'a Buildx that was built from source',
      withBuildx(CONTAINERD, 'unknown'),
      { store: false, zstd: true },
      { store: false, zstd: false },
    ],
    [
      'docker-container, whatever the Buildx',
      withBuildx(CONTAINER, '0.13.1'),
      { store: false, zstd: true },
      { store: false, zstd: false },
    ],
    ['remote', engineOf('remote', null), { store: false, zstd: true }, { store: false, zstd: false }],
  ])('%s', (_, engine, builder, production) => {
    const plan = fitToEngine(pushWith({}), engine);
    expect([builderOf(plan).exporter, plan.production.exporter]).toEqual([builder, production]);
  });
});

test.each([
  [OVERLAY2, 'Buildx 0.29.1, docker driver, overlay2 image store, Docker Engine 28.5.2'],
  [{ ...CONTAINER, engineVersion: null }, 'Buildx 0.29.1, docker-container driver'],
])('the engine in a line (%#)', (engine, line) => expect(describeEngine(engine)).toBe(line));
