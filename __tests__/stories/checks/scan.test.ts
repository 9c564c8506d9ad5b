// A scanner's verdict before anything is published, from recorded reports of snyk, grype and trivy.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { type ProcessOptions, TimeLimitError } from '../../../src/adapters/process/process.js';
import { SCANNER_IMAGES } from '../../../src/checks/pure/scanner-images.js';
import { SCANNERS } from '../../../src/inputs/scan-inputs.js';
import { REPOSITORY, SHA, pullRequest, push, pushTag } from '../../support/world/events.js';
import { REFUSED } from '../../support/world/memory-github.js';
import { DONE } from '../../support/world/recorded-engine.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
});

const REPORTS = join(import.meta.dirname, '../../unit/checks/scan-reports');
const recorded = (file: string): Promise<string> => readFile(join(REPORTS, file), 'utf8');

interface Scanner {
  readonly json?: string;
  readonly sarif?: string;
  readonly code?: number;
  readonly says?: string;
}
interface SnykReport {
  readonly vulnerabilities: readonly object[];
}
interface GrypeReport {
  readonly matches: readonly { readonly vulnerability: { readonly fix: { readonly state: string } } }[];
}
/** How the scanner was called. */
let calls: { readonly command: string; readonly args: readonly string[]; readonly options: ProcessOptions }[];

/** A program that leaves these reports. */
function place({ json, sarif, code = 0, says = '' }: Scanner): void {
  calls = [];
  world.engine.other = async (command, args, options) => {
    if (!['snyk', 'grype', 'trivy', 'docker'].includes(command)) return DONE;
    calls.push({ command, args, options });
    const format = args.map((arg) => /^--format=(.*)$/.exec(arg)?.[1]).find((one) => one !== undefined) ?? '';
    for (const arg of args) {
      const [, kind = format, file] =
        /^--output=(?:(json|sarif)=)?(.*)$/.exec(arg) ?? /^--(json|sarif)-file-output=(.*)$/.exec(arg) ?? [];
      const text = kind === 'sarif' ? sarif : json;
      if (file !== undefined && text !== undefined) await writeFile(file, text);
    }
    return { ...DONE, code, stderr: says };
  };
}

test('a promoted image is scanned by its digest, and gets no tag where findings count', async () => {
  const { digest = '' } = (await world.succeed(push('main', SHA))).outputs;
  const before = world.registry.tags(REPOSITORY);
  place({ json: await recorded('grype.json'), sarif: await recorded('grype.sarif') });
  const inputs = { promote: 'true', scan: 'grype' };
  const { error } = await world.run(pushTag('v1.2.3'), inputs);
  expect(error?.message).toMatch(/^grype found \d+ findings? at or above high: .*The image is not published\./);
  expect(calls[0]?.args[0]).toBe(`docker:${world.registry.host}/${REPOSITORY}@${digest}`);
  expect(world.registry.tags(REPOSITORY)).toEqual(before);
  place({ json: await recorded('grype-nothing.json'), sarif: '{"runs":[]}' });
  const clean = await world.succeed(pushTag('v1.2.3'), inputs);
  expect(calls).toHaveLength(1);
  expect(clean.outputs).toMatchObject({ tag: 'v1.2.3', digest });
});

test.each([
  ['snyk', 1],
  ['grype', 0],
  ['trivy', 0],
] as const)('findings of %s that count fail the run, and nothing is published', async (scanner, code) => {
  place({ json: await recorded(`${scanner}.json`), sarif: await recorded(`${scanner}.sarif`), code });
  const inputs = { scan: scanner, 'scan-token': scanner === 'snyk' ? 'snyk-token-0123456789' : '' };
  const change = { childEnv: { PATH: '', AWS_SECRET_ACCESS_KEY: 'cloud' } };
  const { error, summary, outputs, log } = await world.run(push('main', SHA), inputs, change);
  expect(error?.message).toMatch(
    new RegExp(`^${scanner} found \\d+ findings? at or above high: .*The image is not published\\.`),
  );
  expect(world.registry.written).toEqual(['builder-main']);
  expect(summary).toMatch(/\| Package \| Installed \| Fixed in \| Severity \| Finding \|\n\| --- /);
  expect(outputs['sarif-file']).toMatch(new RegExp(`/${scanner}\\.sarif$`));
  const { args, options } = calls[0]!;
  const { env, cwd } = options;
  expect(args.join(' ')).toContain(`${world.registry.host}/${REPOSITORY}:${SHA}`);
  expect(cwd).toBe(world.workspace);
  expect(env.SNYK_TOKEN).toBe(scanner === 'snyk' ? 'snyk-token-0123456789' : undefined);
  expect(JSON.stringify([args, env])).not.toMatch(/AWS_SECRET|INPUT_/);
  expect(log.join('\n')).not.toContain('snyk-token-0123456789');

  const told = await world.succeed(push('main', SHA), { ...inputs, 'scan-fail': 'false' });
  expect(told.outputs.tag).toBe(SHA);
  expect(told.warnings.join('\n')).toContain(`${scanner} found`);
});

describe('with scan-only-fixed', () => {
  test.each([
    ['snyk', 'medium', 1, '2 findings at or above medium with a fix', '1 without a fix does not count (1 medium)'],
    ['grype', 'high', 0, '2 findings at or above high with a fix', '1 without a fix does not count (1 high)'],
    ['trivy', 'medium', 0, '3 findings at or above medium with a fix', '1 without a fix does not count (1 medium)'],
  ] as const)('findings of %s that have a fix fail the run', async (scan, severity, code, found, left) => {
    place({ json: await recorded(`${scan}.json`), sarif: await recorded(`${scan}.sarif`), code });
    const inputs = { scan, 'scan-severity': severity, 'scan-only-fixed': 'true' };
    const { error, summary, log } = await world.run(push('main', SHA), inputs);
    expect(error?.message).toContain(`${scan} found ${found}: `);
    expect(summary).toContain(`**${found}**; ${left}`);
    expect(log).toContain(`info: ${scan}: ${left}`);
    expect(world.registry.written).toEqual(['builder-main']);
  });

  test.each([
    [
      'snyk',
      1,
      ({ vulnerabilities: [first] }: SnykReport) => ({ vulnerabilities: [{ ...first, nearestFixedInVersion: '' }] }),
    ],
    [
      'grype',
      2,
      ({ matches }: GrypeReport) => ({
        matches: matches.filter(({ vulnerability }) => vulnerability.fix.state !== 'fixed'),
      }),
    ],
  ] as const)('those of %s that have none do not, whatever its exit code says', async (scan, code, leave) => {
    const whole = JSON.parse(await recorded(`${scan}.json`)) as SnykReport & GrypeReport;
    place({ json: JSON.stringify({ ...whole, applications: [], ...leave(whole) }), code });
    const { outputs, summary } = await world.succeed(push('main', SHA), { scan, 'scan-only-fixed': 'true' });
    expect(outputs.pushed).toBe('true');
    expect(summary).toContain('Nothing at or above high with a fix; 1 without a fix does not count');

    const { error } = await world.run(push('main', SHA), { scan });
    expect(error?.message).toMatch(/found 1 finding at or above high: /);
  });
});

test('nothing at the threshold publishes the image, and a lack of SARIF is told', async () => {
  place({ json: await recorded('grype-nothing.json') });
  const { outputs, summary, warnings } = await world.succeed(push('main', SHA), { scan: 'grype', verify: 'true' });
  expect(outputs.pushed).toBe('true');
  expect(summary).toContain('Nothing at or above high');
  expect(outputs).not.toHaveProperty('sarif-file');
  expect(warnings.join('\n')).toContain('There is no report in SARIF');
});

test('a report that cannot be turned into SARIF costs a warning', async () => {
  place({ json: await recorded('trivy-nothing.json') });
  const { other } = world.engine;
  world.engine.other = async (command, args, options) =>
    args[0] === 'convert' ? { ...DONE, code: 1 } : other(command, args, options);
  const { warnings } = await world.succeed(push('main', SHA), { scan: 'trivy' });
  expect(warnings.join()).toContain('trivy convert ended with exit code 1');
});

describe('one clear error, and nothing is published', () => {
  test.each<[string, string, Scanner, RegExp]>([
    ['a report that is none', 'grype', { json: '<html>' }, /^The scan could not be done: .*JSON/],
    ['no report', 'trivy', {}, /^The scan could not be done: trivy succeeded and wrote no report/],
    ['no token', 'snyk', { code: 2, says: 'Authentication error (SNYK-0005)' }, /Set the input scan-token/],
    ['no database', 'grype', { code: 1, says: 'failed to load vulnerability db' }, /database could not be loaded/],
    ['nothing to test', 'snyk', { code: 3 }, /it found nothing in the image that it can test/],
    ['a limit', 'trivy', { code: 1, says: 'toomanyrequests' }, /limits how often it may be asked/],
  ])('%s', async (_, scan, tool, message) => {
    place(tool);
    const { error } = await world.run(push('main', SHA), { scan });
    expect(error?.message).toMatch(message);
    expect(world.registry.written).toEqual(['builder-main']);
  });

  test('no end', async () => {
    world.engine.other = (command) =>
      command === 'trivy' ? Promise.reject(new TimeLimitError('trivy')) : Promise.resolve(DONE);
    const { error } = await world.run(push('main', SHA), { scan: 'trivy' }, { scanLimit: 2000 });
    expect(error?.message).toMatch(/trivy did not end within 2 s \(TWO_PASS_BUILD_SCAN_SECONDS\)/);
    expect(world.registry.written).toEqual(['builder-main']);
  });
});

describe('without the tool', () => {
  beforeEach(() => {
    world.engine.missing.add('trivy');
  });

  test('its official image is used, with the socket of the engine and no login', async () => {
    place({ json: await recorded('trivy-nothing.json'), sarif: await recorded('trivy-nothing.sarif') });
    await world.succeed(push('main', SHA), { scan: 'trivy' });
    expect(calls[0]?.command).toBe('docker');
    expect(calls[0]?.args.join(' ')).toMatch(
      /^run --rm --name=two-pass-build-scan-\S+ --init .*source=\/var\/run\/docker\.sock.* aquasec\/trivy/,
    );
  });

  test.each(SCANNERS)('%s: a warning says where its image is named by a tag alone', async (scanner) => {
    world.engine.missing.add(scanner);
    place({ json: await recorded(`${scanner}.json`), sarif: '{"runs":[]}', code: scanner === 'snyk' ? 1 : 0 });
    const inputs = {
      scan: scanner,
      'scan-token': scanner === 'snyk' ? 'snyk-token-0123456789' : '',
      'scan-fail': 'false',
    };
    const { warnings } = await world.succeed(push('main', SHA), inputs);
    const image = SCANNER_IMAGES[scanner];
    const moving = image.includes('@sha256:')
      ? []
      : [expect.stringContaining(`in the image ${image}, by its tag and not`)];
    expect(warnings.filter((one) => !one.includes(`${scanner} found`))).toEqual(moving);
  });

  test('an image that cannot be had is one clear error', async () => {
    place({ code: 125, says: 'docker: Error response from daemon: no such host' });
    const { error } = await world.run(push('main', SHA), { scan: 'trivy' });
    expect(error?.message).toMatch(/^The scan could not be done: trivy ended with exit code 125: .*no such host/);
  });

  test('an engine on another machine is an error that says what to install', async () => {
    const change = { childEnv: { PATH: '', DOCKER_HOST: 'tcp://10.0.0.1:2375' } };
    const { error } = await world.run(push('main', SHA), { scan: 'trivy' }, change);
    expect(error?.message).toMatch(/the Docker Engine is on another machine\. Install trivy in a step before this one/);
  });

  test('a container that is cancelled is removed', async () => {
    place({});
    const { other } = world.engine;
    world.engine.other = (command, args, options) => {
      if (args[0] === 'run') world.cancellation.abort();
      return other(command, args, options);
    };
    const { error } = await world.run(push('main', SHA), { scan: 'trivy' });
    expect(error?.name).toBe('CancelledError');
    expect(calls.some(({ args }) => args.join(' ').startsWith('rm --force two-pass-build-scan-'))).toBe(true);
  });
});

test('snyk in a run that gets no secrets is left out with a warning; the run publishes nothing anyway', async () => {
  const { warnings } = await world.succeed(pullRequest({ fork: 'someone/app' }), { scan: 'snyk' });
  expect(warnings.join()).toContain('runs of forks get no secrets');
});

describe('code scanning', () => {
  const inputs = { scan: 'trivy', 'scan-fail': 'false', 'upload-sarif': 'true' };
  beforeEach(async () => {
    place({ json: await recorded('trivy.json'), sarif: await recorded('trivy.sarif') });
  });

  test('gets the report where asked for', async () => {
    const { log } = await world.succeed(push('main', SHA), inputs);
    expect(world.github.uploads).toEqual([
      expect.objectContaining({ ref: 'refs/heads/main', sha: SHA, toolName: 'trivy' }),
    ]);
    expect(log).toContain('info: Code scanning has the report of the scan, for refs/heads/main.');
  });

  test('gets none of a fork, which says so', async () => {
    const { notices } = await world.succeed(pullRequest({ fork: 'someone/app' }), inputs);
    expect(notices.join()).toContain('a run of a fork may not write to this repository');
    expect(world.github.requests).not.toContain('uploadSarif');
  });

  test('refuses it: a warning, and the verdict stands', async () => {
    world.github.faults.set('uploadSarif', REFUSED);
    const { warnings, outputs } = await world.succeed(push('main', SHA), inputs);
    expect(warnings.join()).toMatch(/was not uploaded to code scanning: .*security-events: write/);
    expect(outputs.pushed).toBe('true');
  });
});
