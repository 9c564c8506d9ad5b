// Dockerfiles of other stages than builder and production, on real engines: what is kept, and what an unchanged commit moves.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { ImageStore } from '../../../lab/engine/engine.js';
import type { Team } from '../../../lab/services/team.js';
import { expectSuccess, useLab, warningsOf } from '../../support/e2e.js';
import { testByNight } from '../../support/nightly.js';
import { findMovedLayers, readLayers } from '../../support/moved-layers.js';
import { STORES_OF_THE_DAY } from '../../support/stores.js';

const fixture = useLab({ stores: STORES_OF_THE_DAY });
const BASE = 'ARG BASE_IMAGE=localhost/base/busybox:1\n';

async function writeDockerfile(team: Team, ...lines: readonly string[]): Promise<void> {
  await writeFile(join(team.service.directory, 'Dockerfile'), `${BASE}${lines.join('\n')}\n`);
  await team.service.commit('Change the stages');
}

/** Runs on a fresh engine, and says which layers travelled. */
async function buildFresh(team: Team, store: ImageStore) {
  const { registry } = fixture.lab();
  const engine = fixture.lab().engine(store);
  await engine.prune();
  const mark = registry.mark();
  const result = await team.build(await team.push(), { engine });
  expectSuccess(result);
  return { ...result, moved: await findMovedLayers(fixture.lab(), team, mark) };
}

const productionSteps = ({ log }: { readonly log: string }): string | undefined =>
  /^Production: (\d+ of \d+) steps cached/m.exec(log)?.[1];

const ONE_STAGE = [
  'FROM ${BASE_IMAGE}',
  'WORKDIR /service',
  'COPY dependencies.lock install-dependencies ./',
  'RUN ./install-dependencies dependencies.lock vendor',
  'COPY src src',
  'RUN ./src/build vendor dist && cp dist/* .',
  'CMD ["./service"]',
];

test.each(STORES_OF_THE_DAY)(
  'one stage without a name: one pass, and an unchanged commit builds and moves nothing (%s)',
  async (store) => {
    const team = await fixture.team(`one-stage-${store}`);
    await writeDockerfile(team, ...ONE_STAGE);
    const first = await buildFresh(team, store);
    expect(first.log.match(/^docker buildx build/gm)).toHaveLength(1);
    expect(await fixture.lab().registry.tags(team.repository)).toEqual(expect.not.arrayContaining(['builder-main']));
    expect(await team.runImage(fixture.lab().engine(store), first.outputs['pinned-image'] ?? '')).toContain('Hello');

    const second = await buildFresh(team, store);
    expect(productionSteps(second)).toBe('5 of 5');
    expect(second.moved.pushed).toBe(0);
    // The overlay2 store unpacks every image that it exports.
    const own = (await readLayers(fixture.lab(), team.repository, 'main')).map(({ digest }) => digest);
    expect(second.moved.pulled.filter((digest) => store === 'containerd' || !own.includes(digest))).toEqual([]);
    expect(warningsOf(second)).toEqual([]);

    await team.service.changeSource('Good day');
    expect(productionSteps(await buildFresh(team, store))).toBe('3 of 5');
  },
);

testByNight('a last stage without a name is the image, and the stage builder before it keeps its layers', async () => {
  const team = await fixture.team('unnamed');
  await writeDockerfile(
    team,
    'FROM ${BASE_IMAGE} AS builder',
    ...ONE_STAGE.slice(1, -1),
    'FROM ${BASE_IMAGE}',
    'WORKDIR /service',
    'COPY --from=builder /service/dist ./',
    'CMD ["./service"]',
  );
  const first = await buildFresh(team, 'containerd');
  expect(first.outputs['builder-image']).toMatch(/:builder-main$/);
  await team.service.changeSource('Good day');
  const { log, outputs } = await buildFresh(team, 'containerd');
  expect(log).toMatch(/^Builder: 3 of 5 steps cached/m);
  expect(await team.runImage(fixture.lab().engine('containerd'), outputs['pinned-image'] ?? '')).toContain('Good day');
});
