// Nothing is published before it is checked, and what is published is what was checked: the registry's access log tells.
import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { ImageStore } from '../../../lab/engine/engine.js';
import { WRITER } from '../../../lab/services/team.js';
import { expectFailure, expectSuccess, readCachedSteps, useLab, warningsOf } from '../../support/e2e.js';

const STORES = ['containerd', 'overlay2'] as const;
const fixture = useLab({ stores: STORES });
const FIXTURES = join(import.meta.dirname, '../../unit/checks/scan-reports');

/** Tags and digests of manifests that were written since. */
async function listWritten(since: number): Promise<string[]> {
  const requests = await fixture.lab().registry.requests(since);
  return requests
    .filter(({ method, path }) => method === 'PUT' && path.includes('/manifests/'))
    .map(({ path }) => path.split('/manifests/')[1] ?? '');
}

/** A program in place of a scanner: it notes how it was called first, and leaves recorded reports. */
async function placeScanner(
  name: string,
  {
    report,
    sarif,
    code = 0,
    says = '',
    sleeps = 0,
  }: Partial<Reports> & { code?: number; says?: string; sleeps?: number },
) {
  const bin = await mkdtemp(join(fixture.lab().directory, 'scanner-'));
  const program = `#!${process.execPath}
const fs = require('node:fs');
const args = process.argv.slice(2);
const call = ${JSON.stringify(join(bin, 'call.json'))};
if (!fs.existsSync(call)) fs.writeFileSync(call, JSON.stringify({ args, env: process.env, cwd: process.cwd() }));
const texts = ${JSON.stringify({ json: report, sarif })};
const format = args.map((arg) => /^--format=(.*)$/.exec(arg)?.[1]).find(Boolean);
for (const arg of args) {
  const [, kind = format, file] = /^--output=(?:(json|sarif)=)?(.*)$/.exec(arg) ?? /^--(json|sarif)-file-output=(.*)$/.exec(arg) ?? [];
  if (file !== undefined && texts[kind] !== undefined) fs.writeFileSync(file, texts[kind]);
}
console.error(${JSON.stringify(says)});
setTimeout(() => process.exit(${code}), ${sleeps});
`;
  await writeFile(join(bin, name), program);
  await chmod(join(bin, name), 0o755);
  return {
    env: (store: ImageStore) => ({ PATH: `${bin}:${fixture.lab().engine(store).env.PATH ?? ''}` }),
    call: async () =>
      JSON.parse(await readFile(join(bin, 'call.json'), 'utf8')) as {
        args: string[];
        env: Record<string, string>;
        cwd: string;
      },
  };
}

/** Of a scanner, as recorded. */
interface Reports {
  readonly report: string;
  readonly sarif: string;
}

async function recorded(name: string): Promise<Reports> {
  const [report, sarif] = await Promise.all(
    ['json', 'sarif'].map((kind) => readFile(join(FIXTURES, `${name}.${kind}`), 'utf8')),
  );
  return { report: report!, sarif: sarif! };
}

describe.each(STORES)('verify (%s)', (store) => {
  test('runs the image, sees no login, and what it saw is what is pushed', async () => {
    const { engine, registry } = fixture.lab();
    const team = await fixture.team(`verify-${store}`);
    const event = await team.push();
    const seen = join(await mkdtemp(join(fixture.lab().directory, 'seen-')), 'env');
    const verify = `env > ${seen}\ndocker run --rm --network=none "$IMAGE" | head -n 1\n[ -n "$IMAGE_ID" ]\n`;
    const result = await team.build(event, { engine: engine(store), inputs: { verify } });
    expectSuccess(result);
    expect(result.log).toMatch(/##\[group\]Verify .*\n(?:.*\n)*?Hello from the sample service\n/);

    const env = await readFile(seen, 'utf8');
    const [, id = ''] = /^IMAGE_ID=(.*)$/m.exec(env) ?? [];
    expect(env).toContain(`IMAGE=${team.image}:${event.sha}\n`);
    expect(env).toContain(`BUILDER_IMAGE=${team.image}:builder-main\n`);
    const served = await registry.manifest(team.repository, event.sha);
    const config = (served.body.config as { digest: string }).digest;
    expect([served.digest, config]).toContain(id);
    expect(result.outputs.digest).toBe(served.digest);

    expect(env).not.toContain(WRITER.password);
    expect(env).not.toMatch(/^(?:INPUT_.*|GITHUB_OUTPUT|GITHUB_STATE|GITHUB_ENV|GITHUB_PATH)=/m);
    const login = /^DOCKER_CONFIG=(.*)$/m.exec(env)?.[1] ?? '';
    expect(await readFile(join(login, 'config.json'), 'utf8').catch(() => '{}')).not.toContain('auth');

    // The inline cache is in the image that was checked, too.
    await engine(store).prune();
    const mark = registry.mark();
    const again = await team.build(await team.push(), { engine: engine(store), inputs: { verify } });
    expectSuccess(again);
    expect(again.summary).toContain('- Verify: passed');
    // One load of production, base image and all, and nothing of the builder's.
    const sizes = (served.body.layers as { size: number }[]).map(({ size }) => size);
    expect(await registry.blobBytesServed(mark)).toBeLessThan(sizes.reduce((sum, size) => sum + size, 50_000));
    expect(readCachedSteps(again)).toEqual({ builder: '5 of 5', production: '1 of 1' });
  });

  test('that leaves something running ends with its script, and says so', async () => {
    const { engine } = fixture.lab();
    const team = await fixture.team(`verify-leaves-${store}`);
    const started = performance.now();
    const inputs = { verify: 'sleep 77 & timeout 76 sleep 77 >/dev/null & echo started' };
    const result = await team.build(await team.push(), { engine: engine(store), inputs });
    expectSuccess(result);
    expect(performance.now() - started).toBeLessThan(70_000);
    expect(result.log).toContain('started');
    const warning =
      /The verify script ended and left processes running \((?:sleep|timeout), (?:sleep|timeout)\); they were ended too/;
    expect(result.annotations.map(({ message }) => message)).toContainEqual(expect.stringMatching(warning));
    expect(result.summary).toContain('The verify script ended and left processes running');
  });

  test('that fails publishes nothing but the builder image, and the next run starts from it', async () => {
    const { engine, registry } = fixture.lab();
    const team = await fixture.team(`verify-fails-${store}`);
    const event = await team.push();
    const mark = registry.mark();
    const verify = 'echo "two tests failed"\nfalse\necho never';
    const result = await team.build(event, { engine: engine(store), inputs: { verify } });
    expectFailure(
      result,
      /^The verify script ended with exit code 1, so the image is not published\.\s+two tests failed/,
    );
    expect(result.log).not.toContain('never\n');
    expect(await listWritten(mark)).toEqual(['builder-main']);
    expect(await registry.tags(team.repository)).toEqual(['builder-main']);
    expect(result.outputs).not.toHaveProperty('digest');
    expect(result.summary).toContain('two tests failed');

    await engine(store).prune();
    const next = await team.build(event, { engine: engine(store), inputs: { verify: 'true' } });
    expectSuccess(next);
    expect(readCachedSteps(next).builder).toBe('5 of 5');
    expect(next.outputs.tag).toBe(event.sha);
  });

  test('that puts another image in its place publishes nothing', async () => {
    const { engine, registry, baseImage } = fixture.lab();
    const team = await fixture.team(`tampered-${store}`);
    const event = await team.push();
    const mark = registry.mark();
    const verify = `docker pull --quiet ${baseImage}\ndocker tag ${baseImage} "$IMAGE"`;
    const result = await team.build(event, { engine: engine(store), inputs: { verify } });
    expectFailure(result, /was sha256:\S+ when its checks began, and is sha256:\S+ after them/);
    expect(await listWritten(mark)).toEqual(['builder-main']);
  });

  test('that changes the files of the build publishes what it saw', async () => {
    const { engine, registry } = fixture.lab();
    const team = await fixture.team(`edited-${store}`);
    const event = await team.push();
    const verify = 'echo "echo changed" > src/build\necho "$IMAGE_ID" > image-id';
    const result = await team.build(event, { engine: engine(store), inputs: { verify } });
    expectSuccess(result);
    const id = (await readFile(join(team.service.directory, 'image-id'), 'utf8')).trim();
    const served = await registry.manifest(team.repository, event.sha);
    expect([served.digest, (served.body.config as { digest: string }).digest]).toContain(id);
  });

  test('of a fork: the same check, and nothing is pushed', async () => {
    const { engine, registry } = fixture.lab();
    const team = await fixture.team(`verify-fork-${store}`);
    const mark = registry.mark();
    const event = await team.pullRequest({ number: 7, head: 'main', fork: 'someone/app' });
    const passes = await team.build(event, { engine: engine(store), inputs: { verify: 'docker run --rm "$IMAGE"' } });
    expectSuccess(passes);
    expect(passes.outputs.pushed).toBe('false');
    const fails = await team.build(event, { engine: engine(store), inputs: { verify: 'exit 4' } });
    expectFailure(fails, /The verify script ended with exit code 4/);
    expect(await listWritten(mark)).toEqual([]);
  });
});

test('verify of an image with what only an index can hold (containerd)', async () => {
  const { engine, registry } = fixture.lab();
  const team = await fixture.team('verify-index');
  const event = await team.push();
  const inputs = { verify: 'docker run --rm --network=none "$IMAGE"', provenance: 'true' };
  const result = await team.build(event, { engine: engine('containerd'), inputs });
  expectSuccess(result);
  const index = await registry.manifest(team.repository, event.sha);
  expect(index.body.manifests).toHaveLength(2);
  expect(result.outputs.digest).toBe(index.digest);
});

test('the builder image is written after production, and without checks nothing is loaded (containerd)', async () => {
  const { engine, registry } = fixture.lab();
  const team = await fixture.team('order');
  const run = (inputs: Readonly<Record<string, string>>) =>
    team.push().then((event) => team.build(event, { engine: engine('containerd'), inputs }));
  await team.service.changeSource('order');
  const mark = registry.mark();
  const checked = await run({ verify: 'true' });
  expectSuccess(checked);
  expect(await listWritten(mark)).toEqual([checked.outputs.tag, 'main', 'builder-main']);

  await engine('containerd').prune();
  const plain = await run({});
  expectSuccess(plain);
  expect((await engine('containerd').docker(['image', 'inspect', plain.outputs.image!])).code).not.toBe(0);
});

describe('scan', () => {
  test.each([
    ['snyk', 1],
    ['grype', 0],
    ['trivy', 0],
  ] as const)('by %s: findings that count fail the run, and nothing is published', async (scanner, code) => {
    const { engine, registry } = fixture.lab();
    const team = await fixture.team(`scan-${scanner}`);
    const event = await team.push();
    const tool = await placeScanner(scanner, { ...(await recorded(scanner)), code });
    const mark = registry.mark();
    const inputs = { scan: scanner, 'scan-token': scanner === 'snyk' ? 'snyk-token-0123456789' : '' };
    const run = { engine: engine('containerd'), env: { ...tool.env('containerd'), AWS_SECRET_ACCESS_KEY: 'cloud' } };
    const result = await team.build(event, { ...run, inputs });
    expectFailureWithReport(
      result,
      new RegExp(`^${scanner} found \\d+ findings? at or above high: .*The image is not published\\.`),
    );
    expect(await listWritten(mark)).toEqual(['builder-main']);
    expect(result.summary).toMatch(/\| Package \| Installed \| Fixed in \| Severity \| Finding \|\n\| --- /);
    expect(result.outputs['sarif-file']).toMatch(new RegExp(`/${scanner}\\.sarif$`));

    const { args, env, cwd } = await tool.call();
    expect(args.join(' ')).toContain(`${team.image}:${event.sha}`);
    expect(cwd).toBe(team.service.directory);
    expect(env.SNYK_TOKEN).toBe(scanner === 'snyk' ? 'snyk-token-0123456789' : undefined);
    expect(JSON.stringify([args, env])).not.toMatch(/ghs_writer|AWS_SECRET|INPUT_/);
    expect(result.rawLog.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain('snyk-token-0123456789');

    const told = await team.build(event, { ...run, inputs: { ...inputs, 'scan-fail': 'false' } });
    expectSuccess(told);
    expect(told.outputs.tag).toBe(event.sha);
    expect(warningsOf(told).join('\n')).toContain(`${scanner} found`);
  });

  test('nothing at the threshold publishes the image', async () => {
    const team = await fixture.team('scan-clean');
    const report = await readFile(join(FIXTURES, 'grype-nothing.json'), 'utf8');
    const tool = await placeScanner('grype', { report });
    const inputs = { scan: 'grype', verify: 'true' };
    const engine = fixture.lab().engine('overlay2');
    const result = await team.build(await team.push(), { engine, inputs, env: tool.env('overlay2') });
    expectSuccess(result);
    expect(result.outputs.pushed).toBe('true');
    expect(result.summary).toContain('Nothing at or above high');
    // The verdict stands without SARIF, and its lack is told.
    expect(result.outputs['sarif-file'] ?? '').toBe('');
    expect(warningsOf(result).join('\n')).toContain('There is no report in SARIF');
  });

  test.each([
    ['a report that is none', 'grype', { report: '<html>' }, /The scan could not be done: .*JSON/],
    ['no report', 'trivy', {}, /The scan could not be done: trivy succeeded and wrote no report/],
    ['no token', 'snyk', { code: 2, says: 'Authentication error (SNYK-0005)' }, /Set the input scan-token/],
    ['no database', 'grype', { code: 1, says: 'failed to load vulnerability db' }, /database could not be loaded/],
    ['no end', 'trivy', { sleeps: 60_000 }, /trivy did not end within 2 s \(TWO_PASS_BUILD_SCAN_SECONDS\)/],
  ] as const)('%s is one clear error, and nothing is published', async (name, scanner, tool, message) => {
    const { engine, registry } = fixture.lab();
    const team = await fixture.team(`scan-fault-${name.replaceAll(' ', '-')}`);
    const { env } = await placeScanner(scanner, tool);
    const mark = registry.mark();
    const result = await team.build(await team.push(), {
      engine: engine('containerd'),
      inputs: { scan: scanner },
      env: { ...env('containerd'), TWO_PASS_BUILD_SCAN_SECONDS: name === 'no end' ? '2' : '60' },
    });
    expectFailureWithReport(result, message);
    expect(await listWritten(mark)).toEqual(['builder-main']);
  });

  test('without the tool its official image is used, and an image that cannot be had is one clear error', async () => {
    const team = await fixture.team('scan-no-tool');
    const engine = fixture.lab().engine('overlay2');
    const result = await team.build(await team.push(), { engine, inputs: { scan: 'trivy' } });
    expectFailureWithReport(result, /^The scan could not be done: trivy ended with exit code 125: /);
    expect(result.log).toMatch(/aquasec\/trivy/);
  });

  test('snyk in a run that gets no secrets is left out with a warning; the run publishes nothing anyway', async () => {
    const team = await fixture.team('scan-fork');
    const event = await team.pullRequest({ number: 8, head: 'main', fork: 'someone/app' });
    const engine = fixture.lab().engine('overlay2');
    const result = await team.build(event, { engine, inputs: { scan: 'snyk' } });
    expectSuccess(result);
    expect(warningsOf(result).join('\n')).toContain('runs of forks get no secrets');
  });

  test('the report goes to code scanning where asked for', async () => {
    const team = await fixture.team('scan-upload');
    const tool = await placeScanner('trivy', await recorded('trivy'));
    const inputs = { scan: 'trivy', 'scan-fail': 'false', 'upload-sarif': 'true' };
    const engine = fixture.lab().engine('containerd');
    const event = await team.push();
    const result = await team.build(event, { engine, inputs, env: tool.env('containerd') });
    expectSuccess(result);
    expect(team.github.codeScanning.uploads()).toEqual([
      expect.objectContaining({ ref: 'refs/heads/main', sha: event.sha }),
    ]);
  });
});

/** As expectFailure; the folder of a report is left for later steps. */
function expectFailureWithReport(result: Parameters<typeof expectFailure>[0], message: RegExp): void {
  expectFailure(
    { ...result, leftovers: result.leftovers.filter((file) => !file.startsWith('two-pass-build-output-')) },
    message,
  );
}
