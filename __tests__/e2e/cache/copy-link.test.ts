// `COPY --link`: BuildKit keeps no layers for some of these steps, and the next runs find them all the same.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { writeBusybox } from '../../../lab/engine/base-image.js';
import type { ImageStore } from '../../../lab/engine/engine.js';
import { pushFolderImage } from '../../../lab/engine/folder-image.js';
import { READER, type Team } from '../../../lab/services/team.js';
import { expectSuccess, readCachedSteps, useLab, warningsOf } from '../../support/e2e.js';
import { findMovedLayers, readLayers } from '../../support/moved-layers.js';
import { IS_NIGHTLY, sampleOf, testByNight } from '../../support/nightly.js';
import { STORES_OF_THE_DAY } from '../../support/stores.js';

const fixture = useLab({ stores: STORES_OF_THE_DAY });

/** JSON: manifests, configs and tokens. */
const NO_LAYER_IN_BYTES = 200_000;

const TEMPLATES = '--from=builder /service/vendor/templates ./templates';
const ROUTER = '--from=builder /service/dist/router ./';
const SERVICE = '--from=builder /service/dist/service ./';
/** Production from FROM on. */
interface Production {
  readonly base: 'builder’s' | 'own';
  readonly lines: readonly string[];
  /** A linked copy is two steps where the engine can link. */
  readonly cached: Readonly<Record<ImageStore, string>>;
}
const PRODUCTION: Readonly<Record<string, Production>> = {
  'three linked copies': {
    base: 'builder’s',
    lines: ['WORKDIR /service', `COPY --link ${TEMPLATES}`, `COPY --link ${ROUTER}`, `COPY --link ${SERVICE}`],
    cached: { containerd: '6 of 6', overlay2: '3 of 3' },
  },
  'three linked copies onto a base image that nothing reads': {
    base: 'own',
    lines: [TEMPLATES, ROUTER, SERVICE].map((copy) => `COPY --link ${copy.replace('./', '/service/')}`),
    cached: { containerd: '6 of 6', overlay2: '3 of 3' },
  },
  'linked and plain copies by turns': {
    base: 'builder’s',
    lines: [
      'WORKDIR /service',
      `COPY ${TEMPLATES}`,
      `COPY --link ${ROUTER}`,
      `COPY ${SERVICE}`,
      'COPY --link --from=builder /service/dist/service /copy/',
    ],
    cached: { containerd: '6 of 6', overlay2: '4 of 4' },
  },
};

const NAMES = Object.keys(PRODUCTION);
/** The one that BuildKit keeps the least layers of. */
const BY_DAY = 'three linked copies onto a base image that nothing reads';

/** An image of its own layer, so that the builder’s steps do not read it. */
function pushOwnBase(): Promise<string> {
  const { registry, tools } = fixture.lab();
  return pushFolderImage(registry, {
    repository: 'base/own',
    tag: '1',
    what: 'another base',
    config: { Env: ['PATH=/bin'] },
    fill: async (root) => {
      await writeBusybox(root, tools.busybox);
      await writeFile(join(root, 'etc/own'), 'own\n');
    },
  });
}

async function writeProduction(team: Team, name: string): Promise<void> {
  const { base, lines } = PRODUCTION[name]!;
  const file = join(team.service.directory, 'Dockerfile');
  const [builder = ''] = (await readFile(file, 'utf8')).split(/^FROM .* AS production$/m);
  const from = base === 'own' ? await pushOwnBase() : '${BASE_IMAGE}';
  await writeFile(file, [`${builder}FROM ${from} AS production`, ...lines, 'CMD ["/service/service"]', ''].join('\n'));
  await team.service.commit('Copy with --link');
}

describe.each(STORES_OF_THE_DAY)('on the %s store, production of', (store) => {
  test.each(sampleOf(NAMES, (name) => name === BY_DAY))('%s is all cached on each unchanged commit', async (name) => {
    const lab = fixture.lab();
    const engine = lab.engine(store);
    const team = await fixture.team(`link-${store}-${NAMES.indexOf(name)}`);
    await writeProduction(team, name);

    const build = async (inputs: Readonly<Record<string, string>> = {}) => {
      await engine.prune();
      const mark = lab.registry.mark();
      const result = await team.build(await team.push('main'), { engine, inputs });
      expectSuccess(result);
      return { result, mark };
    };
    const diffIds = async (tag: string): Promise<unknown> =>
      ((await lab.registry.config(team.repository, tag)).rootfs as { diff_ids: unknown }).diff_ids;

    /** All cached, no layer moved, the same image, and the builder image as it was. */
    const expectUnchanged = async (built: string): Promise<void> => {
      const builder = (await lab.registry.manifest(team.repository, 'builder-main')).digest;
      const { result, mark } = await build();
      expect(readCachedSteps(result)).toEqual({ builder: '5 of 5', production: PRODUCTION[name]!.cached[store] });
      expect(result.log).toContain('Builder image: unchanged, builder-main is what it was');
      expect((await lab.registry.manifest(team.repository, 'builder-main')).digest).toBe(builder);
      const { pulled, pushed } = await findMovedLayers(lab, team, mark);
      const own = (await readLayers(lab, team.repository, built)).map(({ digest }) => digest);
      expect(pushed).toBe(0);
      expect(pulled.filter((digest) => store === 'containerd' || !own.includes(digest))).toEqual([]);
      if (store === 'containerd') expect(await lab.registry.blobBytesServed(mark)).toBeLessThan(NO_LAYER_IN_BYTES);
      expect(result.outputs.tag).not.toBe(built);
      // What was really built, layer by layer.
      expect(await diffIds(result.outputs.tag ?? '')).toEqual(await diffIds(built));
      expect(warningsOf(result)).toEqual([]);
    };

    const cold = await build();
    await expectUnchanged(cold.result.outputs.tag ?? '');
    await team.service.changeSource('Linked anew');
    const changed = await build();
    expect(await team.runImage(engine, changed.result.outputs.image ?? '')).toBe('Linked anew\n');
    await expectUnchanged(changed.result.outputs.tag ?? '');
    // Whether what an unchanged run has kept is as good as what it has found.
    if (IS_NIGHTLY) await expectUnchanged(changed.result.outputs.tag ?? '');
    const last = await build();
    expect(await team.runImage(engine, last.result.outputs.image ?? '')).toBe('Linked anew\n');
  });
});

testByNight('a run that may not write the merged cache says why a linked copy is missed', async () => {
  const engine = fixture.lab().engine('containerd');
  const team = await fixture.team('link-reader');
  // What another test has left would be the cache that is missed here.
  await engine.prune();
  await writeProduction(team, 'three linked copies onto a base image that nothing reads');
  expectSuccess(await team.build(await team.push('main'), { engine }));
  await engine.prune();
  const reader = { username: READER.name, password: READER.password };
  const result = await team.build(await team.push('main'), { engine, inputs: reader });
  expectSuccess(result);
  expect(result.log).toMatch(
    /^Production: .*the first that was not: `\[production 2\/4\] LINK COPY --link .*` \(the layers below it changed, or the cache lacks its own/m,
  );
});
