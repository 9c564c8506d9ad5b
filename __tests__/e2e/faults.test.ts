// A registry that does wrong once, at each kind of request, and a run that is killed at any moment: afterwards exit code
// and registry agree, and no tag points at anything incomplete.
import { expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActionResult } from '../../script/lab/action-run.js';
import { type Fault, type FaultAnswer, startFront } from '../../script/lab/front.js';
import { readWholeImage } from '../../script/lab/image-check.js';
import type { Team } from '../../script/lab/team.js';
import { expectSuccess, useLab } from './support.js';

const fixture = useLab({ stores: ['containerd', 'overlay2'] });

/** The truth of the registry against what the run says. */
async function expectAgreement(team: Team, sha: string, result: ActionResult | null): Promise<void> {
  const { registry } = fixture.lab();
  const tags = await registry.tags(team.repository);
  for (const tag of tags.filter((one) => !one.startsWith('cache-')))
    await readWholeImage(registry, team.repository, tag);
  if (result?.main?.code === 0) expect(tags).toContain(sha);
  const { digest = '' } = result?.outputs ?? {};
  if (digest !== '') expect((await registry.manifest(team.repository, sha)).digest).toBe(digest);
}

/** Not the action's own requests, which have retries of their own. */
const ENGINE = /^(?!two-pass-build)/;
const PLACES: readonly [string, Omit<Fault, 'answer'>][] = [
  ['token', { path: /^\/token/, agent: ENGINE }],
  ['manifest HEAD', { method: 'HEAD', path: /\/manifests\// }],
  ['manifest PUT', { method: 'PUT', path: /\/manifests\/[0-9a-f]{40}$/, agent: ENGINE }],
  ['blob HEAD', { method: 'HEAD', path: /\/blobs\/sha256/, agent: ENGINE }],
  ['blob POST', { method: 'POST', path: /\/blobs\/uploads\//, agent: ENGINE }],
  ['blob PUT', { method: 'PUT', path: /\/blobs\/uploads\//, agent: ENGINE }],
  ['moving tag PUT', { method: 'PUT', path: /\/manifests\/main$/ }],
  ['cache manifest PUT', { method: 'PUT', path: /\/manifests\/cache-main$/ }],
];
const FAULTS: readonly FaultAnswer[] = [
  { status: 429, headers: { 'retry-after': '1' } },
  { status: 503 },
  'reset',
  'cut',
];
/** Each place, with kinds of faults that take turns; the last two are the action's own, whatever the store. */
const SAMPLE = (['containerd', 'overlay2'] as const).flatMap((store, turn) =>
  PLACES.slice(0, store === 'containerd' ? undefined : -2).map(([place, where], index) => {
    const answer = FAULTS[(index + turn) % FAULTS.length]!;
    const kind = typeof answer === 'string' ? answer : String(answer.status);
    const fault: Fault = { ...where, answer, times: 1 };
    return [kind, place, store, fault] as const;
  }),
);

test.each(SAMPLE)('%s once at %s is survived (%s)', async (kind, place, store, fault) => {
  const { registry, engine } = fixture.lab();
  const team = await fixture.team(`${kind}-${place.replaceAll(' ', '-')}-${store}`.toLowerCase());
  const front = await startFront({
    registry: registry.host,
    ...(registry.realm !== undefined && { realm: registry.realm }),
  });
  try {
    const inputs = { image: `${front.host}/${team.repository}` };
    // Something to make a cache manifest of.
    if (place.startsWith('cache'))
      expectSuccess(await team.build(await team.push(), { engine: engine(store), inputs }));
    // Layers that no other test has pushed or kept.
    await team.service.changeSource(`${kind} ${place} ${store}`);
    front.fail(fault);
    const event = await team.push();
    const result = await team.build(event, { engine: engine(store), inputs });
    expectSuccess(result);
    expect(front.faultsServed()).toBe(1);
    await expectAgreement(team, event.sha, result);
    expect((await registry.manifest(team.repository, 'main')).digest).toBe(result.outputs.digest);
  } finally {
    await front.stop();
  }
});

test('a moving tag that the registry refuses is an error that says what was written, with the outputs set', async () => {
  const { registry, engine } = fixture.lab();
  const team = await fixture.team('moving-refused');
  const front = await startFront({ registry: registry.host });
  try {
    front.fail({ method: 'PUT', path: /\/manifests\/main$/, answer: { status: 403 } });
    const event = await team.push();
    const result = await team.build(event, {
      engine: engine('containerd'),
      inputs: { image: `${front.host}/${team.repository}` },
    });
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

/** Numerical Recipes' generator: the same seed gives the same moments. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

test.each(['containerd', 'overlay2'] as const)('killed at any moment, and run again (%s)', async (store) => {
  const { engine } = fixture.lab();
  const seed = Number(process.env.FAULTS_SEED ?? Date.now() % 100_000);
  console.log(`FAULTS_SEED=${seed}`);
  const random = seeded(seed);
  for (let kill = 1; kill <= 2; kill += 1) {
    const team = await fixture.team(`killed-${kill}-${store}`);
    await team.service.changeSource(`${seed} ${kill} ${store}`);
    const event = await team.push();
    const signal = random() < 0.5 ? 'SIGTERM' : 'SIGKILL';
    const after = Math.round(random() * 3000);
    await team.build(event, { engine: engine(store), signal: { signal, after } });
    // SIGKILL leaves the docker client alone in the world for a moment; its push ends or breaks off.
    await sleep(500);
    await expectAgreement(team, event.sha, null);
    const second = await team.build(event, { engine: engine(store) });
    expectSuccess(second);
    const tag = second.outputs.tag ?? '';
    await expectAgreement(team, tag, second);
    expect(tag.startsWith(event.sha)).toBe(true);
  }
});
