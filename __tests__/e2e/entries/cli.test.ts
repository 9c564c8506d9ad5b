// The same build on a laptop: the packed command line in a developer's work tree, with the developer's own login.
import { cp, mkdir, mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runCommand, runOrThrow } from '../../../lab/command.js';
import { ACTION, type Team, WRITER } from '../../../lab/services/team.js';
import { useLab } from '../../support/e2e.js';

const fixture = useLab({ stores: ['containerd'] });

/** Unpacked in a folder of its own, and a Docker config as `docker login` leaves it. */
async function installCommand(team: Team) {
  const { directory: labDirectory, engine, registry, baseImage } = fixture.lab();
  const { env } = engine('containerd');
  const directory = await mkdtemp(join(labDirectory, 'laptop-'));
  const [home, config, temporary] = ['home', 'docker-config', 'tmp'].map((name) => join(directory, name));
  await Promise.all([home!, temporary!].map((folder) => mkdir(folder)));
  const npmEnv = { PATH: env.PATH ?? '', HOME: home! };
  const name = await runOrThrow('npm', ['pack', '--silent', '--pack-destination', directory], {
    cwd: ACTION,
    env: npmEnv,
  });
  await runOrThrow('tar', ['--extract', '--file', join(directory, name.trim()), '--directory', directory]);
  await cp(env.DOCKER_CONFIG ?? '', config!, { recursive: true });
  const file = join(config!, 'config.json');
  const before = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as object;
  const auth = Buffer.from(`${WRITER.name}:${WRITER.password}`).toString('base64');
  const login = JSON.stringify({ ...before, auths: { [registry.host]: { auth } } });
  await writeFile(file, login);
  const program = join(directory, 'package/dist/cli/index.js');
  const args = ['--image', team.image, '--build-args', `BASE_IMAGE=${baseImage}`];
  const laptop = { ...env, DOCKER_CONFIG: config!, TMPDIR: temporary! };
  return {
    run: async (...more: readonly string[]) => {
      const result = await runCommand(program, [...args, ...more], { cwd: team.service.directory, env: laptop });
      // The login is as it was, and nothing is left.
      expect([await readFile(file, 'utf8'), await readdir(temporary!)]).toEqual([login, []]);
      return result;
    },
    /** What the command prints that the result says to try. */
    follow: async (output: string) => {
      const [, command = ''] = /^Try it: +docker (.*)$/m.exec(output) ?? [];
      const { stdout, stderr } = await engine('containerd').docker(command.split(' '), { env: laptop });
      return stdout + stderr;
    },
  };
}

test('--push pushes under a tag of its own and says what to try', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('laptop');
  const { run, follow } = await installCommand(team);
  const { code, stdout, stderr } = await run('--push');
  expect(`${code} ${stderr}`).toMatch(/^0 /);
  const tags = await registry.tags(team.repository);
  const unique = tags.find((tag) => tag.startsWith('dev-')) ?? '';
  expect(unique).toMatch(new RegExp(`^dev-${await team.service.head()}-\\d{14}$`));
  expect([...tags].sort()).toEqual(['builder-main', unique, 'main']);
  const { digest } = await registry.manifest(team.repository, unique);
  expect((await registry.manifest(team.repository, 'main')).digest).toBe(digest);
  const lines = stdout.trimEnd().split('\n').slice(-3);
  expect(lines).toEqual([
    `Image:   ${team.image}:${unique}`,
    `Digest:  ${digest}`,
    `Try it:  docker run --rm ${team.image}:${unique}@${digest}`,
  ]);
  expect(await follow(stdout)).toContain((await readFile(join(team.service.directory, 'src/greeting'), 'utf8')).trim());
});

test('changes that are not committed are built, marked, and move no tag of the branch', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('laptop-dirty');
  const { run, follow } = await installCommand(team);
  expect((await run('--push')).code).toBe(0);
  const before = await registry.tags(team.repository);
  const readDigests = (tags: readonly string[]) =>
    Promise.all(tags.map(async (tag) => (await registry.manifest(team.repository, tag)).digest));
  const digests = await readDigests(before);

  await writeFile(join(team.service.directory, 'src/greeting'), 'Not committed yet\n');
  const loaded = await run();
  expect(`${loaded.code} ${loaded.stderr}`).toMatch(/^0 /);
  const tag = `dev-${await team.service.head()}-\\d{14}-dirty`;
  expect(loaded.stdout).toMatch(new RegExp(`^Image: +${team.image}:${tag} \\(in the local engine\\)$`, 'm'));
  expect(loaded.stdout.match(/changes that are not committed/g)).toHaveLength(1);
  expect(await follow(loaded.stdout)).toContain('Not committed yet');
  expect(await registry.tags(team.repository)).toEqual(before);

  // Only its own tag is new.
  const pushed = await run('--push');
  expect(`${pushed.code} ${pushed.stderr}`).toMatch(/^0 /);
  const after = await registry.tags(team.repository);
  expect(after.filter((one) => !before.includes(one))).toEqual([expect.stringMatching(new RegExp(`^${tag}$`))]);
  expect(await readDigests(before)).toEqual(digests);
  expect(await follow(pushed.stdout)).toContain('Not committed yet');
});
