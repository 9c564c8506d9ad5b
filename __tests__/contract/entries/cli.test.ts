// The command line as it is installed: the packed tarball, unpacked in an empty folder, without node_modules.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { type CommandResult, runCommand, runOrThrow } from '../../../lab/command.js';
import { type Lab, openLab } from '../../../lab/lab.js';
import type { SampleService } from '../../../lab/services/sample-service.js';
import { ACTION, USERS, WRITER } from '../../../lab/services/team.js';
import { ACTION_INPUTS } from '../../../src/inputs/action-inputs.js';
import { toHelp } from '../../../src/inputs/command-line.js';
import { HEALTHY, writeFakeDocker } from '../../support/fake-docker.js';

interface Input {
  readonly description: string;
  readonly default: string;
}
interface Description {
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies?: unknown;
}

const environment = { PATH: process.env.PATH ?? '/usr/bin:/bin' };
const readRoot = (path: string): Promise<string> => readFile(join(ACTION, path), 'utf8');
const description = JSON.parse(await readRoot('package.json')) as Description;
const { inputs } = parse(await readRoot('action.yml')) as { inputs: Readonly<Record<string, Input>> };

let lab: Lab;
let service: SampleService;
let tarball: string;
let packed: readonly string[];
let program: string;
beforeAll(async () => {
  lab = await openLab({ auth: 'token', users: USERS, inMemory: true });
  service = await lab.sampleService('service');
  await service.git('remote', 'add', 'origin', 'git@github.com:Octo/Service.git');
  const folder = join(lab.directory, 'packed');
  await mkdir(folder);
  const env = { ...environment, HOME: lab.directory };
  const output = await runOrThrow('npm', ['pack', '--json', '--pack-destination', folder], { cwd: ACTION, env });
  const [pack] = JSON.parse(output) as { filename: string; files: { path: string }[] }[];
  packed = pack!.files.map(({ path }) => path).sort();
  tarball = join(folder, pack!.filename);
  await runOrThrow('tar', ['--extract', '--file', tarball, '--directory', folder]);
  // As npm makes it.
  program = join(folder, 'two-pass-build');
  await symlink('package/dist/cli/index.js', program);
});
afterAll(() => lab.close());

function run(args: readonly string[], more: { cwd?: string; env?: Record<string, string> } = {}) {
  return runCommand(program, args, { cwd: more.cwd ?? service.directory, env: { ...environment, ...more.env } });
}

/** The one line of an error, where nothing was built. */
function expectBadUsage({ code, stdout, stderr }: CommandResult, message: RegExp): void {
  expect([code, stdout, stderr.trimEnd().split('\n')]).toEqual([2, '', [expect.stringMatching(message)]]);
}

describe('the package', () => {
  test('has the bundle, the licences, and nothing else', async () => {
    const chunks = (await readdir(join(ACTION, 'dist'))).filter((file) => file.endsWith('.js'));
    expect(packed).toEqual(
      [
        ...['LICENSE', 'README.md', 'package.json', 'dist/licenses.txt', 'dist/package.json'],
        ...['dist/cli/index.js', 'dist/cli/package.json', ...chunks.map((file) => `dist/${file}`)],
      ].sort(),
    );
  });

  test('installs nothing, and has no script for which npm would install what develops it', () => {
    expect(description.dependencies).toBeUndefined();
    const prepares = ['preinstall', 'install', 'postinstall', 'prepack', 'prepare', 'build'];
    expect(Object.keys(description.scripts).filter((name) => prepares.includes(name))).toEqual([]);
  });

  test('has a program that can be started, and that shares the bundle of the action', async () => {
    const file = join(ACTION, 'dist/cli/index.js');
    const { mode, size } = await stat(file);
    expect(mode & 0o111).toBe(0o111);
    expect(await readFile(file, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(size).toBeLessThan(30_000);
  });

  test('is run by npx', async () => {
    const env = { ...environment, HOME: lab.directory };
    const args = ['exec', '--offline', '--yes', `--package=${tarball}`, '--', 'two-pass-build', '--version'];
    expect(await runOrThrow('npm', args, { cwd: service.directory, env })).toBe(`${description.version}\n`);
  });
});

describe('--help', () => {
  test('has what action.yml says of each input, with the defaults of a laptop', async () => {
    const { code, stdout } = await run(['--help'], { cwd: lab.directory });
    expect(code).toBe(0);
    const entries = [...stdout.matchAll(/^ {2}--([\w-]+)[[ ].*\n((?: {6}.*\n)+)/gm)].map(([, name = '', text = '']) => [
      name,
      text.trim().replace(/\s*\n\s+/g, ' '),
    ]);
    const local: Readonly<Record<string, string>> = {
      image: 'ghcr.io/OWNER/NAME of the git remote "origin"',
      username: '',
      password: '',
      'github-token': '',
      push: 'false',
    };
    expect(entries).toEqual(
      Object.entries(inputs).map(([name, input]) => {
        const preset = local[name] ?? input.default;
        return [name, `${input.description}${preset === '' ? '' : ` (default: ${preset})`}`];
      }),
    );
    expect(stdout).toBe(toHelp());
    expect(stdout).not.toContain('${{');
  });

  test('is made of a table that is that of action.yml: script/write-action-inputs', () =>
    expect(ACTION_INPUTS).toEqual(
      Object.fromEntries(
        Object.entries(inputs).map(([name, input]) => [
          name,
          { description: input.description, default: input.default },
        ]),
      ),
    ));
});

test('docs/laptop.md has no flag that there is not', async () => {
  const text = (await readRoot('docs/laptop.md')).replaceAll('npx --yes', 'npx').replaceAll('docker run --rm', '');
  const flags = [...text.matchAll(/(?<![\w-])--([a-z][\w-]*)/g)].map(([, name = '']) => name);
  expect(flags.length).toBeGreaterThan(10);
  expect(flags.filter((name) => !Object.hasOwn(inputs, name) && name !== 'help')).toEqual([]);
});

test('--version', async () => {
  for (const node of [lab.tools.node, lab.tools.node24])
    expect(await runOrThrow(node, [program, '--version'], { env: environment })).toBe(`${description.version}\n`);
});

describe('--dry-run', () => {
  test.each(['node', 'node24'] as const)('takes the image from the remote, on %s', async (node) => {
    const options = { cwd: service.directory, env: environment };
    const { code, stdout, stderr } = await runCommand(lab.tools[node], [program, '--dry-run'], options);
    expect([code, stderr]).toEqual([0, '']);
    const sha = await service.head();
    expect(stdout).toMatch(new RegExp(`^Image: +ghcr\\.io/octo/service:dev-${sha}-\\d{14}$`, 'm'));
    expect(stdout).toMatch(/^Scope: +main -> main$/m);
    expect(stdout).toMatch(/^Lineage: +main$/m);
    expect(stdout).toMatch(/^Push: +no, the input push is false$/m);
  });

  test('takes the main branch from the clone', async () => {
    const clone = join(lab.directory, 'clone');
    const trunk = await lab.sampleService('trunk', { branch: 'trunk' });
    await trunk.git('clone', '--quiet', trunk.directory, clone);
    await trunk.git('-C', clone, 'switch', '--quiet', '--create', 'topic');
    const { stdout } = await run(['--dry-run', '--image', 'a/b', '--push', '.'], { cwd: clone });
    expect(stdout).toMatch(/^Lineage: +topic, trunk$/m);
    expect(stdout).toMatch(/^Push: +yes/m);
  });

  test('says once that the work tree has changes', async () => {
    const dirty = await lab.sampleService('dirty');
    await dirty.git('rm', '--quiet', 'src/greeting');
    const { code, stdout } = await run(['--dry-run', '--image', 'a/b'], { cwd: dirty.directory });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Image: .*-dirty$/m);
    expect(stdout).toMatch(/^Scope: +none/m);
    expect(stdout.match(/changes that are not committed/g)).toHaveLength(1);
  });
});

describe('what has to be corrected first has one line and exit code 2', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['an unknown flag', ['--build-arg', 'A=1'], /^Error: There is no flag "--build-arg"\. Is it --build-args\?/],
    ['a value that the action refuses', ['--reuse-cache=maybe'], /^Error: reuse-cache is "maybe"/],
    ['a context that is none', ['nowhere'], /^Error: context "nowhere" is not a folder/],
  ])('%s', async (_, args, message) => expectBadUsage(await run(args), message));

  test('no git work tree', async () => {
    const cwd = await mkdtemp(join(lab.directory, 'empty-'));
    const env = { GIT_CEILING_DIRECTORIES: lab.directory };
    for (const args of [[], ['--image', 'a/b']])
      expectBadUsage(await run(args, { cwd, env }), /^Error: .* is no git work tree with a commit/);
  });

  test("another user's work tree, also from a folder in it, and git's own command helps", async () => {
    const other = await lab.sampleService('other');
    await other.git('remote', 'add', 'origin', 'git@github.com:octo/other.git');
    await runOrThrow('chown', ['--recursive', '12345:12345', other.directory], { env: environment });
    const env = { HOME: await mkdtemp(join(lab.directory, 'home-')), LANG: 'de_DE.UTF-8', LANGUAGE: 'de' };
    const refusal =
      /^Error: git does not read \S+, because it belongs to another user\. If you trust its owner, run: git config --global --add safe\.directory \S+$/;
    for (const cwd of [other.directory, join(other.directory, 'src')])
      for (const args of [[], ['--dry-run'], ['--image', 'a/b']])
        expectBadUsage(await run(args, { cwd, env }), refusal);

    const { stderr } = await run([], { cwd: other.directory, env });
    const advice = stderr.trim().split('run: ')[1] ?? '';
    await runOrThrow('sh', ['-c', advice], { env: { ...environment, ...env } });
    const { code, stdout } = await run(['--dry-run', '.'], { cwd: other.directory, env });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Image: +ghcr\.io\/octo\/other:dev-/m)]);
  });

  test('no remote', async () => {
    const { directory } = await lab.sampleService('without-remote');
    expectBadUsage(await run([], { cwd: directory }), /^Error: .*no git remote "origin".*Give --image/);
  });

  test('Windows, which has no groups of processes', async () => {
    const file = join(lab.directory, 'windows.cjs');
    await writeFile(file, "Object.defineProperty(process, 'platform', { value: 'win32' });\n");
    const env = { NODE_OPTIONS: `--require=${file}` };
    expectBadUsage(await run(['--dry-run'], { env }), /^Error: This command does not run on Windows\. Run it in WSL/);
  });

  test('a GitHub workflow, which has the action', async () =>
    expectBadUsage(await run(['--push'], { env: { GITHUB_ACTIONS: 'true' } }), /uses: DFE-Digital\/two-pass-build@v1/));
});

describe('a build', () => {
  test('that fails ends with 1', async () => {
    const directory = await mkdtemp(join(lab.directory, 'fails-'));
    const build = { code: 1, stderr: 'ERROR: failed to solve: no\n' };
    const docker = await writeFakeDocker(directory, { ...HEALTHY, 'buildx build': build });
    const env = { PATH: `${docker.bin}:${environment.PATH}`, DOCKER_CONFIG: directory };
    const { code, stderr } = await run(['--image', `${lab.registry.host}/octo/fails`], { env });
    expect(stderr).toMatch(/^Error: .*failed to solve: no/m);
    expect(code).toBe(1);
  });

  test.each([
    ['Ctrl-C, which npm passes on once more', 'SIGINT', 130],
    ['the end of its terminal', 'SIGHUP', 129],
  ] as const)('that is stopped by %s, leaves no login', async (_, signal, code) => {
    const directory = await mkdtemp(join(lab.directory, 'stopped-'));
    const temporary = join(directory, 'tmp');
    await mkdir(temporary);
    const docker = await writeFakeDocker(directory, { ...HEALTHY, 'buildx build': { seconds: 60 } });
    const image = `${lab.registry.host}/octo/stopped`;
    const child: ChildProcess = spawn(
      program,
      ['--image', image, '--username', WRITER.name, '--password', WRITER.password],
      {
        cwd: service.directory,
        env: { PATH: `${docker.bin}:${environment.PATH}`, DOCKER_CONFIG: directory, TMPDIR: temporary },
        stdio: 'ignore',
      },
    );
    const closed = once(child, 'close') as Promise<[number | null, string | null]>;
    const isBuilding = async () => (await docker.calls()).some(({ args }) => args[1] === 'build');
    while (!(await isBuilding())) await sleep(50);
    const [folder] = await readdir(temporary);
    expect(await readFile(join(temporary, folder!, 'docker-config/config.json'), 'utf8')).toContain('auths');
    child.kill(signal);
    await sleep(5);
    child.kill(signal);
    expect(await closed).toEqual([code, null]);
    expect(await readdir(temporary)).toEqual([]);
  });
});
