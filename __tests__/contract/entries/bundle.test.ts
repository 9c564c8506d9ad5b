// The committed bundle in a child process, on both Node versions, with a docker on PATH that records its calls: the
// engines and faults that no real engine shows on demand.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { marked } from 'marked';
import { type GitHubApiStandIn, startGitHubApi } from '../../../lab/github/github-api.js';
import { type Lab, openLab } from '../../../lab/lab.js';
import { type ActionResult, runAction } from '../../../lab/runner/action-run.js';
import { ACTION, USERS, WRITER } from '../../../lab/services/team.js';
import {
  CONTAINERD_INFO,
  type DockerCall,
  HEALTHY,
  type Scenario,
  writeFakeDocker,
} from '../../support/fake-docker.js';
import { rawProgress } from '../../support/raw-progress.js';

const SHA = '0123456789abcdef0123456789abcdef01234567';
const DOCKERFILE = 'FROM scratch AS builder\nCOPY . .\nFROM scratch AS production\nCOPY --from=builder / /\n';

let lab: Lab;
let github: GitHubApiStandIn;
beforeAll(async () => {
  github = await startGitHubApi();
  lab = await openLab({ auth: 'token', users: USERS });
});
afterAll(async () => {
  await github.stop();
  await lab.close();
});

interface Run {
  readonly scenario?: Scenario;
  readonly dockerfile?: string;
  /** Further files of the workspace. */
  readonly files?: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: string;
  readonly secrets?: readonly string[];
}

/** Runs a push to main in a workspace with a two-stage Dockerfile. */
async function run({
  scenario = HEALTHY,
  dockerfile = DOCKERFILE,
  files = {},
  inputs,
  env,
  node,
}: Run): Promise<{ result: ActionResult; calls: readonly DockerCall[]; image: string }> {
  const directory = await mkdtemp(join(lab.directory, 'fake-'));
  const workspace = join(directory, 'workspace');
  await mkdir(workspace);
  for (const [name, content] of Object.entries({ ...files, Dockerfile: dockerfile })) {
    await mkdir(join(workspace, name, '..'), { recursive: true });
    await writeFile(join(workspace, name), content);
  }
  const docker = await writeFakeDocker(directory, scenario);
  const image = `${lab.registry.host}/octo/${directory.slice(-6).toLowerCase()}`;
  const about = { full_name: 'octo/app', default_branch: 'main' };
  const result = await runAction({
    action: ACTION,
    node: node ?? lab.tools.node24,
    workspace,
    run: {
      name: 'push',
      ref: 'refs/heads/main',
      sha: SHA,
      repository: 'octo/app',
      token: WRITER.password,
      apiUrl: github.url,
      payload: {
        ref: 'refs/heads/main',
        repository: about,
        head_commit: { id: SHA, timestamp: '2026-05-04T03:02:01+01:00' },
      },
    },
    inputs: { image, username: WRITER.name, ...inputs },
    env: { PATH: `${docker.bin}:${process.env.PATH ?? ''}`, DOCKER_CONFIG: join(directory, 'user-config'), ...env },
  });
  return { result, calls: await docker.calls(), image };
}

const errorsOf = (result: ActionResult) =>
  result.annotations.filter(({ level }) => level === 'error').map(({ message }) => message);
const buildsOf = (calls: readonly DockerCall[]) => calls.filter(({ args }) => args[1] === 'build');

test.each(['node', 'node24'] as const)('the whole command line of both passes, on %s', async (node) => {
  // Production here is not made of the builder stage, so that there is a builder pass to see.
  const dockerfile = 'FROM scratch AS builder\nCOPY . .\nFROM scratch AS production\nCOPY . .\n';
  const { result, calls, image } = await run({
    dockerfile,
    inputs: { push: 'false', 'build-args': 'A=1\nB=x, y' },
    node: lab.tools[node],
  });
  expect(errorsOf(result)).toEqual([]);
  const commands = buildsOf(calls).map(({ args }) =>
    args.map((argument) => argument.replace(/.*\/(?=\w+\.json$)/, '…/').replaceAll(image, 'IMAGE')),
  );
  expect(commands).toEqual([
    // prettier-ignore
    ['buildx', 'build', '--progress=rawjson', '--target', 'production', '--build-arg', 'A=1', '--build-arg', 'B=x, y',
      '--label', 'org.opencontainers.image.source=https://github.com/octo/app',
      '--label', `org.opencontainers.image.revision=${SHA}`,
      '--label', `org.opencontainers.image.version=${SHA}`,
      '--label', 'org.opencontainers.image.created=2026-05-04T03:02:01+01:00',
      '--label', `org.opencontainers.image.title=${image.split('/').at(-1) ?? ''}`,
      '--tag', `IMAGE:${SHA}`, '--load', '--provenance=false', '--metadata-file', '…/production.json', '.'],
    // prettier-ignore
    ['buildx', 'build', '--progress=rawjson', '--target', 'builder', '--build-arg', 'A=1', '--build-arg', 'B=x, y',
      '--output', 'type=cacheonly', '--provenance=false', '--metadata-file', '…/builder.json', '.'],
  ]);
});

test('a builder stage that production is made of is not built a second time when nothing keeps it', async () => {
  const { calls } = await run({ inputs: { push: 'false' } });
  expect(buildsOf(calls).map(({ args }) => args[args.indexOf('--target') + 1])).toEqual(['production']);
});

describe('credentials', () => {
  test('are in the private config of the call and nowhere else', async () => {
    const { calls, result } = await run({ inputs: { secrets: 'npm=npm-secret-value' } });
    const [builder] = buildsOf(calls);
    expect(JSON.parse(builder!.config)).toEqual({
      auths: { [lab.registry.host]: { auth: Buffer.from(`${WRITER.name}:${WRITER.password}`).toString('base64') } },
    });
    for (const { args, env, input } of calls) {
      expect(args.join('\n')).not.toMatch(/npm-secret-value|ghs_writer/);
      expect(Object.keys(env).filter((name) => name.startsWith('INPUT_'))).toEqual([]);
      expect(JSON.stringify(env)).not.toContain(WRITER.password);
      expect(input).toBe('');
    }
    expect(builder!.args).toContain('id=npm,env=TWO_PASS_BUILD_SECRET_1');
    expect(builder!.env.TWO_PASS_BUILD_SECRET_1).toBe('npm-secret-value');
    expect(result.leftovers).toEqual([]);
  });

  test("of GitHub go to the registry of the workflow's server, and to no other of such a name", async () => {
    const password = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
    const ask = async (image: string, server: string) =>
      errorsOf(
        (await run({ inputs: { image, password, 'dry-run': 'true' }, env: { GITHUB_SERVER_URL: server } })).result,
      );
    expect(await ask('containers.github.example.test/octo/app', 'https://github.example.test')).toEqual([]);
    const errors = await ask('containers.github.example.test/octo/app', 'https://github.com');
    expect(errors).toEqual([expect.stringMatching(/^password is a GitHub token, .* Change the line "password:"/)]);
  });

  test.each([
    ['the token', 'COPY', { COPY: WRITER.password }, 'password'],
    ['a part of a longer value', 'URL', { URL: `https://x:${WRITER.password}@host` }, 'password'],
    ['a secret', 'COPY', { COPY: 'npm-secret-value' }, 'secrets'],
    ['a secret by its own variable', 'TWO_PASS_BUILD_SECRET_1', {}, 'secrets'],
    ['a variable that is passed as a secret', 'PASSED', { PASSED: 'variable-value' }, 'secret-envs'],
    ['the only line of a secret file', 'COPY', { COPY: 'content-of-the-file' }, 'secret-files'],
  ])('are no build argument that takes its value from the environment: %s', async (_, name, env, input) => {
    const { result, calls } = await run({
      inputs: {
        'build-args': `FIRST=1\n${name}`,
        secrets: 'npm=npm-secret-value',
        'secret-envs': 'passed=PASSED',
        'secret-files': 'file=secret',
        push: 'false',
      },
      files: { secret: 'content-of-the-file\n' },
      env,
    });
    expect(errorsOf(result)).toEqual([
      expect.stringContaining(`build-args: item 2 (${name}) holds the value of the input ${input},`),
    ]);
    expect(buildsOf(calls)).toEqual([]);
  });

  test('an ordinary build argument takes its value from the environment', async () => {
    const { result, calls } = await run({
      inputs: { 'build-args': 'VERSION', push: 'false' },
      env: { VERSION: '1.2.3' },
    });
    expect(errorsOf(result)).toEqual([]);
    expect(buildsOf(calls)[0]!.args.join(' ')).toContain('--build-arg VERSION');
  });

  test('a secret of single characters blackens no log, and a warning says which cannot be hidden', async () => {
    const { result } = await run({
      inputs: { 'secret-files': 'json=json\nflag=flag', push: 'false' },
      files: { json: '{\n  "key": "value-of-the-key"\n}\n', flag: '1\n' },
    });
    expect(errorsOf(result)).toEqual([]);
    const masks = result.main?.masks ?? [];
    expect(masks).toContain('"key": "value-of-the-key"');
    // The runner takes a mask of several lines apart.
    expect(masks.flatMap((mask) => mask.split('\n')).filter((line) => line.trim().length < 3)).toEqual([]);
    const warning = expect.stringMatching(/^One of the secrets is too short to be hidden in the log/);
    expect(result.annotations.map(({ message }) => message)).toContainEqual(warning);
    expect(result.summary).toContain('One of the secrets is too short');
  });

  const GIT_CONFIG = '[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic Y2FuYXJ5LWhlYWRlcg==\n';
  const EXPOSED = ' has credentials, and is part of the build context';
  const warnedOf = async (files: Readonly<Record<string, string>>, inputs: Readonly<Record<string, string>> = {}) => {
    const { result } = await run({ files, inputs: { push: 'false', ...inputs } });
    expect(errorsOf(result)).toEqual([]);
    const warnings = result.annotations.map(({ message }) => message).filter((message) => message.includes(EXPOSED));
    expect(result.summary.includes(EXPOSED)).toBe(warnings.length > 0);
    expect(result.rawLog + result.summary).not.toContain('Y2FuYXJ5');
    return warnings;
  };
  test.each<[string, Record<string, string>, Record<string, string>, RegExp]>([
    [
      'that actions/checkout has left',
      { '.git/config': GIT_CONFIG },
      {},
      /^\.git\/config has .* since \.dockerignore does/,
    ],
    [
      'of the context and of a second repository',
      { '.git/config': GIT_CONFIG, 'other/.git/config': GIT_CONFIG },
      {},
      /^\.git\/config /,
    ],
    [
      'of a second repository in a folder',
      { '.git/config': GIT_CONFIG, 'other/.git/config': GIT_CONFIG, '.dockerignore': '.git\n' },
      {},
      /^other\/\.git\/config .* "persist-credentials: false" .* "\*\*\/\.git"/,
    ],
    [
      "where the Dockerfile's own list says less",
      { '.git/config': GIT_CONFIG, '.dockerignore': '.git\n', 'Dockerfile.dockerignore': 'dist\n' },
      {},
      /since Dockerfile\.dockerignore does not/,
    ],
    [
      'of a named context',
      { 'app/Dockerfile': DOCKERFILE, 'libs/.git/config': GIT_CONFIG },
      { context: 'app', 'build-contexts': 'libs=libs' },
      /^libs\/\.git\/config .* since libs\/\.dockerignore does not/,
    ],
  ])('of git in the build context are one warning: %s', async (_, files, inputs, expected) => {
    expect(await warnedOf(files, inputs)).toEqual([expect.stringMatching(expected)]);
  });
  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['a list leaves them out', { '.git/config': GIT_CONFIG, '.dockerignore': '**/.git\n' }, {}],
    [
      "the Dockerfile's own list does",
      {
        '.git/config': GIT_CONFIG,
        '.dockerignore': 'x',
        'docker/File': DOCKERFILE,
        'docker/File.dockerignore': '.git',
      },
      { file: 'docker/File' },
    ],
    ['there are none', { '.git/config': '[core]\n\tbare = false\n' }, {}],
    ['the context is a folder', { '.git/config': GIT_CONFIG, 'app/Dockerfile': DOCKERFILE }, { context: 'app' }],
  ])('of git are no warning where %s', async (_, files, inputs) => {
    expect(await warnedOf(files, inputs)).toEqual([]);
  });

  test('with logout: false go to docker login on standard input', async () => {
    const { calls } = await run({
      scenario: { ...HEALTHY, login: { stdout: 'Login Succeeded\n' } },
      inputs: { logout: 'false' },
    });
    const login = calls.find(({ args }) => args[0] === 'login');
    expect(login).toMatchObject({
      args: ['login', '--username', WRITER.name, '--password-stdin', lab.registry.host],
      input: WRITER.password,
    });
  });
});

describe('engines', () => {
  test('no docker on PATH', async () => {
    const { result } = await run({ env: { PATH: '/nowhere' } });
    expect(errorsOf(result)).toEqual([expect.stringMatching(/^Docker is not on PATH\./)]);
  });

  test('docker without Buildx', async () => {
    const missing = { code: 1, stderr: "docker: 'buildx' is not a docker command.\n" };
    const { result } = await run({ scenario: { ...HEALTHY, 'buildx version': missing, 'buildx inspect': missing } });
    expect(errorsOf(result)).toEqual([expect.stringMatching(/no Buildx plugin\. Install Buildx 0\.15\.0 or newer/)]);
  });

  test.each(['v0.14.1 59582a8', '0.13.1+ds1-3 0.13.1+ds1-3'])(
    'a Buildx that is too old: nothing is built, and what to do is said (%s)',
    async (version) => {
      const scenario = { ...HEALTHY, 'buildx version': { stdout: `github.com/docker/buildx ${version}\n` } };
      const { result, calls } = await run({ scenario });
      expect(errorsOf(result)).toEqual([
        expect.stringMatching(/^Buildx 0\.1[34]\.1 is too old: 0\.15\.0 or newer .*docker\/setup-buildx-action/),
      ]);
      expect(buildsOf(calls)).toEqual([]);
    },
  );

  test('a Buildx of a distribution, with its own version suffix', async () => {
    const { result } = await run({
      scenario: { ...HEALTHY, 'buildx version': { stdout: 'github.com/docker/buildx 0.29.1+ds1-3 0.29.1+ds1-3\n' } },
      inputs: { push: 'false' },
    });
    expect(errorsOf(result)).toEqual([]);
    expect(result.log).toContain('Buildx 0.29.1');
  });

  test('an engine that does not answer', async () => {
    const info = { code: 1, stdout: JSON.stringify({ ServerErrors: ['Cannot connect to the Docker daemon'] }) };
    const { result } = await run({ scenario: { ...HEALTHY, info } });
    expect(errorsOf(result)).toEqual([expect.stringMatching(/Docker Engine does not answer: Cannot connect/)]);
  });

  test('a docker-container builder is used by its name, and needs no image store', async () => {
    const inspect = {
      stdout: 'Name:   ci\nDriver: docker-container\n\nNodes:\nName:     ci0\nEndpoint: unix:///var/run/docker.sock\n',
    };
    const { result, calls } = await run({
      scenario: { ...HEALTHY, 'buildx inspect': inspect },
      inputs: { builder: 'ci', push: 'false', provenance: 'true' },
    });
    expect(errorsOf(result)).toEqual([]);
    const [production] = buildsOf(calls);
    expect(production!.args.slice(0, 4)).toEqual(['buildx', 'build', '--builder', 'ci']);
    // This driver cannot load an image with attestations, so it is built and not loaded.
    expect(production!.args).toContain('type=cacheonly');
    expect(result.log).toContain('the docker-container driver cannot load one with several platforms or attestations');
    expect(result.outputs.image ?? '').toBe('');
  });

  test('a builder of another Docker context is asked in that context', async () => {
    const inspect = { stdout: 'Name:   other\nDriver: docker\n\nNodes:\nName:     other\nEndpoint: other\n' };
    const { calls } = await run({
      scenario: { ...HEALTHY, 'buildx inspect': inspect, '--context other info': { stdout: CONTAINERD_INFO } },
      inputs: { builder: 'other', push: 'false' },
    });
    expect(calls.map(({ args }) => args.slice(0, 3).join(' '))).toContain('--context other info');
  });
});

describe('a runner that cannot build', () => {
  test.each(['Windows', 'macOS'])('on %s is told before anything else', async (system) => {
    const { result, calls } = await run({ env: { RUNNER_OS: system }, inputs: { password: 'wrong\ninput' } });
    expect(result.log.split('\n')[0]).toMatch(/^##\[error\].*Use a Linux runner: "runs-on: ubuntu-latest"\.$/);
    expect(result.main?.code).toBe(1);
    expect(calls).toEqual([]);
  });

  test.each([
    ['a Mac of the team', { RUNNER_OS: 'macOS', RUNNER_ENVIRONMENT: 'self-hosted' }, { push: 'false' }],
    ['a plan', { RUNNER_OS: 'Linux' }, { 'dry-run': 'true' }],
  ])('is not %s', async (_, env, inputs) => expect(errorsOf((await run({ env, inputs })).result)).toEqual([]));

  test('may put an index together', async () => {
    const inputs = { 'index-of': `sha256:${'a'.repeat(64)}`, 'dry-run': 'true' };
    expect(errorsOf((await run({ env: { RUNNER_OS: 'Windows' }, inputs })).result)).toEqual([]);
  });
});

describe('faults', () => {
  const failedPush = `${rawProgress(
    { name: '[builder 2/2] COPY . .' },
    { name: 'exporting to image', error: 'failed to push: unexpected status 500' },
  )}ERROR: failed to solve\n`;

  // What the containerd store says of a layer that vanished after its manifest was checked (seen with engine 28.5).
  const lostLayer = `${rawProgress({
    name: '[builder 2/2] COPY . .',
    error:
      'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor sha256:' +
      `${'a'.repeat(64)} (application/vnd.oci.image.layer.v1.tar+gzip) from remote: not found`,
  })}ERROR: failed to solve: failed to compute cache key\n`;

  test('a cache layer that cannot be read costs one retry without the cache', async () => {
    const scenario = { ...HEALTHY, '--cache-from type=registry': { code: 1, stderr: lostLayer } };
    const { result, calls } = await run({
      scenario,
      inputs: { push: 'false', 'cache-from': 'type=registry,ref=example.test/cache' },
    });
    expect(errorsOf(result)).toEqual([]);
    expect(buildsOf(calls).map(({ args }) => args.includes('--cache-from'))).toEqual([true, false]);
    const warnings = result.annotations.filter(({ level }) => level === 'warning').map(({ message }) => message);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^A layer of the cache could not be read, so the production pass runs once more without it/,
      ),
    ]);
  });

  test('without a cache to leave out there is no retry', async () => {
    const { result, calls } = await run({
      scenario: { ...HEALTHY, 'buildx build': { code: 1, stderr: lostLayer } },
      inputs: { push: 'false' },
    });
    expect(buildsOf(calls)).toHaveLength(1);
    expect(errorsOf(result)).toHaveLength(1);
  });

  test('a failing RUN is never retried, whatever it prints', async () => {
    const stderr = `${rawProgress({
      name: '[builder 2/2] RUN fetch',
      output: 'ERROR: failed to copy: httpReadSeeker: blob unknown\n',
      error: 'process "/bin/sh -c fetch failed to copy" did not complete successfully: exit code: 1',
    })}ERROR: failed to solve: process "/bin/sh -c fetch" did not complete successfully: exit code: 1\n`;
    const scenario = { ...HEALTHY, 'buildx build': { code: 1, stderr } };
    const { result, calls } = await run({
      scenario,
      inputs: { push: 'false', 'cache-from': 'type=registry,ref=example.test/cache' },
    });
    expect(buildsOf(calls)).toHaveLength(1);
    expect(errorsOf(result)).toEqual([expect.stringMatching(/did not complete successfully: exit code: 1/)]);
  });

  test('a production image that cannot be pushed fails the run', async () => {
    const { result } = await run({ scenario: { ...HEALTHY, '--target production': { code: 1, stderr: failedPush } } });
    expect(errorsOf(result)).toEqual([
      expect.stringMatching(/^The build failed at exporting to image: failed to push: unexpected status 500/),
    ]);
    expect(result.main?.code).toBe(1);
  });

  test('a push that is refused is explained in the summary as in the log, with what was printed', async () => {
    const refused = `${rawProgress({
      name: 'exporting to image',
      output: 'error: unexpected status from PUT request: 403 Forbidden\n',
      error: 'failed to push: unexpected status from PUT request: 403 Forbidden',
    })}ERROR: failed to solve\n`;
    const { result } = await run({ scenario: { ...HEALTHY, '--target production': { code: 1, stderr: refused } } });
    const [message = '', ...output] = errorsOf(result)[0]?.split('\n') ?? [];
    expect(message).toMatch(
      /403 Forbidden: octo may not write to it, .*\. To push, set "username" and "password" to a login/,
    );
    expect(output).toEqual(['error: unexpected status from PUT request: 403 Forbidden']);
    const rendered = marked.parse(result.summary, { async: false });
    const text = rendered.replaceAll('&quot;', '"').replaceAll('&#39;', "'");
    expect(text).toContain(`<strong>Failed.</strong> ${message}`);
    expect(text).toContain(`<pre><code class="language-text">${output.join('\n')}\n</code></pre>`);
  });

  test('a push that succeeds and leaves nothing in the registry is not green', async () => {
    const { result } = await run({});
    expect(errorsOf(result)).toEqual([expect.stringMatching(/does not serve .* although the push succeeded/)]);
    expect(result.outputs.digest ?? '').toBe('');
    expect(result.outputs.pushed ?? '').toBe('');
  });

  test('GitHub’s API out of reach is a warning on main, and the build goes on', async () => {
    const { result } = await run({ inputs: { push: 'false' }, env: { GITHUB_API_URL: 'http://127.0.0.1:9' } });
    expect(errorsOf(result)).toEqual([]);
    const warnings = result.annotations.filter(({ level }) => level === 'warning').map(({ message }) => message);
    expect(warnings).toEqual([
      expect.stringMatching(/^GitHub does not say which pull request 0123456789abcdef0123456789abcdef01234567 merged/),
    ]);
    expect(result.summary).toContain('- GitHub does not say which pull request');
  });

  test('what the inputs are warned of is in the summary, and counted', async () => {
    const { result } = await run({ inputs: { push: 'false', secrets: 'npm=' } });
    const warnings = result.annotations.filter(({ level }) => level === 'warning').map(({ message }) => message);
    expect(warnings).toEqual(['secrets: npm has no value in this run, so the build gets no such secret.']);
    expect(result.summary).toContain(`\nRemarks:\n\n- ${warnings[0] ?? ''}\n`);
    expect(JSON.parse(result.outputs.summary ?? '{}')).toMatchObject({ warnings: 1 });
  });

  test('workflow commands in build output are shown, not obeyed', async () => {
    const stderr = '#1 [builder 2/2] RUN make\n::error::from the build\n::add-mask::main\n#1 DONE 0.1s\n';
    const { result } = await run({ scenario: { ...HEALTHY, 'buildx build': { stderr } }, inputs: { push: 'false' } });
    expect(errorsOf(result)).toEqual([]);
    expect(result.log).toContain('::error::from the build');
    expect(result.main?.masks).not.toContain('main');
  });
});
