// Two runs at once: of two commits of one branch, whichever ends last, and of one commit.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Front, startFront } from '../../../lab/registry/front.js';
import type { Team } from '../../../lab/services/team.js';
import { expectSuccess, splitLines, useLab } from '../../support/e2e.js';

const fixture = useLab({ stores: ['containerd', 'overlay2'] });

/** Far enough away for its runs to end last. */
let far: Front;
beforeAll(async () => {
  far = await startFront({ registry: fixture.lab().registry.host, delayMs: 250 });
});
afterAll(() => far.stop());

/** A work tree beside the service's own, at its commit. */
async function addWorkTree(team: Team): Promise<string> {
  const directory = join(fixture.lab().directory, `${team.repository.replace('/', '-')}-tree`);
  await team.service.git('worktree', 'add', '--quiet', '--detach', directory);
  return directory;
}

const tagsOf = (tags: string | undefined): string[] =>
  splitLines(tags).map((name) => name.slice(name.lastIndexOf(':') + 1));

test('of one commit each has a tag of its own that nobody moves', async () => {
  const { registry, engine } = fixture.lab();
  const team = await fixture.team('twice');
  // Both look for a free tag before either has pushed.
  const dockerfile = join(team.service.directory, 'Dockerfile');
  await writeFile(
    dockerfile,
    (await readFile(dockerfile, 'utf8')).replace('RUN ./src/build', 'RUN sleep 3 && ./src/build'),
  );
  await team.service.commit('Build slowly');
  const workspace = await addWorkTree(team);
  const event = await team.push();
  const results = await Promise.all([
    team.build(event, { engine: engine('containerd') }),
    team.build(event, { engine: engine('overlay2'), workspace, inputs: { image: `${far.host}/${team.repository}` } }),
  ]);
  results.forEach(expectSuccess);
  const [near, distant] = results.map(({ outputs }) => outputs);
  // The stores write different manifests, so this is no accident of equal bytes.
  expect(near!.digest).not.toBe(distant!.digest);
  expect(near!.tag).toBe(event.sha);
  expect(distant!.tag).toMatch(new RegExp(`^${event.sha}-\\d{14}$`));
  for (const { tag, digest, image, 'pinned-image': pinned, tags } of [near!, distant!]) {
    expect((await registry.manifest(team.repository, tag!)).digest).toBe(digest);
    expect(image).toMatch(new RegExp(`:${tag!}$`));
    expect(pinned).toBe(`${image!}@${digest!}`);
    expect(tagsOf(tags)).toContain(tag);
  }
  expect(results[1].log).toContain(
    `Another run has written ${event.sha} meanwhile, and keeps it: this build is ${distant!.tag!}.`,
  );
  expect(results[1].summary).toContain(distant!['pinned-image']);
});
