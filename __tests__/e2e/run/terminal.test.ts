// On a developer's terminal Buildx draws its own display; everything else is as in a workflow.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runCommand } from '../../../lab/command.js';
import { ACTION, WRITER } from '../../../lab/services/team.js';
import { toInputs } from '../../../src/inputs/command-line.js';
import { useLab } from '../../support/e2e.js';

const fixture = useLab({ stores: ['containerd'] });

/** util-linux's `script` gives a command a terminal; what it shows comes as standard output. */
async function runOnTerminal(directory: string, env: Readonly<Record<string, string>>) {
  // The shell in between loses variables with a hyphen in their names.
  const launcher = join(await mkdtemp(join(fixture.lab().directory, 'terminal-')), 'launch.mjs');
  const bundle = JSON.stringify(join(ACTION, 'dist/index.js'));
  await writeFile(launcher, `Object.assign(process.env, ${JSON.stringify(env)});\nawait import(${bundle});\n`);
  const command = `${process.execPath} ${launcher}`;
  return runCommand('script', ['--quiet', '--return', '--command', command, '/dev/null'], { cwd: directory, env });
}

test("Buildx draws its display, and the image is pushed with a developer's tag", async () => {
  const { registry, engine, baseImage } = fixture.lab();
  const team = await fixture.team('terminal');
  const given = {
    username: WRITER.name,
    password: WRITER.password,
    'build-args': `BASE_IMAGE=${baseImage}`,
    push: 'true',
  };
  const inputs = toInputs({ ...given, 'main-branch': 'main' }, team.image);
  const env = {
    ...engine('containerd').env,
    TERM: 'xterm',
    ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
  };
  const { code, stdout } = await runOnTerminal(team.service.directory, env);
  expect(`${code} ${stdout}`).toMatch(/^0 /);
  // Cursor movements, which no log has, and Buildx's heading.
  expect(stdout).toMatch(/\u001b\[\d*A/);
  expect(stdout).toMatch(/\[\+\] Building \d+\.\d+s/);
  const tags = await registry.tags(team.repository);
  const unique = tags.find((tag) => tag.startsWith('dev-')) ?? '';
  expect(unique).toMatch(new RegExp(`^dev-${await team.service.head()}-\\d{14}$`));
  expect(tags).toEqual(expect.arrayContaining(['main', 'builder-main']));
  expect(stdout).toContain(
    `Pushed ${team.image}:${unique}@${(await registry.manifest(team.repository, unique)).digest}`,
  );

  // Commands for a workflow's runner are none for a terminal, least of all those that say a secret.
  expect(stdout).not.toContain('::');
  expect(stdout).not.toContain(WRITER.password);

  // A failing step is red, and Buildx has shown why.
  await team.service.git('rm', '--quiet', 'dependencies.lock');
  await team.service.commit('Lose the lock file');
  const failed = await runOnTerminal(team.service.directory, env);
  expect(failed.code).toBe(1);
  expect(failed.stdout).toMatch(/ERROR.*dependencies\.lock/s);
});
