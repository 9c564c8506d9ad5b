// The repository's own workflows: pinned, with no more permissions than they need, and what may write runs nothing foreign.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly if?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
}
interface Workflow {
  readonly permissions?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const root = new URL('../../../', import.meta.url).pathname;
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const listWorkflows = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.yml'))
    .map((file) => `${folder}/${file}`);
const own = listWorkflows('.github/workflows');
const parseWorkflow = (path: string): Workflow => parse(read(path)) as Workflow;

test('every action has one commit, with its version as a comment', () => {
  const pins = new Map<string, Set<string>>();
  const actions = readdirSync(join(root, '.github/actions')).map((name) => `.github/actions/${name}/action.yml`);
  for (const path of [...own, ...actions, ...listWorkflows('examples/workflows')]) {
    for (const [, what = ''] of read(path).matchAll(/\buses: (\S+[@/].*)$/gm)) {
      if (/^(?:\.\/|\$\/|DFE-Digital\/two-pass-build)/.test(what)) continue;
      expect([path, what]).toEqual([path, expect.stringMatching(/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)]);
      const [action = '', pin = ''] = what.split('@');
      const repository = action.split('/').slice(0, 2).join('/');
      pins.set(repository, (pins.get(repository) ?? new Set()).add(pin));
    }
  }
  expect(pins.size).toBeGreaterThan(8);
  expect([...pins].filter(([, commits]) => commits.size > 1)).toEqual([]);
});

describe('permissions', () => {
  /** All that may write. What is not here may only read. */
  const WRITERS = {
    'build-image-ghes.yml image': ['packages'],
    'build-image-ghes.yml part': ['packages'],
    'build-image-ghes.yml index': ['packages'],
    'build-image.yml image': ['packages'],
    'build-image.yml part': ['packages'],
    'build-image.yml index': ['packages'],
    'codeql.yml analyze': ['security-events'],
    'dependabot-dist.yml check': ['actions'],
    'dependabot-dist.yml commit': ['contents'],
    'nightly-registries.yml left-over': ['packages'],
    'nightly-registries.yml ghcr': ['packages'],
    'nightly-registries.yml called-cold': ['packages'],
    'nightly-registries.yml called-unchanged': ['packages'],
    'nightly-registries.yml parts-cold': ['packages'],
    'nightly-registries.yml parts-unchanged': ['packages'],
    'nightly-registries.yml clean-up': ['packages'],
    'nightly-registries.yml issue': ['issues'],
    'release.yml attest': ['id-token', 'attestations'],
    'release.yml release': ['contents'],
    'scanners.yml issue': ['issues'],
    'scorecard.yml analyze': ['security-events', 'id-token'],
  };

  test('are none but what each job asks for, and these alone may write', () => {
    const writers = own.flatMap((path) =>
      Object.entries(parseWorkflow(path).jobs).map(([name, { permissions = {} }]) => {
        const writes = Object.keys(permissions).filter((one) => permissions[one] === 'write');
        return [`${path.split('/').at(-1)} ${name}`, writes] as const;
      }),
    );
    expect(Object.fromEntries(writers.filter(([, writes]) => writes.length > 0))).toEqual(WRITERS);
    // Where there is none, a job has those of the calling job: the one that signs needs that.
    const called = (path: string): boolean => path.includes('/build-image');
    for (const path of own.filter((one) => !called(one)))
      expect([path, parseWorkflow(path).permissions]).toEqual([path, {}]);
  });

  test('leave no token in a checkout', () => {
    const checkouts = own.flatMap((path) =>
      Object.values(parseWorkflow(path).jobs).flatMap(({ steps = [] }) =>
        steps.filter(({ uses = '' }) => uses.startsWith('actions/checkout@')),
      ),
    );
    expect(checkouts.length).toBeGreaterThan(8);
    for (const { with: inputs } of checkouts) expect(inputs).toMatchObject({ 'persist-credentials': false });
  });
});

test('CODEOWNERS names no owner that does not exist', () => {
  const lines = read('.github/CODEOWNERS').split('\n');
  expect(lines.filter((line) => !line.startsWith('#') && /TEAM|EXAMPLE/i.test(line))).toEqual([]);
  expect(lines.join('\n')).toContain('@DFE-Digital/');
});

describe("the rebuild of dist/ on Dependabot's pull requests", () => {
  const { jobs } = parseWorkflow('.github/workflows/dependabot-dist.yml');
  const listRuns = (name: string): string =>
    (jobs[name]?.steps ?? []).map(({ uses = '', run = '' }) => `${uses}\n${run}`).join('\n');
  let folder: string;
  const inClone = (): string => join(folder, 'clone');
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: inClone(), encoding: 'utf8', stdio: 'pipe' }).trim();
  const remoteHead = (): string => git('ls-remote', 'origin', 'refs/heads/dependabot/npm').split('\t')[0] ?? '';

  /** The step as the workflow has it, with a CLI of GitHub that does nothing. */
  function commitDist() {
    const run = jobs.commit?.steps?.find(({ id }) => id === 'commit')?.run ?? '';
    const env = {
      ...process.env,
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      BRANCH: 'dependabot/npm',
      GITHUB_OUTPUT: join(folder, 'output'),
    };
    return spawnSync('bash', ['-eo', 'pipefail', '-c', run], { cwd: inClone(), env, encoding: 'utf8' });
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'two-pass-build-dist-'));
    execFileSync('git', ['init', '--quiet', '--bare', join(folder, 'remote')]);
    execFileSync('git', ['init', '--quiet', '--initial-branch=dependabot/npm', inClone()]);
    for (const path of ['clone/dist/cli', 'bin']) mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, 'bin/gh'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(join(folder, 'output'), '');
    writeFileSync(join(folder, 'clone/dist/index.js'), 'old');
    writeFileSync(join(folder, 'clone/dist/cli/index.js'), 'cli', { mode: 0o755 });
    writeFileSync(join(folder, 'clone/package-lock.json'), '{}');
    git('remote', 'add', 'origin', join(folder, 'remote'));
    git('add', '.');
    git('-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '--quiet', '--message=Bump');
    git('push', '--quiet', 'origin', 'HEAD:refs/heads/dependabot/npm');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('is of no other pull request', () => {
    const condition = jobs.build?.if ?? '';
    expect(condition).toContain("github.event.pull_request.user.login == 'dependabot[bot]'");
    expect(condition).toContain('github.event.pull_request.head.repo.full_name == github.repository');
  });

  test('runs what the pull request brings only where nothing can be written', () => {
    expect(jobs.build?.permissions).toEqual({ contents: 'read' });
    expect(listRuns('build')).toMatch(/npm ci --ignore-scripts[^]*script\/bundle/);
    for (const name of ['commit', 'check']) expect(listRuns(name)).not.toMatch(/\b(?:npm|npx|node|script\/|tsx)\b/);
  });

  test('starts every workflow whose checks a pull request has, for the commit that starts none', () => {
    const checks = own
      .filter((path) => Object.hasOwn((parse(read(path)) as { on: object }).on, 'pull_request'))
      .map((path) => path.split('/').at(-1)!)
      .filter((file) => file !== 'dependabot-dist.yml');
    expect([...listRuns('check').matchAll(/^start ([\w.-]+)/gm)].map(([, file]) => file).toSorted()).toEqual(
      checks.toSorted(),
    );
    for (const file of checks)
      expect((parse(read(`.github/workflows/${file}`)) as { on: object }).on).toHaveProperty('workflow_dispatch');
  });

  test('commits dist/ and nothing else, files that are new or gone too', () => {
    rmSync(join(folder, 'clone/dist/index.js'));
    writeFileSync(join(folder, 'clone/dist/1.index.js'), 'new');
    // An archive keeps no modes.
    writeFileSync(join(folder, 'clone/dist/cli/index.js'), 'cli', { mode: 0o644 });
    writeFileSync(join(folder, 'clone/package-lock.json'), '{"changed":true}');
    const { status, stderr } = commitDist();
    expect([status, stderr.includes('fatal')]).toEqual([0, false]);
    expect(git('show', '--name-status', '--format=%an %s', '--no-renames', 'HEAD').split('\n').filter(Boolean)).toEqual(
      ['github-actions[bot] Rebuild the bundle [dependabot skip]', 'A\tdist/1.index.js', 'D\tdist/index.js'],
    );
    expect(remoteHead()).toBe(git('rev-parse', 'HEAD'));
    expect(readFileSync(join(folder, 'output'), 'utf8')).toBe('pushed=true\n');
  });

  test('commits nothing where dist/ is what it was', () => {
    const before = remoteHead();
    expect(commitDist()).toMatchObject({ status: 0, stdout: 'dist/ is what it was.\n' });
    expect([remoteHead(), readFileSync(join(folder, 'output'), 'utf8')]).toEqual([before, '']);
  });

  test('takes no links', () => {
    const before = remoteHead();
    symlinkSync('/etc/passwd', join(folder, 'clone/dist/2.index.js'));
    expect(commitDist()).toMatchObject({ status: 1, stderr: 'dist/ has something that is no file.\n' });
    expect(remoteHead()).toBe(before);
  });

  test.each(['.git/config', '.gitattributes', 'cli/.git'])('takes nothing that git would read: %s', (path) => {
    const before = remoteHead();
    mkdirSync(dirname(join(folder, 'clone/dist', path)), { recursive: true });
    writeFileSync(join(folder, 'clone/dist', path), '[core]\n');
    expect(commitDist()).toMatchObject({ status: 1, stderr: 'dist/ has something hidden.\n' });
    expect(remoteHead()).toBe(before);
  });

  test('writes over nothing that has come meanwhile', () => {
    writeFileSync(join(folder, 'clone/dist/index.js'), 'new');
    const tree = git('rev-parse', 'HEAD^{tree}');
    const newer = git(
      '-c',
      'user.name=x',
      '-c',
      'user.email=x@example.com',
      'commit-tree',
      tree,
      '-p',
      'HEAD',
      '-m',
      'y',
    );
    git('push', '--quiet', 'origin', `${newer}:refs/heads/dependabot/npm`);
    expect(commitDist().status).not.toBe(0);
    expect(remoteHead()).toBe(newer);
  });
});

describe('script/check-workflows', () => {
  const TOOLS = ['bash', 'dirname', 'mktemp', 'mkdir', 'awk', 'ls', 'rm', 'cat'];

  test.each([
    ['on GitHub', 'true', 1],
    ['elsewhere', '', 0],
  ])('says what it cannot run, which %s is a matter of its exit code', (_, GITHUB_ACTIONS, code) => {
    const folder = mkdtempSync(join(tmpdir(), 'two-pass-build-check-'));
    try {
      for (const path of ['script', 'bin', 'docs', 'examples']) mkdirSync(join(folder, path));
      for (const file of ['script/check-workflows', 'versions.sh']) cpSync(join(root, file), join(folder, file));
      for (const file of ['README.md', 'docs/a.md', 'examples/a.md'])
        writeFileSync(join(folder, file), '```yaml\nname: Shown\n```\n');
      for (const tool of TOOLS) {
        const path = execFileSync('bash', ['-c', 'type -P "$0"', tool], { encoding: 'utf8' }).trim();
        symlinkSync(realpathSync(path), join(folder, 'bin', tool));
      }
      const env = { PATH: join(folder, 'bin'), GITHUB_ACTIONS };
      const { status, stderr } = spawnSync('bash', ['script/check-workflows'], { cwd: folder, env, encoding: 'utf8' });
      expect(status).toBe(code);
      expect(stderr).toContain('Workflow checks: actionlint not run, Go is not installed (it builds it).');
      // The first that is missing ends it on GitHub.
      expect(stderr.includes('zizmor not run')).toBe(code === 0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
