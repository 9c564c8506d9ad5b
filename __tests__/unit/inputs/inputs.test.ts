import { describe, expect, test } from '@jest/globals';
import { INPUT_NAMES, type InputName, type Inputs, knownSecrets } from '../../../src/inputs/inputs.js';
import { type With, inputsOf, messageOf } from '../../support/fixtures.js';

describe('every input', () => {
  test('an ordinary block', () =>
    expect(inputsOf()).toEqual({
      image: { name: 'ghcr.io/owner/app', registry: 'ghcr.io', repository: 'owner/app' },
      credentials: null,
      mirrors: [],
      withheldToken: false,
      githubToken: null,
      gitHubRegistry: 'ghcr.io',
      context: '.',
      file: null,
      builderTargets: [],
      productionTarget: null,
      flags: [],
      secretEnvironment: {},
      secretsWithoutValue: [],
      warnings: [],
      pull: false,
      provenance: null,
      sbom: null,
      builder: null,
      push: 'auto',
      reuseCache: true,
      cacheFrom: [],
      mainBranch: null,
      movedFrom: null,
      tag: null,
      part: null,
      indexOf: [],
      platforms: [],
      extraTags: [],
      dockerfileChecks: 'warn',
      promote: false,
      dryRun: false,
      logout: true,
      comment: false,
      advice: true,
      trustCache: 'lineage',
      verify: null,
      scan: null,
    }));

  test.each<[InputName, string, Partial<Inputs>]>([
    [
      'image',
      'GHCR.IO/Owner/App',
      { image: { name: 'ghcr.io/owner/app', registry: 'ghcr.io', repository: 'owner/app' } },
    ],
    ['password', 'pass:word\n', { credentials: { username: 'owner', password: 'pass:word' } }],
    [
      'password',
      ' inner and outer space ',
      { credentials: { username: 'owner', password: ' inner and outer space ' } },
    ],
    ['github-token', ' token\n', { githubToken: 'token' }],
    ['context', ' src/app ', { context: 'src/app' }],
    ['context', 'https://github.com/owner/app.git#main', { context: 'https://github.com/owner/app.git#main' }],
    ['file', 'docker/Dockerfile', { file: 'docker/Dockerfile' }],
    ['builder-target', 'build.1_x', { builderTargets: ['build.1_x'] }],
    ['builder-target', 'gems, modules\n\n  assets\n', { builderTargets: ['gems', 'modules', 'assets'] }],
    ['production-target', '2', { productionTarget: '2' }],
    ['dockerfile-checks', 'Error', { dockerfileChecks: 'error' }],
    ['dockerfile-checks', 'off', { dockerfileChecks: 'off' }],
    ['trust-cache', 'lineage', { trustCache: 'lineage' }],
    ['trust-cache', 'Own', { trustCache: 'own' }],
    ['pull', 'true', { pull: true }],
    ['provenance', 'true', { provenance: '' }],
    ['provenance', 'false', { provenance: null }],
    ['provenance', 'mode=max', { provenance: 'mode=max' }],
    ['sbom', 'true', { sbom: '' }],
    ['sbom', 'generator=registry.example/scanner', { sbom: 'generator=registry.example/scanner' }],
    ['builder', 'my-builder', { builder: 'my-builder' }],
    ['push', 'true', { push: 'always' }],
    ['push', 'False', { push: 'never' }],
    ['push', 'auto', { push: 'auto' }],
    ['reuse-cache', 'true', { reuseCache: true, pull: false }],
    ['reuse-cache', 'false', { reuseCache: false, pull: true }],
    [
      'cache-from',
      'type=gha,scope=a\nghcr.io/owner/app:old',
      { cacheFrom: ['type=gha,scope=a', 'ghcr.io/owner/app:old'] },
    ],
    ['main-branch', 'trunk', { mainBranch: 'trunk' }],
    ['tag', 'r-42', { tag: 'r-42' as Inputs['tag'] & string }],
    ['extra-tags', 'stable, next\nx', { extraTags: ['stable', 'next', 'x'] as unknown as Inputs['extraTags'] }],
    ['dry-run', 'TRUE', { dryRun: true }],
    ['logout', 'false', { logout: false }],
    ['comment', 'true', { comment: true }],
    [
      'platforms',
      'linux/amd64',
      { flags: [{ input: 'platforms', flag: '--platform', value: 'linux/amd64', passes: 'both' }] },
    ],
  ])('%s: %j', (name, text, expected) => expect(inputsOf({ [name]: text })).toMatchObject(expected));

  test('the result is frozen', () => expect(Object.isFrozen(inputsOf())).toBe(true));

  test('no input is listed twice', () => expect(new Set(INPUT_NAMES).size).toBe(INPUT_NAMES.length));
});

describe('junk is refused, and the message names the input and what it takes', () => {
  const booleans: InputName[] = [
    ...(['pull', 'reuse-cache', 'promote', 'dry-run', 'logout', 'comment', 'scan-fail', 'scan-only-fixed'] as const),
    'upload-sarif',
  ];
  const junk = ['', 'yes', 'no', '1', '0', 'on', 'tRUE', 'truefalse', 'true,', 'null'];

  test.each(booleans.flatMap((name) => junk.map((text): [InputName, string] => [name, text])))(
    '%s: %j',
    (name, text) => {
      const message = messageOf(() => inputsOf({ [name]: text }));
      expect(message).toMatch(new RegExp(`^InputError: ${name} is `));
      expect(message).toContain('true or false');
    },
  );

  test.each<[InputName, string]>([
    ['dockerfile-checks', ''],
    ['trust-cache', ''],
    ['trust-cache', 'main'],
    ['dockerfile-checks', 'false'],
    ['push', ''],
    ['push', 'yes'],
    ['push', 'always'],
    ['image', ''],
    ['image', 'ghcr.io/owner/app:v1'],
    ['builder-target', '-x'],
    ['builder-target', 'gems,-x'],
    ['builder-target', 'gems modules'],
    ['production-target', 'a b'],
    ['production-target', '$(x)'],
    ['context', '{{defaultContext}}:src'],
    ['context', '--push'],
    ['tag', 'feature/x'],
    ['extra-tags', 'good,ghcr.io/owner/app:bad'],
  ])('%s: %j', (name, text) =>
    expect(messageOf(() => inputsOf({ [name]: text }))).toMatch(new RegExp(`^InputError: ${name}\\b`)),
  );

  test('the position in extra-tags', () =>
    expect(messageOf(() => inputsOf({ 'extra-tags': 'a\nb,c/d' }))).toContain('item 3'));

  test.each<[string, With, string]>([
    ['white space as password', { password: ' \n' }, 'password'],
    ['a password without a user name', { username: ' ', password: 'secret-password' }, 'username'],
    ['a colon in the user name', { username: 'a:b', password: 'secret-password' }, 'username'],
  ])('%s', (_, block, name) => {
    const message = messageOf(() => inputsOf(block));
    expect(message).toMatch(new RegExp(`^InputError: ${name}\\b`));
    expect(message).not.toContain('secret-password');
  });
});

describe('credentials in build-args', () => {
  const canary = 'canary-Zm9vYmFyYmF6';

  test.each<[string, With, string]>([
    ['the password', { password: canary }, 'password'],
    ['the GitHub token', { 'github-token': canary }, 'github-token'],
    ['a secret', { secrets: `npm=${canary}` }, 'secrets'],
  ])('%s as a build argument is refused; the error names both inputs and not the value', (_, block, input) => {
    for (const value of [canary, `https://x:${canary}@example.org`]) {
      const message = messageOf(() => inputsOf({ ...block, 'build-args': `A=b\nTOKEN=${value}` }));
      expect(message).toMatch(/^InputError: build-args: item 2 \(TOKEN\)/);
      expect(message).toContain(`input ${input}`);
      expect(message).toContain('secrets: ID=VALUE');
      expect(message).not.toContain(canary);
    }
  });

  test('an ordinary build argument beside a secret is taken', () =>
    expect(inputsOf({ password: canary, 'build-args': 'TOKEN=canary', secrets: 'a=b' }).flags).toHaveLength(2));

  test('no error of any input repeats a secret or a password', () => {
    const secret = { password: canary, secrets: `npm=${canary}`, 'github-token': canary };
    const broken: With[] = [
      { pull: 'x' },
      { push: 'x' },
      { image: '' },
      { tag: '/' },
      { platforms: '!' },
      { 'secret-envs': canary },
      { 'secret-files': canary },
      { secrets: canary },
      { secrets: `"npm=${canary}` },
      { secrets: `a=b\n${canary}` },
      { 'build-args': `--secret id=npm,env=${canary}` },
      { username: '' },
    ];
    for (const block of broken) expect(messageOf(() => inputsOf({ ...secret, ...block }))).not.toContain(canary);
  });
});

test('every value that must be masked is known, with the input that it came in by', () => {
  const { credentials, mirrors, githubToken, secretEnvironment } = inputsOf({
    password: 'the-password',
    'github-token': 'the-token',
    mirrors: 'owner/app',
    'mirror-logins': 'docker.io=owner:the-mirror-password',
    secrets: 'a=the-secret\n"b=line 1\nline 2"',
  });
  expect(
    [...knownSecrets({ credentials, mirrors, githubToken, secretEnvironment, scanToken: null }).keys()].sort(),
  ).toEqual(['line 1\nline 2', 'the-mirror-password', 'the-password', 'the-secret', 'the-token']);
});
