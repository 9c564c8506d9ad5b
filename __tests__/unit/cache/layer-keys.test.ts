// Which runs use the Actions cache, under which keys, and in which form.
import { describe, expect, test } from '@jest/globals';
import { getBuildxArgs } from '../../../src/adapters/docker/buildx-args.js';
import { chooseExport, planLayerExport, rejectSize } from '../../../src/cache/pure/layer-export.js';
import { type LayerDecision, type LayerKeys, decideLayers, useLayers } from '../../../src/cache/pure/layer-keys.js';
import type { Engine } from '../../../src/plan/engine.js';
import type { WorkflowEvent } from '../../../src/plan/event/event.js';
import { parseDockerfile } from '../../../src/build/pure/dockerfile.js';
import type { PassPlan, Plan } from '../../../src/plan/plan.js';
import { formatMegabytes } from '../../../src/shared/text.js';
import {
  NOW,
  NOW_TAG,
  SHA,
  type With,
  digestOf,
  fromFork,
  gitTagPush,
  inputsOf,
  localBuild,
  otherEvent,
  planOf,
  pullRequest,
  pushTo,
  registryWith,
  builderOf,
} from '../../support/fixtures.js';

const CONTAINERD: Engine = {
  builder: null,
  driver: 'docker',
  store: 'containerd',
  buildxVersion: '0.36.0',
  engineVersion: '29.4.0',
};
const OVERLAY2: Engine = { ...CONTAINERD, store: 'overlay2' };
const NO_ACCESS = {
  ...registryWith(),
  writeAccess: { allowed: false, answer: { status: 403, text: 'DENIED denied' }, hasLogin: true } as const,
};

interface Case {
  readonly event?: WorkflowEvent;
  readonly given?: With;
  readonly engine?: Engine;
  readonly registry?: typeof NO_ACCESS | ReturnType<typeof registryWith>;
}

function decide({ event = fromFork(), given = {}, engine = CONTAINERD, registry = NO_ACCESS }: Case = {}): {
  plan: Plan;
  decision: LayerDecision;
} {
  const inputs = inputsOf(given);
  const plan = planOf(event, given, registry);
  return { plan, decision: decideLayers(plan, inputs, engine, NOW) };
}

function keysOf(given: Case = {}): LayerKeys {
  const { decision } = decide(given);
  if (decision.kind === 'off') throw new Error('The Actions cache is off.');
  return decision.keys;
}

/** Keys without format, form and identity, which are equal for all of a run. */
const scopesOf = (keys: readonly string[]) => keys.map((key) => key.replace(/^two-pass-build\/1\/\w+\/\w{16}\//, ''));

describe('runs that leave the Actions cache alone', () => {
  test.each<[string, Case]>([
    ['a push', { event: pushTo('main'), registry: registryWith() }],
    ['a refresh', { given: { 'reuse-cache': 'false' } }],
    ['a developer', { event: localBuild('main'), given: { push: 'false' } }],
    [
      'a git tag where the registry has an image',
      { event: gitTagPush('v1.2.3'), registry: { ...NO_ACCESS, images: registryWith('main', 'builder-main').images } },
    ],
  ])('%s', (_, given) => {
    expect(decide(given).decision).toEqual({ kind: 'off', reason: null });
  });

  test.each<[string, WorkflowEvent]>([
    ['pull_request_target', fromFork({ name: 'pull_request_target' })],
    ['workflow_run', otherEvent('workflow_run', true)],
  ])('%s of a fork, which has the main branch’s cache', (name, event) => {
    expect(decide({ event }).decision).toEqual({
      kind: 'off',
      reason: `a ${name} run for a fork shares it with the main branch`,
    });
  });

  test.each<[string, number, string, 'on' | 'off']>([
    ['several nodes that build together', 2, 'linux/amd64,linux/arm64', 'off'],
    ['several nodes of which one builds', 2, 'linux/arm64', 'on'],
    ['one node that builds all', 1, 'linux/amd64,linux/arm64', 'on'],
  ])('%s: %s', (_, nodes, platforms, kind) => {
    const engine = { ...CONTAINERD, driver: 'docker-container', store: null, nodes };
    expect(decide({ given: { platforms }, engine }).decision.kind).toBe(kind);
  });
});

describe('keys', () => {
  test('a fork’s pull request keeps its own, and may start from base and main', () => {
    const keys = keysOf();
    const [own = '', ...others] = scopesOf(keys.restore);
    expect(own).toMatch(/^fork\/stranger-app-feature-x-[0-9a-f]{10}\/$/);
    expect(others).toEqual(['branch/develop/', 'branch/main/']);
    expect(scopesOf([keys.save ?? ''])).toEqual([`${own}${SHA}-${NOW_TAG}`]);
  });

  test('a branch without write access keeps its own', () => {
    const keys = keysOf({ event: pushTo('topic') });
    expect(scopesOf(keys.restore)).toEqual(['branch/topic/', 'branch/main/']);
    expect(scopesOf([keys.save ?? ''])).toEqual([`branch/topic/${SHA}-${NOW_TAG}`]);
  });

  test('a pull request of the same repository uses its head branch', () => {
    expect(scopesOf(keysOf({ event: pullRequest() }).restore)).toEqual([
      'branch/feature-x/',
      'branch/develop/',
      'branch/main/',
    ]);
  });

  test('a git tag only reads', () => {
    const keys = keysOf({ event: gitTagPush('v1.2.3') });
    expect(scopesOf(keys.restore)).toEqual(['branch/main/']);
    expect(keys.save).toBeNull();
  });

  test('where the registry has an image, other branches’ entries are not asked for', () => {
    const { images } = registryWith('develop', 'builder-develop');
    expect(scopesOf(keysOf({ registry: { ...NO_ACCESS, images } }).restore)).toEqual([
      expect.stringMatching(/^fork\//),
    ]);
  });

  test('a fork’s branch called main, and one of another fork, are other scopes than main', () => {
    const own = (event: WorkflowEvent) => keysOf({ event }).restore[0];
    const keys = [
      own(fromFork({ headBranch: 'main' })),
      own(fromFork({ headBranch: 'main', headRepository: 'other/app' })),
      own(fromFork({ headBranch: 'main', headRepository: null })),
      own(pushTo('main')),
    ];
    expect(new Set(keys).size).toBe(4);
  });

  test('no scope’s key is the beginning of another’s', () => {
    const own = (branch: string) => keysOf({ event: pushTo(branch) }).restore[0];
    expect(own('main-2').startsWith(own('main'))).toBe(false);
  });

  test.each<[string, With]>([
    ['image', { image: 'ghcr.io/owner/other' }],
    ['builder target', { 'builder-target': 'deps' }],
    ['production target', { 'production-target': 'web' }],
    ['platforms', { platforms: 'linux/arm64' }],
    ['context', { context: 'web' }],
    ['file', { file: 'web/Dockerfile' }],
  ])('another %s has other keys', (_, given) => {
    expect(keysOf({ given }).restore[0]).not.toBe(keysOf().restore[0]);
  });

  test('are ones that the service takes', () => {
    const keys = keysOf({ event: fromFork({ headBranch: 'x,'.repeat(300) }) });
    for (const key of [...keys.restore, keys.save ?? '']) {
      expect(key).not.toContain(',');
      expect(key.length).toBeLessThanOrEqual(512);
    }
  });
});

describe('form', () => {
  test.each<[string, Engine, LayerKeys['form']]>([
    ['docker, containerd', CONTAINERD, 'directory'],
    ['docker, overlay2', OVERLAY2, 'image'],
    ['docker-container', { ...CONTAINERD, driver: 'docker-container', store: null }, 'directory'],
    ['remote', { ...CONTAINERD, driver: 'remote', store: null }, 'directory'],
  ])('%s', (_, engine, form) => {
    const keys = keysOf({ engine });
    expect(keys.form).toBe(form);
    expect(keys.restore[0]).toContain(`/${form}/`);
  });
});

test('restored layers are the one source of both passes, beside the caller’s own', () => {
  const given = { 'cache-from': 'type=registry,ref=example.test/extra' };
  const { images } = registryWith('develop', 'builder-develop');
  const { plan } = decide({ given, registry: { ...NO_ACCESS, images } });
  const used = useLayers(plan, inputsOf(given), 'type=local,src=/layers');
  const expected = ['type=local,src=/layers', 'type=registry,ref=example.test/extra'];
  expect([builderOf(used).cacheFrom, used.production.cacheFrom]).toEqual([expected, expected]);
});

describe('the solve that writes the layers out', () => {
  const given = {
    'build-args': 'A=1',
    'no-cache-filters': 'builder',
    labels: 'a=b',
    pull: 'true',
    provenance: 'mode=max',
    sbom: 'true',
  };

  test('is of production, adds no step and no attestation, and goes nowhere else', () => {
    const { plan } = decide({ given });
    const pass = planLayerExport(plan, keysOf({ given }), plan.production, 'type=local,dest=/out');
    expect(pass).toMatchObject({
      target: 'production',
      tag: null,
      output: 'cache',
      cacheTo: 'type=local,dest=/out',
      pull: false,
      provenance: null,
      sbom: null,
      labels: {},
    });
    expect(pass.flags.map(({ input }) => input)).toEqual(['build-args']);
  });

  test('as an image is of the builder, under a name that no registry can have', () => {
    const { plan } = decide({ given: {}, engine: OVERLAY2 });
    const keys = keysOf({ engine: OVERLAY2 });
    const pass = planLayerExport(plan, keys, builderOf(plan), 'type=inline');
    expect(pass).toMatchObject({ target: 'builder', tag: 'builder', output: 'engine', cacheTo: 'type=inline' });
    expect(keys.image.registry).toBe('two-pass-build.invalid');
    const sources = { context: '.', file: null, metadataFile: '/tmp/metadata.json', refreshStages: [] };
    // prettier-ignore
    expect(getBuildxArgs(keys.image, pass, OVERLAY2, sources)).toEqual([
      'buildx', 'build', '--progress=rawjson', '--target', 'builder', '--tag', `${keys.image.name}:builder`, '--load',
      '--cache-to', 'type=inline', '--provenance=false', '--metadata-file', '/tmp/metadata.json', '.',
    ]);
  });
});

describe('of several stages', () => {
  const dockerfile = parseDockerfile(
    [
      'FROM a AS gems',
      'FROM a AS modules',
      'FROM a AS assets',
      'COPY --from=modules /m /m',
      'FROM a AS apart',
      'FROM a AS production',
      'COPY --from=gems /g /g',
      'COPY --from=assets /a /a',
    ].join('\n'),
  );
  const planned = (targets: string): Plan => decide({ given: { 'builder-target': targets } }).plan;
  const plan = planned('gems,modules,assets');
  const [gems, modules, assets] = plan.builders;
  const choose = (form: LayerKeys['form'], built: readonly (PassPlan | undefined)[] | null, of = plan) =>
    chooseExport(of, dockerfile, { form }, built?.filter((one) => one !== undefined) ?? null)?.target ?? null;

  test.each<[string, LayerKeys['form'], readonly (PassPlan | undefined)[] | null, string | null]>([
    ['a directory has all, since production copies from them', 'directory', null, 'production'],
    ['an image has the first', 'image', null, 'gems'],
    ['a failed production: the one that is made of most', 'directory', [gems, modules, assets], 'assets'],
    ['a failed stage, too: of the others the first', 'directory', [gems, modules], 'gems'],
    ['a failed stage, too: the first as an image', 'image', [gems, modules], 'gems'],
    ['a failed first one: none as an image', 'image', [modules], null],
    ['nothing is finished', 'directory', [], null],
  ])('%s', (_, form, built, target) => expect(choose(form, built)).toBe(target));

  test('where production copies from none, the first', () =>
    expect(choose('directory', null, planned('apart'))).toBe('apart'));
  test('where production copies from one of them, production', () =>
    expect(choose('directory', null, planned('apart,gems'))).toBe('production'));
  test('of one pass, production or nothing', () => {
    const single = { ...plan, builders: [] };
    expect([choose('image', null, single), choose('directory', [], single)]).toEqual(['production', null]);
  });

  test('the export has the sources of all of them', () => {
    const images = registryWith('develop', 'builder--gems--develop', 'builder--modules--main').images;
    const several = decide({ given: { 'builder-target': 'gems,modules' }, registry: { ...NO_ACCESS, images } });
    const keys = several.decision.kind === 'on' ? several.decision.keys : null;
    expect(scopesOf(keys?.restore ?? [])).toHaveLength(1);
    const pass = planLayerExport(several.plan, keysOf(), several.plan.production, 'type=inline');
    expect(pass.cacheFrom).toEqual([
      `type=registry,ref=ghcr.io/owner/app:builder--gems--develop@${digestOf(1)}`,
      `type=registry,ref=ghcr.io/owner/app:builder--modules--main@${digestOf(1)}`,
    ]);
  });
});

test('an entry may have 2 GiB', () => {
  expect(rejectSize(2 * 1024 ** 3)).toBeNull();
  expect(rejectSize(2 * 1024 ** 3 + 1)).toBe('they are 2147.5 MB, more than the 2147.5 MB that one entry may have');
  expect(formatMegabytes(12_345_678)).toBe('12.3 MB');
});

describe('where only main’s own runs are trusted', () => {
  const own = { 'trust-cache': 'own', push: 'false' };
  const keysOf = (event: WorkflowEvent, given: With): readonly string[] => {
    const { decision } = decide({ event, given });
    return decision.kind === 'on' ? decision.keys.restore : [];
  };

  test('main and git tags take no entry of a run that trusted more', () => {
    const main = keysOf(pushTo('main'), own);
    expect(main).toHaveLength(1);
    expect(main).not.toEqual(keysOf(pushTo('main'), { push: 'false' }));
    expect(keysOf(pushTo('topic'), own)).toEqual(keysOf(pushTo('topic'), { push: 'false' }));
  });

  test('a run that can trust nothing uses no entry, and says why', () => {
    const inputs = inputsOf({ ...own, 'main-branch': 'trunk' });
    const plan = planOf(pushTo('trunk'), { ...own, 'main-branch': 'trunk' }, NO_ACCESS);
    const decision = decideLayers(plan, inputs, CONTAINERD, NOW);
    expect(decision).toEqual({ kind: 'off', reason: expect.stringContaining('the main branch is trunk') });
  });
});
