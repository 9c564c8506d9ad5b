// `COPY . .` with `.git` in the context: in a fresh clone of an unchanged commit the step runs again, and a notice says why.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runOrThrow } from '../../../lab/command.js';
import type { ImageStore } from '../../../lab/engine/engine.js';
import type { Team } from '../../../lab/services/team.js';
import { expectSuccess, readCachedSteps, useLab } from '../../support/e2e.js';
import { testByNight } from '../../support/nightly.js';
import { STORES_OF_THE_DAY } from '../../support/stores.js';

const fixture = useLab({ stores: STORES_OF_THE_DAY });

const DOCKERFILE = [
  'ARG BASE_IMAGE=localhost/base/busybox:1',
  'FROM ${BASE_IMAGE} AS builder',
  'WORKDIR /service',
  'COPY dependencies.lock install-dependencies ./',
  'RUN ./install-dependencies dependencies.lock vendor',
  'COPY . .',
  'RUN ./src/build vendor dist',
  'FROM ${BASE_IMAGE} AS production',
  'COPY --from=builder /service/dist /service',
  'CMD ["/service/service"]',
].join('\n');

/** Builds the commit as the next job would: in a clone of its own, on an engine that has nothing. */
async function buildClone(team: Team, store: ImageStore) {
  const { directory, engine: find } = fixture.lab();
  const engine = find(store);
  await engine.prune();
  const clone = await mkdtemp(join(directory, 'clone-'));
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' };
  await runOrThrow('git', ['clone', '--quiet', '--depth=1', `file://${team.service.directory}`, clone], { env });
  const result = await team.build(await team.push(), { engine, workspace: clone });
  await rm(clone, { recursive: true, force: true });
  expectSuccess(result);
  const notices = result.annotations.filter(({ level }) => level === 'notice').map(({ message }) => message);
  return { ...readCachedSteps(result), hints: notices.filter((message) => message.includes('.git')) };
}

/** @param ignore files by name */
async function commit(team: Team, files: Readonly<Record<string, string | null>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(team.service.directory, name);
    if (text === null) await rm(path, { force: true });
    else await writeFile(path, text);
  }
  await team.service.commit('Change what is ignored');
}

const CACHED = { builder: '5 of 5', production: '1 of 1', hints: [] };

test.each(STORES_OF_THE_DAY)(
  'without an entry for .git the step runs in each clone; with it all is cached (%s)',
  async (store) => {
    const team = await fixture.team(`git-${store}`);
    await commit(team, { Dockerfile: `${DOCKERFILE}\n`, '.dockerignore': null });
    // Nothing was there to start from.
    expect((await buildClone(team, store)).hints).toEqual([]);
    const again = await buildClone(team, store);
    expect(again).toEqual({
      builder: '3 of 5',
      // The sources are the same, and so is what the builder makes of them.
      production: '1 of 1',
      hints: [
        '[builder 5/6] COPY . . runs in every run, also where nothing has changed: it copies .git too, which git writes anew with each checkout. Write the line ".git" into a file .dockerignore, unless the build needs it.',
      ],
    });

    await commit(team, { '.dockerignore': '.git\n' });
    await buildClone(team, store);
    expect(await buildClone(team, store)).toEqual(CACHED);
  },
);

testByNight("the Dockerfile's own ignore file counts, with patterns and exceptions", async () => {
  const team = await fixture.team('git-own');
  const own = 'Dockerfile.dockerignore';
  await commit(team, { Dockerfile: `${DOCKERFILE}\n`, '.dockerignore': '.git\n', [own]: 'docs\n' });
  await buildClone(team, 'containerd');
  const { builder, hints } = await buildClone(team, 'containerd');
  expect(builder).toBe('3 of 5');
  expect(hints).toEqual([expect.stringContaining(`Add the line ".git" at the end of ${own}, unless`)]);

  // HEAD is the same in each clone of a commit.
  await commit(team, { [own]: '**/.git/*\n!.git/HEAD\n' });
  await buildClone(team, 'containerd');
  expect(await buildClone(team, 'containerd')).toEqual(CACHED);
});
