// Services as teams write them (lab/real-services), built through the action on base images like those on Docker Hub, with
// packages from the registries that this machine uses: cold, unchanged, with another source, with other dependencies. Each
// run has a fresh engine, and each image is started and asked for its page. By day one of them on one image store.
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type DebianImages, pushDebianImages } from '../../../lab/debian/images.js';
import type { ImageStore } from '../../../lab/engine/engine.js';
import { NPM_TOKEN, REAL_SERVICES, type RealService } from '../../../lab/real-services/real-service.js';
import type { ActionResult } from '../../../lab/runner/action-run.js';
import type { Team } from '../../../lab/services/team.js';
import { expectSuccess, readCachedSteps, useLab, warningsOf } from '../../support/e2e.js';
import { findLeaks, readLayers as readFiles, readRepository } from '../../support/leaks.js';
import { findMovedLayers, readLayers } from '../../support/moved-layers.js';
import { sampleOf, testByNight } from '../../support/nightly.js';

interface Expected {
  readonly store: ImageStore;
  readonly service: RealService;
  /** Steps that are cached, of builder and production. */
  readonly cold: Cached;
  readonly unchanged: Cached;
  readonly source: Cached;
  readonly dependencies: Cached;
  /** What the log has when packages are installed. */
  readonly installs: RegExp;
}
type Cached = readonly [builder: string, production: string];

const SERVICES = {
  node: {
    service: REAL_SERVICES.node,
    cold: ['0 of 7', '0 of 3'],
    unchanged: ['7 of 7', '3 of 3'],
    // Until npm ci; and the packages of production are the same files again.
    source: ['3 of 7', '2 of 3'],
    dependencies: ['1 of 7', '0 of 3'],
    // Without "audited": the secret npmrc says so.
    installs: /\| added \d+ packages in /,
  },
  python: {
    service: REAL_SERVICES.python,
    cold: ['0 of 7', '0 of 2'],
    unchanged: ['7 of 7', '2 of 2'],
    source: ['4 of 7', '1 of 2'],
    dependencies: ['2 of 7', '0 of 2'],
    installs: /\| Successfully installed .*Django-/i,
  },
} as const satisfies Record<string, Omit<Expected, 'store'>>;

const CASES = sampleOf(
  (['containerd', 'overlay2'] as const).flatMap((store) =>
    Object.entries(SERVICES).map(([name, expected]) => ({ name, store, ...expected })),
  ),
  ({ name, store }) => name === 'node' && store === 'containerd',
);
/** Cache records and configs of images, which are JSON. A layer with packages has a hundred times that. */
const MOST_JSON_BYTES = 100_000;

const fixture = useLab({ stores: [...new Set(CASES.map(({ store }) => store))] });
let images: DebianImages;

// Where the base was never made here, that takes a minute.
beforeAll(async () => {
  images = await pushDebianImages(fixture.lab());
}, 300_000);

describe.each<Expected & { name: string }>(CASES)('$name on $store', (expected) => {
  const { name, store, service } = expected;
  let team: Team;
  const engine = () => fixture.lab().engine(store);

  const build = async (cached: Cached): Promise<ActionResult> => {
    await engine().prune();
    const event = await team.push();
    const inputs = {
      'build-args': toLines({ ...service.baseImages(images), COMMIT_SHA: event.sha }),
      'secret-files': toLines(await writeSecrets(service)),
      // The lab's engines give containers no other way out.
      network: 'host',
    };
    const result = await team.build(event, { engine: engine(), inputs });
    expectSuccess(result);
    expect(warningsOf(result)).toEqual([]);
    expect(readCachedSteps(result)).toEqual({ builder: cached[0], production: cached[1] });
    return result;
  };

  /** What the image that the registry serves answers. */
  const ask = async ({ outputs }: ActionResult): Promise<string> => {
    const image = outputs['pinned-image'] ?? '';
    await team.pullImage(engine(), image);
    const { stdout } = await engine().docker(['run', '--detach', '--network=none', image]);
    return untilItAnswers(() => engine().docker(['exec', stdout.trim(), ...service.ask]));
  };

  test('cold: everything is installed, and the image answers', async () => {
    team = await fixture.team(`${name}-${store}`, { from: service.folder });
    const result = await build(expected.cold);
    expect(result.log).toMatch(expected.installs);
    const answer = await ask(result);
    expect(answer).toContain(service.words);
    expect(answer).toContain(await team.service.head());
  });

  test('unchanged: nothing runs again, and no layer travels', async () => {
    await appendFile(join(team.service.directory, 'README.md'), 'A word more.\n');
    await team.service.commit('Change a document');
    const { registry } = fixture.lab();
    const mark = registry.mark();
    const result = await build(expected.unchanged);
    const bytes = await registry.blobBytesServed(mark);
    const { pulled, pushed } = await findMovedLayers(fixture.lab(), team, mark);
    expect(pushed).toBe(0);
    if (store === 'containerd') {
      expect(pulled).toEqual([]);
      // The base image's layers are blobs of another repository.
      expect(bytes).toBeLessThan(MOST_JSON_BYTES);
    } else {
      // This engine unpacks what it exports: production, and not the builder, which is larger.
      const layers = await readLayers(fixture.lab(), team.repository, result.outputs.tag ?? '');
      expect(layers.map(({ digest }) => digest)).toEqual(expect.arrayContaining(pulled));
    }
    expect(await ask(result)).toContain(await team.service.head());
  });

  test('another source: nothing is installed, and the image shows it', async () => {
    await service.changeSource(team.service, 'Another heading');
    const result = await build(expected.source);
    expect(result.log).not.toMatch(expected.installs);
    expect(await ask(result)).toContain('Another heading');
  });

  testByNight('other dependencies: packages are installed, and the image answers', async () => {
    await service.changeDependencies(team.service);
    const result = await build(expected.dependencies);
    expect(result.log).toMatch(expected.installs);
    expect(await ask(result)).toContain('Another heading');
  });

  if ('npmrc' in service.secrets) {
    test('nothing that was pushed has the secret', async () => {
      const evidence = [
        ...(await readRepository(fixture.lab().registry, team.repository)),
        ...(await readFiles(fixture.lab(), team.repository, ['base/debian-node', '24-slim'])),
      ];
      // The search does find what is there.
      expect(findLeaks({ words: service.words }, evidence)).not.toEqual([]);
      expect(findLeaks({ NPM_TOKEN }, evidence)).toEqual([]);
    });
  }
});

function toLines(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}

/** Into files, and gives their paths. */
async function writeSecrets({ secrets }: RealService): Promise<Record<string, string>> {
  const paths: Record<string, string> = {};
  for (const [id, content] of Object.entries(secrets)) {
    paths[id] = join(fixture.lab().directory, `secret-${id}`);
    await writeFile(paths[id], content);
  }
  return paths;
}

async function untilItAnswers(ask: () => Promise<{ code: number; stdout: string; stderr: string }>): Promise<string> {
  for (let tries = 100; ; tries--) {
    const { code, stdout, stderr } = await ask();
    if (code === 0) return stdout;
    if (tries === 0) throw new Error(`The service does not answer: ${stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
