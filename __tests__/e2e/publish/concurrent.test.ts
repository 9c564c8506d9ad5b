// Two runs at once: of two commits of one branch, whichever ends last, and of one commit.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Front, startFront } from '../../../lab/registry/front.js';
import { type Team, WRITER } from '../../../lab/services/team.js';
import { createSender } from '../../../src/adapters/registry/http.js';
import { Registry } from '../../../src/adapters/registry/registry.js';
import { parseDigest } from '../../../src/image/digest.js';
import { parseImageName, parseTag } from '../../../src/image/reference.js';
import { settleUniqueTag, watchUniqueTag } from '../../../src/publish/unique-tag.js';
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

test.each(['older', 'newer'] as const)(
  'of two commits of a branch both unique tags are right, and the moving ones are the newer, where the %s ends last',
  async (last) => {
    const { registry, engine } = fixture.lab();
    const team = await fixture.team(`${last}-last`);
    const workspace = await addWorkTree(team);
    const older = await team.push();
    await team.service.changeDependencies('another');
    const newer = await team.push();

    const ended: string[] = [];
    const build = async (event: typeof older, isLast: boolean, more: { workspace?: string }) => {
      const image = `${isLast ? far.host : registry.host}/${team.repository}`;
      const store = isLast ? 'overlay2' : 'containerd';
      const result = await team.build(event, { engine: engine(store), inputs: { image }, ...more });
      ended.push(event.sha);
      return result;
    };
    const [first, second] = await Promise.all([
      build(older, last === 'older', { workspace }),
      build(newer, last === 'newer', {}),
    ]);
    expectSuccess(first);
    expectSuccess(second);
    expect(ended).toEqual(last === 'older' ? [newer.sha, older.sha] : [older.sha, newer.sha]);

    const digest = async (tag: string) => (await registry.manifest(team.repository, tag)).digest;
    expect(await digest(older.sha)).toBe(first.outputs.digest);
    expect(await digest(newer.sha)).toBe(second.outputs.digest);
    expect(await digest('main')).toBe(second.outputs.digest);
    expect(await digest('builder-main')).toBe(second.outputs['builder-digest']);
    expect(tagsOf(first.outputs.tags)).toEqual([older.sha]);
    expect(first.outputs['builder-digest'] ?? '').toBe('');
    expect(first.log).toContain('Builder image: left to the newer commit of the branch');
    // One question for the branch tag, and at most one more for the builder image, which may be written before it.
    const questions = team.github.requests().filter((request) => request.includes('/git/ref/heads'));
    expect(questions.length).toBeLessThanOrEqual(3);
  },
);

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

test("who is written over a moment after the push takes another tag, and nobody else's is moved", async () => {
  const { registry } = fixture.lab();
  const repository = 'octo/written-over';
  const config = await registry.putBlob(repository, Buffer.from('{}'));
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const put = (tag: string, writer: string) =>
    registry.putManifest(
      repository,
      tag,
      mediaType,
      JSON.stringify({
        schemaVersion: 2,
        mediaType,
        config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config, size: 2 },
        layers: [],
        annotations: { writer },
      }),
    );
  const own = parseDigest(await put('unique', 'this run'));
  const other = await put('unique', 'another run');
  const third = await put('unique-1', 'a third run');
  const { name, password } = WRITER;
  const client = new Registry(parseImageName(`${registry.host}/${repository}`), {
    send: createSender('test', null),
    login: { username: name, password },
    insecure: true,
    write: true,
  });
  const tags = ['unique', 'unique-1', 'unique-2'].map((tag) => parseTag(tag));
  const unique = watchUniqueTag(client, tags[0]!, () => tags);

  const settled = await settleUniqueTag(client, unique, own);
  expect(settled).toMatchObject({ tag: 'unique-2', manifest: { digest: own } });
  const served = await Promise.all(tags.map(async (tag) => (await registry.manifest(repository, tag)).digest));
  expect(served).toEqual([other, third, own]);
});
