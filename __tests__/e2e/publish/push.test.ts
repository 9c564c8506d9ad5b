// The main job on both image stores: what a push to main writes, and what the next runs make of it.
import { describe, expect, test } from '@jest/globals';
import { expectFailure, expectSuccess, readCachedSteps, splitLines, useLab, warningsOf } from '../../support/e2e.js';
import { testByNight } from '../../support/nightly.js';
import { STORES, testOn } from '../../support/stores.js';

const fixture = useLab({ stores: STORES });

describe.each(STORES)('on the %s store', (store) => {
  const engine = () => fixture.lab().engine(store);

  test('a push to main writes both images, and the outputs are what the registry serves', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team(`push-${store}`);
    const event = await team.push();
    const result = await team.build(event, { engine: engine() });
    expectSuccess(result);

    const production = await registry.manifest(team.repository, event.sha);
    const builder = await registry.manifest(team.repository, 'builder-main');
    expect(await registry.tags(team.repository)).toEqual([event.sha, 'builder-main', 'main'].sort());
    expect((await registry.manifest(team.repository, 'main')).digest).toBe(production.digest);
    expect(builder.digest).not.toBe(production.digest);

    const { plan, summary, ...outputs } = result.outputs;
    expect(outputs).toEqual({
      image: `${team.image}:${event.sha}`,
      tag: event.sha,
      digest: production.digest,
      'pinned-image': `${team.image}:${event.sha}@${production.digest}`,
      tags: [event.sha, 'main', 'builder-main'].map((tag) => `${team.image}:${tag}`).join('\n'),
      'builder-image': `${team.image}:builder-main`,
      'builder-digest': builder.digest,
      'pinned-builder-image': `${team.image}:builder-main@${builder.digest}`,
      pushed: 'true',
      changed: 'true',
    });
    expect(JSON.parse(plan ?? '')).toMatchObject({
      scope: 'main',
      push: { push: true },
      tags: { unique: event.sha, moving: ['main'] },
    });
    const layers = (production.body as { layers: { size: number }[] }).layers;
    expect(JSON.parse(summary ?? '')).toMatchObject({
      pushed: true,
      builder: { steps: 5, cached: 0 },
      production: { steps: 1, cached: 0 },
      bytes: { image: layers.reduce((sum, { size }) => sum + size, 0), main: null },
      cacheTags: [],
    });
    expect(result.leftovers).toEqual([]);
    expect(warningsOf(result)).toEqual([]);
    expect(result.summary).toContain(`${team.image}:${event.sha}@${production.digest}`);
  });

  testOn(store)(
    'both images carry inline cache; the production image has the labels, the builder image that of its stage',
    async () => {
      const { registry } = fixture.lab();
      const team = await fixture.team(`labels-${store}`);
      const event = await team.push();
      expectSuccess(
        await team.build(event, {
          engine: engine(),
          inputs: { labels: 'org.opencontainers.image.title=Ours, all of it\nteam=octo' },
        }),
      );

      const builder = await registry.config(team.repository, 'builder-main');
      const production = await registry.config(team.repository, event.sha);
      expect(builder).toHaveProperty(['moby.buildkit.cache.v0']);
      expect(production).toHaveProperty(['moby.buildkit.cache.v0']);
      // The instructions of the stage, so that the next run knows whether the image is still the stage's. Nothing that changes.
      expect(builder).toHaveProperty(['config', 'Labels'], {
        'io.github.dfe-digital.two-pass-build.stage': expect.stringMatching(/^builder [0-9a-f]{64}$/),
      });
      const committed = (await team.service.git('show', '-s', '--format=%cI', 'HEAD')).trim();
      expect(production).toHaveProperty(['config', 'Labels'], {
        'io.github.dfe-digital.two-pass-build.built-by': `${team.image}: push refs/heads/main`,
        'io.github.dfe-digital.two-pass-build.built-from': `${team.image}: Dockerfile (context ., target production)`,
        'org.opencontainers.image.created': committed,
        'org.opencontainers.image.revision': event.sha,
        'org.opencontainers.image.source': `https://github.com/octo/labels-${store}`,
        'org.opencontainers.image.title': 'Ours, all of it',
        'org.opencontainers.image.version': event.sha,
        team: 'octo',
      });
    },
  );

  test('changed source on a fresh engine keeps the dependencies and builds the rest', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team(`source-${store}`);
    expectSuccess(await team.build(await team.push(), { engine: engine() }));
    await engine().prune();

    const sha = await team.service.changeSource('Good afternoon');
    const changed = await team.build(await team.push(), { engine: engine() });
    expectSuccess(changed);
    expect(readCachedSteps(changed).builder).toBe('3 of 5');
    expect(changed.outputs.tag).toBe(sha);

    expect(await team.runImage(engine(), `${team.image}:${sha}`)).toContain('Good afternoon');
    expect((await registry.manifest(team.repository, 'main')).digest).toBe(changed.outputs.digest);
  });

  testOn(store)('a commit that changes nothing of the image is told from one that does', async () => {
    const team = await fixture.team(`changed-${store}`);
    const build = async () => {
      const event = await team.push();
      const inputs = { 'build-args': `BASE_IMAGE=${fixture.lab().baseImage}\nCOMMIT_SHA=${event.sha}` };
      const { outputs, ...result } = await team.build(event, { engine: engine(), inputs });
      expect(result.main?.code).toBe(0);
      return outputs;
    };
    const first = await build();
    expect(first.changed).toBe('true');
    await engine().prune();
    await team.service.commit('Change nothing of the image');
    const same = await build();
    expect(same.changed).toBe('false');
    // The images do differ: in their labels, and in the environment that the build argument goes into.
    expect(same.digest).not.toBe(first.digest);
    await team.service.changeSource('Good evening');
    expect((await build()).changed).toBe('true');
  });

  testByNight('another build takes no tag of the image, unless it says that it is the same one, moved', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team(`moved-${store}`);
    const { outputs } = await team.build(await team.push(), { engine: engine() });
    const { digest } = await registry.manifest(team.repository, 'main');
    expect(outputs.digest).toBe(digest);
    await team.service.git('mv', 'Dockerfile', 'Dockerfile.web');
    await team.service.git('commit', '--quiet', '--message', 'Move the Dockerfile');

    const inputs = { file: 'Dockerfile.web' };
    const stopped = await team.build(await team.push(), { engine: engine(), inputs });
    expectFailure(stopped, /:main leads to an image that was built from Dockerfile \(context \., target production\)/);
    expect(stopped.log).not.toContain('buildx build');
    expect((await registry.manifest(team.repository, 'main')).digest).toBe(digest);

    const own = { ...inputs, image: `${team.image}/web` };
    expectSuccess(await team.build(await team.push(), { engine: engine(), inputs: own }));
    const [, from = ''] = /moved-from: (.*\))/.exec(stopped.log) ?? [];
    const moved = await team.build(await team.push(), { engine: engine(), inputs: { ...inputs, 'moved-from': from } });
    expectSuccess(moved);
    expect((await registry.manifest(team.repository, 'main')).digest).toBe(moved.outputs.digest);
  });

  testOn(store)('reuse-cache: false runs every step again and leaves the deployed tag alone', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team(`refresh-${store}`);
    const event = await team.push();
    expectSuccess(await team.build(event, { engine: engine() }));
    const deployed = (await registry.manifest(team.repository, event.sha)).digest;

    // On the same engine, which has every step in its own cache.
    const refresh = await team.build(event, { engine: engine(), inputs: { 'reuse-cache': 'false' } });
    expectSuccess(refresh);
    // BuildKit keeps only WORKDIR; pass 2 takes the builder's new steps as they are and runs its own.
    expect(readCachedSteps(refresh)).toEqual({ builder: '1 of 5', production: '0 of 1' });
    expect(refresh.log).not.toContain('--cache-from');
    expect(refresh.log.match(/ --pull /g)).toHaveLength(2);
    expect((await registry.manifest(team.repository, event.sha)).digest).toBe(deployed);
    expect(splitLines(refresh.outputs.tags)).toHaveLength(3);
  });
});
