import { describe, expect, test } from '@jest/globals';
import { getBuildxArgs } from '../../../src/adapters/docker/buildx-args.js';
import { toCandidate, withCandidate } from '../../../src/plan/candidate.js';
import { type Engine, fitToEngine } from '../../../src/plan/engine.js';
import type { PassPlan, Plan } from '../../../src/plan/plan.js';
import { toPlanLines } from '../../../src/report/plan-text.js';
import { SHA, type With, messageOf, planOf, pushTo } from '../../support/fixtures.js';

const CONTAINER: Engine = {
  ...{ builder: 'ci', driver: 'docker-container', store: null },
  ...{ buildxVersion: '0.29.1', engineVersion: '28.5.2' },
};
const CONTAINERD: Engine = { ...CONTAINER, builder: null, driver: 'docker', store: 'containerd' };
const TWO: With = { verify: 'true', platforms: 'linux/amd64,linux/arm64', provenance: 'true', annotations: 'a=b' };
const plannedFor = (given: With, engine = CONTAINER): Plan => fitToEngine(planOf(pushTo('main'), given), engine);
const platformsOf = ({ flags }: PassPlan) => flags.find(({ input }) => input === 'platforms')?.value;

describe('several platforms on a builder of its own', () => {
  test('are solved whole, and the one that runs here is loaded', () => {
    const { load, whole } = toCandidate(plannedFor({ ...TWO, 'reuse-cache': 'false' }), CONTAINER, 'arm64');
    expect(load).toMatchObject({ output: 'engine', provenance: null, noCache: false, tag: SHA });
    expect(whole).toMatchObject({ output: 'cache', provenance: null, noCache: true, tag: null });
    expect([load, whole!].map(platformsOf)).toEqual(['linux/arm64', 'linux/amd64,linux/arm64']);
    // Each config would have the records of all platforms, and the loaded one only its own.
    expect(load.cacheTo).toBeUndefined();
    for (const pass of [load, whole!]) expect(pass.flags.map(({ input }) => input)).not.toContain('annotations');
  });

  test('are what the plan of a run that does not push shows, and which of them is checked', () => {
    const plan = plannedFor({ ...TWO, push: 'false' });
    const shown = withCandidate(plan, toCandidate(plan, CONTAINER, 'x64'));
    expect(shown.production).toMatchObject({ output: 'engine', flags: plan.production.flags });
    expect(toPlanLines(shown)).toContain(
      'Checks:     the verify script, on linux/amd64 alone, before anything is published',
    );
    // It is loaded, as far as the engine can.
    expect(shown.notes).toEqual([]);
  });

  test('none of which runs here are refused', () =>
    expect(messageOf(() => toCandidate(plannedFor(TWO), CONTAINER, 's390x'))).toMatch(
      /none of the platforms linux\/amd64, linux\/arm64 is this machine's \(linux\/s390x\)/,
    ));
});

test.each<[string, With, Engine]>([
  ['one platform', { verify: 'true', platforms: 'linux/arm64' }, CONTAINER],
  ['no platform', { verify: 'true' }, CONTAINER],
  ['several on the engine, which takes all', TWO, CONTAINERD],
])('%s: loaded at once, with the inline cache that it will have', (_, given, engine) => {
  const plan = plannedFor(given, engine);
  const { load, whole } = toCandidate(plan, engine, 'x64');
  expect(whole).toBeNull();
  expect(load).toMatchObject({ output: 'engine', cacheTo: 'type=inline' });
  expect(platformsOf(load)).toBe(platformsOf(plan.production));
  expect(withCandidate(plan, { load, whole })).toEqual(plan);
});

test.each([
  ['alone', 'ghcr.io/owner/app'],
  // Buildx would push the index of several nodes to the tag latest of a name without a digest.
  ['joined', `ghcr.io/owner/app@sha256:${'0'.repeat(64)}`],
] as const)('pushed by digest, %s: no tag is written', (byDigest, name) => {
  const { image, production } = plannedFor(TWO);
  const sources = { context: '.', file: null, metadataFile: 'm', refreshStages: null };
  const args = getBuildxArgs(image, { ...production, byDigest }, CONTAINER, sources);
  expect(args).toContain(`type=image,name=${name},push-by-digest=true,name-canonical=true,push=true`);
  expect(args).not.toContain('--tag');
});
