// Services as teams write them (lab/real-services), built through the action on base images like those on Docker Hub, with
// packages from the registries that this machine uses: cold, unchanged, with another source, with other dependencies. Each
// run has a fresh engine, and each image is started and asked for its page. By day one of them on one image store.
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type DebianImages, pushDebianImages } from '../../../lab/debian/images.js';
import { NPM_TOKEN, REAL_SERVICES, type RealService } from '../../../lab/real-services/real-service.js';
import type { ActionResult } from '../../../lab/runner/action-run.js';
import type { Team } from '../../../lab/services/team.js';
import { expectSuccess, useLab, warningsOf } from '../../support/e2e.js';
import { findLeaks, readLayers as readFiles, readRepository } from '../../support/leaks.js';
import { findMovedLayers, readLayers } from '../../support/moved-layers.js';
import { sampleOf, testByNight } from '../../support/nightly.js';

interface Expected {
  readonly service: RealService;
  readonly inputs: Readonly<Record<string, string>>;
  /** How many steps run, by stage. */
  readonly cold: StepsThatRun;
  readonly source: StepsThatRun;
  readonly dependencies: StepsThatRun;
  /** What the log has when packages are installed. */
  readonly installs: RegExp;
}
type StepsThatRun = Readonly<Record<string, number>>;

const SERVICES: Readonly<Record<string, Expected>> = {
  node: {
    service: REAL_SERVICES.node,
    inputs: {},
    cold: { builder: 6, production: 3 },
    // What follows COPY . . and of production dist: its packages are the same files again.
    source: { builder: 4, production: 1 },
    dependencies: { builder: 6, production: 3 },
    // Without "audited": the secret npmrc says so.
    installs: /\| added \d+ packages in /,
  },
  python: {
    service: REAL_SERVICES.python,
    inputs: {},
    cold: { builder: 6, production: 2 },
    source: { builder: 3, production: 1 },
    // The venv is there already.
    dependencies: { builder: 5, production: 2 },
    installs: /\| Successfully installed /,
  },
  'three-stages': {
    service: REAL_SERVICES.threeStages,
    inputs: { 'builder-target': 'packages\nmodules\nassets' },
    cold: { packages: 3, modules: 2, assets: 4, production: 5 },
    // Production begins with COPY . . and copies from all side stages anew.
    source: { production: 5 },
    // The venv is there already, and the other side stages are not touched.
    dependencies: { packages: 2, production: 5 },
    installs: /\| Successfully installed /,
  },
};

const CASES = sampleOf(
  (['containerd', 'overlay2'] as const).flatMap((store) => Object.keys(SERVICES).map((name) => ({ name, store }))),
  ({ name, store }) => name === 'node' && store === 'containerd',
);
/** Cache records and configs of images, which are JSON. A layer with packages has a hundred times that. */
const MOST_JSON_BYTES = 100_000;

const fixture = useLab({ stores: [...new Set(CASES.map(({ store }) => store))] });
let images: DebianImages;

// A machine that is busy with other tests takes minutes to install what takes seconds.
jest.setTimeout(600_000);

beforeAll(async () => {
  images = await pushDebianImages(fixture.lab());
});

describe.each(CASES)('$name on $store', ({ name, store }) => {
  const expected = SERVICES[name]!;
  const { service } = expected;
  let team: Team;
  const engine = () => fixture.lab().engine(store);

  const build = async (steps: StepsThatRun): Promise<ActionResult> => {
    await engine().prune();
    const event = await team.push();
    const inputs = {
      ...expected.inputs,
      'build-args': toLines({ ...service.baseImages(images), COMMIT_SHA: event.sha }),
      'secret-files': toLines(await writeSecrets(service)),
      // The lab's engines give containers no other way out.
      network: 'host',
    };
    const result = await team.build(event, { engine: engine(), inputs });
    expectSuccess(result);
    expect(warningsOf(result)).toEqual([]);
    expect(countStepsThatRun(result)).toEqual(steps);
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
    await service.complete(team.service);
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
    const result = await build({});
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

  test('another source: only what needs it runs, and the image shows it', async () => {
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

/** By the log, which marks the steps that did not run. WORKDIR is left out: stages share it. */
function countStepsThatRun({ log }: ActionResult): StepsThatRun {
  const counts: Record<string, number> = {};
  for (const [line, stage = ''] of log.matchAll(/^\[(\S+) \d+\/\d+\] (?:COPY|RUN) .*$/gm)) {
    if (!line.endsWith(' (cached)')) counts[stage] = (counts[stage] ?? 0) + 1;
  }
  return counts;
}

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
