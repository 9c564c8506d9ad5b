// A service with three side stages that production copies from directly, on real engines and a real registry: what runs, what
// travels and what is written, cold, unchanged, changed, on a new branch, without write access, and when a push fails.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ImageStore } from '../../../lab/engine/engine.js';
import { startFront } from '../../../lab/registry/front.js';
import type { ActionResult } from '../../../lab/runner/action-run.js';
import type { Team } from '../../../lab/services/team.js';
import { expectSuccess, splitLines, useLab, warningsOf } from '../../support/e2e.js';
import { findMovedLayers, readLayers } from '../../support/moved-layers.js';
import { sampleOf, testByNight } from '../../support/nightly.js';
import { STORES_OF_THE_DAY } from '../../support/stores.js';

const fixture = useLab({ stores: STORES_OF_THE_DAY });

const DOCKERFILE = `ARG BASE_IMAGE=localhost/base/busybox:1
FROM \${BASE_IMAGE} AS base
WORKDIR /app
RUN echo tools >/tools

FROM base AS gems
COPY Gemfile.lock ./
RUN mkdir /gems && cp Gemfile.lock /gems/list && head -c 300000 /dev/urandom >/gems/library

FROM base AS modules
COPY package-lock.json ./
RUN mkdir node_modules && cp package-lock.json node_modules/list && head -c 300000 /dev/urandom >node_modules/library

FROM base AS assets
COPY --from=modules /app/node_modules node_modules
COPY styles styles
RUN mkdir public && cat styles/* node_modules/list >public/bundle

FROM base AS production
COPY --from=gems /gems /gems
COPY --from=modules /app/node_modules node_modules
COPY --from=assets /app/public public
COPY app app
CMD ["sh", "-c", "cat app/main public/bundle /gems/list"]
`;
const FILES = {
  Dockerfile: DOCKERFILE,
  'Gemfile.lock': 'rails 8\n',
  'package-lock.json': 'govuk-frontend 5\n',
  'styles/main.css': 'body {}\n',
  'app/main': 'Hello\n',
} as const;
const STAGES = ['gems', 'modules', 'assets'] as const;
const tagsOf = (scope: string): readonly string[] => STAGES.map((stage) => `builder--${stage}--${scope}`);
const LIST = { 'builder-target': STAGES.join('\n') };

async function change(team: Team, path: keyof typeof FILES, text: string): Promise<void> {
  const file = join(team.service.directory, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  await team.service.commit(`Change ${path}`);
}

async function formService(name: string): Promise<Team> {
  const team = await fixture.team(name);
  for (const [path, text] of Object.entries(FILES)) await change(team, path as keyof typeof FILES, text);
  return team;
}

type Built = ActionResult & { readonly moved: Awaited<ReturnType<typeof findMovedLayers>> };

/** Runs on a fresh engine, and says which layers travelled. */
async function buildFresh(
  team: Team,
  store: ImageStore,
  event: Parameters<Team['build']>[0],
  inputs: Readonly<Record<string, string>> = LIST,
): Promise<Built> {
  const engine = fixture.lab().engine(store);
  await engine.prune();
  const mark = fixture.lab().registry.mark();
  const result = await team.build(event, { engine, inputs });
  expectSuccess(result);
  return { ...result, moved: await findMovedLayers(fixture.lab(), team, mark) };
}

/** `gems: 4 of 4`, in the order of the log. The first stage has the steps of those that several are made of. */
const stepsOf = ({ log }: ActionResult): readonly string[] =>
  [...log.matchAll(/^(?:Builder )?(gems|modules|assets|Production): (\d+ of \d+) steps cached/gm)].map(
    ([, stage = '', steps = '']) => `${stage}: ${steps}`,
  );
const outcomesOf = ({ log }: ActionResult): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...log.matchAll(/^Builder image of (\w+): (\w+)/gm)].map(([, stage = '', outcome = '']) => [stage, outcome]),
  );
const buildsOf = ({ log }: ActionResult): readonly string[] =>
  [...log.matchAll(/^docker buildx build .*? --target (\w+)/gm)].map(([, target = '']) => target);
const digestsOf = (team: Team, tags: readonly string[]): Promise<readonly string[]> =>
  Promise.all(tags.map(async (tag) => (await fixture.lab().registry.manifest(team.repository, tag)).digest));
const UNCHANGED = { gems: 'unchanged', modules: 'unchanged', assets: 'unchanged' };

/** A changed file, the stages that have something new then, and the steps that are cached. */
type Change = readonly [keyof typeof FILES, readonly string[], readonly string[]];
const CHANGES: readonly Change[] = [
  ['app/main', [], ['gems: 4 of 4', 'modules: 2 of 2', 'assets: 3 of 3', 'Production: 3 of 4']],
  ['styles/main.css', ['assets'], ['gems: 4 of 4', 'modules: 2 of 2', 'assets: 1 of 3', 'Production: 2 of 4']],
  ['Gemfile.lock', ['gems'], ['gems: 2 of 4', 'modules: 2 of 2', 'assets: 3 of 3', 'Production: 0 of 4']],
  [
    'package-lock.json',
    ['modules', 'assets'],
    ['gems: 4 of 4', 'modules: 0 of 2', 'assets: 0 of 3', 'Production: 1 of 4'],
  ],
];
const BY_DAY: readonly string[] = ['styles/main.css'];

describe.each(STORES_OF_THE_DAY)('on the %s store, with main built', (store) => {
  let team: Team;
  let first: Built;
  let main: string;
  beforeAll(async () => {
    team = await formService(`stages-${store}`);
    main = await team.service.head();
    first = await buildFresh(team, store, await team.push());
  }, 120_000);

  /** On overlay2 what is exported is unpacked, and that is production alone. */
  async function expectOnlyProductionPulled(moved: Built['moved'], tag: string): Promise<void> {
    const production = (await readLayers(fixture.lab(), team.repository, tag)).map(({ digest }) => digest);
    expect(moved.pulled.filter((digest) => store === 'containerd' || !production.includes(digest))).toEqual([]);
  }

  test('cold: each stage has an image, and the image that they make runs', async () => {
    expect(stepsOf(first)).toEqual(['gems: 0 of 4', 'modules: 0 of 2', 'assets: 0 of 3', 'Production: 0 of 4']);
    const { registry } = fixture.lab();
    expect(await registry.tags(team.repository)).toEqual(expect.arrayContaining([...tagsOf('main'), 'main', main]));
    expect(await registry.tags(team.repository)).not.toContain('builder-main');
    expect(splitLines(first.outputs['builder-image'])).toEqual(tagsOf('main').map((tag) => `${team.image}:${tag}`));
    expect(splitLines(first.outputs['builder-digest'])).toEqual(await digestsOf(team, tagsOf('main')));
    expect(await team.runImage(fixture.lab().engine(store), first.outputs['pinned-image'] ?? '')).toBe(
      'Hello\nbody {}\ngovuk-frontend 5\nrails 8\n',
    );
    expect(warningsOf(first)).toEqual([]);
  });

  test('unchanged: everything is cached, one build, nothing is exported but production, and no layer travels', async () => {
    const before = await digestsOf(team, tagsOf('main'));
    const result = await buildFresh(team, store, await team.push('main'));
    expect(stepsOf(result)).toEqual(['gems: 4 of 4', 'modules: 2 of 2', 'assets: 3 of 3', 'Production: 4 of 4']);
    expect(buildsOf(result)).toEqual(['production']);
    expect(outcomesOf(result)).toEqual(UNCHANGED);
    expect(result.moved.pushed).toBe(0);
    await expectOnlyProductionPulled(result.moved, 'main');
    expect(splitLines(result.outputs['builder-digest'])).toEqual(before);
    expect(await digestsOf(team, tagsOf('main'))).toEqual(before);
    expect(warningsOf(result)).toEqual([]);
  });

  test.each(sampleOf(CHANGES, ([path]) => BY_DAY.includes(path)))(
    '%s changed on a new branch: what it touches runs and is written, the rest is main’s',
    async (path, written, steps) => {
      const branch = `change-${path.replace(/\W/g, '-').toLowerCase()}`;
      await team.service.git('checkout', '--quiet', '-B', branch, main);
      await change(team, path, `${FILES[path].trim()} changed\n`);
      const result = await buildFresh(team, store, await team.push(branch));
      expect(stepsOf(result)).toEqual(steps);
      expect(buildsOf(result)).toEqual(['production', ...written]);
      expect(outcomesOf(result)).toEqual({
        ...UNCHANGED,
        ...Object.fromEntries(written.map((stage) => [stage, 'written'])),
      });
      // An unchanged stage has main's image under the branch's tag.
      const [own, theirs] = [await digestsOf(team, tagsOf(branch)), await digestsOf(team, tagsOf('main'))];
      expect(STAGES.filter((_, index) => own[index] !== theirs[index])).toEqual(written);
      expect(splitLines(result.outputs['builder-digest'])).toEqual(own);
      expect(warningsOf(result)).toEqual([]);
      expect(await team.runImage(fixture.lab().engine(store), result.outputs['pinned-image'] ?? '')).toContain(
        ' changed\n',
      );

      const again = await buildFresh(team, store, await team.push(branch));
      expect(outcomesOf(again)).toEqual(UNCHANGED);
      expect(again.moved.pushed).toBe(0);
      await expectOnlyProductionPulled(again.moved, branch);
    },
  );

  test('a fork’s run, which may not push, starts each stage from its own image', async () => {
    await team.service.git('checkout', '--quiet', '-B', 'theirs', main);
    await change(team, 'styles/main.css', 'body { color: red }\n');
    const fork = await team.pullRequest({ number: 7, head: 'theirs', fork: 'mallory/app' });
    const result = await buildFresh(team, store, fork);
    expect(result.outputs.pushed).toBe('false');
    expect(stepsOf(result).slice(0, 3)).toEqual(['gems: 4 of 4', 'modules: 2 of 2', 'assets: 1 of 3']);
    expect(result.outputs).not.toHaveProperty('builder-digest');
    expect(warningsOf(result)).toEqual([]);
  });
});

test.each(STORES_OF_THE_DAY)(
  'one stage whose image cannot be pushed is a warning, and the others are kept (%s)',
  async (store) => {
    const { registry } = fixture.lab();
    const engine = fixture.lab().engine(store);
    const front = await startFront({ registry: registry.host });
    try {
      const team = await formService(`refused-${store}`);
      await engine.prune();
      const inputs = { ...LIST, image: `${front.host}/${team.repository}` };
      front.fail({ method: 'PUT', path: /\/manifests\/builder--modules--main/, answer: { status: 403 } });
      const result = await team.build(await team.push(), { engine, inputs });
      expectSuccess(result);
      expect(front.faultsServed()).toBeGreaterThan(0);
      expect(warningsOf(result)).toEqual([
        expect.stringMatching(/^The builder image of modules was not kept for later runs\. /),
      ]);
      expect(splitLines(result.outputs['builder-image']).map((name) => name.split(':').at(-1))).toEqual([
        'builder--gems--main',
        'builder--assets--main',
      ]);
      front.heal();
      const again = await buildFresh(team, store, await team.push(), inputs);
      expect(stepsOf(again)).toEqual(['gems: 4 of 4', 'modules: 2 of 2', 'assets: 3 of 3', 'Production: 4 of 4']);
      expect(await registry.tags(team.repository)).toContain('builder--modules--main');
    } finally {
      await front.stop();
    }
  },
);

testByNight('a failed stage leaves what the others have installed', async () => {
  const team = await formService('failed-stage');
  const engine = fixture.lab().engine('containerd');
  await engine.prune();
  await change(team, 'Dockerfile', DOCKERFILE.replace('cat styles/*', 'cat missing/*'));
  const result = await team.build(await team.push(), { engine, inputs: LIST });
  expect(result.main?.code).toBe(1);
  const tags = await fixture.lab().registry.tags(team.repository);
  expect(tags).toEqual(expect.arrayContaining(['builder--modules--main']));
  expect(tags).not.toContain('builder--assets--main');
  await change(team, 'Dockerfile', DOCKERFILE);
  const mended = await buildFresh(team, 'containerd', await team.push());
  expect(stepsOf(mended)).toContain('modules: 2 of 2');
});

testByNight('a list in the place of one stage starts from the image of that stage', async () => {
  const team = await formService('from-one');
  await buildFresh(team, 'containerd', await team.push(), { 'builder-target': 'modules' });
  await change(team, 'app/main', 'Good day\n');
  const result = await buildFresh(team, 'containerd', await team.push());
  expect(stepsOf(result)).toContain('modules: 2 of 2');
  expect(result.summary).toContain('`builder-main`');
});
