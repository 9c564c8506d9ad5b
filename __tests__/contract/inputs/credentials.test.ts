// Where the credentials of a run go, and where they do not: the committed bundle with a docker on PATH that records its calls.
import { describe, expect, test } from '@jest/globals';
import { WRITER } from '../../../lab/services/team.js';
import { DOCKERFILE, buildsOf, errorsOf, useBundle } from '../../support/bundle-run.js';
import { HEALTHY } from '../../support/fake-docker.js';

const { lab, run } = useBundle();

describe('credentials', () => {
  test('are in the private config of the call and nowhere else', async () => {
    const { calls, result } = await run({ inputs: { secrets: 'npm=npm-secret-value' } });
    const [builder] = buildsOf(calls);
    expect(JSON.parse(builder!.config)).toEqual({
      auths: { [lab().registry.host]: { auth: Buffer.from(`${WRITER.name}:${WRITER.password}`).toString('base64') } },
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
    ['the token', 'COPY', { COPY: WRITER.password }, 'the input password'],
    ['a part of a longer value', 'URL', { URL: `https://x:${WRITER.password}@host` }, 'the input password'],
    ['a secret', 'COPY', { COPY: 'npm-secret-value' }, 'the input secrets'],
    ['a secret by its own variable', 'TWO_PASS_BUILD_SECRET_1', {}, 'the input secrets'],
    ['a variable that is passed as a secret', 'PASSED', { PASSED: 'variable-value' }, 'the input secret-envs'],
    ['the only line of a secret file', 'COPY', { COPY: 'content-of-the-file' }, 'the file "secret" of secret-files'],
  ])('are no build argument that takes its value from the environment: %s', async (_, name, env, origin) => {
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
      expect.stringContaining(`build-args: item 2 (${name}) holds the value of ${origin},`),
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
      args: ['login', '--username', WRITER.name, '--password-stdin', lab().registry.host],
      input: WRITER.password,
    });
  });
});
