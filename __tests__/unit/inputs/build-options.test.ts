import { describe, expect, test } from '@jest/globals';
import {
  type BuildOptionName,
  type ParsedBuildOptions,
  parseBuildOptions,
  secretEnvironmentNames,
} from '../../../src/inputs/build-options.js';
import { csvFields } from '../../../src/inputs/syntax.js';
import { messageOf } from '../../support/fixtures.js';

type Block = Partial<Record<BuildOptionName, string>>;

const parse = (block: Block): ParsedBuildOptions => parseBuildOptions((name) => block[name] ?? '');
const argv = (block: Block): string[] => parse(block).flags.flatMap(({ flag, value }) => [flag, value]);

describe('a block of docker/build-push-action gives the same flags', () => {
  test.each<[string, Block, readonly string[]]>([
    ['nothing', {}, []],
    [
      'build-args with commas, with "=" in the value, with an empty value, from the environment',
      { 'build-args': 'MY_ARG=val1,val2,val3\nURL=https://a/?b=c\nEMPTY=\nHTTP_PROXY\n' },
      [
        '--build-arg',
        'MY_ARG=val1,val2,val3',
        '--build-arg',
        'URL=https://a/?b=c',
        '--build-arg',
        'EMPTY=',
        '--build-arg',
        'HTTP_PROXY',
      ],
    ],
    ['a build argument over two lines', { 'build-args': '"MOTD=a\nb"' }, ['--build-arg', 'MOTD=a\nb']],
    ['platforms with commas', { platforms: 'linux/amd64,linux/arm64' }, ['--platform', 'linux/amd64,linux/arm64']],
    [
      'platforms on lines, with spaces',
      { platforms: 'linux/amd64\nlinux/arm64, linux/arm/v7\n' },
      ['--platform', 'linux/amd64,linux/arm64,linux/arm/v7'],
    ],
    [
      'labels with commas',
      {
        labels:
          'org.opencontainers.image.title=buildkit\norg.opencontainers.image.description=concurrent, cache-efficient',
      },
      [
        '--label',
        'org.opencontainers.image.title=buildkit',
        '--label',
        'org.opencontainers.image.description=concurrent, cache-efficient',
      ],
    ],
    [
      'annotations with a level',
      { annotations: 'index,manifest:org.example.a=b, c' },
      ['--annotation', 'index,manifest:org.example.a=b, c'],
    ],
    [
      'add-hosts',
      { 'add-hosts': 'docker:10.180.0.1,v6:::1\ngw=host-gateway' },
      ['--add-host', 'docker:10.180.0.1', '--add-host', 'v6:::1', '--add-host', 'gw=host-gateway'],
    ],
    [
      'allow',
      { allow: 'network.host, security.insecure' },
      ['--allow', 'network.host', '--allow', 'security.insecure'],
    ],
    [
      'build-contexts',
      { 'build-contexts': 'alpine=docker-image://alpine:3\nsrc=../src' },
      ['--build-context', 'alpine=docker-image://alpine:3', '--build-context', 'src=../src'],
    ],
    ['network', { network: ' host\n' }, ['--network', 'host']],
    [
      'no-cache-filters',
      { 'no-cache-filters': 'a,b\nc' },
      ['--no-cache-filter', 'a', '--no-cache-filter', 'b', '--no-cache-filter', 'c'],
    ],
    ['shm-size', { 'shm-size': '2g' }, ['--shm-size', '2g']],
    ['ssh', { ssh: 'default, other=/a/key' }, ['--ssh', 'default', '--ssh', 'other=/a/key']],
    [
      'ulimit',
      { ulimit: 'nofile=1024:2048\nnproc=3\ncore=-1' },
      ['--ulimit', 'nofile=1024:2048', '--ulimit', 'nproc=3', '--ulimit', 'core=-1'],
    ],
    [
      'secret-envs',
      { 'secret-envs': 'a=NPM_TOKEN, b=OTHER_1' },
      ['--secret', 'id=a,env=NPM_TOKEN', '--secret', 'id=b,env=OTHER_1'],
    ],
    [
      'secret-files, also with a comma or quotes in the path',
      { 'secret-files': 'npmrc=./.npmrc\nodd=dir/a,b\nodder=a"b' },
      ['--secret', 'id=npmrc,src=./.npmrc', '--secret', 'id=odd,"src=dir/a,b"', '--secret', 'id=odder,"src=a""b"'],
    ],
  ])('%s', (_, block, expected) => expect(argv(block)).toEqual(expected));

  test('secrets of its documentation: values travel in the environment, flags only name them', () => {
    const { flags, secretEnvironment } = parse({
      secrets: [
        'GIT_AUTH_TOKEN=abcdefghi,jklmno=0123456789',
        '"MYSECRET=aaaaaaaa\nbbbbbbb\nccccccccc"',
        'FOO=bar',
        '"EMPTYLINE=aaaa\n\nbbbb\nccc"',
        '"JSON_SECRET={""key1"":""value1"",""key2"":""value2""}"',
        '',
      ].join('\n'),
    });
    const environment = new Map(Object.entries(secretEnvironment));
    const passed = flags.map(({ flag, value }) => {
      const [, id = '', variable = ''] = /^id=([^,]+),env=([A-Z0-9_]+)$/.exec(value) ?? [];
      return [flag, id, environment.get(variable)];
    });
    expect(passed).toEqual([
      ['--secret', 'GIT_AUTH_TOKEN', 'abcdefghi,jklmno=0123456789'],
      ['--secret', 'MYSECRET', 'aaaaaaaa\nbbbbbbb\nccccccccc'],
      ['--secret', 'FOO', 'bar'],
      ['--secret', 'EMPTYLINE', 'aaaa\n\nbbbb\nccc'],
      ['--secret', 'JSON_SECRET', '{"key1":"value1","key2":"value2"}'],
    ]);
    expect(environment.size).toBe(flags.length);
  });

  test('a secret without a value, as in a run of a fork, is left out with a warning, and the others keep their values', () => {
    const { flags, secretEnvironment, warnings } = parse({ secrets: 'a=first\nNPM_TOKEN=\nb=last' });
    expect(flags.map(({ value }) => value.split(',')[0])).toEqual(['id=a', 'id=b']);
    const variables = flags.map(({ value }) => value.slice(value.indexOf(',env=') + 5));
    expect(variables.map((name) => secretEnvironment[name])).toEqual(['first', 'last']);
    expect(Object.keys(secretEnvironment)).toHaveLength(2);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('NPM_TOKEN');
    expect(warnings[0]).not.toMatch(/first|last/);
  });

  test('the builder image gets everything but labels and annotations, which change with every commit', () => {
    const { flags } = parse({
      'add-hosts': 'a:1.2.3.4',
      allow: 'a',
      annotations: 'a=b',
      'build-args': 'A=b',
      'build-contexts': 'a=b',
      labels: 'a=b',
      network: 'host',
      'no-cache-filters': 'a',
      platforms: 'linux/amd64',
      secrets: 'a=b',
      'secret-envs': 'a=B',
      'secret-files': 'a=b',
      'shm-size': '1g',
      ssh: 'default',
      ulimit: 'nproc=1',
    });
    expect(flags).toHaveLength(15);
    expect(flags.filter(({ passes }) => passes === 'production').map(({ input }) => input)).toEqual([
      'annotations',
      'labels',
    ]);
  });

  test('the variables of secret-envs are known, to be masked', () =>
    expect(secretEnvironmentNames(parse({ 'secret-envs': 'a=NPM_TOKEN,b=OTHER', secrets: 'c=d' }).flags)).toEqual([
      'NPM_TOKEN',
      'OTHER',
    ]));
});

describe('errors name the input and the position, and never repeat the value', () => {
  test.each<[BuildOptionName, string, number]>([
    ['add-hosts', 'a:1.2.3.4,canary', 2],
    ['annotations', 'a=b\ncanary', 2],
    ['build-args', 'A=b\nB=c\n=canary', 3],
    ['build-args', 'A B=canary', 1],
    ['build-contexts', 'a=b\ncanary', 2],
    ['labels', '=canary', 1],
    ['platforms', 'linux/amd64,linux/amd64/v2/canary', 2],
    ['platforms', 'linux/amd64,--canary=1', 2],
    ['secrets', 'A=b\ncanary', 2],
    ['secrets', 'A=b\n=canary', 2],
    ['secrets', 'A,b=canary', 1],
    ['secret-envs', 'A=canary-token', 1],
    ['secret-envs', 'A=B,canary', 2],
    ['secret-files', 'canary', 1],
    ['shm-size', 'canary', 1],
    ['ulimit', 'nofile=1024\nnofile=canary', 2],
  ])('%s: %j', (input, text, position) => {
    const message = messageOf(() => parse({ [input]: text }));
    expect(message).toMatch(new RegExp(`^InputError: ${input}: item ${position} `));
    expect(message).not.toContain('canary');
  });

  test.each(['--secret id=npm,env=NPM_TOKEN', '"--secret id=npm,env=NPM_TOKEN"', '--secret=id=npm,src=canary'])(
    'a line %j of build-args is no build argument: the error names the right inputs',
    (line) => {
      const message = messageOf(() => parse({ 'build-args': `A=b\n${line}` }));
      expect(message).toMatch(/^InputError: build-args: item 2 .*"secrets".*"secret-envs"/s);
      expect(message).not.toMatch(/NPM_TOKEN|canary/);
    },
  );

  test.each(['BUILDKIT_INLINE_CACHE=1', 'BUILDKIT_INLINE_CACHE', 'A=b\nBUILDKIT_INLINE_CACHE=0'])(
    'build-args %j would set inline cache twice',
    (text) => expect(messageOf(() => parse({ 'build-args': text }))).toMatch(/^InputError: .*BUILDKIT_INLINE_CACHE/),
  );

  test('BUILDKIT_INLINE_CACHE_SIZE is another argument', () =>
    expect(argv({ 'build-args': 'BUILDKIT_INLINE_CACHE_SIZE=1' })).toHaveLength(2));
});

test.each([
  [['type=provenance'], 'type=provenance'],
  [['id=a', 'src=b c'], 'id=a,src=b c'],
  [['id=a', 'src=b,c'], 'id=a,"src=b,c"'],
  [['a="b"'], '"a=""b"""'],
  [['a\nb', 'c'], '"a\nb",c'],
])('fields %j are the CSV record %j', (fields, record) => expect(csvFields(...fields)).toBe(record));
