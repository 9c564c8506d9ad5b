// The command lines of the scanners, what they may see, and what their exit codes mean.
import { describe, expect, test } from '@jest/globals';
import { SCANNER_IMAGES } from '../../../src/checks/pure/scanner-images.js';
import {
  type ScanRequest,
  findSocket,
  judgeScan,
  scannerEnvironment,
  toContainerCommand,
  toConvertCommand,
  toScanCommand,
  warnOfMovingImage,
} from '../../../src/checks/pure/scanner.js';
import { SCANNERS, type Scanner } from '../../../src/inputs/scan-inputs.js';

const IMAGE = 'ghcr.io/owner/app:1';
const requestOf = (scanner: Scanner, change: Partial<ScanRequest> = {}): ScanRequest => ({
  scanner,
  image: IMAGE,
  threshold: 'high',
  args: ['--extra=a b'],
  reportFile: '/out/scan.json',
  sarifFile: '/out/scan.sarif',
  dockerfile: 'deploy/Dockerfile',
  ...change,
});

describe('the tool of the machine', () => {
  test.each<[Scanner, string[]]>([
    [
      'snyk',
      [
        ...['container', 'test', IMAGE, '--json-file-output=/out/scan.json', '--sarif-file-output=/out/scan.sarif'],
        ...['--severity-threshold=high', '--file=deploy/Dockerfile', '--extra=a b'],
      ],
    ],
    ['grype', [`docker:${IMAGE}`, '--output=json=/out/scan.json', '--output=sarif=/out/scan.sarif', '--extra=a b']],
    [
      'trivy',
      [
        ...['image', '--image-src=docker', '--format=json', '--output=/out/scan.json', '--severity=HIGH,CRITICAL'],
        ...['--exit-code=0', '--extra=a b', IMAGE],
      ],
    ],
  ])('%s', (scanner, args) => expect(toScanCommand(requestOf(scanner))).toEqual({ command: scanner, args }));

  test('trivy makes SARIF of its report; the others have written it by then', () => {
    expect(toConvertCommand(requestOf('trivy'))).toEqual({
      command: 'trivy',
      args: [
        ...['convert', '--format=sarif', '--output=/out/scan.sarif', '--severity=HIGH,CRITICAL', '--exit-code=0'],
        '/out/scan.json',
      ],
    });
    for (const scanner of ['snyk', 'grype'] as const) expect(toConvertCommand(requestOf(scanner))).toBeNull();
  });

  test('snyk without a Dockerfile on this machine', () =>
    expect(toScanCommand(requestOf('snyk', { dockerfile: null })).args.join(' ')).not.toContain('--file='));

  test.each([
    ['low', 'UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL'],
    ['medium', 'MEDIUM,HIGH,CRITICAL'],
    ['critical', 'CRITICAL'],
  ] as const)('trivy at %s', (threshold, list) =>
    expect(toScanCommand(requestOf('trivy', { threshold })).args).toContain(`--severity=${list}`),
  );
});

describe("the tool's image", () => {
  const place = {
    socket: '/run/user/1000/docker.sock',
    outputFolder: '/tmp/a,b/out',
    workspace: '/work',
    env: { SNYK_TOKEN: 'secret-token', PATH: '/bin', HTTPS_PROXY: 'http://user:pass@proxy', TRIVY_DB_REPOSITORY: 'x' },
    name: 'two-pass-build-scan-1',
  };

  test('one whole command', () => {
    const tool = toScanCommand(requestOf('snyk')).args;
    expect(toContainerCommand(toScanCommand(requestOf('snyk')), place)).toEqual({
      command: 'docker',
      args: [
        ...['run', '--rm', '--name=two-pass-build-scan-1', '--init'],
        '--mount=type=bind,source=/run/user/1000/docker.sock,target=/var/run/docker.sock',
        '--mount=type=bind,"source=/tmp/a,b/out","target=/tmp/a,b/out"',
        '--mount=type=bind,source=/work,target=/work,readonly',
        '--workdir=/work',
        ...['--env=HTTPS_PROXY', '--env=SNYK_TOKEN'],
        // Its own entry point evaluates the arguments in a shell.
        '--entrypoint=snyk',
        SCANNER_IMAGES.snyk,
        ...tool,
      ],
    });
  });

  test.each(SCANNERS)('%s: no value of the environment is among the arguments', (scanner) => {
    const { args } = toContainerCommand(toScanCommand(requestOf(scanner)), place);
    expect(args.join(' ')).not.toMatch(/secret-token|user:pass/);
    expect(args.includes('--env=SNYK_TOKEN')).toBe(scanner === 'snyk');
    expect(args.includes('--env=TRIVY_DB_REPOSITORY')).toBe(scanner === 'trivy');
  });

  test('is said to move where a tag alone names it, and only there', () => {
    expect(warnOfMovingImage('snyk', 'snyk/snyk:docker')).toMatch(
      /^snyk is not on PATH and runs in the image snyk\/snyk:docker, by its tag .* Install a fixed version of snyk/,
    );
    expect(warnOfMovingImage('snyk', `snyk/snyk:docker@sha256:${'1'.repeat(64)}`)).toBeNull();
  });
});

test.each([
  [undefined, '/var/run/docker.sock'],
  ['', '/var/run/docker.sock'],
  ['unix:///run/user/1000/docker.sock', '/run/user/1000/docker.sock'],
  ['tcp://10.0.0.1:2376', null],
  ['ssh://host', null],
  ['unix://', null],
])('socket of %s', (host, socket) => expect(findSocket(host)).toBe(socket));

describe('the environment', () => {
  const env = {
    PATH: '/bin',
    HOME: '/home/runner',
    HTTPS_PROXY: 'http://proxy',
    no_proxy: 'localhost',
    DOCKER_HOST: 'unix:///x',
    LC_ALL: 'C',
    UNSET: undefined,
    SNYK_TOKEN: 'of the job',
    SNYK_API: 'https://api.eu.snyk.io',
    GRYPE_DB_CACHE_DIR: '/cache',
    TRIVY_CACHE_DIR: '/cache',
  };
  const secrets = {
    GITHUB_TOKEN: 'x',
    GH_TOKEN: 'x',
    ACTIONS_RUNTIME_TOKEN: 'x',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    NPM_TOKEN: 'x',
    TWO_PASS_BUILD_SECRET_1: 'x',
    DOCKER_AUTH_CONFIG: 'x',
    DOCKER_CONFIG: '/home/runner/.docker',
    TRIVY_USERNAME: 'x',
    TRIVY_PASSWORD: 'x',
    TRIVY_REGISTRY_TOKEN: 'x',
    GRYPE_REGISTRY_AUTH_PASSWORD: 'x',
  };
  const common = ['DOCKER_HOST', 'HOME', 'HTTPS_PROXY', 'LC_ALL', 'PATH', 'no_proxy'];
  const own = {
    snyk: ['SNYK_API', 'SNYK_TOKEN'],
    grype: ['GRYPE_CHECK_FOR_APP_UPDATE', 'GRYPE_DB_CACHE_DIR', 'GRYPE_DB_REQUIRE_UPDATE_CHECK'],
    trivy: ['TRIVY_CACHE_DIR', 'TRIVY_DISABLE_TELEMETRY', 'TRIVY_NO_PROGRESS', 'TRIVY_SKIP_VERSION_CHECK'],
  };

  test.each(SCANNERS)('%s sees these names and no other', (scanner) => {
    const seen = scannerEnvironment(scanner, {
      env: { ...env, ...secrets },
      token: 'of the input',
      dockerConfig: '/empty',
    });
    expect(Object.keys(seen).sort()).toEqual([...common, 'DOCKER_CONFIG', ...own[scanner]].sort());
    expect(seen.DOCKER_CONFIG).toBe('/empty');
    expect(seen.SNYK_TOKEN).toBe(scanner === 'snyk' ? 'of the input' : undefined);
  });

  test('without the input, snyk has the token that the job has', () => {
    const seen = scannerEnvironment('snyk', { env: { ...env, ...secrets }, token: null, dockerConfig: '/empty' });
    expect(seen.SNYK_TOKEN).toBe('of the job');
  });

  test.each<[Scanner, string]>([
    ['grype', 'GRYPE_FAIL_ON_SEVERITY'],
    ['grype', 'GRYPE_OUTPUT'],
    ['trivy', 'TRIVY_EXIT_CODE'],
    ['trivy', 'TRIVY_EXIT_ON_EOL'],
    ['trivy', 'TRIVY_INPUT'],
    ['trivy', 'TRIVY_RUN_AS_PLUGIN'],
  ])('%s: %s would scan or judge something else', (scanner, name) =>
    expect(
      scannerEnvironment(scanner, { env: { [name]: 'x' }, token: null, dockerConfig: '/empty' }),
    ).not.toHaveProperty(name),
  );

  test('the workflow may overrule what is only a default', () =>
    expect(
      scannerEnvironment('grype', {
        env: { GRYPE_DB_REQUIRE_UPDATE_CHECK: 'false' },
        token: null,
        dockerConfig: '/empty',
      }),
    ).toMatchObject({ GRYPE_DB_REQUIRE_UPDATE_CHECK: 'false' }));
});

describe('the exit code', () => {
  test.each<[Scanner, number, boolean | null]>([
    ['snyk', 0, false],
    ['snyk', 1, true],
    ['grype', 0, null],
    ['grype', 2, true],
    ['trivy', 0, null],
  ])('%s %i: the scan was done', (scanner, code, saysFindings) =>
    expect(judgeScan(scanner, code, 'whatever')).toEqual({ kind: 'done', saysFindings }),
  );

  // Each is what the tool prints, as far as it could be run here; of snyk as documented.
  test.each<[Scanner, number, string, string]>([
    [
      'snyk',
      2,
      'Authentication error (SNYK-0005)\n',
      'Authentication error (SNYK-0005). Set the input scan-token to a token of Snyk.',
    ],
    ['snyk', 3, 'Could not detect supported target files', 'it found nothing in the image that it can test.'],
    ['snyk', 69, '', ''],
    ['snyk', 128, '', ''],
    [
      'grype',
      1,
      '[0000]  WARN unable to check for vulnerability database update\n[0000] ERROR \u001b[31mfailed to load vulnerability db: database does not exist\u001b[0m\n',
      '[0000] ERROR failed to load vulnerability db: database does not exist. Its vulnerability database could not be loaded: run the job again, or give it a mirror.',
    ],
    [
      'trivy',
      1,
      'FATAL\tFatal error\trun error: init error: DB error: failed to download vulnerability DB: 429 toomanyrequests',
      '',
    ],
    ['trivy', 125, 'docker: Cannot connect to the Docker daemon.\n\n', 'docker: Cannot connect to the Docker daemon.'],
    ['trivy', 2, '\u0007 \n--\n', ''],
  ])('%s %i: the scan could not be done', (scanner, code, output, reason) => {
    const judged = judgeScan(scanner, code, output);
    expect(judged).toMatchObject({ kind: 'failed' });
    if (judged.kind !== 'failed') throw new Error('done');
    expect(judged.message).toMatch(
      new RegExp(`^The scan could not be done: ${scanner} ended with exit code ${code}[.:]`),
    );
    expect(judged.message).toContain(reason);
    expect(judged.message).not.toMatch(/[\p{Cc}]/u);
  });

  test('a flood of output is a short reason', () => {
    const judged = judgeScan('trivy', 1, 'x'.repeat(5_000_000));
    expect(JSON.stringify(judged).length).toBeLessThan(800);
  });
});
