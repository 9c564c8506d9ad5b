// Nothing is published before it is checked, and what is published is what was checked: the registry's access log tells.
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type {} from '../../../lab/engine/engine.js';
import { WRITER } from '../../../lab/services/team.js';
import { expectFailure, expectSuccess, readCachedSteps, useLab } from '../../support/e2e.js';
import { testByNight } from '../../support/nightly.js';
import { STORES, testOn } from '../../support/stores.js';

const fixture = useLab({ stores: STORES });

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

  testByNight('that leaves something running ends with its script, and says so', async () => {
    const { engine } = fixture.lab();
    const team = await fixture.team(`verify-leaves-${store}`);
    const inputs = { verify: 'sleep 77 & timeout 76 sleep 77 >/dev/null & echo started' };
    const result = await team.build(await team.push(), { engine: engine(store), inputs });
    expectSuccess(result);
    expect(result.log).toContain('started');
    const warning =
      /The verify script ended and left processes running \((?:sleep|timeout), (?:sleep|timeout)\); they were ended too/;
    expect(result.annotations.map(({ message }) => message)).toContainEqual(expect.stringMatching(warning));
    expect(result.summary).toContain('The verify script ended and left processes running');
  });

  testOn(store)('that changes the files of the build publishes what it saw', async () => {
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
});

testByNight('verify of an image with what only an index can hold (containerd)', async () => {
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

describe('scan', () => {
  test('without the tool its official image is used, and an image that cannot be had is one clear error', async () => {
    const team = await fixture.team('scan-no-tool');
    const engine = fixture.lab().engine('overlay2');
    const result = await team.build(await team.push(), { engine, inputs: { scan: 'trivy' } });
    expectFailureWithReport(result, /^The scan could not be done: trivy ended with exit code 125: /);
    expect(result.log).toMatch(/aquasec\/trivy/);
  });
});

/** As expectFailure; the folder of a report is left for later steps. */
function expectFailureWithReport(result: Parameters<typeof expectFailure>[0], message: RegExp): void {
  expectFailure(
    { ...result, leftovers: result.leftovers.filter((file) => !file.startsWith('two-pass-build-output-')) },
    message,
  );
}
